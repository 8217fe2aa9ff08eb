"""Filters: what the viewer does not want to meet. docs.joinmastodon.org/methods/filters"""

from typing import Any, Final

import msgspec
from aiohttp import web

from server.clock import CENTURY_MS
from server.errors import Invalid
from server.services import filters
from server.services.filters import Change
from server.store.db import Write
from server.store.filters import Filter, FilteredPost
from web import entities, present
from web.api.access import need, path_id
from web.api.answers import Id, one
from web.api.shape import gives
from web.api.statuses import found as found_post
from web.body import body
from web.keys import DB, NOW, Viewer

routes = web.RouteTableDef()

BLUR: Final = ("blur", "blur_media")  # the reference names both


class Word(msgspec.Struct, frozen=True):
    """A keyword within a form: a new one, or with `id` one to change or to take out."""

    id: Id | None = None
    keyword: str | None = None
    whole_word: bool | None = None
    destroy: bool = msgspec.field(name="_destroy", default=False)

    @property
    def change(self) -> Change:
        """What it asks for."""
        return Change(
            id=self.id, keyword=self.keyword, whole_word=self.whole_word, remove=self.destroy
        )


class Typed(msgspec.Struct, frozen=True):
    """A filter in a form. `expires_in`: seconds; empty: never. What is absent stays."""

    title: str | None = None
    context: tuple[str, ...] | None = None
    filter_action: str | None = None
    expires_in: int | str | None = None
    keywords_attributes: tuple[Word, ...] = ()


class TypedWord(msgspec.Struct, frozen=True):
    """A keyword in a form of its own."""

    keyword: str | None = None
    whole_word: bool | None = None


class TypedStatus(msgspec.Struct, frozen=True):
    """A status by its id."""

    status_id: Id


@routes.get("/api/v2/filters")
@need("read:filters")
@gives(list[entities.Filter])
async def all_filters(request: web.Request, viewer: Viewer) -> web.Response:
    """The viewer's filters."""
    found = await request.config_dict[DB].read(filters.all, viewer.account.id)
    return one([present.filter_(of) for of in found])


@routes.post("/api/v2/filters")
@need("write:filters")
@gives(entities.Filter, body=Typed)
async def make(request: web.Request, viewer: Viewer) -> web.Response:
    """A new filter with its keywords."""
    typed, now_ms = await body(request, Typed), request.config_dict[NOW]()
    empty = Filter(id=0, account_id=viewer.account.id, title="", contexts="")
    words = [word.change for word in typed.keywords_attributes]
    made = await request.config_dict[DB].write(
        filters.make, changed(empty, typed, now_ms), words, now_ms
    )
    return one(present.filter_(made))


@routes.get("/api/v2/filters/{id}")
@need("read:filters")
@gives(entities.Filter)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """One of the viewer's filters."""
    found = await request.config_dict[DB].read(filters.one, viewer.account.id, path_id(request))
    return one(present.filter_(found))


@routes.put("/api/v2/filters/{id}")
@need("write:filters")
@gives(entities.Filter, body=Typed)
async def change(request: web.Request, viewer: Viewer) -> web.Response:
    """Change a filter and its keywords."""
    typed = await body(request, Typed)
    found = await request.config_dict[DB].write(
        _changed, viewer.account.id, path_id(request), typed, request.config_dict[NOW]()
    )
    return one(present.filter_(found))


@routes.delete("/api/v2/filters/{id}")
@need("write:filters")
@gives(entities.Empty)
async def remove(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget a filter."""
    await request.config_dict[DB].write(
        filters.remove, viewer.account.id, path_id(request), request.config_dict[NOW]()
    )
    return one({})


@routes.get("/api/v2/filters/{id}/keywords")
@need("read:filters")
@gives(list[entities.FilterKeyword])
async def keywords(request: web.Request, viewer: Viewer) -> web.Response:
    """The keywords of a filter."""
    found = await request.config_dict[DB].read(filters.one, viewer.account.id, path_id(request))
    return one([present.filter_keyword(word) for word in found.keywords])


@routes.post("/api/v2/filters/{id}/keywords")
@need("write:filters")
@gives(entities.FilterKeyword, body=TypedWord)
async def add_keyword(request: web.Request, viewer: Viewer) -> web.Response:
    """One more keyword for a filter."""
    typed = await body(request, TypedWord)
    kept = await request.config_dict[DB].write(
        filters.add_keyword,
        viewer.account.id,
        path_id(request),
        Change(keyword=typed.keyword, whole_word=typed.whole_word),
        request.config_dict[NOW](),
    )
    return one(present.filter_keyword(kept))


@routes.get("/api/v2/filters/keywords/{id}")
@need("read:filters")
@gives(entities.FilterKeyword)
async def keyword(request: web.Request, viewer: Viewer) -> web.Response:
    """One keyword."""
    found = await request.config_dict[DB].read(filters.keyword, viewer.account.id, path_id(request))
    return one(present.filter_keyword(found))


@routes.put("/api/v2/filters/keywords/{id}")
@need("write:filters")
@gives(entities.FilterKeyword, body=TypedWord)
async def change_keyword(request: web.Request, viewer: Viewer) -> web.Response:
    """Change a keyword."""
    typed = await body(request, TypedWord)
    kept = await request.config_dict[DB].write(
        filters.change_keyword,
        viewer.account.id,
        path_id(request),
        Change(keyword=typed.keyword, whole_word=typed.whole_word),
        request.config_dict[NOW](),
    )
    return one(present.filter_keyword(kept))


@routes.delete("/api/v2/filters/keywords/{id}")
@need("write:filters")
@gives(entities.Empty)
async def remove_keyword(request: web.Request, viewer: Viewer) -> web.Response:
    """Take a keyword out of its filter."""
    await request.config_dict[DB].write(
        filters.remove_keyword, viewer.account.id, path_id(request), request.config_dict[NOW]()
    )
    return one({})


@routes.get("/api/v2/filters/{id}/statuses")
@need("read:filters")
@gives(list[entities.FilterStatus])
async def statuses(request: web.Request, viewer: Viewer) -> web.Response:
    """The statuses in a filter."""
    found = await request.config_dict[DB].read(filters.one, viewer.account.id, path_id(request))
    return one([present.filter_status(of) for of in found.posts])


@routes.post("/api/v2/filters/{id}/statuses")
@need("write:filters")
@gives(entities.FilterStatus, body=TypedStatus)
async def add_status(request: web.Request, viewer: Viewer) -> web.Response:
    """Put a status into a filter."""
    typed = await body(request, TypedStatus)
    kept = await request.config_dict[DB].write(
        _added,
        viewer.account.id,
        path_id(request),
        typed.status_id,
        request.config_dict[NOW](),
    )
    return one(present.filter_status(kept))


@routes.get("/api/v2/filters/statuses/{id}")
@need("read:filters")
@gives(entities.FilterStatus)
async def status(request: web.Request, viewer: Viewer) -> web.Response:
    """One status in a filter."""
    found = await request.config_dict[DB].read(filters.post, viewer.account.id, path_id(request))
    return one(present.filter_status(found))


@routes.delete("/api/v2/filters/statuses/{id}")
@need("write:filters")
@gives(entities.FilterStatus)
async def remove_status(request: web.Request, viewer: Viewer) -> web.Response:
    """Take a status out of its filter."""
    known = await request.config_dict[DB].write(
        filters.remove_post, viewer.account.id, path_id(request), request.config_dict[NOW]()
    )
    return one(present.filter_status(known))


# --- what a form means


def changed(known: Filter, typed: Typed, now_ms: int) -> Filter:
    """`known` as the form wants it."""
    action = typed.filter_action
    given: dict[str, Any] = {
        "title": typed.title,
        "contexts": None if typed.context is None else contexts(typed.context),
        "action": "blur" if action in BLUR else action,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if typed.expires_in is not None:
        given["expires_ms"] = until_ms(typed.expires_in, now_ms)
    return msgspec.structs.replace(known, **given)


def contexts(names: tuple[str, ...]) -> str:
    """As filters keep them; each once, without spaces that would make two of one."""
    return " ".join(dict.fromkeys("".join(name.split()) for name in names))


def until_ms(seconds: int | str, now_ms: int) -> int | None:
    """When that is over; None: never."""
    if isinstance(seconds, str):
        if not seconds.strip():
            return None
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 12):
            raise Invalid("Say in how many seconds the filter expires, or nothing.")
        seconds = int(seconds)
    return now_ms + max(0, min(seconds * 1000, CENTURY_MS))


def _changed(tx: Write, account_id: int, id: int, typed: Typed, now_ms: int) -> Filter:
    known = filters.one(tx, account_id, id)
    words = [word.change for word in typed.keywords_attributes]
    return filters.change(tx, changed(known, typed, now_ms), words, now_ms)


def _added(tx: Write, account_id: int, filter_id: int, status_id: int, now_ms: int) -> FilteredPost:
    """A boost stands for what it boosts."""
    into = filters.one(tx, account_id, filter_id)
    post = found_post(tx, account_id, status_id).post
    return filters.add_post(tx, account_id, into.id, post.id, now_ms)
