"""How far the viewer has read. docs.joinmastodon.org/methods/markers"""

import msgspec
from aiohttp import web

from server.services import markers
from server.store.markers import Marker
from web import entities, present
from web.api.access import need
from web.api.answers import Id, one
from web.api.shape import gives
from web.body import body, query
from web.keys import DB, NOW, Viewer

routes = web.RouteTableDef()


class Asked(msgspec.Struct, frozen=True):
    """Of which timelines."""

    timeline: tuple[str, ...] | str = ()


class Place(msgspec.Struct, frozen=True):
    """The last thing that was read."""

    last_read_id: Id | None = None


class Places(msgspec.Struct, frozen=True):
    """In each timeline."""

    home: Place | None = None
    notifications: Place | None = None


@routes.get("/api/v1/markers")
@need("read:statuses")
@gives(entities.Markers, query=Asked)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """Where the viewer stopped reading."""
    asked = query(request, Asked).timeline
    names = (asked,) if isinstance(asked, str) else asked
    found = await request.config_dict[DB].read(markers.of, viewer.account.id, names)
    return one(_entity(found))


@routes.post("/api/v1/markers")
@need("write:statuses")
@gives(entities.Markers, body=Places)
async def save(request: web.Request, viewer: Viewer) -> web.Response:
    """Remember where. The same place again changes nothing, so an app may repeat itself."""
    sent = await body(request, Places)
    places = {
        name: place.last_read_id
        for name, place in (("home", sent.home), ("notifications", sent.notifications))
        if place is not None and place.last_read_id is not None
    }
    now_ms = request.config_dict[NOW]()
    found = await request.config_dict[DB].write(markers.save, viewer.account.id, places, now_ms)
    return one(_entity(found))


def _entity(found: list[Marker]) -> dict[str, entities.Marker]:
    return {marker.timeline: present.marker(marker) for marker in found}
