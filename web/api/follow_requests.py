"""Those who ask to follow. docs.joinmastodon.org/methods/follow_requests"""

from collections.abc import Callable

from aiohttp import web

from server.model import Account, Relationship, Site
from server.services import follows
from server.store.db import Write
from web import present
from web.api.access import need, path_id
from web.api.answers import MOST_ACCOUNTS, one, people, window
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()

Act = Callable[[Write, Site, Account, int, int], object]


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
    return await _answer(request, viewer, follows.authorize)


@routes.post("/api/v1/follow_requests/{id}/reject")
@need("write:follows")
async def reject(request: web.Request, viewer: Viewer) -> web.Response:
    """Not let somebody follow."""
    return await _answer(request, viewer, follows.reject)


def _done(
    tx: Write, site: Site, viewer: Account, asker_id: int, act: Act, now_ms: int
) -> Relationship:
    act(tx, site, viewer, asker_id, now_ms)
    return follows.relationship(tx, viewer.id, asker_id)


async def _answer(request: web.Request, viewer: Viewer, act: Act) -> web.Response:
    to = await request.config_dict[DB].write(
        _done,
        request.config_dict[SITE],
        viewer.account,
        path_id(request),
        act,
        request.config_dict[NOW](),
    )
    return one(present.relationship(to))
