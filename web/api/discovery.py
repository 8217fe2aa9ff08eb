"""Finding people: search, suggestions, the directory.

docs.joinmastodon.org/methods/accounts, /methods/suggestions, /methods/directory
"""

from typing import Annotated, Final, Literal

import msgspec
from aiohttp import web

from server.model import Account
from server.services import discovery, search
from server.store.db import Read
from web import entities, present
from web.api.access import anybody, need, path_id, viewer_id
from web.api.answers import MOST_ACCOUNTS, one
from web.api.search import resolved
from web.api.shape import gives
from web.body import query
from web.keys import DB, SITE, Viewer

routes = web.RouteTableDef()

MOST_OFFSET: Final = 10_000

Offset = Annotated[int, msgspec.Meta(ge=0, le=MOST_OFFSET)]


class Search(msgspec.Struct, frozen=True):
    """Part of a name or handle. `resolve`: a whole handle that is not known here is fetched."""

    q: str
    limit: int = 40
    offset: Offset = 0
    resolve: bool = False
    following: bool = False


class Limit(msgspec.Struct, frozen=True):
    """How many."""

    limit: int = 40


class Listing(msgspec.Struct, frozen=True):
    """Who wrote last, or who is new; `local`: of our own."""

    order: Literal["active", "new"] = "active"
    local: bool = False
    offset: Offset = 0
    limit: int = 40


def _limit(asked: int) -> int:
    return max(1, min(asked, MOST_ACCOUNTS))


@routes.get("/api/v1/accounts/search")
@need("read:accounts")
@gives(list[entities.Account], query=Search)
async def find(request: web.Request, viewer: Viewer) -> web.Response:
    """People by a part of their name, or one by their whole handle."""
    asked, site = query(request, Search), request.config_dict[SITE]
    named = await resolved(request, asked.q) if asked.resolve and not asked.offset else None
    first = named if isinstance(named, Account) else None
    found = await request.config_dict[DB].read(_found, viewer.account.id, asked, first)
    return one([present.account(site, account) for account in found])


def _found(db: Read, viewer_id: int, asked: Search, first: Account | None) -> list[Account]:
    limit = _limit(asked.limit)
    found = search.people(
        db, viewer_id, asked.q, limit, offset=asked.offset, following=asked.following
    )
    if first is None or asked.following or first.state != "active":
        return found
    return [first, *(account for account in found if account.id != first.id)][:limit]


@routes.get("/api/v2/suggestions")
@need("read:accounts")
@gives(list[entities.Suggestion], query=Limit)
async def suggestions(request: web.Request, viewer: Viewer) -> web.Response:
    """Whom the viewer may want to follow, and why."""
    site = request.config_dict[SITE]
    return one([present.suggestion(site, found) for found in await _suggested(request, viewer)])


@routes.get("/api/v1/suggestions")
@need("read:accounts")
@gives(list[entities.Account], query=Limit)
async def first_suggestions(request: web.Request, viewer: Viewer) -> web.Response:
    """As the newer one, without the reasons."""
    site = request.config_dict[SITE]
    return one([present.account(site, one.account) for one in await _suggested(request, viewer)])


@routes.delete("/api/v1/suggestions/{id}")
@need("read:accounts")
@gives(entities.Empty)
async def dismiss(request: web.Request, viewer: Viewer) -> web.Response:
    """Suggest somebody no more."""
    await request.config_dict[DB].write(discovery.dismiss, viewer.account.id, path_id(request))
    return one({})


@routes.get("/api/v1/directory")
@anybody()
@gives(list[entities.Account], query=Listing)
async def directory(request: web.Request, viewer: Viewer | None) -> web.Response:
    """People who want to be found."""
    asked, site = query(request, Listing), request.config_dict[SITE]
    found = await request.config_dict[DB].read(_directory, viewer_id(viewer), asked)
    return one([present.account(site, account) for account in found])


def _directory(db: Read, viewer_id: int | None, asked: Listing) -> list[Account]:
    return discovery.directory(
        db,
        viewer_id,
        order=asked.order,
        local=asked.local,
        offset=asked.offset,
        limit=_limit(asked.limit),
    )


async def _suggested(request: web.Request, viewer: Viewer) -> list[discovery.Suggestion]:
    limit = _limit(query(request, Limit).limit)
    return await request.config_dict[DB].read(discovery.suggestions, viewer.account.id, limit)
