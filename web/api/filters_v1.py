"""Filters as apps before Mastodon 4 know them: each keyword is one.

docs.joinmastodon.org/methods/filters#v1
"""

from typing import Any

import msgspec
from aiohttp import web

from server.services import filters
from server.services.filters import Change
from server.store.db import Read, Write
from server.store.filters import Filter, Keyword
from web import entities, present
from web.api.access import need, path_id
from web.api.answers import one
from web.api.filters import contexts, until_ms
from web.api.shape import gives
from web.body import body
from web.keys import DB, NOW, Viewer

routes = web.RouteTableDef()

Both = tuple[Filter, Keyword]


class Typed(msgspec.Struct, frozen=True):
    """`irreversible`: hide, rather than warn. What is absent stays."""

    phrase: str | None = None
    context: tuple[str, ...] | None = None
    irreversible: bool | None = None
    whole_word: bool | None = None
    expires_in: int | str | None = None


@routes.get("/api/v1/filters")
@need("read:filters")
@gives(list[entities.FilterV1])
async def all_filters(request: web.Request, viewer: Viewer) -> web.Response:
    """Every keyword of the viewer's filters."""
    found = await request.config_dict[DB].read(filters.all, viewer.account.id)
    return one([present.filter_v1(of, word) for of in found for word in of.keywords])


@routes.post("/api/v1/filters")
@need("write:filters")
@gives(entities.FilterV1, body=Typed)
async def make(request: web.Request, viewer: Viewer) -> web.Response:
    """A new filter with one keyword, which is its title too."""
    typed, now_ms = await body(request, Typed), request.config_dict[NOW]()
    phrase = (typed.phrase or "").strip()
    empty = Filter(
        id=0, account_id=viewer.account.id, title=phrase[: filters.MAX_TITLE], contexts=""
    )
    made = await request.config_dict[DB].write(
        filters.make,
        _changed(empty, typed, now_ms),
        [Change(keyword=phrase, whole_word=typed.whole_word)],
        now_ms,
    )
    return one(present.filter_v1(made, made.keywords[0]))


@routes.get("/api/v1/filters/{id}")
@need("read:filters")
@gives(entities.FilterV1)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """One keyword with its filter."""
    found = await request.config_dict[DB].read(_both, viewer.account.id, path_id(request))
    return one(present.filter_v1(*found))


@routes.put("/api/v1/filters/{id}")
@need("write:filters")
@gives(entities.FilterV1, body=Typed)
async def change(request: web.Request, viewer: Viewer) -> web.Response:
    """Change a keyword, and what its filter does where it is the only one."""
    typed = await body(request, Typed)
    found = await request.config_dict[DB].write(
        _changed_both, viewer.account.id, path_id(request), typed, request.config_dict[NOW]()
    )
    return one(present.filter_v1(*found))


@routes.delete("/api/v1/filters/{id}")
@need("write:filters")
@gives(entities.Empty)
async def remove(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget a keyword."""
    now_ms = request.config_dict[NOW]()
    await request.config_dict[DB].write(
        filters.remove_old, viewer.account.id, path_id(request), now_ms
    )
    return one({})


def _changed(known: Filter, typed: Typed, now_ms: int) -> Filter:
    given: dict[str, Any] = {}
    if typed.context is not None:
        given["contexts"] = contexts(typed.context)
    if typed.irreversible is not None:
        given["action"] = "hide" if typed.irreversible else "warn"
    if typed.expires_in is not None:
        given["expires_ms"] = until_ms(typed.expires_in, now_ms)
    return msgspec.structs.replace(known, **given)


def _both(db: Read, account_id: int, id: int) -> Both:
    word = filters.keyword(db, account_id, id)
    return filters.one(db, account_id, word.filter_id), word


def _changed_both(tx: Write, account_id: int, id: int, typed: Typed, now_ms: int) -> Both:
    known, word = _both(tx, account_id, id)
    sent = Change(keyword=typed.phrase, whole_word=typed.whole_word)
    filters.change_old(tx, _changed(known, typed, now_ms), word.id, sent, now_ms)
    return _both(tx, account_id, id)
