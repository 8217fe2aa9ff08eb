"""How the viewer stands to others: following, blocking, muting, and those who ask to follow.

docs.joinmastodon.org/methods/accounts, docs.joinmastodon.org/methods/follow_requests
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from aiohttp import web

from server.clock import CENTURY_MS
from server.model import Account, Relationship, Site
from server.services import accounts, follows, relations
from server.services.follows import Wishes
from server.store.db import Read, Write
from web import entities, present
from web.api.access import need, path_id
from web.api.accounts import Ids
from web.api.answers import one
from web.api.shape import gives
from web.body import body, query
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()

MOST_RELATIONSHIPS: Final = 80

Act = Callable[[Write, Site, Account, int, int], object]


class Asked(Ids, frozen=True):
    """Those who are suspended too where that is asked for."""

    with_suspended: bool = False


class Following(msgspec.Struct, frozen=True):
    """Whether boosts are wanted, to be told of every post, and in which languages; absent stays."""

    reblogs: bool | None = None
    notify: bool | None = None
    languages: tuple[str, ...] | str | None = None

    @property
    def wishes(self) -> Wishes:
        """As the service takes it."""
        spoken = (self.languages,) if isinstance(self.languages, str) else self.languages
        return Wishes(
            self.reblogs, self.notify, None if spoken is None else tuple(filter(None, spoken))
        )


class Mute(msgspec.Struct, frozen=True):
    """For how many seconds (0: until it is undone), and whether notifications stop too."""

    duration: int = 0
    notifications: bool = True


class Note(msgspec.Struct, frozen=True):
    """What the viewer wants to remember; nothing takes it away."""

    comment: str = ""


@routes.get("/api/v1/accounts/relationships")
@need("read:follows")
@gives(list[entities.Relationship], query=Asked)
async def relationships(request: web.Request, viewer: Viewer) -> web.Response:
    """How the viewer stands to each of the named accounts that are there."""
    asked = query(request, Asked)
    found = await request.config_dict[DB].read(_relationships, viewer.account.id, asked)
    return one([present.relationship(to) for to in found])


def _relationships(db: Read, viewer_id: int, asked: Asked) -> list[Relationship]:
    known = accounts.known_among(db, asked.all[:MOST_RELATIONSHIPS])
    ids = [one.id for one in known if one.state == "active" or asked.with_suspended]
    return follows.relationships(db, viewer_id, ids)


@routes.post("/api/v1/accounts/{id}/follow")
@need("write:follows")
@gives(entities.Relationship, body=Following)
async def follow(request: web.Request, viewer: Viewer) -> web.Response:
    """Follow, or ask to; once more to change what is wanted of it."""
    wishes = (await body(request, Following)).wishes
    return await _act(request, viewer, partial(follows.follow, wishes=wishes))


@routes.post("/api/v1/accounts/{id}/unfollow")
@need("write:follows")
@gives(entities.Relationship)
async def unfollow(request: web.Request, viewer: Viewer) -> web.Response:
    """Follow no more, or take the request back."""
    return await _act(request, viewer, follows.unfollow)


@routes.post("/api/v1/accounts/{id}/block")
@need("write:blocks")
@gives(entities.Relationship)
async def block(request: web.Request, viewer: Viewer) -> web.Response:
    """Neither see nor be seen."""
    return await _act(request, viewer, follows.block)


@routes.post("/api/v1/accounts/{id}/unblock")
@need("write:blocks")
@gives(entities.Relationship)
async def unblock(request: web.Request, viewer: Viewer) -> web.Response:
    """Lift a block."""
    return await _act(request, viewer, follows.unblock)


@routes.post("/api/v1/accounts/{id}/mute")
@need("write:mutes")
@gives(entities.Relationship, body=Mute)
async def mute(request: web.Request, viewer: Viewer) -> web.Response:
    """Not see, for a while or until it is undone."""
    asked, now = await body(request, Mute), request.config_dict[NOW]()
    until_ms = now + min(asked.duration * 1000, CENTURY_MS) if asked.duration > 0 else None
    to = await request.config_dict[DB].write(
        _muted, viewer.account.id, path_id(request), until_ms, asked.notifications, now
    )
    return one(present.relationship(to))


@routes.post("/api/v1/accounts/{id}/unmute")
@need("write:mutes")
@gives(entities.Relationship)
async def unmute(request: web.Request, viewer: Viewer) -> web.Response:
    """See again."""
    to = await request.config_dict[DB].write(_unmuted, viewer.account.id, path_id(request))
    return one(present.relationship(to))


@routes.post("/api/v1/accounts/{id}/remove_from_followers")
@need("write:follows")
@gives(entities.Relationship)
async def remove_from_followers(request: web.Request, viewer: Viewer) -> web.Response:
    """End somebody's follow of the viewer; nothing happens where there is none."""
    return await _act(request, viewer, _cast_out)


@routes.post("/api/v1/accounts/{id}/endorse")
@routes.post("/api/v1/accounts/{id}/pin")
@need("write:accounts")
@gives(entities.Relationship)
async def endorse(request: web.Request, viewer: Viewer) -> web.Response:
    """Recommend somebody on one's own page. `pin` is what older apps call it."""
    return await _act(request, viewer, relations.endorse)


@routes.post("/api/v1/accounts/{id}/unendorse")
@routes.post("/api/v1/accounts/{id}/unpin")
@need("write:accounts")
@gives(entities.Relationship)
async def unendorse(request: web.Request, viewer: Viewer) -> web.Response:
    """Recommend somebody no more."""
    return await _act(request, viewer, relations.unendorse)


@routes.post("/api/v1/accounts/{id}/note")
@need("write:accounts")
@gives(entities.Relationship, body=Note)
async def note(request: web.Request, viewer: Viewer) -> web.Response:
    """Remember something of somebody; nobody else reads it."""
    said = (await body(request, Note)).comment
    return await _act(request, viewer, partial(_noted, said=said))


@routes.post("/api/v1/follow_requests/{id}/authorize")
@need("write:follows")
@gives(entities.Relationship)
async def authorize(request: web.Request, viewer: Viewer) -> web.Response:
    """Let somebody follow."""
    return await _act(request, viewer, follows.authorize)


@routes.post("/api/v1/follow_requests/{id}/reject")
@need("write:follows")
@gives(entities.Relationship)
async def reject(request: web.Request, viewer: Viewer) -> web.Response:
    """Not let somebody follow."""
    return await _act(request, viewer, follows.reject)


# --- what happens in one transaction


def _cast_out(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    follows.cast_out(tx, site, viewer, follows.target_of(tx, viewer, target_id), now_ms)


def _noted(
    tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int, *, said: str
) -> None:
    relations.note(tx, viewer, target_id, said)


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
