"""Quotes of a post, and who may quote it. docs.joinmastodon.org/methods/statuses/#quotes"""

from typing import Literal

import msgspec
from aiohttp import web

from server.model import Account, Entry, PostView, Site
from server.services import permitting, quote_control, reading
from server.services.permitting import Wanted
from server.store.db import Read, Write
from server.store.paging import Page
from web import entities
from web.api.access import need, path_id
from web.api.answers import listing, window
from web.api.fragments import statuses
from web.api.shape import gives
from web.api.statuses import Policy, changed, found, own
from web.body import body
from web.keys import DB, Viewer

routes = web.RouteTableDef()


class Interaction(msgspec.Struct, frozen=True):
    """Who may quote a post from now on; without a policy, those whom its author always allows.

    Mastodon does not have the other two: who may answer it, and share it. What is not said stays.
    """

    quote_approval_policy: Policy | None = None
    reply_policy: Literal["everyone", "close", "approved", "named"] | None = None
    boost_policy: Literal["everyone", "nobody"] | None = None


@routes.get("/api/v1/statuses/{id}/quotes")
@need("read:statuses")
@gives(list[entities.Status], pages=True)
async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """Who quotes a post, the latest first."""
    me = viewer.account.id
    entries = await request.config_dict[DB].read(_page, me, path_id(request), window(request))
    items = await statuses(request, me, entries)
    return listing(request, items, [entry.id for entry in entries])


@routes.post("/api/v1/statuses/{id}/quotes/{quoting}/revoke")
@need("write:statuses")
@gives(entities.Status)
async def revoke(request: web.Request, viewer: Viewer) -> web.Response:
    """Take one's own post out of somebody's quote."""
    ids = path_id(request), path_id(request, "quoting")
    return await changed(request, viewer, _revoked, *ids)


@routes.put("/api/v1/statuses/{id}/interaction_policy")
@need("write:statuses")
@gives(entities.Status, body=Interaction)
async def interaction_policy(request: web.Request, viewer: Viewer) -> web.Response:
    """Say who may quote, answer and share one's own post."""
    typed = await body(request, Interaction)
    wanted = Wanted(
        quotes=typed.quote_approval_policy or "",
        replies=typed.reply_policy or "",
        boosts=typed.boost_policy or "",
    )
    return await changed(request, viewer, _allowed, path_id(request), wanted)


# --- what happens in one transaction


def _page(db: Read, viewer_id: int, id: int, window: Page) -> list[Entry]:
    return quote_control.page(db, viewer_id, found(db, viewer_id, id).post.id, window)


def _revoked(
    tx: Write, site: Site, author: Account, id: int, quoting_id: int, now_ms: int
) -> PostView:
    quote_control.revoke(tx, site, author, found(tx, author.id, id).post.id, quoting_id, now_ms)
    return reading.view(tx, author.id, quoting_id)


def _allowed(
    tx: Write, site: Site, author: Account, id: int, wanted: Wanted, now_ms: int
) -> PostView:
    permitting.change(tx, site, author, own(tx, author.id, id).post.id, wanted, now_ms)
    return reading.view(tx, author.id, id)
