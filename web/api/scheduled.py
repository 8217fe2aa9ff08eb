"""Posts that wait for their time. docs.joinmastodon.org/methods/scheduled_statuses"""

import msgspec
from aiohttp import web

from server.services import scheduled
from server.services.scheduled import ScheduledView
from server.store.db import Write
from web import entities, present
from web.api.access import need, path_id
from web.api.answers import listing, one, window
from web.api.moments import moment_ms
from web.api.shape import gives
from web.body import body
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()


class Time(msgspec.Struct, frozen=True):
    """When to publish: ISO 8601."""

    scheduled_at: str


@routes.get("/api/v1/scheduled_statuses")
@need("read:statuses")
@gives(list[entities.ScheduledStatus], pages=True)
async def several(request: web.Request, viewer: Viewer) -> web.Response:
    """The viewer's, newest first."""
    found = await request.config_dict[DB].read(scheduled.page, viewer.account.id, window(request))
    site = request.config_dict[SITE]
    items = [msgspec.json.encode(present.scheduled(site, view)) for view in found]
    return listing(request, items, [view.scheduled.id for view in found])


@routes.get("/api/v1/scheduled_statuses/{id}")
@need("read:statuses")
@gives(entities.ScheduledStatus)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """One of the viewer's."""
    view = await request.config_dict[DB].read(scheduled.view, viewer.account.id, path_id(request))
    return one(present.scheduled(request.config_dict[SITE], view))


@routes.put("/api/v1/scheduled_statuses/{id}")
@need("write:statuses")
@gives(entities.ScheduledStatus, body=Time)
async def move(request: web.Request, viewer: Viewer) -> web.Response:
    """Publish it at another time."""
    due_ms = moment_ms((await body(request, Time)).scheduled_at)
    view = await request.config_dict[DB].write(
        _moved, viewer.account.id, path_id(request), due_ms, request.config_dict[NOW]()
    )
    return one(present.scheduled(request.config_dict[SITE], view))


@routes.delete("/api/v1/scheduled_statuses/{id}")
@need("write:statuses")
@gives(entities.Empty)
async def cancel(request: web.Request, viewer: Viewer) -> web.Response:
    """Do not publish it."""
    await request.config_dict[DB].write(scheduled.cancel, viewer.account.id, path_id(request))
    return one({})


def _moved(tx: Write, viewer_id: int, id: int, due_ms: int, now_ms: int) -> ScheduledView:
    scheduled.move(tx, viewer_id, id, due_ms, now_ms)
    return scheduled.view(tx, viewer_id, id)
