"""Pages as people meet them: without JavaScript, through forms, in two languages."""

import re

import pytest

from server.clock import now_ms
from server.services import (
    accounts,
    follows,
    reactions,
    relations,
)
from server.store.paging import Page
from tests.web.city import PASSWORD, a_picture, upload

# --- one journey, on both databases


async def test_from_sign_up_to_a_story_a_reply_and_its_end(any_city):
    mina = await any_city.visitor()
    joined = await mina.post(
        "/sign-up", name="Mina", email="mina@gm.example", password=PASSWORD, display_name="미나"
    )
    assert joined == "/settings?done=welcome"
    mina.account = await any_city.db.read(accounts.by_handle, any_city.site, "mina")
    joon = await any_city.join("joon")

    story = await upload(
        mina,
        "/write",
        kind="story",
        title="벽화 골목",
        lead="함께 그린 담벼락",
        content="## 처음\n\n**꽃** 한 송이 #벽화",
        visibility="public",
        language="ko",
        picture_1=a_picture(),
        picture_1_alt="꽃이 그려진 벽",
    )
    page = await joon.get(story)
    for told in ("벽화 골목", "함께 그린 담벼락", "<strong>꽃</strong>", "꽃이 그려진 벽"):
        assert told in page.text

    id = story.rpartition("/")[2]
    assert await joon.post(f"/posts/{id}/like", back=story) == f"{story}#acts-{id}"
    await joon.post(f"/posts/{id}/like", back=story)
    await joon.post(f"/posts/{id}/boost")
    form = (await joon.get(story)).form("/write")
    assert form.fields["content"] == "@mina "
    place = await joon.post("/write", **{**form.fields, "content": "@mina 곱네요"})
    reply = joon.own_page(place)
    page = await mina.get(story)
    assert "곱네요" in page.text
    notices = (await mina.get("/notifications")).text
    for told in ("likes your post", "shared your post", "answered you", "곱네요"):
        assert told in notices

    for path in (
        "/",
        "/stories",
        "/local",
        "/federated",
        "/@mina",
        "/tags/벽화",
        "/search?q=벽화",
    ):
        found = (await joon.get(path)).text.replace("<mark>", "").replace("</mark>", "")
        assert "벽화 골목" in found, path
    assert "곱네요" in (await joon.get(reply)).text

    changed = (await mina.get(f"/edit/{id}")).form(f"/edit/{id}").fields
    await mina.post(f"/edit/{id}", **{**changed, "content": "새 글", "title": "새 제목"})
    assert "새 제목" in (await joon.get(story)).text
    before = (await joon.get(f"{story}/history")).text
    assert "벽화 골목" in before
    assert "새 제목" in before
    assert "꽃이 그려진 벽" in (await joon.get(story)).text

    assert "Delete this post?" in (await mina.get(f"/posts/{id}/delete")).text
    assert await mina.post(f"/posts/{id}/delete") == "/@mina"
    assert "deleted" in (await joon.get(story, 410)).text
    assert "곱네요" in (await joon.get(reply)).text


# --- every page, in both languages


EVERYWHERE = (
    "/",
    "/local",
    "/federated",
    "/stories",
    "/neighbourhoods",
    "/about",
    "/search",
    "/search?q=x",
    "/tags/x",
    "/farewell",
)


VISITORS = ("/sign-in", "/sign-up")


MEMBERS = (
    *("/home", "/write", "/write?kind=note", "/drafts", "/notifications", "/requests"),
    *("/settings", "/settings?done=profile", "/settings/leave", "/muted", "/blocked"),
)


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_every_page_is_sound_for_visitors_and_members(city, language):
    mina = await city.join("mina", role="moderator", language=language)
    visitor = await city.visitor(language)
    story = await city.writes(mina, "## 제목\n\n본문 #x", title="이야기")
    reply = await city.writes(mina, "Note", reply_to_id=story.id)
    of_posts = [f"/@mina/{post.id}{part}" for post in (story, reply) for part in ("", "/history")]
    of_people = ["/@mina", "/@mina?show=replies", "/@mina?show=pictures", "/@mina/followers"]
    lists = [f"/@mina/{story.id}/likes", f"/@mina/{story.id}/boosts", "/@mina/following"]
    for path in (*EVERYWHERE, *of_posts, *of_people, *lists):
        for person in (visitor, mina):
            page = await person.get(path)
            assert page.language == language
            assert 'class="skip"' in page.text
    for path in VISITORS:
        assert (await visitor.get(path)).language == language
    own = (f"/edit/{story.id}", f"/posts/{story.id}/delete", f"/write?reply_to={story.id}")
    for path in (*MEMBERS, *own, "/pending", "/reports", f"/write?to={mina.account.id}"):
        assert (await mina.get(path)).language == language
        assert mina.url == path


async def test_what_is_for_members_leads_visitors_to_the_sign_in_and_back(city):
    visitor = await city.visitor()
    for path in (*MEMBERS, "/pending", "/edit/1"):
        page = await visitor.get(path)
        assert visitor.url.startswith("/sign-in?next=")
        assert page.form("/sign-in").fields["next"] == path


async def test_pages_carry_the_headers_that_protect_them(city):
    visitor = await city.visitor()
    async with visitor.client.get("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Set-Cookie" not in answer.headers


async def test_files_of_pages_may_be_kept_for_ever_under_their_version(city):
    visitor = await city.visitor()
    page = await visitor.get("/")
    address = re.search(r"/static/madang\.css\?v=\w+", page.text)[0]
    async with visitor.client.get(address) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        etag = answer.headers["ETag"]
    async with visitor.client.get(address, headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    async with visitor.client.get("/static/madang.css?v=old") as answer:
        assert "immutable" not in answer.headers["Cache-Control"]
    for path in ("/static/none.css", "/static/..%2Frender.py"):
        async with visitor.client.get(path) as answer:
            assert answer.status == 404


async def test_the_footer_changes_the_language_for_a_visitor_and_for_a_member(city):
    visitor, mina = await city.visitor(), await city.join("mina")
    for person in (visitor, mina):
        assert (await person.get("/local")).language == "en"
        assert await person.post("/language", lang="ko", back="/local") == "/local"
        assert (await person.get("/local")).language == "ko"
        await person.post("/language", lang="xx", back="//far.example")
        assert (await person.get("/local")).language == "ko"
    member = await city.db.read(accounts.visible, mina.account.id)
    assert member.name == "mina"


async def test_a_fault_of_ours_is_admitted_with_a_number(city, monkeypatch):
    visitor = await city.visitor("ko")

    def broken(*_):
        raise RuntimeError("oops")

    monkeypatch.setattr("web.pages.front.timelines.local", broken)
    page = await visitor.get("/local", 500)
    assert page.language == "ko"
    assert "oops" not in page.text
    assert re.search(r"<code>\w{8,}</code>", page.text)


# --- what is not for everybody


async def test_private_posts_are_for_those_they_are_for(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    visitor = await city.visitor()
    direct = await city.writes(mina, "@joon only you", visibility="direct")
    fans = await city.writes(mina, "fans only", visibility="followers")
    for post in (direct, fans):
        address = f"/@mina/{post.id}"
        for part in ("", "/history", "/likes", "/boosts"):
            await visitor.get(address + part, 404)
    await joon.get(f"/@mina/{fans.id}", 404)
    assert "only you" in (await joon.get(f"/@mina/{direct.id}")).text
    await city.db.write(follows.follow, city.site, joon.account, mina.account.id, now_ms())
    assert "fans only" in (await joon.get(f"/@mina/{fans.id}")).text
    for path in ("/", "/local", "/@mina", "/search?q=only", "/federated"):
        assert "only you" not in (await visitor.get(path)).text
        assert "fans only" not in (await visitor.get(path)).text
    for act in ("like", "boost", "pin"):
        eve = await city.join(f"eve_{act}")
        await eve.post(f"/posts/{direct.id}/{act}", 404)


async def test_only_its_author_edits_deletes_and_pins(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina)
    await joon.get(f"/edit/{post.id}", 403)
    await joon.get(f"/posts/{post.id}/delete", 403)
    await joon.post(f"/edit/{post.id}", 403, content="Mine now", kind="note")
    await joon.post(f"/posts/{post.id}/delete", 403)
    await joon.post(f"/posts/{post.id}/pin", 403)
    page = await joon.get(f"/@mina/{post.id}")
    assert f"/edit/{post.id}" not in page.text


async def test_a_reply_is_for_no_more_people_than_what_it_answers(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina, "@joon hush", visibility="direct")
    form = (await joon.get(f"/write?reply_to={post.id}")).form("/write").fields
    assert form["visibility"] == "direct"
    assert form["content"] == "@mina "


# --- lists


async def test_long_lists_have_windows_in_both_directions(city):
    mina = await city.join("mina")
    for number in range(45):
        await city.writes(mina, f"Number {number:02d}.")

    def numbers(page):
        return re.findall(r"Number (\d\d)\.", page.text)

    def link(page, kind):
        found = re.search(rf'rel="{kind}" href="([^"]+)"', page.text)
        return found and found[1].replace("&amp;", "&")

    first = await mina.get("/local")
    assert numbers(first)[0] == "44"
    assert link(first, "prev") is None
    second = await mina.get(link(first, "next"))
    third = await mina.get(link(second, "next"))
    assert numbers(third)[-1] == "00"
    assert link(third, "next") is None
    assert len(numbers(first) + numbers(second) + numbers(third)) == 45
    assert numbers(await mina.get(link(third, "prev"))) == numbers(second)
    empty = await mina.get("/local?max_id=1")
    assert "To the beginning" in empty.text
    for nonsense in ("x", "-1", "9" * 40, "²"):
        assert numbers(await mina.get(f"/local?max_id={nonsense}")) == numbers(first)


async def test_notifications_are_new_once_and_can_be_cleared(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await joon.post(f"/people/{mina.account.id}/follow")
    assert "1 new" in (await mina.get("/home")).text
    assert "notification new" in (await mina.get("/notifications")).text
    assert "notification new" not in (await mina.get("/notifications")).text
    assert "1 new" not in (await mina.get("/home")).text
    await mina.post("/notifications/clear")
    assert "Nothing has happened yet" in (await mina.get("/notifications")).text


async def test_who_shares_their_own_post_shows_it_once(city):
    mina, visitor = await city.join("mina"), await city.visitor()
    post = await city.writes(mina, "Twice told")
    await city.db.write(reactions.boost, city.site, mina.account, post.id, now_ms())
    for person in (mina, visitor):
        page = (await person.get("/@mina")).main
        assert [one["id"] for one in page.all("article")] == [f"post-{post.id}"]


async def test_a_thread_shows_its_replies_and_what_it_answers(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    root = await city.writes(mina, "The root")
    one = await city.writes(joon, "Branch one", reply_to_id=root.id)
    two = await city.writes(mina, "Leaf of one", reply_to_id=one.id)
    await city.writes(joon, "Branch two", reply_to_id=root.id)
    page = (await mina.get(f"/@mina/{root.id}")).main
    order = [
        page.words.index(one) for one in ("The root", "Branch one", "Leaf of one", "Branch two")
    ]
    assert order == sorted(order)
    assert page.one("div", "depth-1").one("article")["id"] == f"post-{two.id}"
    words = (await mina.get(f"/@mina/{two.id}")).main.words
    assert words.index("The root") < words.index("Branch one") < words.index("Leaf of one")
    assert "Branch two" not in words
    listed = await city.db.read(relations.followers, mina.account, None, Page())
    assert listed == []
