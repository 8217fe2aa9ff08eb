"""What the city says to everybody. docs.joinmastodon.org/methods/announcements"""

import msgspec
from aiohttp import web

from server.services import announcements
from server.services.announcements import Shown
from server.store.db import Read
from web import entities, present
from web.api.access import need, path_id
from web.api.answers import one
from web.api.shape import gives
from web.body import query
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()


class Asked(msgspec.Struct, frozen=True):
    """Whether what the viewer put away comes as well, marked as read."""

    with_dismissed: bool = True


@routes.get("/api/v1/announcements")
@need("read:accounts")
@gives(list[entities.Announcement], query=Asked)
async def current(request: web.Request, viewer: Viewer) -> web.Response:
    """Those that are not over."""
    site, now_ms, me = request.config_dict[SITE], request.config_dict[NOW](), viewer.account.id
    dismissed = query(request, Asked).with_dismissed

    def found(db: Read) -> list[Shown]:
        return announcements.current(db, site, me, now_ms, dismissed=dismissed)

    shown = await request.config_dict[DB].read(found)
    return one([present.announcement(site, each) for each in shown])


@routes.post("/api/v1/announcements/{id}/dismiss")
@need("write:accounts")
@gives(entities.Empty)
async def dismiss(request: web.Request, viewer: Viewer) -> web.Response:
    """Put one away."""
    await request.config_dict[DB].write(
        announcements.dismiss, viewer.account.id, path_id(request), request.config_dict[NOW]()
    )
    return one({})


@routes.put("/api/v1/announcements/{id}/reactions/{name}")
@need("write:favourites")
@gives(entities.Empty)
async def react(request: web.Request, viewer: Viewer) -> web.Response:
    """Answer with an emoji."""
    await request.config_dict[DB].write(
        announcements.react,
        viewer.account.id,
        path_id(request),
        request.match_info["name"],
        request.config_dict[NOW](),
    )
    return one({})


@routes.delete("/api/v1/announcements/{id}/reactions/{name}")
@need("write:favourites")
@gives(entities.Empty)
async def unreact(request: web.Request, viewer: Viewer) -> web.Response:
    """Take an emoji back."""
    await request.config_dict[DB].write(
        announcements.unreact,
        viewer.account.id,
        path_id(request),
        request.match_info["name"],
        request.config_dict[NOW](),
    )
    return one({})
