"""Boards and their threads, as visitors and members meet them."""

from urllib.parse import quote

import pytest

from server.clock import now_ms
from server.services import communities, follows, previews, reactions, stewardship
from server.services.communities import NewCommunity
from server.store import previews as preview_rows
from server.text.webpage import Described
from tests.web.boards import answers, board, does, now, removes, thread
from tests.web.city import NO_KEYS, a_picture, upload

MEMO = "https://news.test/memo"


def titles(page):
    return [one.one("h3", "title").words for one in page.main.all("article", "thread-row")]


async def test_all_boards_are_listed_with_the_neighbourhood_in_which_they_lie(any_city):
    city = any_city
    visitor, mina = await city.visitor(), await city.join("mina")
    assert "There are no boards here yet." in (await visitor.get("/boards")).text
    hood = await city.db.write(
        communities.create,
        city.site,
        NewCommunity(name="neutigol", title="느티골", keys=NO_KEYS),
        now_ms(),
    )
    garden = await board(city, parent_id=hood.id, bio="Seeds and <b>soil")
    await board(city, "music")
    await thread(city, mina, garden)
    page = await visitor.get("/boards")
    by_name = {one.one("h2").words: one.words for one in page.main.all("article", "panel")}
    assert list(by_name) == ["Garden", "Music"]
    assert "느티골" in by_name["Garden"] and "last comment" in by_name["Garden"]
    assert "Seeds and <b>soil" in by_name["Garden"] and "no threads yet" in by_name["Music"]
    assert page.root.link("Boards") == "/boards"
    place = await visitor.get("/@neutigol")
    assert place.main.link("Garden") == "/@garden"
    assert "Music" not in place.main.words


async def test_a_neighbourhood_says_where_it_is_and_who_keeps_it(city):
    sol, visitor = await city.join("sol"), await city.visitor()
    hood = NewCommunity(
        name="neutigol",
        title="느티골",
        keys=NO_KEYS,
        place="우물터 둘레",
        latitude=37.478,
        longitude=126.864,
        rules=("서로 돕기",),
        moderator_ids=(sol.account.id,),
    )
    await city.db.write(communities.create, city.site, hood, now_ms())
    page = await visitor.get("/@neutigol")
    for told in ("우물터 둘레", "geo:37.478,126.864", "서로 돕기", "Sol", "/c/neutigol/log"):
        assert told in page.text
    assert "/c/neutigol/settings" not in page.text
    assert "/c/neutigol/settings" in (await sol.get("/@neutigol")).text


async def test_a_board_shows_its_threads_in_four_orders_the_pinned_first(any_city):
    city = any_city
    mina, sol = await city.join("mina"), await city.join("sol")
    garden = await board(city, "garden", sol, rules=("Be kind",))
    posts = {title: await thread(city, mina, garden, title) for title in ("Old", "Mid", "New")}
    await answers(city, sol, posts["Old"])
    await does(city, reactions.like, sol, posts["Mid"].id)
    visitor = await city.visitor()
    wanted = {"": "Old", "?sort=new": "New", "?sort=top": "Mid", "?sort=nonsense": "Old"}
    for query, first in wanted.items():
        assert titles(await visitor.get(f"/@garden{query}"))[0] == first, query
    assert sorted(titles(await visitor.get("/@garden?sort=hot"))) == ["Mid", "New", "Old"]
    await does(city, stewardship.pin, sol, posts["New"].id, pinned=True)
    await does(city, stewardship.lock, sol, posts["New"].id, locked=True)
    page = await visitor.get("/c/garden")
    assert visitor.url == "/@garden"
    assert titles(page) == ["New", "Old", "Mid"]
    row = page.main.all("article", "thread-row")[0].words
    assert "pinned" in row and "locked" in row and "0 comments" in row
    assert "Be kind" in page.main.words and "Sol" in page.main.words
    assert "1 comment" in page.main.all("article", "thread-row")[1].words
    for path in ("?page=0", "?page=x", "?page=101", "?page=９"):
        await visitor.get(f"/@garden{quote(path, safe='?=')}", 404)


async def test_threads_go_on_on_further_pages_in_every_order(city, monkeypatch):
    monkeypatch.setattr("web.pages.boards.AT_ONCE", 2)
    mina, visitor = await city.join("mina"), await city.visitor()
    garden = await board(city)
    made = [f"Thread {n}" for n in range(5)]
    for title in made:
        await thread(city, mina, garden, title)
    for order in ("active", "new", "top", "hot"):
        seen, page = [], await visitor.get(f"/@garden?sort={order}")
        for _ in range(4):
            seen += titles(page)
            path = page.main.link("Older")
            if not path:
                break
            page = await visitor.get(path)
        assert sorted(seen) == made, order
        assert page.main.link("Newer"), order


async def test_who_is_spared_somebody_finds_no_thread_of_theirs_not_even_pinned(city):
    mina, joon, sol = [await city.join(name) for name in ("mina", "joon", "sol")]
    garden = await board(city, "garden", sol)
    post = await thread(city, mina, garden, "Pinned by all")
    await does(city, stewardship.pin, sol, post.id, pinned=True)
    await does(city, follows.block, joon, mina.account.id)
    assert titles(await joon.get("/@garden")) == []
    assert titles(await sol.get("/@garden")) == ["Pinned by all"]


async def test_an_empty_board_invites_and_a_visitor_learns_how_to_join(city):
    await board(city)
    mina, visitor = await city.join("mina"), await city.visitor()
    page = await mina.get("/@garden")
    assert page.main.link("Begin the first one") == "/write?community=garden"
    assert page.main.link("New thread") == "/write?community=garden"
    page = await visitor.get("/@garden")
    assert "Nobody has begun a thread yet." in page.main.words
    assert "@garden@localhost:8080" in page.main.words and "/write" not in page.main.words
    for person in (visitor, mina):
        await person.get("/@garden/followers")


async def test_a_member_joins_and_leaves(city):
    garden = await board(city, posting="members")
    mina = await city.join("mina")
    page = await mina.get("/@garden")
    assert "Only members begin threads here. Follow the community first." in page.main.words
    assert page.main.link("New thread") == ""
    await mina.post(f"/people/{garden.id}/follow", back="/@garden")
    page = await mina.get("/@garden")
    assert page.main.link("New thread") and "1 member" in page.main.words
    assert page.form(f"/people/{garden.id}/unfollow")


# --- writing


async def test_a_member_begins_a_thread_about_a_page(any_city):
    city = any_city
    garden, mina = await board(city), await city.join("mina")
    page = await mina.get("/write?community=garden")
    fields = page.form("/write").fields
    assert (fields["kind"], fields["community"]) == ("thread", str(garden.id))
    assert "Who may read this" not in page.main.words
    path = await mina.post(
        "/write",
        **{**fields, "title": "A memo", "link": MEMO, "content": "", "visibility": "direct"},
        do="publish",
    )
    page = await mina.get(path)
    assert "A memo" in page.main.words and MEMO in page.main.words
    assert page.main.link("Garden") == "/@garden"
    rows = (await mina.get("/@garden")).main.all("article", "thread-row")
    assert rows[0].link("news.test") == MEMO
    edit = await mina.get(f"/edit/{path.rpartition('/')[2]}")
    again = {**edit.form(f"/edit/{path.rpartition('/')[2]}").fields, "title": "Better"}
    assert await mina.post(f"/edit/{path.rpartition('/')[2]}", **again, do="publish") == path
    page = await mina.get(path)
    assert "Better" in page.main.words and MEMO in page.main.words


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"link": "no address"},
        {"content": " ", "title": "Only this"},
        {"community": "1"},
    ],
)
async def test_a_refused_thread_loses_nothing(city, wrong):
    await board(city)
    mina = await city.join("mina")
    fields = (await mina.get("/write?community=garden")).form("/write").fields
    typed = {"title": "Beans", "content": "Who has some?"}
    text = await mina.post("/write", _status(wrong), **{**fields, **typed, **wrong})
    kept = {**typed, **wrong}
    for value in kept.values():
        if value.strip() and value != "1":
            assert value in text
    assert "Nothing is lost" in text


def _status(wrong):
    return 404 if "community" in wrong else 422


async def test_a_thread_asks_and_shows_pictures(city):
    await board(city)
    mina = await city.join("mina")
    fields = (await mina.get("/write?community=garden")).form("/write").fields
    about = {"kind": "thread", "community": fields["community"], "once": fields["once"]}
    path = await upload(
        mina, "/write", **about, title="Look", content="x", picture_1=a_picture(), do="publish"
    )
    assert (await mina.get(path)).main.all("figure")
    assert (await mina.get("/@garden")).main.all("img", "thumb")
    asked = {"title": "Which?", "content": "Say", "option": "Beans", "lasts": "86400"}
    poll = [("option", "Beans"), ("option", "Peas")]
    data = {**about, **asked, "once": "another-form-than-before", "csrf": await mina.token()}
    del data["option"]
    path = await mina.post("/write", data=[*data.items(), *poll])
    page = await mina.get(path)
    assert "Beans" in page.main.words and "Peas" in page.main.words


async def test_a_draft_keeps_its_community_and_its_link(city):
    garden, mina = await board(city), await city.join("mina")
    fields = (await mina.get("/write?community=garden")).form("/write").fields
    typed = {**fields, "title": "Half", "link": MEMO, "content": "It began"}
    assert await mina.post("/write", **typed, do="draft") == "/drafts"
    page = await mina.get("/drafts")
    assert "Thread" in page.main.words
    kept = (await mina.get(page.main.link("Half"))).form("/write").fields
    assert (kept["community"], kept["link"]) == (str(garden.id), MEMO)
    assert "Half" in (await mina.get("/write?community=garden")).main.words
    assert "Half" not in (await mina.get("/write")).main.words


async def test_who_may_begin_nothing_reads_why(city):
    await board(city, "news", posting="writers")
    mina = await city.join("mina")
    page = await mina.get("/write?community=news", 403)
    assert "Only writers begin threads here." in page.main.words
    await mina.get("/write?community=nobody", 404)
    await mina.get("/write?community=mina", 404)


# --- a thread


async def test_a_link_has_its_card(city):
    garden, mina = await board(city), await city.join("mina")
    post = await thread(city, mina, garden, link=MEMO)

    def read(tx):
        known = preview_rows.by_url(tx, MEMO)
        previews.keep(tx, known.id, Described(title="The memo", description="x"), now_ms())

    await city.db.write(read)
    page = await (await city.visitor()).get(f"/@mina/{post.id}")
    assert "The memo" in page.main.one("a", "link-card").words


@pytest.mark.parametrize(
    ("votes", "there"), [("both", {"like", "dislike"}), ("up", {"like"}), ("none", set())]
)
async def test_people_vote_as_the_community_wants_it(city, votes, there):
    garden, mina, joon = (
        await board(city, votes=votes),
        *[await city.join(n) for n in ("mina", "joon")],
    )
    post = await thread(city, mina, garden)
    at = f"/@mina/{post.id}"

    def buttons(page):
        acts = page.main.one("div", id=f"acts-{post.id}").all("button")
        return {one["formaction"].rpartition("/")[2]: one for one in acts}

    found = buttons(await joon.get(at))
    assert {"like", "dislike"} & set(found) == there
    if "dislike" not in there:
        await joon.post(f"/posts/{post.id}/dislike", 403, back=at)
        return
    assert await joon.post(f"/posts/{post.id}/dislike", back=at) == f"{at}#acts-{post.id}"
    found = buttons(await joon.get(at))
    assert found["undislike"]["aria-pressed"] == "true" and "1" in found["undislike"].words
    await joon.post(f"/posts/{post.id}/like", back=at)
    assert set(buttons(await joon.get(at))) >= {"unlike", "dislike"}
    assert (await now(city, post)).forum.score == 1


async def test_in_a_locked_thread_a_notice_stands_where_people_answered(city):
    mina, sol = await city.join("mina"), await city.join("sol")
    garden = await board(city, "garden", sol)
    post = await thread(city, mina, garden)
    comment = await answers(city, mina, post)
    await does(city, stewardship.lock, sol, post.id, locked=True)
    for id in (post.id, comment.id):
        for person in (mina, await city.visitor()):
            page = await person.get(f"/@mina/{id}")
            assert "This thread is locked" in page.main.words
            assert not [form for form in page.forms if form.action == "/write"]
        assert (await sol.get(f"/@mina/{id}")).form("/write")


async def test_who_is_shut_out_reads_so(city):
    mina, sol = await city.join("mina"), await city.join("sol")
    garden = await board(city, "garden", sol)
    post = await thread(city, sol, garden)
    await does(city, stewardship.ban, sol, garden.id, mina.account.id, reason="Spam")
    told = "The moderators of this community do not let you write in it."
    for path in (f"/@sol/{post.id}", "/@garden"):
        assert told in (await mina.get(path)).main.words


async def test_an_accepted_answer_stands_first_and_is_marked(city):
    mina, joon, sol, eve = [await city.join(name) for name in ("mina", "joon", "sol", "eve")]
    garden = await board(city, "garden", sol)
    post = await thread(city, mina, garden)
    first, best = (
        await answers(city, joon, post, "No"),
        await answers(city, joon, post, "Take mine"),
    )
    at, form = f"/@mina/{post.id}", f"/posts/{post.id}/answer"
    page = await mina.get(at)
    assert len([one for one in page.forms if one.action == form]) == 2
    for other in (joon, eve, await city.visitor()):
        assert not [one for one in (await other.get(at)).forms if one.action == form]
    await joon.post(form, 403, answer=str(first.id))
    assert await mina.post(form, answer=str(best.id), back=at) == at
    page = await (await city.visitor()).get(at)
    assert "Take mine" in page.main.one("section", "answer").words
    assert "the answer" in page.main.one("article", id=f"post-{best.id}").words
    assert "the answer" not in page.main.one("article", id=f"post-{first.id}").words
    assert "answered" in (await mina.get("/@garden")).main.words
    await removes(city, sol, best)
    assert not (await eve.get(at)).main.all("section", "answer")
    await sol.post(form, back=at)
    assert (await now(city, post)).forum.answer_id is None


async def test_the_author_of_what_was_removed_reads_why_and_how_to_appeal(city):
    mina, sol, eve = [await city.join(name) for name in ("mina", "sol", "eve")]
    garden = await board(city, "garden", sol)
    post = await thread(city, mina, garden)
    await removes(city, sol, post, "Sells things")
    page = await mina.get(f"/@mina/{post.id}")
    assert "Sells things" in page.main.words
    appeal = page.main.link("Appeal to the city's moderators")
    assert appeal == f"/report?account={garden.id}"
    await mina.get(appeal)
    assert not [form for form in page.forms if form.action in ("/write", f"/edit/{post.id}")]
    for other in (eve, await city.visitor()):
        assert "Sells things" not in (await other.get(f"/@mina/{post.id}", 404)).text
    await mina.get("/@mina")


async def test_a_thread_that_nothing_links_to_says_nothing_of_links(city):
    mina = await city.join("mina")
    where = await board(city)
    begun = await thread(city, mina, where)
    page = (await (await city.visitor()).get(f"/@mina/{begun.id}")).text
    assert "Linked from" not in page
    assert 'rel="webmention"' in page
