"""A team blog, as readers, members, writers and editors meet it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from server.clock import now_ms
from server.services import blog, blog_desk, communities
from server.services.communities import NewCommunity
from server.store import submissions as store
from server.store.blog import Filed
from tests.web.city import NO_KEYS
from tests.web.html import HtmlPage


async def found(city, editor):
    """A blog that `editor` keeps, with a category in another and a series."""
    new = NewCommunity(
        name="project",
        title="시민공동프로젝트",
        kind="blog",
        keys=NO_KEYS,
        posting="writers",
        moderator_ids=(editor.account.id,),
    )
    await city.db.write(communities.create, city.site, new, now_ms())
    return await city.db.write(_arranged, editor.account)


def _arranged(tx, editor):
    home = blog.by_name(tx, "project")
    love = blog_desk.add_category(tx, editor, home, "사랑 소통", None, now_ms=now_ms())
    small = blog_desk.add_category(tx, editor, home, "소소한 일상", love.id, now_ms=now_ms())
    kimchi = blog_desk.add_series(tx, editor, home, "김장", "", now_ms=now_ms())
    blog_desk.add_cohort(tx, editor, home, 3, 2026, now_ms=now_ms())
    return home.account.id, small.id, kimchi.id


async def test_a_visitor_walks_through_a_blog(any_city):
    ann = await any_city.join("ann")
    id, small, kimchi = await found(any_city, ann)
    first, second = [
        await any_city.writes(
            ann,
            "글",
            title=title,
            community_id=id,
            filed=Filed(category_id=small, series_id=kimchi),
        )
        for title in ("절이는 날", "버무리는 날")
    ]
    visitor = await any_city.visitor()
    for path in ("/", "/boards"):  # from where people come
        assert 'href="/@project"' in (await visitor.get(path)).text
    front = (await visitor.get("/@project")).text
    assert "사랑 소통" in front and "소소한 일상" in front and "절이는 날" in front
    for path in ("categories/소소한-일상", "categories/사랑-소통", "series/김장", "archive"):
        page = await visitor.get(f"/c/project/{path}")
        assert "절이는 날" in page.text or path == "archive"
    month = f"/c/project/archive/{_month(first.published_ms)}"
    assert "버무리는 날" in (await visitor.get(month)).text
    assert "Nothing is here" in (await visitor.get("/c/project/archive/2001-01")).text
    story = (await visitor.get(f"/@ann/{first.id}")).text
    assert "Next part" in story and "Other stories in" in story and "버무리는 날" in story
    assert "0 comments" in story
    assert "Cohort 3 (2026)" in (await visitor.get("/c/project/cohorts")).text
    await visitor.get("/c/project/cohorts/3")
    assert second.id
    for path in (
        "categories/x",
        "series/x",
        "archive/2026-13",
        "archive/0000-01",
        "cohorts/9",
        "cohorts/x",
    ):
        await visitor.get(f"/c/project/{path}", 404)
    await visitor.get("/c/nobody/archive", 404)


def _month(ms):
    return datetime.fromtimestamp(ms / 1000, ZoneInfo("Asia/Seoul")).strftime("%Y-%m")


async def test_an_editor_publishes_the_draft_of_a_member(city):
    ann, bob, cho = [await city.join(name) for name in ("ann", "bob", "cho")]
    id, small, _ = await found(city, ann)
    form = await bob.get("/write?community=project")
    assert "Send to the editors" in form.text and "소소한 일상" in form.text
    fields = {"kind": "story", "title": "골목", "content": "처음 글", "community": str(id)}
    fields |= {"category": str(small), "together": "@cho", "once": "abcdefghijklmnop"}
    refused = await bob.post("/write", 403, do="publish", **fields)
    assert "처음 글" in refused
    assert await bob.post("/write", do="submit", **fields) == "/desk"
    (one,) = await city.db.read(store.of_author, bob.account.id)
    path = f"/desk/{one.id}"
    told = (await ann.get("/notifications")).main
    assert "has sent a text to the editors" in told.words
    assert told.link("has sent a text to the editors") == path
    assert "골목" in (await ann.get("/c/project/desk")).text
    await cho.get(path, 404)
    words = {"title": "골목길", "lead": "", "content": "고친 글", "note": "쉼표"}
    assert await ann.post(f"{path}/suggest", version="1", **words) == path
    assert "고친 글" in (await bob.get(path)).text
    stale = await bob.post(f"{path}/revise", 409, version="1", title="골목", content="내 글")
    assert "내 글" in stale and "고친 글" in stale
    await _stays_though_the_session_ended(city, ann, path)
    assert await bob.post(f"{path}/accept", version="2") == path
    assert await ann.post(f"{path}/publish", version="3") == path
    late = {"version": "3", "title": "골목길", "lead": "", "content": "늦은 글", "note": "늦었네요"}
    draft = await ann.post(f"{path}/suggest", **late)
    assert "늦은 글" in (await ann.get(draft)).text
    story = await bob.get(path)
    assert "골목길" in story.text and "소소한 일상" in story.text
    post_id = bob.url.rpartition("/")[2]
    assert "골목길" in (await cho.get("/desk")).text
    assert "Written together" not in (await city.people[-1].get(bob.url)).text
    assert await cho.post(f"/desk/with/{post_id}/confirm") == "/desk"
    assert "Written together" in (await ann.get(bob.url)).text
    assert "골목길" in (await (await city.visitor()).get("/@cho")).text


async def _stays_though_the_session_ended(city, editor, path):
    """What an editor typed is there in the next session, and after one that was begun anew."""
    words = {
        "version": "2",
        "title": "골목길",
        "lead": "",
        "content": "긴 글",
        "note": "한 문단 더",
    }
    stale = await editor.post(f"{path}/suggest", 403, data={"csrf": "of before", **words})
    assert "긴 글" in stale and "한 문단 더" in stale
    visitor = await city.visitor()
    asked = HtmlPage(await visitor.post(f"{path}/suggest", 401, **words))
    kept = asked.form("/sign-in").fields
    assert kept["kept_title"] == "골목길"
    assert "한 문단 더" in kept["kept_content"] and "긴 글" in kept["kept_content"]
    assert (await visitor.post(f"{path}/publish", version="2")).startswith("/sign-in")


async def test_editors_arrange_the_blog_and_nobody_else_does(city):
    ann, bob = await city.join("ann"), await city.join("bob")
    id, _, _ = await found(city, ann)
    post = await city.writes(ann, "글", title="첫 글", community_id=id)
    desk = "/c/project/desk"
    deeds = {
        f"{desk}/categories": {"title": "동네"},
        f"{desk}/series": {"title": "연재", "about": "x"},
        f"{desk}/front/{post.id}/first": {},
        "/c/project/cohorts": {"number": "4", "year": "2027"},
        "/c/project/cohorts/3/writers": {"name": "@bob"},
    }
    await bob.get(desk, 403)
    for path, fields in deeds.items():
        await bob.post(path, 403, **fields)
    for path, fields in deeds.items():
        await ann.post(path, **fields)
    assert "동네" in (await ann.get(desk)).text
    front = (await ann.get("/@project")).text
    assert "From the editors" in front and "연재" in front
    assert "Publish" in (await bob.get("/write?community=project")).text
    assert "bob" in (await ann.get("/c/project/cohorts/3")).text
    told = (await bob.get("/notifications")).main
    assert told.link("has made you one of the writers of a team blog") == "/c/project/cohorts/3"
    await ann.post(f"{desk}/front/{post.id}/sideways", 404)
    edit = await ann.get(f"/edit/{post.id}")
    assert "In the team blog" in edit.text


async def test_lists_say_where_each_story_stands_and_how_many_there_are(city):
    ann = await city.join("ann")
    id, small, kimchi = await found(city, ann)
    place = NewCommunity(name="cheolsan", title="철산2동", tag="철산2동", keys=NO_KEYS)
    near = await city.db.write(communities.create, city.site, place, now_ms())
    filed = Filed(category_id=small, series_id=kimchi, neighbourhood_id=near.id)
    story = await city.writes(ann, "글", title="절이는 날", community_id=id, filed=filed)
    await city.writes(ann, "글", title="아무 데도", community_id=id)
    visitor = await city.visitor()

    def kickers(page):
        return [one.words for one in page.main.all("p", "where")]

    assert kickers(await visitor.get("/@project")) == ["소소한 일상 철산2동"]
    assert kickers(await visitor.get("/c/project/categories/사랑-소통")) == ["소소한 일상 철산2동"]
    lower = await visitor.get("/c/project/categories/소소한-일상")
    assert kickers(lower) == ["철산2동"]
    assert "1 story" in lower.main.one("p", "numbers").words
    assert "1 part" in (await visitor.get("/c/project/series/김장")).main.words
    ways = lower.main.one("ul", "counted").all("a")
    assert [one.words for one in ways] == ["사랑 소통 11 story", "소소한 일상 11 story"]
    read = await visitor.get(f"/@ann/{story.id}")
    for path in ("/", "/stories"):
        assert (await visitor.get(path)).main.link("시민공동프로젝트") == "/@project"
    assert read.main.all("nav", "crumbs") and not read.main.all("p", "crumb")


async def test_comments_below_a_story_are_no_answers_to_a_question(city):
    ann, bo = await city.join("ann"), await city.join("bo")
    id, *_ = await found(city, ann)
    story = await city.writes(ann, "글", title="절이는 날", community_id=id, filed=Filed())
    await city.writes(bo, "잘 읽었습니다.", reply_to_id=story.id)
    page = (await ann.get(f"/@ann/{story.id}")).text
    assert "잘 읽었습니다." in page and "Moderate" in page
    assert "This is the answer" not in page
