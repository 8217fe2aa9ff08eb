"""What people do with statuses: like, boost, pin. docs.joinmastodon.org/methods/statuses"""

from collections.abc import Callable
from typing import Literal

import msgspec
from aiohttp import web

from server.errors import Invalid
from server.model import Account, PostView, Site
from server.services import pins, reactions, reading
from server.store.db import Read, Write
from server.store.paging import Page
from web import entities
from web.api.access import anybody, need, path_id, viewer_id
from web.api.answers import MOST_ACCOUNTS, people, window
from web.api.shape import gives
from web.api.statuses import changed, found
from web.body import body
from web.keys import DB, Viewer

routes = web.RouteTableDef()

Act = Callable[[Write, Site, Account, int, int], object]
People = Callable[[Read, int | None, int, Page], list[tuple[int, Account]]]


class Boost(msgspec.Struct, frozen=True):
    """For whom a boost is. None stands on a public timeline, so `unlisted` is what all are."""

    visibility: Literal["public", "unlisted", "private"] = "public"


@routes.get("/api/v1/statuses/{id}/favourited_by")
@anybody("read:accounts")
@gives(list[entities.Account], pages=True)
async def favourited_by(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Who likes a post."""
    return await _people(request, viewer, reading.liked_by)


@routes.get("/api/v1/statuses/{id}/reblogged_by")
@anybody("read:accounts")
@gives(list[entities.Account], pages=True)
async def reblogged_by(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Who boosted a post."""
    return await _people(request, viewer, reading.boosted_by)


@routes.post("/api/v1/statuses/{id}/favourite")
@need("write:favourites")
@gives(entities.Status)
async def favourite(request: web.Request, viewer: Viewer) -> web.Response:
    """Like a post."""
    return await changed(request, viewer, done, reactions.like, path_id(request))


@routes.post("/api/v1/statuses/{id}/unfavourite")
@need("write:favourites")
@gives(entities.Status)
async def unfavourite(request: web.Request, viewer: Viewer) -> web.Response:
    """Take a like back."""
    return await changed(request, viewer, done, reactions.unlike, path_id(request))


@routes.post("/api/v1/statuses/{id}/reblog")
@need("write:statuses")
@gives(entities.Status, body=Boost)
async def reblog(request: web.Request, viewer: Viewer) -> web.Response:
    """Boost a post; the answer is the boost around it."""
    if (await body(request, Boost)).visibility == "private":
        raise Invalid("Whoever may see a post sees its boosts here: boost it for everyone.")
    return await changed(request, viewer, _boosted, path_id(request))


@routes.post("/api/v1/statuses/{id}/unreblog")
@need("write:statuses")
@gives(entities.Status)
async def unreblog(request: web.Request, viewer: Viewer) -> web.Response:
    """Take a boost back."""
    return await changed(request, viewer, done, reactions.unboost, path_id(request))


@routes.post("/api/v1/statuses/{id}/pin")
@need("write:accounts")
@gives(entities.Status)
async def pin(request: web.Request, viewer: Viewer) -> web.Response:
    """Show one's own post on top of one's profile."""
    return await changed(request, viewer, _pinned, pins.pin, path_id(request))


@routes.post("/api/v1/statuses/{id}/unpin")
@need("write:accounts")
@gives(entities.Status)
async def unpin(request: web.Request, viewer: Viewer) -> web.Response:
    """Show it in its place again."""
    return await changed(request, viewer, _pinned, pins.unpin, path_id(request))


# --- what happens in one transaction


def _reacted(
    db: Read, viewer_id: int | None, id: int, page: Page, of: People
) -> list[tuple[int, Account]]:
    return of(db, viewer_id, found(db, viewer_id, id).post.id, page)


def done(tx: Write, site: Site, viewer: Account, act: Act, id: int, now_ms: int) -> PostView:
    """Do something to a post, named by its own id or by a boost's, and look at it again."""
    post_id = found(tx, viewer.id, id).post.id
    act(tx, site, viewer, post_id, now_ms)
    return reading.view(tx, viewer.id, post_id)


def _pinned(tx: Write, site: Site, viewer: Account, act: Act, id: int, now_ms: int) -> PostView:
    """As `done`, with one's own post. Raises `Invalid` for somebody else's, as Mastodon does."""
    if found(tx, viewer.id, id).post.author_id != viewer.id:
        raise Invalid("You can pin your own posts only.")
    return done(tx, site, viewer, act, id, now_ms)


def _boosted(tx: Write, site: Site, viewer: Account, id: int, now_ms: int) -> PostView:
    post_id = found(tx, viewer.id, id).post.id
    boost_id = reactions.boost(tx, site, viewer, post_id, now_ms)
    return reading.boost_view(tx, viewer.id, boost_id) or reading.view(tx, viewer.id, post_id)


# --- around it


async def _people(request: web.Request, viewer: Viewer | None, of: People) -> web.Response:
    page = window(request, usual=40, most=MOST_ACCOUNTS)
    who = await request.config_dict[DB].read(
        _reacted, viewer_id(viewer), path_id(request), page, of
    )
    return people(request, who)
