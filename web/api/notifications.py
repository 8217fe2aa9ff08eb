"""What happened to the viewer. docs.joinmastodon.org/methods/notifications"""

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.services import notifications
from server.services.notifications import NotificationView
from web import entities, present
from web.api.access import need, path_id
from web.api.answers import MOST_ACCOUNTS, listing, one, window
from web.api.statuses import entity
from web.body import query
from web.keys import DB, SITE, Viewer

routes = web.RouteTableDef()


class Kinds(msgspec.Struct, frozen=True):
    """Only these, or all but those."""

    types: tuple[str, ...] = ()
    exclude_types: tuple[str, ...] = ()


@routes.get("/api/v1/notifications")
@need("read:notifications")
async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """Newest first."""
    kinds, wanted = query(request, Kinds), window(request, usual=40, most=MOST_ACCOUNTS)
    found = await request.config_dict[DB].read(
        notifications.page, viewer.account.id, wanted, kinds.types, kinds.exclude_types
    )
    items = [msgspec.json.encode(_entity(request, viewer, view)) for view in found]
    return listing(request, items, [view.notification.id for view in found])


@routes.get("/api/v1/notifications/unread_count")
@need("read:notifications")
async def unread_count(request: web.Request, viewer: Viewer) -> web.Response:
    """How many came since the viewer last looked."""
    count = await request.config_dict[DB].read(notifications.unread, viewer.account.id)
    return one({"count": count})


@routes.get("/api/v1/notifications/{id}")
@need("read:notifications")
async def single(request: web.Request, viewer: Viewer) -> web.Response:
    """One of them."""
    found = await request.config_dict[DB].read(
        notifications.one, viewer.account.id, path_id(request)
    )
    if found is None:
        raise NotFound("There is no such notification.")
    return one(_entity(request, viewer, found))


@routes.post("/api/v1/notifications/clear")
@need("write:notifications")
async def clear(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget all of them."""
    await request.config_dict[DB].write(notifications.clear, viewer.account.id)
    return one({})


@routes.post("/api/v1/notifications/{id}/dismiss")
@need("write:notifications")
async def dismiss(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget one."""
    await request.config_dict[DB].write(notifications.dismiss, viewer.account.id, path_id(request))
    return one({})


def _entity(request: web.Request, viewer: Viewer, found: NotificationView) -> entities.Notification:
    site = request.config_dict[SITE]
    status = None
    if found.post is not None:
        status = entity(request, viewer, found.post)
    return present.notification(site, found.notification, found.account, status)
