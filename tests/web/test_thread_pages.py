"""A thread of a thousand replies as people meet it: whole without JavaScript, and what is new."""

import random
import re
from html import unescape
from typing import Any

from server.clock import now_ms
from server.services import posts
from server.services.posts import NewPost
from server.store.db import DatabaseUnavailable, Write
from tests.server.test_reading import counting
from tests.server.world import join, say
from web.pages import conversation
from web.pages.conversation import Asked

REPLIES = 1000
MAX_BYTES = 250_000

POST = re.compile(r'<article class="post" id="post-(\d+)"')
FOLD = re.compile(
    r'<p class="fold" id="([^"]+)">\s*<a href="([^"]+)" data-fragment="([^"]+)">(\d+)'
)
NEW = re.compile(r'<p class="fresh"><span class="tag">new reply</span>(?: <a href="([^"]+)">)?')
NEXT = re.compile(r'rel="next" href="([^"]+)#replies"')
PREVIOUS = re.compile(r'rel="prev" href="([^"]+)#replies"')
FIRST_NEW = re.compile(r'<p class="notice fresh"><a href="([^"]+)">([^<]+)<')


def replies_of(text: str) -> list[int]:
    """The replies that a page shows, in its order."""
    return [int(id) for id in POST.findall(text[text.find('id="replies"') :])]


def link(pattern: re.Pattern[str], text: str) -> str:
    """Where the first link of this kind leads, or nothing."""
    found = pattern.search(text)
    return unescape(found[1]) if found else ""


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
        text = (await person.get(path)).text
        assert len(text.encode()) < MAX_BYTES
        shown = replies_of(text)
        assert len(shown) <= 61
        found |= dict.fromkeys(shown, path)
        ways = [link(NEXT, text), *(unescape(url) for _, url, _, _ in FOLD.findall(text))]
        fresh = [way for way in ways if way and way not in seen]
        seen.update(fresh)
        waiting += fresh
    return found


async def test_every_one_of_a_thousand_replies_can_be_reached_by_links(city):
    people = [await city.join(name) for name in ("mina", "joon", "sora", "hana")]
    ids = await city.db.write(long_thread, city.site, [person.account for person in people])
    visitor, path = await city.visitor(), f"/@mina/{ids[0]}"
    assert sorted(await crawl(visitor, path)) == ids[1:]
    async with visitor.client.get(path) as answer:
        first = await answer.text()
    tops = await city.db.read(children, ids[0])
    listed = [id for id in replies_of(first) if id in tops]
    assert listed == tops[: len(listed)]
    newest = (await visitor.get(f"{path}?sort=new")).text
    listed = [id for id in replies_of(newest) if id in tops]
    assert listed == tops[::-1][: len(listed)]
    assert 'sort=new" aria-current' not in first


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
        text, forward = (await visitor.get(start)).text, [start]
        assert PREVIOUS.search(text) is None
        while way := link(NEXT, text):
            text = (await visitor.get(way)).text
            assert link(PREVIOUS, text) == forward[-1]
            forward.append(way)
        seen.append(len(forward))
        assert len(forward) > 1
    gone = int(re.search(r"after=(\d+)", forward[1])[1])
    before = replies_of((await visitor.get(forward[1])).text)
    await city.db.write(posts.delete, city.site, mina.account, gone, now_ms())
    assert set(before) <= set(replies_of((await visitor.get(forward[1])).text))
    nowhere = (await visitor.get(f"/@mina/{ids[0]}?after=1&sort=new")).text
    assert "no more replies here" in nowhere
    assert link(PREVIOUS, nowhere)


async def test_a_fold_says_what_it_hides_and_unfolds_in_place(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    root = await city.writes(mina, "Root")
    at, ids = root.id, []
    for number in range(100):
        author = (mina, joon)[number % 2]
        at = (await city.writes(author, f"Deep {number}", reply_to_id=at)).id
        ids.append(at)
    visitor = await city.visitor()
    text = (await visitor.get(f"/@mina/{root.id}")).text
    assert replies_of(text) == ids[:9]
    ((anchor, url, fragment, count),) = FOLD.findall(text)
    assert (anchor, count) == (f"fold-{ids[8]}", "91")
    assert "by Joon, Mina" in re.sub(r"<[^>]+>|\s+", " ", text).replace("  ", " ")
    assert url == f"/@mina/{ids[8]}"
    assert f'<a href="#post-{ids[3]}">answers Joon</a>' in text
    assert 'class="reply depth-4"' in text
    assert "depth-5" not in text
    way, found = unescape(fragment), []
    while way:
        async with visitor.client.get(way) as answer:
            piece = await answer.text()
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith("text/html")
        assert "<html" not in piece
        assert len(POST.findall(piece)) <= 61
        found += [int(id) for id in POST.findall(piece)]
        further = FOLD.findall(piece)
        way = unescape(further[0][2]) if further else ""
    assert found == ids[9:]
    async with visitor.client.get(f"/@mina/{ids[0]}/branch") as answer:
        assert [int(id) for id in POST.findall(await answer.text())] == ids[1:61]
    for nothing in (f"/@mina/{ids[0]}/branch?after=5", "/@mina/7/branch"):
        await visitor.get(nothing, 404)


async def test_what_a_deep_reply_answers_is_shown_in_part_with_a_way_to_the_rest(city):
    mina = await city.join("mina")
    at, ids = None, []
    for number in range(30):
        at = (await city.writes(mina, f"Step {number}", reply_to_id=at)).id
        ids.append(at)
    text = (await mina.get(f"/@mina/{ids[-1]}")).text
    above = [int(id) for id in POST.findall(text[: text.find('id="replies"')])]
    assert above == [ids[0], *ids[-6:-1]]
    assert f'<a href="/@mina/{ids[-6]}">23 posts between</a>' in text


async def test_a_fold_tells_nobody_of_what_is_not_for_them(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    root = await city.writes(mina, "Root")
    first = await city.writes(mina, "First", reply_to_id=root.id)
    for number in range(12):
        await city.writes(mina, f"Open {number}", reply_to_id=first.id)
        await city.writes(joon, f"@mina {number}", reply_to_id=first.id, visibility="direct")
    counts = []
    for person in (await city.visitor(), mina):
        text = (await person.get(f"/@mina/{root.id}")).text
        ((_, _, _, count),) = FOLD.findall(text)
        names = re.search(r'<span class="meta">by(.*?)</span>', text, re.S)[1]
        counts.append((count, "Joon" in names))
    assert counts == [("4", False), ("16", True)]


async def test_the_pages_of_a_branch_whose_middle_was_deleted_say_so(city):
    mina = await city.join("mina")
    root = await city.writes(mina, "Root")
    first = await city.writes(mina, "First", reply_to_id=root.id)
    middle = await city.writes(mina, "Middle", reply_to_id=first.id)
    last = await city.writes(mina, "Last", reply_to_id=middle.id)
    await city.db.write(posts.delete, city.site, mina.account, middle.id, now_ms())
    text = (await mina.get(f"/@mina/{root.id}")).text
    assert replies_of(text) == [first.id, last.id]
    assert "answers a post that is not shown" in text


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

    text = (await joon.get(path)).text
    way, told = FIRST_NEW.search(text).groups()
    assert told == "4 replies are new since your visit"
    assert "new since your visit" not in (await joon.get(path)).text  # it was seen just now
    met, page, steps = set(), path, 0
    way = unescape(way)
    while way:
        target, _, anchor = way.partition("#")
        page = target or page
        text = (await joon.get(page)).text if target else text
        assert f'id="{anchor}"' in text
        start = text.index(f'id="{anchor}"')
        rest = text[start : text.find("</article>", start)]
        if anchor.startswith("post-"):
            assert '<span class="tag">new reply</span>' in rest
            met.add(int(anchor.removeprefix("post-")))
        following = re.search(r'<a href="([^"]+)">Next new reply</a>', rest)
        way, steps = unescape(following[1]) if following else "", steps + 1
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
    assert len(replies_of((await joon.get(path)).text)) == 9
    await answer(city, mina, first.id, 2)
    text = (await joon.get(path)).text
    assert len(replies_of(text)) == 23  # unfolded as far as it is new
    assert len(NEW.findall(text)) == 2
    await answer(city, mina, first.id, 20)
    text = (await joon.get(path)).text
    assert len(replies_of(text)) == 9
    ((anchor, url, _, count),) = FOLD.findall(text)
    assert count == "34"
    assert "20 of them new" in text
    assert FIRST_NEW.search(text)[1] == f"#{anchor}"
    inside = (await joon.get(unescape(url))).text  # the link knows since when
    assert "20 replies are new since your visit" in inside


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
    assert max(asked) < 25


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
    await city.db.write(posts.like, city.site, joon.account, story.id, now_ms())
    text = (await (await city.visitor()).get(f"/@mina/{story.id}")).text
    part = text[text.index('class="responses"') : text.index('id="replies"')]
    for told in ("Liked by", 'href="/@joon"', city.site.domain, "1 responded"):
        assert told in part
