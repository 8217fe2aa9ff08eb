"""Lists of people. docs.joinmastodon.org/methods/lists"""

from typing import Any, Final

import msgspec
from aiohttp import web

from server.services import lists
from server.store.db import Write
from server.store.lists import List
from web import entities, present
from web.api.access import need, path_id
from web.api.answers import MOST_ACCOUNTS, Id, Window, listing, one, people, window
from web.api.fragments import statuses
from web.api.shape import gives
from web.body import body, query
from web.keys import DB, NOW, Viewer

routes = web.RouteTableDef()

EVERYBODY: Final = 0
"""As `limit`: no pages."""


class NewList(msgspec.Struct, frozen=True):
    """A title; answers to whom it shows (followed, list, none); whether its members leave home."""

    title: str = ""
    replies_policy: str = "list"
    exclusive: bool = False


class Changes(msgspec.Struct, frozen=True):
    """What is absent stays."""

    title: str | None = None
    replies_policy: str | None = None
    exclusive: bool | None = None


class Members(msgspec.Struct, frozen=True):
    """Accounts by id."""

    account_ids: tuple[Id, ...] = ()


@routes.get("/api/v1/lists")
@need("read:lists")
@gives(list[entities.List])
async def all_lists(request: web.Request, viewer: Viewer) -> web.Response:
    """The viewer's lists."""
    found = await request.config_dict[DB].read(lists.all, viewer.account.id)
    return one([present.list_(of) for of in found])


@routes.post("/api/v1/lists")
@need("write:lists")
@gives(entities.List, body=NewList)
async def make(request: web.Request, viewer: Viewer) -> web.Response:
    """A new list, with nobody in it."""
    typed = await body(request, NewList)
    new = List(
        id=0,
        account_id=viewer.account.id,
        title=typed.title,
        replies_policy=typed.replies_policy,
        exclusive=int(typed.exclusive),
    )
    made = await request.config_dict[DB].write(lists.make, new, request.config_dict[NOW]())
    return one(present.list_(made))


@routes.get("/api/v1/lists/{id}")
@need("read:lists")
@gives(entities.List)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """One of the viewer's lists."""
    found = await request.config_dict[DB].read(lists.one, viewer.account.id, path_id(request))
    return one(present.list_(found))


@routes.put("/api/v1/lists/{id}")
@need("write:lists")
@gives(entities.List, body=Changes)
async def change(request: web.Request, viewer: Viewer) -> web.Response:
    """Another title, or other things to show."""
    typed = await body(request, Changes)
    changed = await request.config_dict[DB].write(
        _changed, viewer.account.id, path_id(request), typed
    )
    return one(present.list_(changed))


@routes.delete("/api/v1/lists/{id}")
@need("write:lists")
@gives(entities.Empty)
async def remove(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget a list."""
    await request.config_dict[DB].write(lists.remove, viewer.account.id, path_id(request))
    return one({})


@routes.get("/api/v1/lists/{id}/accounts")
@need("read:lists")
@gives(list[entities.Account], query=Window, pages=True)
async def members(request: web.Request, viewer: Viewer) -> web.Response:
    """Who is in a list; with `limit=0` everybody at once."""
    db, id = request.config_dict[DB], path_id(request)
    if query(request, Window).limit == EVERYBODY:
        everybody = await db.read(lists.all_members, viewer.account.id, id)
        response = people(request, everybody)
        response.headers.popall("Link", None)
        return response
    page = window(request, usual=40, most=MOST_ACCOUNTS)
    return people(request, await db.read(lists.members, viewer.account.id, id, page))


@routes.post("/api/v1/lists/{id}/accounts")
@need("write:lists")
@gives(entities.Empty, body=Members)
async def add(request: web.Request, viewer: Viewer) -> web.Response:
    """Put people whom the viewer follows into a list."""
    typed = await body(request, Members)
    await request.config_dict[DB].write(
        lists.add,
        viewer.account.id,
        path_id(request),
        typed.account_ids,
        request.config_dict[NOW](),
    )
    return one({})


@routes.delete("/api/v1/lists/{id}/accounts")
@need("write:lists")
@gives(entities.Empty, body=Members)
async def take_out(request: web.Request, viewer: Viewer) -> web.Response:
    """Take people out of a list."""
    typed = await body(request, Members)
    await request.config_dict[DB].write(
        lists.take_out, viewer.account.id, path_id(request), typed.account_ids
    )
    return one({})


@routes.get("/api/v1/accounts/{id}/lists")
@need("read:lists")
@gives(list[entities.List])
async def with_member(request: web.Request, viewer: Viewer) -> web.Response:
    """In which of the viewer's lists somebody is."""
    found = await request.config_dict[DB].read(
        lists.with_member, viewer.account.id, path_id(request)
    )
    return one([present.list_(of) for of in found])


@routes.get("/api/v1/timelines/list/{id}")
@need("read:lists")
@gives(list[entities.Status], query=Window, pages=True)
async def timeline(request: web.Request, viewer: Viewer) -> web.Response:
    """What the members of a list wrote and boosted."""
    entries = await request.config_dict[DB].read(
        lists.timeline, viewer.account.id, path_id(request), window(request)
    )
    items = await statuses(request, viewer.account.id, entries)
    return listing(request, items, [entry.id for entry in entries])


def _changed(tx: Write, owner_id: int, id: int, typed: Changes) -> List:
    known = lists.one(tx, owner_id, id)
    given = {
        "title": typed.title,
        "replies_policy": typed.replies_policy,
        "exclusive": None if typed.exclusive is None else int(typed.exclusive),
    }
    sent: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return lists.change(tx, msgspec.structs.replace(known, **sent))
