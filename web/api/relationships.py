"""How the viewer stands to others: following, blocking, muting, and those who ask to follow.

docs.joinmastodon.org/methods/accounts, docs.joinmastodon.org/methods/follow_requests
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from aiohttp import web

from server.model import Account, Relationship, Site
from server.services import accounts, follows
from server.store.db import Write
from web import present
from web.api.access import need, path_id
from web.api.answers import MOST_ACCOUNTS, Id, one, people, window
from web.body import body, query
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()

MOST_RELATIONSHIPS: Final = 80
A_LIFETIME_S: Final = 100 * 365 * 24 * 3600

Act = Callable[[Write, Site, Account, int, int], object]


class Ids(msgspec.Struct, frozen=True):
    """Accounts by id: a list, or one."""

    id: tuple[Id, ...] | Id = ()


class Following(msgspec.Struct, frozen=True):
    """Whether boosts are wanted in the home timeline."""

    reblogs: bool = True


class Mute(msgspec.Struct, frozen=True):
    """For how many seconds (0: until it is undone), and whether notifications stop too."""

    duration: int = 0
    notifications: bool = True


@routes.get("/api/v1/accounts/relationships")
@need("read:follows")
async def relationships(request: web.Request, viewer: Viewer) -> web.Response:
    """How the viewer stands to each of the named accounts."""
    asked = query(request, Ids).id
    ids = list(asked if isinstance(asked, tuple) else (asked,))[:MOST_RELATIONSHIPS]
    found = await request.config_dict[DB].read(follows.relationships, viewer.account.id, ids)
    return one([present.relationship(to) for to in found])


@routes.post("/api/v1/accounts/{id}/follow")
@need("write:follows")
async def follow(request: web.Request, viewer: Viewer) -> web.Response:
    """Follow, or ask to; `reblogs` says whether boosts are wanted too."""
    wanted = await body(request, Following)
    return await _act(request, viewer, partial(follows.follow, reblogs=wanted.reblogs))


@routes.post("/api/v1/accounts/{id}/unfollow")
@need("write:follows")
async def unfollow(request: web.Request, viewer: Viewer) -> web.Response:
    """Follow no more, or take the request back."""
    return await _act(request, viewer, follows.unfollow)


@routes.post("/api/v1/accounts/{id}/block")
@need("write:blocks")
async def block(request: web.Request, viewer: Viewer) -> web.Response:
    """Neither see nor be seen."""
    return await _act(request, viewer, follows.block)


@routes.post("/api/v1/accounts/{id}/unblock")
@need("write:blocks")
async def unblock(request: web.Request, viewer: Viewer) -> web.Response:
    """Lift a block."""
    return await _act(request, viewer, follows.unblock)


@routes.post("/api/v1/accounts/{id}/mute")
@need("write:mutes")
async def mute(request: web.Request, viewer: Viewer) -> web.Response:
    """Not see, for a while or until it is undone."""
    asked, now = await body(request, Mute), request.config_dict[NOW]()
    until_ms = now + min(asked.duration, A_LIFETIME_S) * 1000 if asked.duration > 0 else None
    to = await request.config_dict[DB].write(
        _muted, viewer.account.id, path_id(request), until_ms, asked.notifications, now
    )
    return one(present.relationship(to))


@routes.post("/api/v1/accounts/{id}/unmute")
@need("write:mutes")
async def unmute(request: web.Request, viewer: Viewer) -> web.Response:
    """See again."""
    to = await request.config_dict[DB].write(_unmuted, viewer.account.id, path_id(request))
    return one(present.relationship(to))


@routes.get("/api/v1/follow_requests")
@need("read:follows")
async def waiting(request: web.Request, viewer: Viewer) -> web.Response:
    """Who asks to follow the viewer, newest first."""
    page = window(request, usual=40, most=MOST_ACCOUNTS)
    found = await request.config_dict[DB].read(follows.requests, viewer.account.id, page)
    return people(request, found)


@routes.post("/api/v1/follow_requests/{id}/authorize")
@need("write:follows")
async def authorize(request: web.Request, viewer: Viewer) -> web.Response:
    """Let somebody follow."""
    return await _act(request, viewer, follows.authorize)


@routes.post("/api/v1/follow_requests/{id}/reject")
@need("write:follows")
async def reject(request: web.Request, viewer: Viewer) -> web.Response:
    """Not let somebody follow."""
    return await _act(request, viewer, follows.reject)


# --- what happens in one transaction


def _done(
    tx: Write, site: Site, viewer: Account, target_id: int, act: Act, now_ms: int
) -> Relationship:
    accounts.visible(tx, target_id)
    act(tx, site, viewer, target_id, now_ms)
    return follows.relationship(tx, viewer.id, target_id)


def _muted(
    tx: Write,
    viewer_id: int,
    target_id: int,
    until_ms: int | None,
    notifications: bool,
    now_ms: int,
) -> Relationship:
    accounts.visible(tx, target_id)
    follows.mute(tx, viewer_id, target_id, until_ms, notifications, now_ms)
    return follows.relationship(tx, viewer_id, target_id)


def _unmuted(tx: Write, viewer_id: int, target_id: int) -> Relationship:
    follows.unmute(tx, viewer_id, target_id)
    return follows.relationship(tx, viewer_id, target_id)


# --- around it


async def _act(request: web.Request, viewer: Viewer, act: Act) -> web.Response:
    to = await request.config_dict[DB].write(
        _done,
        request.config_dict[SITE],
        viewer.account,
        path_id(request),
        act,
        request.config_dict[NOW](),
    )
    return one(present.relationship(to))
