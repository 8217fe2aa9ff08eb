"""Notifications: what happened to the viewer."""

from aiohttp import web

from server.services import notifications
from web.keys import DB, Viewer
from web.pages.access import pager, signed_in, window
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()


@routes.get("/notifications")
@signed_in
async def notices(request: web.Request, viewer: Viewer) -> web.Response:
    """Newest first; opening the first page marks them as read."""
    db, asked = request.config_dict[DB], window(request)
    views = await db.read(notifications.page, viewer.account.id, asked, notifications.EVERY_KIND)
    ids = [view.notification.id for view in views]
    response = await page(
        request,
        "notifications.html",
        views=views,
        seen_id=viewer.member.notified_id,
        pager=pager(request, asked, ids),
    )
    if ids and ids[0] > viewer.member.notified_id:
        await db.write(notifications.seen, viewer.account.id, ids[0])
    return response


@routes.post("/notifications/clear")
@signed_in
async def clear(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget them all."""
    await form(request)
    await request.config_dict[DB].write(notifications.clear, viewer.account.id)
    return see("/notifications")
