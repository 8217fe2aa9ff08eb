"""Filters of whoever asks, applied to what they are about to read: statuses of apps, and our pages.

`member.filters` comes with every request and says whether somebody has filters, and whether those
that this process knows are still theirs: another process may have changed them. So nobody pays who
has none, and the others pay once for each version of a post.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from server.model import Entry, PostView
from server.services import filters
from server.services.filters import Match, Rules
from server.store.db import Database
from web import entities, present
from web.keys import DB, NOW, Viewer

MAX_PEOPLE: Final = 500
MAX_MATCHES: Final = 20_000

T = TypeVar("T")
V = TypeVar("V")


class Filtering:
    """What this process knows of people's filters, and of posts that it looked through for them."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._rules: OrderedDict[int, Rules] = OrderedDict()
        self._found: OrderedDict[tuple[int, int, int, int], tuple[Match, ...]] = OrderedDict()

    async def rules(self, db: Database, id: int, version: int) -> Rules:
        """Somebody's filters as they are now; `version` is their `member.filters`."""
        known = self._rules.get(id)
        if known is None or known.version != version:
            known = await db.read(filters.rules, id)
        _keep(self._rules, id, known, MAX_PEOPLE)
        return known

    async def of_entries(
        self, db: Database, by: Rules, entries: Sequence[Entry]
    ) -> dict[int, tuple[Match, ...]]:
        """What fits each post that is not the viewer's own, by the post's id."""
        keys = {
            entry.post_id: (by.account_id, by.version, entry.post_id, entry.post_version)
            for entry in entries
            if entry.author_id != by.account_id
        }
        missing = [id for id, key in keys.items() if key not in self._found]
        if missing:
            looked = await db.read(filters.of_posts, missing)
            for id, words in looked.items():
                _keep(self._found, keys[id], filters.matches(by, id, words), MAX_MATCHES)
        return {id: self._found.get(key, ()) for id, key in keys.items()}

    def of_view(self, by: Rules, view: PostView) -> tuple[Match, ...]:
        """What fits a post that has been read; nothing fits one's own."""
        post = view.post
        if post.author_id == by.account_id:
            return ()
        key = (by.account_id, by.version, post.id, post.version)
        found = self._found.get(key)
        if found is None:
            found = filters.matches(by, post.id, filters.of_view(view))
        _keep(self._found, key, found, MAX_MATCHES)
        return found


def _keep(kept: OrderedDict[T, V], key: T, value: V, most: int) -> None:
    """Keep something; what was not used for longest makes room."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)


FILTERING: Final = web.AppKey("FILTERING", Filtering)
RULES: Final = web.RequestKey("RULES", Rules)


async def prepare(request: web.Request, viewer: Viewer) -> None:
    """Know the filters of whoever asks, if they have any, for the rest of this request."""
    await renew(request, viewer.account.id, viewer.member.filters)


async def renew(request: web.Request, account_id: int, version: int) -> None:
    """Know them as they are now: a stream lasts longer than what was so when it was opened."""
    if version <= 0:
        request.pop(RULES, None)
        return
    kept = request.config_dict[FILTERING]
    request[RULES] = await kept.rules(request.config_dict[DB], account_id, version)


# --- for apps


async def results(
    request: web.Request, entries: Sequence[Entry]
) -> dict[int, list[entities.FilterResult]]:
    """The FilterResults of those of these posts that have any, by the post's id.

    All filters count, in whichever context: apps know what they show, and hide it themselves.
    """
    by = request.get(RULES)
    if by is None or not entries:
        return {}
    kept, now_ms = request.config_dict[FILTERING], request.config_dict[NOW]()
    found = await kept.of_entries(request.config_dict[DB], by, entries)
    shown = {id: _results(matches, now_ms) for id, matches in found.items() if matches}
    return {id: results for id, results in shown.items() if results}


def mark(request: web.Request, view: PostView, status: entities.Status) -> entities.Status:
    """`status`, which shows `view`, with its FilterResults; a boost has those of what it boosts."""
    by = request.get(RULES)
    if by is None:
        return status
    matches = request.config_dict[FILTERING].of_view(by, view)
    if found := _results(matches, request.config_dict[NOW]()):
        status["filtered"] = found
        if (inner := status["reblog"]) is not None:
            inner["filtered"] = found
    return status


def _results(matches: Sequence[Match], now_ms: int) -> list[entities.FilterResult]:
    return [present.filter_result(one) for one in matches if one.holds(now_ms)]


# --- for pages


class Cover(msgspec.Struct, frozen=True):
    """How a page shows a post that a filter fits: not at all, or folded behind the `title`."""

    title: str
    hidden: bool = False


def covered(request: web.Request, view: PostView) -> Cover | None:
    """What of the viewer's filters a page must heed for this post; usually nothing."""
    by = request.get(RULES)
    if by is None:
        return None
    place, now_ms = _place(request.path), request.config_dict[NOW]()
    fits = [
        match.filter
        for match in request.config_dict[FILTERING].of_view(by, view)
        if match.holds(now_ms) and place in match.filter.contexts.split()
    ]
    if not fits:
        return None
    titles = ", ".join(dict.fromkeys(one.title for one in fits))
    return Cover(titles, any(one.action == "hide" for one in fits))


def _place(path: str) -> str:
    """The context of a page, as filters name it."""
    if path in ("/home", "/live/timeline/home"):
        return "home"
    if path.startswith("/notifications"):
        return "notifications"
    if path.startswith("/live/thread/"):
        return "thread"
    if path.startswith("/@"):
        return "thread" if path.count("/") > 1 and path.split("/")[2].isdigit() else "account"
    return "public"
