"""A thread of a thousand replies as people meet it: whole without JavaScript, and what is new."""

import random
import re
from typing import Any, NamedTuple

from server.clock import now_ms
from server.services import posts, reactions
from server.services import threads as thread_service
from server.services.new_posts import NewPost
from server.store.db import DatabaseUnavailable, Write
from tests.server.test_reading import counting
from tests.server.world import join, say
from tests.web.html import Element, HtmlPage
from web.pages import conversation
from web.pages.conversation import Asked

REPLIES = 1000
MAX_BYTES = 250_000


class Fold(NamedTuple):
    """Replies that are not shown: `url` without scripts, `fragment` with them."""

    anchor: str
    url: str
    fragment: str
    told: str
    names: str
    element: Element


def posts_in(part: Element) -> list[int]:
    """The posts that are shown there, in order."""
    return [int(one["id"].removeprefix("post-")) for one in part.all("article", "post")]


def below(page: HtmlPage) -> Element:
    """The part of a page that answers its post."""
    return page.root.one("section", id="replies")


def replies_of(page: HtmlPage) -> list[int]:
    """The replies that a page shows, in its order."""
    return posts_in(below(page))


def folds(part: Element) -> list[Fold]:
    """What is folded away there; a press puts it where the fold was."""
    found = []
    for one in part.all("p", "fold"):
        link = one.all("a")[0]
        assert (link["hx-target"], link["hx-swap"]) == ("closest .fold", "outerHTML")
        names = one.one("span", "meta").words
        found.append(Fold(one["id"], link["href"], link["hx-get"], link.words, names, one))
    return found


def way(page: HtmlPage, relation: str) -> str:
    """Where the page says that its thread goes on, or nothing."""
    found = below(page).all("a", rel=relation)
    assert len(found) < 2
    return found[0]["href"].removesuffix("#replies") if found else ""


def first_new(page: HtmlPage) -> tuple[str, str]:
    """What the page says of what is new, and where that leads; twice nothing otherwise."""
    links = [one for notice in below(page).all("p", "since") for one in notice.all("a")]
    return (links[0].words, links[0]["href"]) if links else ("", "")


def is_new(reply: Element) -> bool:
    """Whether it is marked, for eyes and for ears."""
    return any(one.words == "new reply" for one in reply.all("span", "fresh"))


def long_thread(tx: Write, site: Any, people: list[Any], many: int = REPLIES) -> list[int]:
    """Ids of a root and `many` replies: wide, bushy, and one chain of a hundred."""
    chance, ids = random.Random(5), []
    for number in range(many + 1):
        to = None
        if number:
            to = ids[-1] if 200 < number <= 300 else chance.choice(ids[:1] * 2 + ids)
            to = ids[0] if number % 3 == 0 and not 200 < number <= 300 else to
        new = NewPost(content=f"Reply number {number}", reply_to_id=to)
        author = people[number % len(people)]
        ids.append(posts.write(tx, site, author, new, now_ms()).id)
    return ids


async def crawl(person: Any, start: str) -> dict[int, str]:
    """Every reply that links lead to from `start`, with the page on which it was found."""
    found: dict[int, str] = {}
    waiting, seen = [start], {start}
    while waiting:
        path = waiting.pop()
        page = await person.get(path)
        assert len(page.text.encode()) < MAX_BYTES
        shown = replies_of(page)
        assert len(shown) <= 61
        found |= dict.fromkeys(shown, path)
        ways = [way(page, "next"), *(fold.url for fold in folds(below(page)))]
        fresh = [one for one in ways if one and one not in seen]
        seen.update(fresh)
        waiting += fresh
    return found


async def test_every_one_of_a_thousand_replies_can_be_reached_by_links(city):
    people = [await city.join(name) for name in ("mina", "joon", "sora", "hana")]
    ids = await city.db.write(long_thread, city.site, [person.account for person in people])
    visitor, path = await city.visitor(), f"/@mina/{ids[0]}"
    assert sorted(await crawl(visitor, path)) == ids[1:]
    first = await visitor.get(path)
    tops = await city.db.read(children, ids[0])
    listed = [id for id in replies_of(first) if id in tops]
    assert listed == tops[: len(listed)]
    newest = await visitor.get(f"{path}?sort=new")
    listed = [id for id in replies_of(newest) if id in tops]
    assert listed == tops[::-1][: len(listed)]
    for page, current in ((first, "Oldest first"), (newest, "Newest first")):
        order = below(page).all("a", aria_current="true")
        assert [one.words for one in order] == [current]


def children(db, id):
    """The readable replies to a post."""
    found = db.all("SELECT id FROM post WHERE reply_to_id = :id ORDER BY id", id=id)
    return [row["id"] for row in found]


async def test_the_pages_of_a_thread_lead_back_and_forth(city):
    mina = await city.join("mina")
    ids = await city.db.write(long_thread, city.site, [mina.account], 150)
    visitor, seen = await city.visitor(), []
    for sort in ("", "?sort=new"):
        start = f"/@mina/{ids[0]}{sort}"
        page, forward = await visitor.get(start), [start]
        assert way(page, "prev") == ""
        while further := way(page, "next"):
            page = await visitor.get(further)
            assert way(page, "prev") == forward[-1]
            forward.append(further)
        seen.append(len(forward))
        assert len(forward) > 1
    gone = int(re.search(r"after=(\d+)", forward[1])[1])
    before = replies_of(await visitor.get(forward[1]))
    await city.db.write(posts.delete, city.site, mina.account, gone, now_ms())
    assert set(before) <= set(replies_of(await visitor.get(forward[1])))
    nowhere = await visitor.get(f"/@mina/{ids[0]}?after=1&sort=new")
    assert "no more replies here" in below(nowhere).words
    assert way(nowhere, "prev")


async def test_a_fold_says_what_it_hides_and_unfolds_in_place(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    root = await city.writes(mina, "Root")
    at, ids = root.id, []
    for number in range(100):
        author = (mina, joon)[number % 2]
        at = (await city.writes(author, f"Deep {number}", reply_to_id=at)).id
        ids.append(at)
    visitor = await city.visitor()
    page = await visitor.get(f"/@mina/{root.id}")
    assert replies_of(page) == ids[:9]
    (fold,) = folds(below(page))
    assert (fold.anchor, fold.told) == (f"fold-{ids[8]}", "91 more replies")
    assert fold.names == "by Joon, Mina"
    assert fold.url == f"/@mina/{ids[8]}"
    fifth = page.root.one("article", id=f"post-{ids[4]}")
    assert fifth.link("answers Joon") == f"#post-{ids[3]}"
    steps = [one["class"] for one in below(page).all("div", "reply")]
    assert steps == [f"reply depth-{min(number, 4)}" for number in range(9)]
    further, found = fold.fragment, []
    while further:
        piece = await branch(visitor, further)
        assert len(posts_in(piece)) <= 61
        found += posts_in(piece)
        further = next((fold.fragment for fold in folds(piece)), "")
    assert found == ids[9:]
    assert posts_in(await branch(visitor, f"/@mina/{ids[0]}/branch")) == ids[1:61]
    for nothing in (f"/@mina/{ids[0]}/branch?after=5", "/@mina/7/branch"):
        await visitor.get(nothing, 404)


async def branch(person: Any, path: str) -> Element:
    """What an open page puts in the place of a fold: a piece of HTML, not a page."""
    async with person.client.get(path, headers=person.headers) as answer:
        text = await answer.text()
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/html")
    assert "<html" not in text
    return HtmlPage(text).root


async def test_what_a_deep_reply_answers_is_shown_in_part_with_a_way_to_the_rest(city):
    mina = await city.join("mina")
    at, ids = None, []
    for number in range(30):
        at = (await city.writes(mina, f"Step {number}", reply_to_id=at)).id
        ids.append(at)
    above = (await mina.get(f"/@mina/{ids[-1]}")).root.one("section", "above")
    assert posts_in(above) == [ids[0], *ids[-6:-1]]
    assert above.link("23 posts between") == f"/@mina/{ids[-6]}"


async def test_a_fold_tells_nobody_of_what_is_not_for_them(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    root = await city.writes(mina, "Root")
    first = await city.writes(mina, "First", reply_to_id=root.id)
    for number in range(12):
        await city.writes(mina, f"Open {number}", reply_to_id=first.id)
        await city.writes(joon, f"@mina {number}", reply_to_id=first.id, visibility="direct")
    counts = []
    for person in (await city.visitor(), mina):
        (fold,) = folds(below(await person.get(f"/@mina/{root.id}")))
        counts.append((fold.told, fold.names))
    assert counts == [("4 more replies", "by Mina"), ("16 more replies", "by Mina, Joon")]


async def test_the_pages_of_a_branch_whose_middle_was_deleted_say_so(city):
    mina = await city.join("mina")
    root = await city.writes(mina, "Root")
    first = await city.writes(mina, "First", reply_to_id=root.id)
    middle = await city.writes(mina, "Middle", reply_to_id=first.id)
    last = await city.writes(mina, "Last", reply_to_id=middle.id)
    await city.db.write(posts.delete, city.site, mina.account, middle.id, now_ms())
    page = await mina.get(f"/@mina/{root.id}")
    assert replies_of(page) == [first.id, last.id]
    lost = page.root.one("article", id=f"post-{last.id}")
    assert "answers a post that is not shown" in lost.words


# --- what is new


async def answer(city, author, root_id, many):
    return [(await city.writes(author, f"New {n}", reply_to_id=root_id)).id for n in range(many)]


async def test_what_is_new_since_a_visit_is_counted_marked_and_linked_from_one_to_the_next(
    any_city,
):
    mina, joon = await any_city.join("mina"), await any_city.join("joon")
    ids = await any_city.db.write(long_thread, any_city.site, [mina.account], 120)
    path = f"/@mina/{ids[0]}"
    first_visit = (await joon.get(path)).text
    assert "since your visit" not in first_visit
    new = await answer(any_city, mina, ids[0], 2)
    new += await answer(any_city, mina, ids[3], 1)
    new += await answer(any_city, mina, ids[250 % len(ids)], 1)
    await answer(any_city, joon, ids[0], 1)  # one's own is not new

    page = await joon.get(path)
    told, at = first_new(page)
    assert told == "4 replies are new since your visit"
    assert "new since your visit" not in (await joon.get(path)).text  # it was seen just now
    met, steps = set(), 0
    while at:
        target, _, anchor = at.partition("#")
        page = await joon.get(target) if target else page
        place = page.root.one(id=anchor)
        if anchor.startswith("post-"):
            assert is_new(place)
            met.add(int(anchor.removeprefix("post-")))
        at, steps = place.link("Next new reply"), steps + 1
        assert steps < 20
    assert met == set(new)


async def test_a_page_that_a_button_leads_back_to_still_knows_what_was_new(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    root = await city.writes(mina, "Root")
    await joon.get(f"/@mina/{root.id}")
    (id,) = await answer(city, mina, root.id, 1)
    page = await joon.get(f"/@mina/{root.id}")
    back = next(f.fields["back"] for f in page.forms if "back" in f.fields)
    went = await joon.post(f"/posts/{id}/like", back=back)
    assert "1 reply is new since your visit" in (await joon.get(went)).text


async def test_only_who_opens_the_thread_itself_has_seen_it(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    root = await city.writes(mina, "Root")
    path = f"/@mina/{root.id}"
    await joon.get(path)
    first, second = await answer(city, mina, root.id, 2)
    visitor = await city.visitor()
    await visitor.get(path)
    ahead = {**joon.headers, "Sec-Purpose": "prefetch;prerender"}
    async with joon.client.get(path, headers=ahead) as fetched:
        assert fetched.status == 200
    async with joon.client.head(path, headers=joon.headers) as asked:
        assert asked.status == 200
    await joon.get(f"/@mina/{first}")
    async with joon.client.get(f"/@mina/{second}/branch", headers=joon.headers) as piece:
        assert piece.status == 200
    assert "2 replies are new" in (await joon.get(path)).text
    assert "new since your visit" not in (await joon.get(path)).text
    rows = await city.db.read(visit_rows)
    assert rows == [(joon.account.id, root.id, second)]


def visit_rows(db):
    """Every visit."""
    found = db.all("SELECT account_id, thread_id, seen_id FROM visit")
    return [(row["account_id"], row["thread_id"], row["seen_id"]) for row in found]


async def test_what_is_new_far_down_a_branch_is_told_by_its_fold(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    root = await city.writes(mina, "Root")
    first = await city.writes(mina, "First", reply_to_id=root.id)
    for number in range(20):
        await city.writes(mina, f"Old {number}", reply_to_id=first.id)
    path = f"/@mina/{root.id}"
    assert len(replies_of(await joon.get(path))) == 9
    two = await answer(city, mina, first.id, 2)
    page = await joon.get(path)
    assert len(replies_of(page)) == 23  # unfolded as far as it is new
    marked = [one for one in below(page).all("article", "post") if is_new(one)]
    assert [one["id"] for one in marked] == [f"post-{id}" for id in two]
    await answer(city, mina, first.id, 20)
    page = await joon.get(path)
    assert len(replies_of(page)) == 9
    (fold,) = folds(below(page))
    assert fold.told == "34 more replies"
    assert "20 of them new" in fold.element.words
    assert first_new(page)[1] == f"#{fold.anchor}"
    inside = await joon.get(fold.url)  # the link knows since when
    assert first_new(inside)[0] == "20 replies are new since your visit"
    unfolded = await branch(joon, fold.fragment)
    assert sum(is_new(one) for one in unfolded.all("article", "post")) == 20


async def test_nothing_fails_where_nothing_can_be_written(city, monkeypatch):
    mina = await city.join("mina")
    root = await city.writes(mina, "Root")

    def full(*_):
        raise DatabaseUnavailable("The disk is full.")

    monkeypatch.setattr("server.services.visits.record", full)
    await mina.get(f"/@mina/{root.id}")


# --- bounds


ABSURD = ("0", "-1", "x", "९", "9" * 18, "9" * 19, "9" * 40, "%00", "1;drop", "", "\u202e1", "1e9")


async def test_absurd_addresses_are_pages_all_the_same(city):
    mina = await city.join("mina")
    root = await city.writes(mina, "Root")
    reply = await city.writes(mina, "Reply", reply_to_id=root.id)
    for value in ABSURD:
        for name in ("after", "since", "sort"):
            for path in (f"/@mina/{root.id}", f"/@mina/{reply.id}/branch"):
                async with mina.client.get(f"{path}?{name}={value}") as got:
                    assert got.status < 500, (path, name, value)


def test_a_page_asks_as_little_of_a_long_thread_as_of_a_short_one(tx):
    ann, bob = join(tx, "ann"), join(tx, "bob")
    asked = []
    for length in (10, 200):
        root = say(tx, ann, "Root")
        ids = [root.id]
        for number in range(length):
            to = ids[number // 2] if number % 20 else root.id
            ids.append(say(tx, (ann, bob)[number % 2], str(number), reply_to_id=to).id)
        for viewer in (None, bob.id):
            db = counting(tx)
            found = conversation.read(db, viewer, root.id, Asked(since=0))
            assert (found.total, found.shown <= 61) == (length, True)
            asked.append(db.asked)
    assert asked[0] + 1 >= asked[2]  # the folds of the long one have names to read
    assert asked[1] + 1 >= asked[3]
    assert max(asked) < 27


def test_of_a_thread_only_the_posts_on_the_page_are_read_in_full(tx, monkeypatch):
    ann = join(tx, "ann")
    root = say(tx, ann, "Root")
    for number in range(100):
        say(tx, ann, str(number), reply_to_id=root.id)
    read = []
    full = conversation.timelines.by_post

    def noted(db, viewer_id, ids):
        read.extend(ids)
        return full(db, viewer_id, ids)

    monkeypatch.setattr(conversation.timelines, "by_post", noted)
    conversation.read(tx, None, root.id, Asked())
    assert len(read) == 61


async def test_the_page_of_a_story_tells_who_responded_and_from_where(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    story = await city.writes(mina, "Words", title="A story")
    await city.db.write(reactions.like, city.site, joon.account, story.id, now_ms())
    page = await (await city.visitor()).get(f"/@mina/{story.id}")
    part = page.root.all("section", "responses")[0]  # then: who links to it
    assert part.link("1 like") == f"/@mina/{story.id}/likes"
    assert part.link(f"Joon {city.site.domain}") == "/@joon"
    assert [one.words for one in part.all("h3")] == ["Liked by"]
    assert part.one("ul", "servers").words == f"{city.site.domain} · 1 responded"


async def test_what_nobody_finds_takes_no_room_in_a_thread(any_city, monkeypatch):
    """Whoever sends enough for a few readers, or what is taken away, closes it for nobody."""
    monkeypatch.setattr(thread_service, "MAX_THREAD", 6)
    mina, crowd, sora = [await any_city.join(name) for name in ("mina", "crowd", "sora")]
    story = await any_city.writes(mina, "A story")
    at = story
    for number in range(8):
        at = await any_city.writes(crowd, "no", reply_to_id=at.id, visibility="direct")
        loud = await any_city.writes(crowd, f"Loud {number}", reply_to_id=story.id)
        await any_city.db.write(posts.delete, any_city.site, crowd.account, loud.id, now_ms())
    reply = await any_city.writes(sora, "A late reply", reply_to_id=story.id)
    deep = await any_city.writes(mina, "Below it", reply_to_id=reply.id)
    page = await (await any_city.visitor()).get(f"/@mina/{story.id}")
    assert replies_of(page) == [reply.id, deep.id]
    assert "so long" not in page.text


async def test_what_hangs_below_what_nobody_finds_has_its_place(any_city):
    mina, sora = [await any_city.join(name) for name in ("mina", "sora")]
    story = await any_city.writes(mina, "A story")
    first = await any_city.writes(sora, "Gone", reply_to_id=story.id)
    second = await any_city.writes(sora, "Gone too", reply_to_id=first.id)
    stays = await any_city.writes(mina, "I answer", reply_to_id=second.id)
    for one in (first, second):
        await any_city.db.write(posts.delete, any_city.site, sora.account, one.id, now_ms())
    page = await (await any_city.visitor()).get(f"/@mina/{story.id}")
    assert replies_of(page) == [stays.id]
    page = await (await any_city.visitor()).get(f"/@mina/{stays.id}")
    assert [int(one["id"][5:]) for one in page.root.one("section", "above").all("article")] == [
        story.id
    ]


async def test_who_comments_is_shown_the_comment_in_its_thread(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    ids = await city.db.write(long_thread, city.site, [mina.account], 150)
    thread = f"/@mina/{ids[0]}"
    for address in (thread, f"{thread}?sort=new"):
        form = (await joon.get(address)).form("/write").fields
        place = await joon.post("/write", **{**form, "content": "Benches first"})
        page = await joon.get(place)
        mine = page.root.one("article", "post", id=place.rpartition("#")[2])
        assert "Benches first" in mine.words
        assert ("sort=new" in place) == ("sort=new" in address)
        assert len(replies_of(page)) > 1


async def test_a_comment_that_cannot_be_shown_in_its_thread_is_published_all_the_same(
    city, monkeypatch
):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina, "Ten years", title="The path")
    fields = (await joon.get(f"/@mina/{post.id}")).form("/write").fields

    def away(*_, **__):
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(conversation, "where", away)
    path = await joon.post("/write", **{**fields, "content": "Benches first"})
    assert path.startswith("/@joon/")
    page = await joon.get(path)
    assert "Benches first" in page.text
    assert "Nobody has answered yet." in page.main.words
    assert "There are no comments yet." not in page.main.words
