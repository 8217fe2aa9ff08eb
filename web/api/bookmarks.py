"""What somebody saves, likes, and wants to hear no more of. docs.joinmastodon.org/methods/bookmarks

Nobody else learns of a bookmark or of a muted thread.
"""

from collections.abc import Callable

from aiohttp import web

from server.services import bookmarks, threads
from server.services.bookmarks import Kept
from server.store.db import Read
from server.store.paging import Page
from web import entities
from web.api.access import need, path_id
from web.api.answers import listing, window
from web.api.fragments import statuses
from web.api.reactions import done
from web.api.shape import gives
from web.api.statuses import changed
from web.keys import DB, Viewer

routes = web.RouteTableDef()


@routes.get("/api/v1/bookmarks")
@need("read:bookmarks")
@gives(list[entities.Status], pages=True)
async def saved(request: web.Request, viewer: Viewer) -> web.Response:
    """What the viewer saved, the latest first."""
    return await _kept(request, viewer, bookmarks.saved)


@routes.get("/api/v1/favourites")
@need("read:favourites")
@gives(list[entities.Status], pages=True)
async def liked(request: web.Request, viewer: Viewer) -> web.Response:
    """What the viewer likes, the latest first."""
    return await _kept(request, viewer, bookmarks.liked)


@routes.post("/api/v1/statuses/{id}/bookmark")
@need("write:bookmarks")
@gives(entities.Status)
async def save(request: web.Request, viewer: Viewer) -> web.Response:
    """Save a post to find it again."""
    return await changed(request, viewer, done, bookmarks.save, path_id(request))


@routes.post("/api/v1/statuses/{id}/unbookmark")
@need("write:bookmarks")
@gives(entities.Status)
async def let_go(request: web.Request, viewer: Viewer) -> web.Response:
    """Save it no longer."""
    return await changed(request, viewer, done, bookmarks.let_go, path_id(request))


@routes.post("/api/v1/statuses/{id}/mute")
@need("write:mutes")
@gives(entities.Status)
async def mute(request: web.Request, viewer: Viewer) -> web.Response:
    """Tell the viewer nothing more of a post's thread; timelines stay as they are."""
    return await changed(request, viewer, done, threads.mute, path_id(request))


@routes.post("/api/v1/statuses/{id}/unmute")
@need("write:mutes")
@gives(entities.Status)
async def unmute(request: web.Request, viewer: Viewer) -> web.Response:
    """Tell the viewer of it again."""
    return await changed(request, viewer, done, threads.unmute, path_id(request))


async def _kept(
    request: web.Request, viewer: Viewer, of: Callable[[Read, int, Page], Kept]
) -> web.Response:
    found = await request.config_dict[DB].read(of, viewer.account.id, window(request))
    items = await statuses(request, viewer.account.id, found.entries)
    return listing(request, items, found.ids)
