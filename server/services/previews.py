"""Previews of links: the first page elsewhere that a post for everybody links to.

A page is read by a job, once for all who link to it. What could not be read is not asked for again
before it is `FRESH_MS` old, however many link to it.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final
from zlib import crc32

import msgspec

from federation.errors import Malformed
from federation.origin import host
from server import text
from server.clock import DAY_MS, MINUTE_MS
from server.errors import NotFound
from server.ids import new_id
from server.model import Entry, Post, Site
from server.store import jobs
from server.store import previews as store
from server.store.db import Read, Write
from server.store.paging import Page
from server.text.webpage import Described

FRESH_MS: Final = 21 * DAY_MS
SPREAD_MS: Final = MINUTE_MS
"""Within this time after a stranger's post: a page is not asked for by every server at once."""
MAX_ADDRESS: Final = 2_000  # bytes
LANES: Final = 4  # in each of which one page is read at a time; ours do not wait for others'
MAX_WAITING: Final = 100  # in one lane

_LINK: Final = re.compile(r'<a((?: [a-z-]+="[^"]*")*)>')  # exact for what our sanitiser writes
_HREF: Final = re.compile(r' href="([^"]*)"')
_CLASS: Final = re.compile(r' class="([^"]*)"')
_NOT_PAGES: Final = frozenset({"mention", "hashtag", "u-url"})


def first_link(site: Site, html: str) -> str:
    """The first address of a page elsewhere in a post's HTML; nothing where there is none.

    What it quotes is no page: it stands below the post as its author has it now.
    """
    return next((url.partition("#")[0] for url in links(site, html)), "")


def links(site: Site, html: str) -> Iterator[str]:
    """The addresses of pages elsewhere in a post's HTML, in order, as often as they stand there."""
    for found in _LINK.finditer(text.unquoted(html)):
        classes = _CLASS.search(found[1])
        href = _HREF.search(found[1])
        if href is None or (classes and not _NOT_PAGES.isdisjoint(classes[1].split())):
            continue
        url = unescape(href[1])
        if _elsewhere(site, url.partition("#")[0]):
            yield url


def _elsewhere(site: Site, url: str) -> bool:
    try:
        name = host(url)
    except Malformed:
        return False
    return len(url.encode()) <= MAX_ADDRESS and name != host(site.origin)


def note(tx: Write, site: Site, post: Post, now_ms: int) -> None:
    """A post was written or changed: remember to which page it links, and have the page read."""
    url = first_link(site, post.content) if post.open and site.link_previews else ""
    if post.version > 1:
        store.unlink(tx, post.id)
    if not url:
        return
    known = store.by_url(tx, url)
    if known is None:
        id = new_id(now_ms)
        asked = _ask(tx, id, url, post, now_ms)
        store.insert(tx, id, url, now_ms if asked else 0)
        store.link(tx, post.id, id)
        return
    store.link(tx, post.id, known.id)
    if now_ms - known.fetched_ms >= FRESH_MS and _ask(tx, known.id, url, post, now_ms):
        state = known.state if known.state == "ready" else "waiting"
        store.set_state(tx, known.id, state, now_ms)


def _ask(tx: Write, id: int, url: str, post: Post, now_ms: int) -> bool:
    """Promise a look at the page, if not so many wait.

    Few pages are read at once, for slow ones must not hold up other work; of one host even fewer.
    """
    whose = "ours" if post.local else "theirs"
    lane = f"preview:{whose}:{crc32(host(url).encode()) % LANES}"
    later_ms = 0 if post.local else crc32(f"{post.id}".encode()) % SPREAD_MS
    payload = msgspec.json.encode({"preview": id})
    return jobs.enqueue(tx, "preview", lane, payload, now_ms, wait_ms=later_ms, most=MAX_WAITING)


def keep(tx: Write, id: int, said: Described | None, now_ms: int) -> None:
    """Store what a page said; None: it could not be read, and what we knew stays."""
    known = store.by_id(tx, id)
    if known is None:
        return
    if said is None or not said.title:
        state = "ready" if known.state == "ready" else "failed"
        store.set_state(tx, id, state, now_ms)
        return
    columns = msgspec.structs.asdict(said)
    del columns["oembed"]
    columns["provider"] = said.provider or host(known.url)
    store.set_columns(tx, id, **columns, state="ready", fetched_ms=now_ms)
    if store.by_id(tx, id) != msgspec.structs.replace(known, fetched_ms=now_ms):
        store.tell_posts(tx, id)


def timeline(db: Read, viewer_id: int | None, url: str, page: Page) -> list[Entry]:
    """Public posts that link to a page. Raises `NotFound` for one that nobody linked to."""
    known = store.by_url(db, url)
    if known is None or known.state != "ready":
        raise NotFound("Nobody here has linked to this page.")
    return store.posts(db, viewer_id or 0, known.id, page)
