"""Pings of other sites: "this page of mine links to your story". Webmention, and Trackback.

Nobody is believed. A ping is put away, and shown is what the page itself says once it was read and
does link: `server.pinging` reads, `settle` keeps. What waits is bounded by who sends, by whose page
it is about, by story, and as a whole.

What an old blog had received before it was brought here is looked at in the same way, slowly: there
a link to where the story was is one to the story.

W3C Webmention §3.2, TrackBack 1.2
"""

import re
from typing import Final
from urllib.parse import unquote, urlsplit
from zlib import crc32

import msgspec

from federation.errors import Malformed
from federation.origin import host
from server.clock import HOUR_MS, MINUTE_MS
from server.errors import AppError, TooMany
from server.ids import id_at, new_id, parse_id
from server.model import Post, Site
from server.policy.hosts import registered_domain
from server.services import notifications, old_places, rights
from server.store import backlinks, imports, jobs, posts
from server.store import pings as store
from server.store.backlinks import Backlink
from server.store.db import Read, Write
from server.store.pings import Ping
from server.text import webpage
from server.text.backlinks import MAX_EXCERPT, Found

JOB: Final = "ping"
LANES: Final = 8  # in each of which one page is read at a time
MAX_SOURCE: Final = 2_000  # bytes of an address
MAX_LINKS: Final = 500  # of one story that are kept
MAX_OF_HOST: Final = 10  # of those
MAX_KNOWN_MS: Final = 24 * HOUR_MS
REMEMBERED_MS: Final = HOUR_MS
AGAIN_MS: Final = 2 * MINUTE_MS
"""So long after a page was asked for it is not asked for again, however often it is sent."""
LATER_MS: Final = (10 * MINUTE_MS, 2 * HOUR_MS)
"""When a page is asked for again that could not be read."""
LIMITS: Final = (("network", 200), ("host", 30), ("domain", 300), ("post_id", 60), ("all", 1_000))
"""The first three in an hour, the last two as long as they wait."""
PACE_MS: Final = 36_000
"""So long after each other the pages of one import are looked at."""
IMPORT: Final = "import"  # the `network` of those

_STORY: Final = re.compile(r"/(?:@[^/?#]+|objects)/([0-9]+)")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent: the page `source`, an address to which we go, links to our `target`.

    `network`: where it was sent from. `excerpt` is what a trackback says that the page says.
    `once`: nobody said that the page is at this address, and it is asked for there one time.
    """

    kind: str
    source: str
    target: str
    network: str
    excerpt: str = ""
    once: bool = False


def named(db: Read, site: Site, target: str) -> Post | None:
    """The story at an address of ours, as everybody may read it."""
    if len(target) > MAX_SOURCE or not site.ours(target):
        return None
    path = unquote(target.removeprefix(site.origin).partition("#")[0].partition("?")[0])
    found = _STORY.fullmatch(path)
    id = parse_id(found[1]) if found else None
    return story(db, id) if id is not None else None


def receiving(db: Read, site: Site, target: str) -> Post:
    """The story at an address of ours, if links to it are taken. Raises `AppError`."""
    post = named(db, site, target)
    if post is None:
        raise AppError("There is no public story at this address.")
    if backlinks.closed(db, post.id):
        raise AppError("No more links to this story are taken.")
    return post


def story(db: Read, id: int) -> Post | None:
    """The story or thread of ours with this id, if everybody may read it."""
    post = posts.by_id(db, id)
    if post is None or not is_story(post) or not post.open:
        return None
    return post if rights.may_read(db, None, post) else None


def is_story(post: Post) -> bool:
    """Whether links to this are noted: it is ours, has a title, and answers nothing."""
    return bool(post.local and post.title) and post.reply_to_uri is None


def take(tx: Write, site: Site, wanted: Wanted, now_ms: int) -> None:
    """Put a ping away until its page was read.

    Raises `AppError` where there is no such story for everybody, or none that takes links;
    `TooMany`.
    """
    post = receiving(tx, site, wanted.target)
    if not wanted.source or len(wanted.source.encode()) > MAX_SOURCE:
        raise AppError("This is not the address of a page elsewhere.")
    known = store.by_source(tx, post.id, wanted.source)
    if known is not None and known.state == "waiting":
        return
    ping = _made(post, wanted, now_ms)
    if _full(tx, ping, now_ms):
        raise TooMany(
            "Too many links are waiting to be checked. Please try again later.",
            retry_after_ms=10 * MINUTE_MS,
        )
    if known is not None:
        _once_more(tx, known, wanted, now_ms)
        return
    store.insert(tx, ping)
    _promise(tx, ping, now_ms)


def _made(post: Post, wanted: Wanted, now_ms: int) -> Ping:
    name = host(wanted.source)
    return Ping(
        id=new_id(now_ms),
        post_id=post.id,
        source=wanted.source,
        target=wanted.target,
        host=name,
        domain=registered_domain(name),
        network=wanted.network,
        kind=wanted.kind,
        excerpt=wanted.excerpt[:MAX_EXCERPT],
        tries=_tries(wanted),
        came_ms=now_ms,
    )


def _tries(wanted: Wanted) -> int:
    return len(LATER_MS) if wanted.once else 0


def _full(db: Read, ping: Ping, now_ms: int, share: int = 1) -> bool:
    """Whether there are as many as may be already; of a `share` of that, where it is not 1."""
    keys: dict[str, str | int] = {
        "network": ping.network,
        "host": ping.host,
        "domain": ping.domain,
        "post_id": ping.post_id,
        "all": 0,
    }
    since_ms = now_ms - REMEMBERED_MS
    return any(
        store.count(db, what, keys[what], since_ms, most // share) >= most // share
        for what, most in LIMITS
    )


def _once_more(tx: Write, known: Ping, wanted: Wanted, now_ms: int) -> None:
    store.come_again(tx, known.id, wanted.target, wanted.excerpt[:MAX_EXCERPT], now_ms)
    due_ms = known.came_ms + AGAIN_MS
    store.wait(tx, known.id, due_ms if due_ms > now_ms else None, _tries(wanted))
    if due_ms <= now_ms:
        _promise(tx, known, now_ms)


def _promise(tx: Write, ping: Ping, now_ms: int) -> None:
    """Pages of one host are read one after another; a slow one holds up few others.

    Those that an import brought have a lane of their own, and are in nobody's way.
    """
    part = IMPORT if ping.network == IMPORT else str(crc32(ping.domain.encode()) % LANES)
    jobs.enqueue(tx, JOB, f"{JOB}:{part}", msgspec.json.encode({"ping": ping.id}), now_ms)


def again(tx: Write, site: Site, now_ms: int) -> bool:
    """Promise to read the page that is due first. False without one."""
    due = store.first_due(tx, now_ms)
    if due is None:
        return False
    store.wait(tx, due.id, None, due.tries)
    _promise(tx, due, now_ms)
    return True


def put_off_next(tx: Write, site: Site, now_ms: int) -> None:
    """The first that is due cannot be promised: let the others have their turn."""
    if (due := store.first_due(tx, now_ms)) is not None:
        store.done(tx, due.id)


def asked(db: Read, id: int) -> tuple[Ping, tuple[str, ...]] | None:
    """A ping that waits, and the addresses of its story; None where nothing is to be read."""
    ping = store.by_id(db, id)
    if ping is None or ping.state != "waiting":
        return None
    post = story(db, ping.post_id)
    if post is None or backlinks.closed(db, post.id):
        return None
    old = imports.ping(db, post.id, ping.source)
    before = old_places.of(db, post.id) if old is not None else ()
    return ping, (ping.target, post.url, post.uri, *before)


def keep(tx: Write, ping: Ping, found: Found | None, now_ms: int) -> None:
    """Its page was read: `found` where it links, None where it does not, or is not there."""
    store.done(tx, ping.id)
    if found is None:
        backlinks.remove(tx, ping.post_id, ping.source)
        return
    post = story(tx, ping.post_id)
    if post is None or backlinks.closed(tx, post.id):
        return
    old = imports.ping(tx, ping.post_id, ping.source)
    at_ms = old.received_ms if old is not None else 0
    known = backlinks.by_source(tx, ping.post_id, ping.source)
    if known is None and not backlinks.room(
        tx, ping.post_id, ping.host, most=MAX_LINKS, most_of_host=MAX_OF_HOST
    ):
        return
    link = Backlink(
        id=_id(tx, at_ms, now_ms),
        post_id=ping.post_id,
        source=ping.source,
        host=ping.host,
        kind=ping.kind,
        title=found.title,
        excerpt=found.excerpt,
        author=found.author,
        published_ms=at_ms or found.published_ms,
        verified_ms=now_ms,
    )
    backlinks.put(tx, link)
    if known is None and old is None and backlinks.seen(tx, link.id):
        notifications.notify_linked(tx, post, now_ms)


def _id(db: Read, at_ms: int, now_ms: int) -> int:
    """One that puts it where it belongs by its date, where that is not today."""
    for _ in range(10 if at_ms else 0):
        id = id_at(at_ms)
        if backlinks.by_id(db, id) is None:
            return id
    return new_id(now_ms)


def fail(tx: Write, ping: Ping, now_ms: int, *, later: bool) -> None:
    """Its page could not be read, now or at all: what we know of it stays."""
    if later and ping.tries < len(LATER_MS):
        store.wait(tx, ping.id, now_ms + LATER_MS[ping.tries], ping.tries + 1)
    else:
        store.done(tx, ping.id)


def forget(tx: Write, now_ms: int) -> None:
    """Housekeeping."""
    store.forget(tx, now_ms - MAX_KNOWN_MS)


# --- what an old blog had received


def page_of(url: str, *, closed: bool = False) -> str:
    """The address at which a page is asked for that an old blog names; empty where nobody asks.

    Over TLS, but in a `closed` network, in which the city itself is at http.
    """
    found = webpage.as_uri(url)
    if found.startswith("http:") and not closed:
        found = f"https:{found.removeprefix('http:')}"
    try:
        urlsplit(found)
        host(found)
    except (Malformed, ValueError):
        return ""
    return found if len(found.encode()) <= MAX_SOURCE else ""


def next_old(tx: Write, site: Site, now_ms: int) -> bool:
    """Promise to read the page whose turn it is. False without one.

    Half of what may wait, or be asked in an hour, is for those who tell us now.
    """
    old = imports.first_ping_due(tx, now_ms)
    if old is None:
        return False
    post = story(tx, old.post_id)
    known = store.by_source(tx, old.post_id, old.url)
    if post is None or known is not None or backlinks.closed(tx, old.post_id):
        imports.plan_ping(tx, old.post_id, old.url, None)
        return True
    wanted = Wanted(
        kind="trackback", source=old.url, target=post.url, network=IMPORT, excerpt=old.excerpt
    )
    ping = _made(post, wanted, now_ms)
    if _full(tx, ping, now_ms, share=2):
        imports.plan_ping(tx, old.post_id, old.url, now_ms + REMEMBERED_MS)
        return True
    imports.plan_ping(tx, old.post_id, old.url, None)
    store.insert(tx, ping)
    _promise(tx, ping, now_ms)
    return True


def put_off_old(tx: Write, site: Site, now_ms: int) -> None:
    """The first cannot be promised: let the others have their turn."""
    if (old := imports.first_ping_due(tx, now_ms)) is not None:
        imports.plan_ping(tx, old.post_id, old.url, None)
