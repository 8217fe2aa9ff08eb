"""Pages to which our stories link are told so: by Webmention, or by Trackback where they are old.

Only of what everybody may read. A page that was told by Webmention is told again when the story
changes, when the link goes, and when the story goes; a trackback is sent once.

W3C Webmention §3.1
"""

import re
from typing import Final
from urllib.parse import urlencode

import msgspec

from federation.origin import host
from server import text
from server.clock import HOUR_MS, MINUTE_MS
from server.ids import new_id
from server.model import Post, Site
from server.services import pings, previews
from server.store import accounts, jobs
from server.store import linking as store
from server.store import posts as post_store
from server.store.db import Read, Write
from server.store.linking import Told

JOB: Final = "tell-link"
LANES: Final = 4  # in each of which one page is told at a time
MAX_LINKS: Final = 30  # of one story
AGAIN_MS: Final = 5 * MINUTE_MS
"""So long after a page was told it is not told again, however often the story changes."""
LATER_MS: Final = (5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS)
MAX_EXCERPT: Final = 250  # characters of a trackback
_NOWHERE: Final = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?")


class Telling(msgspec.Struct, frozen=True):
    """What a page is to be told: `source` is our story, `form` the trackback about it."""

    told: Told
    source: str
    form: bytes


def note(tx: Write, site: Site, post: Post, now_ms: int) -> None:
    """A post was written or changed: remember to which pages it links, and have them told."""
    if _NOWHERE.fullmatch(host(site.origin)):  # where nobody finds us
        return
    known = {one.url: one for one in store.of_post(tx, post.id)} if post.version > 1 else {}
    linked = _links(site, post)
    for url in linked:
        if url in known:
            _tell_again(tx, known[url], now_ms, gone=False)
        else:
            told = Told(id=new_id(now_ms), post_id=post.id, url=url)
            store.insert(tx, told)
            _promise(tx, told, now_ms)
    for url, told in known.items():
        if url not in linked:
            _tell_again(tx, told, now_ms, gone=True)


def _links(site: Site, post: Post) -> list[str]:
    if not pings.is_story(post) or post.visibility != "public" or post.deleted_ms is not None:
        return []
    return list(dict.fromkeys(previews.links(site, post.content)))[:MAX_LINKS]


def withdraw(tx: Write, post: Post, now_ms: int) -> None:
    """A story goes: who was told of it finds that out when they look at it again."""
    if pings.is_story(post):
        for told in store.of_post(tx, post.id):
            _tell_again(tx, told, now_ms, gone=True)


def _tell_again(tx: Write, told: Told, now_ms: int, *, gone: bool) -> None:
    """A trackback is not sent twice; who takes nothing is asked again when the story changes."""
    if told.told == "trackback" and not gone:
        return
    if gone and told.told != "webmention":
        store.remove(tx, told.id)
        return
    if told.waiting:  # and looks at the story as it is then
        store.wait(tx, told.id, told.due_ms, gone=gone, tries=told.tries)
        return
    due_ms = (told.told_ms or 0) + AGAIN_MS
    store.wait(tx, told.id, due_ms if due_ms > now_ms else None, gone=gone)
    if due_ms <= now_ms:
        _promise(tx, told, now_ms)


def _promise(tx: Write, told: Told, now_ms: int) -> None:
    lane = f"{JOB}:{told.post_id % LANES}"
    jobs.enqueue(tx, JOB, lane, msgspec.json.encode({"link": told.id}), now_ms)


def again(tx: Write, site: Site, now_ms: int) -> bool:
    """Promise to tell the page that is due first. False without one."""
    due = store.first_due(tx, now_ms)
    if due is None:
        return False
    store.wait(tx, due.id, None, gone=bool(due.gone), tries=due.tries)
    _promise(tx, due, now_ms)
    return True


def put_off_next(tx: Write, site: Site, now_ms: int) -> None:
    """The first that is due cannot be promised: let the others have their turn."""
    if (due := store.first_due(tx, now_ms)) is not None:
        store.settle(tx, due.id, due.told, now_ms)


def waiting(db: Read, site: Site, id: int) -> Telling | None:
    """What a page is to be told; None where there is nothing to tell any more."""
    told = store.by_id(db, id)
    post = post_store.by_id(db, told.post_id) if told else None
    if told is None or post is None or not told.waiting:
        return None
    if not told.gone and (post.visibility != "public" or pings.story(db, post.id) is None):
        return None
    author = accounts.by_id(db, post.author_id)
    form = {
        "url": post.url,
        "title": post.title,
        "excerpt": text.excerpt(post.lead or post.content, MAX_EXCERPT),
        "blog_name": f"{author.shown_name} · {site.name}" if author else site.name,
        "charset": "utf-8",
    }
    return Telling(told, post.url, urlencode(form).encode())


def settle(tx: Write, told: Told, how: str, now_ms: int) -> None:
    """The page was told by `how`: webmention | trackback | none."""
    if told.gone:
        store.remove(tx, told.id)
        return
    store.settle(tx, told.id, how, now_ms)
    current = store.by_id(tx, told.id)
    if current is not None and current.gone:  # the link went meanwhile
        _tell_again(tx, current, now_ms, gone=True)


def drop(tx: Write, id: int) -> None:
    """What was to be told of is not for everybody any more."""
    told = store.by_id(tx, id)
    if told is not None and told.waiting and told.due_ms is None:
        store.remove(tx, id)


def fail(tx: Write, told: Told, now_ms: int, *, wait_ms: int = 0) -> None:
    """The page could not be told: again later, at least `wait_ms` from now, a few times."""
    if told.tries < len(LATER_MS):
        due_ms = now_ms + max(LATER_MS[told.tries], wait_ms)
        store.wait(tx, told.id, due_ms, gone=bool(told.gone), tries=told.tries + 1)
    elif told.gone:
        store.remove(tx, told.id)
    else:
        store.settle(tx, told.id, told.told or "none", now_ms)
