"""Who spoke of a story in its old blog: shown once their page was seen to link."""

import pytest

from server.ids import created_ms
from server.model import Post
from server.services import (
    backlinks,
    imports,
    pings,
)
from server.store import imports as store
from server.store import pings as ping_rows
from server.store import posts as rows
from server.store.imports import Checked
from server.store.paging import Page
from server.text.backlinks import find
from server.worker import due
from tests.server.blogs import textcube
from tests.server.import_desk import Desk, stories
from tests.server.world import (
    NOW,
    SITE,
    number,
)

READ_MS = NOW + pings.PACE_MS


FRIEND = "https://friend.example.kr/77"
READ_MS = NOW + pings.PACE_MS


async def looks(desk: Desk, post: Post, page: str, now_ms: int = READ_MS) -> None:
    """The worker's turn comes, and it reads the page of the friend."""
    await due.keep_time_once(desk.db, SITE, lambda: now_ms)
    ping = await desk.db.read(ping_rows.by_source, post.id, FRIEND)
    assert ping is not None
    asked = await desk.db.read(pings.asked, ping.id)
    assert asked is not None
    found = find(page.encode(), "text/html", FRIEND, asked[1], ping.excerpt)
    await desk.db.write(pings.keep, ping, found, now_ms)


async def shown(desk: Desk, post: Post) -> list[tuple[str, str, int | None, int]]:
    _, links = await desk.db.read(backlinks.of_story, None, post.id, Page(limit=9))
    found = [line.link for line in links.lines if line.link]
    return [(one.source, one.title, one.published_ms, created_ms(one.id)) for one in found]


def outcome(waiting: int = 0, confirmed: int = 0, failed: int = 0) -> Checked:
    return Checked(waiting=waiting, confirmed=confirmed, failed=failed)


async def test_a_trackback_of_the_old_blog_is_shown_once_its_page_was_seen_to_link(
    any_desk: Desk,
) -> None:
    desk, db = any_desk, any_desk.db
    run = await desk.brings(textcube())
    post = (await db.read(stories, desk.home))["김장 하는 날"]
    assert imports.counts(run).pings == 1
    assert await db.read(store.checked, run.id) == outcome(waiting=1)
    assert await shown(desk, post) == []
    assert await db.read(store.next_ping_ms) == READ_MS
    assert not await db.write(pings.next_old, SITE, READ_MS - 1), "slowly"
    page = '<title>나도 김장</title><p>엮은 <a href="http://old.example.kr/12">글</a>'
    await looks(desk, post, page)
    then_ms = 1_322_630_000_000
    assert await shown(desk, post) == [(FRIEND, "나도 김장", then_ms, then_ms)]
    assert await db.read(store.checked, run.id) == outcome(confirmed=1)
    again = await desk.brings(textcube().replace("절이기", "씻기"))
    assert (imports.counts(again).changed, imports.counts(again).pings) == (1, 0)
    assert await db.read(store.next_ping_ms) is None
    assert not await db.write(pings.next_old, SITE, READ_MS + 9 * pings.PACE_MS)


@pytest.mark.parametrize(
    ("at", "links"),
    [
        ("https://here.test/objects/{id}", True),
        ("http://old.example.kr/12/", True),
        ("https://OLD.example.kr/entry/%EA%B9%80%EC%9E%A5-%ED%95%98%EB%8A%94-%EB%82%A0", True),
        ("http://mine.example/12#comments", True),
        ("http://old.example.kr/13", False),
        ("http://old.example.kr/", False),
        ("http://evil.example/12", False),
    ],
)
async def test_it_links_to_where_the_story_is_or_was(desk: Desk, at: str, links: bool) -> None:
    run = await desk.brings(textcube(), address="http://mine.example")
    post = (await desk.db.read(stories, desk.home))["김장 하는 날"]
    await looks(desk, post, f'<a href="{at.format(id=post.id)}">x</a>')
    assert bool(await shown(desk, post)) == links
    expected = outcome(confirmed=1) if links else outcome(failed=1)
    assert await desk.db.read(store.checked, run.id) == expected


async def test_a_new_ping_has_to_link_to_where_the_story_is(desk: Desk) -> None:
    await desk.brings(textcube())
    post = (await desk.db.read(stories, desk.home))["김장 하는 날"]
    source = "https://new.example/1"
    sent = pings.Wanted(kind="webmention", source=source, target=post.url, network="n")
    await desk.db.write(pings.take, SITE, sent, NOW)
    ping = await desk.db.read(ping_rows.by_source, post.id, source)
    assert ping is not None
    asked = await desk.db.read(pings.asked, ping.id)
    assert asked is not None
    assert set(asked[1]) == {post.url, post.uri}


async def test_trackbacks_of_an_old_blog_are_never_in_the_way_of_new_ones(desk: Desk) -> None:
    db = desk.db
    one = textcube().split("<trackback>")[1].split("</trackback>")[0]
    more = "".join(f"<trackback>{one.replace('/77', f'/{n}')}</trackback>" for n in range(100, 120))
    run = await desk.brings(textcube().replace("</post>", f"{more}</post>", 1))
    post = (await db.read(stories, desk.home))["김장 하는 날"]
    assert imports.counts(run).pings == 21
    late_ms = NOW + 30 * pings.PACE_MS  # as after a night without the worker
    while await db.write(pings.next_old, SITE, late_ms):
        pass
    most = dict(pings.LIMITS)["host"]
    asked = "SELECT count(*) FROM ping WHERE host = 'friend.example.kr'"
    assert await db.read(number, asked) == most // 2
    assert await db.read(number, "SELECT count(DISTINCT lane) FROM job WHERE kind = 'ping'") == 1
    assert await db.read(store.next_ping_ms) == late_ms + pings.REMEMBERED_MS
    for n in range(most // 2):
        source = f"https://friend.example.kr/new/{n}"
        sent = pings.Wanted(kind="webmention", source=source, target=post.url, network="n")
        await db.write(pings.take, SITE, sent, late_ms)
    assert await db.read(number, "SELECT count(DISTINCT lane) FROM job WHERE kind = 'ping'") == 2
    assert await db.read(store.checked, run.id) == outcome(waiting=21)


async def test_of_a_story_that_is_gone_no_page_is_asked_for(desk: Desk) -> None:
    db = desk.db
    run = await desk.brings(textcube())
    post = (await db.read(stories, desk.home))["김장 하는 날"]
    await db.write(rows.set_columns, post.id, visibility="removed")
    assert await db.write(pings.next_old, SITE, READ_MS)
    assert await db.read(number, "SELECT count(*) FROM ping") == 0
    assert await db.read(store.next_ping_ms) is None
    assert await db.read(store.checked, run.id) == outcome(failed=1)


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("http://친구.example.kr/봄", "https://xn--2e0bp83d.example.kr/%EB%B4%84"),
        ("https://a.example/?p=1", "https://a.example/?p=1"),
        ("http://", ""),
        ("http://[::1", ""),
        ("https://a.example/" + "x" * 2_000, ""),
    ],
)
def test_an_old_blog_may_name_whatever_it_wants(url: str, page: str) -> None:
    assert pings.page_of(url) == page
