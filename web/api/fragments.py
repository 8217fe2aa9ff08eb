"""What is the same for every viewer of a status, encoded once and kept while it is true.

A page of a timeline is then a join of bytes: the kept part, and behind it the counts and what the
viewer did. A fragment is named by the versions of the post and its author, so an edit makes it
unreachable at once; numbers that come without a new version (an author's followers, a booster's
name) are at most `MAX_AGE_MS` old.

A few statuses differ in their body from viewer to viewer (`present.special`: polls, quotes, what
followers alone may quote). They are never kept, and so always among those that are read and made
for the one who asks.
"""

from collections import OrderedDict
from functools import cache
from typing import Final

import msgspec
from aiohttp import web

from server.clock import MINUTE_MS
from server.model import Entry, PostView, Site
from server.services import timelines
from web import entities, filtering, present
from web.filtering import RULES
from web.keys import DB, NOW, SITE

MAX_AGE_MS: Final = 10 * MINUTE_MS
MAX_BYTES: Final = 24 * 1024 * 1024
"""Some 10,000 statuses."""

Key = tuple[int, int, int, int, int]
_UNFILTERED: Final = b',"filtered":[]'
_BOOL: Final = (b"false", b"true")
_PINNED: Final = (b',"pinned":false', b',"pinned":true')


class Fragment(msgspec.Struct, frozen=True):
    """The JSON of a status without its closing brace. `pinned` is for its author alone.

    `approvals`: who may quote it, told to each kind of viewer (`present.standing`).
    """

    json: bytes
    made_ms: int
    pinned: bool = False
    approvals: tuple[bytes, ...] = ()


class Fragments:
    """Least recently used first out, bounded in bytes."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Empty; `max_bytes` of JSON are kept."""
        self._kept: OrderedDict[Key, Fragment] = OrderedDict()
        self._room = max_bytes

    def keep(self, site: Site, entry: Entry, view: PostView, now_ms: int) -> None:
        """Encode and keep what `view` shows of the entry."""
        inner, *around = _keys(entry)
        shared = present.shared_status(site, view)
        pinned, may = view.post.pinned_ms is not None, _approvals(present.asked(view.post))
        self._put(inner, Fragment(_open(shared), now_ms, pinned, may))
        if around and view.booster is not None:
            wrapper = present.boost(site, view.post, view.booster, entry.id)
            self._put(around[0], Fragment(_without_reblog(wrapper), now_ms))

    def status(self, entry: Entry, viewer_id: int | None, now_ms: int) -> bytes | None:
        """The Status of an entry as JSON, or None when it is not kept, or for too long."""
        keys = _keys(entry)
        inner = self._fresh(keys[0], now_ms)
        around = inner if entry.booster_id is None else self._fresh(keys[1], now_ms)
        if inner is None or around is None:
            return None
        tail = _tail(entry)
        approval = inner.approvals[present.standing(entry.author_id, viewer_id)]
        pinned = _PINNED[inner.pinned] if viewer_id == entry.author_id else b""
        json = b"".join((inner.json, tail, approval, pinned, b"}"))
        if entry.booster_id is None:
            return json
        return b"".join((around.json, tail, approval, b',"reblog":', json, b"}"))

    def _fresh(self, key: Key, now_ms: int) -> Fragment | None:
        found = self._kept.get(key)
        if found is None or not 0 <= now_ms - found.made_ms < MAX_AGE_MS:
            return None
        self._kept.move_to_end(key)
        return found

    def _put(self, key: Key, fragment: Fragment) -> None:
        old = self._kept.pop(key, None)
        self._room += (len(old.json) if old else 0) - len(fragment.json)
        self._kept[key] = fragment
        while self._room < 0 and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._room += len(dropped.json)


FRAGMENTS: Final = web.AppKey("FRAGMENTS", Fragments)


async def statuses(
    request: web.Request, viewer_id: int | None, entries: list[Entry]
) -> list[bytes]:
    """The Status of each entry as JSON, in order; what vanished meanwhile is left out."""
    fragments, now = request.config_dict[FRAGMENTS], request.config_dict[NOW]()
    shown = [fragments.status(entry, viewer_id, now) for entry in entries]
    if None in shown:
        missing = [entry for entry, json in zip(entries, shown, strict=True) if json is None]
        made = await _made(request, viewer_id, missing, now)
        shown = [json or made.get(entry.id) for entry, json in zip(entries, shown, strict=True)]
    found = [json for json in shown if json is not None]
    return await _filtered(request, entries, found) if RULES in request else found


async def _made(
    request: web.Request, viewer_id: int | None, missing: list[Entry], now_ms: int
) -> dict[int, bytes | None]:
    """The Status of each entry by its id; of what is not special, the common part is kept."""
    fragments, site = request.config_dict[FRAGMENTS], request.config_dict[SITE]
    views = await request.config_dict[DB].read(timelines.views, viewer_id, missing)
    by_entry = {view.entry_id: view for view in views}
    made: dict[int, bytes | None] = {}
    for entry in missing:
        view = by_entry.get(entry.id)
        if view is None:
            continue
        if present.special(view):
            status = present.status(site, view, viewer_id=viewer_id, now_ms=now_ms)
            made[entry.id] = msgspec.json.encode(status)
        else:
            fragments.keep(site, entry, view, now_ms)
            made[entry.id] = fragments.status(entry, viewer_id, now_ms)
    return made


async def _filtered(
    request: web.Request, entries: list[Entry], statuses: list[bytes]
) -> list[bytes]:
    """`statuses`, of which each belongs to one of `entries`, with what the viewer's filters say."""
    results = await filtering.results(request, entries)
    if not results:
        return statuses
    by_id = {str(entry.id): entry for entry in entries if entry.post_id in results}
    marked = []
    for json in statuses:
        entry = by_id.get(msgspec.json.decode(json, type=_Id).id)
        marked.append(_marked(json, results[entry.post_id], entry) if entry else json)
    return marked


class _Id(msgspec.Struct):
    id: str


def _marked(json: bytes, results: list[entities.FilterResult], entry: Entry) -> bytes:
    """`json` with `results` in place of its empty list, and in that of the boosted one.

    Of all lists of that name the last is the post's own, and the first the boost's around it.
    """
    said = b',"filtered":' + msgspec.json.encode(results)
    if entry.booster_id is not None:
        json = json.replace(_UNFILTERED, said, 1)
    head, _, tail = json.rpartition(_UNFILTERED)
    return head + said + tail


def _keys(entry: Entry) -> tuple[Key, ...]:
    """Of the post, and of the boost around it where there is one."""
    versions = (entry.post_id, entry.post_version, entry.author_id, entry.author_version)
    return (
        ((0, *versions),) if entry.booster_id is None else ((0, *versions), (entry.id, *versions))
    )


def _open(entity: object) -> bytes:
    """JSON of an object that goes on."""
    return msgspec.json.encode(entity)[:-1]


def _without_reblog(wrapper: entities.SharedStatus) -> bytes:
    """As `_open`, for what gets its `reblog` later."""
    return _open({key: value for key, value in wrapper.items() if key != "reblog"})


@cache
def _approvals(policy: str) -> tuple[bytes, ...]:
    """`quote_approval` as JSON for each kind of viewer."""
    told = (msgspec.json.encode(one) for one in present.approvals(policy))
    return tuple(b',"quote_approval":' + json for json in told)


def _tail(entry: Entry) -> bytes:
    """`present.counts` and `present.opinions` of an entry; a test holds the two together."""
    return (
        b',"replies_count":%d,"reblogs_count":%d,"favourites_count":%d,"quotes_count":%d'
        b',"favourited":%b,"reblogged":%b,"muted":%b,"bookmarked":%b,"filtered":[]'
    ) % (
        entry.replies,
        entry.boosts,
        entry.likes,
        entry.quotes,
        _BOOL[entry.liked],
        _BOOL[entry.boosted],
        _BOOL[entry.muted],
        _BOOL[entry.bookmarked],
    )
