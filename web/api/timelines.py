"""Timelines. docs.joinmastodon.org/methods/timelines"""

import msgspec
from aiohttp import web

from server import text
from server.errors import NotFound
from server.model import Entry
from server.services import timelines
from web.api.access import anybody, need, viewer_id
from web.api.answers import listing, window
from web.api.fragments import statuses
from web.body import query
from web.keys import DB, Viewer

routes = web.RouteTableDef()


class Choice(msgspec.Struct, frozen=True):
    """Whose posts: our people's alone, or strangers' alone."""

    local: bool = False
    remote: bool = False


@routes.get("/api/v1/timelines/home")
@need("read:statuses")
async def home(request: web.Request, viewer: Viewer) -> web.Response:
    """What the people whom the viewer follows wrote and boosted."""
    page = window(request)
    db = request.config_dict[DB]
    entries = await db.read_inline(timelines.home, viewer.account.id, page)
    return await _answer(request, viewer.account.id, entries)


@routes.get("/api/v1/timelines/public")
@anybody("read:statuses")
async def public(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Everything public that is known here, or our people's part of it."""
    choice, page = query(request, Choice), window(request)
    of = timelines.local if choice.local else timelines.federated
    entries = await request.config_dict[DB].read(of, viewer_id(viewer), page)
    return await _answer(request, viewer_id(viewer), entries)


@routes.get("/api/v1/timelines/tag/{tag}")
@anybody("read:statuses")
async def tag(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Public posts with a hashtag."""
    name, page = text.normal_tag(request.match_info["tag"]), window(request)
    if "\x00" in name:
        raise NotFound("There is no such hashtag.")
    entries = await request.config_dict[DB].read(timelines.tag, viewer_id(viewer), name, page)
    return await _answer(request, viewer_id(viewer), entries)


async def _answer(
    request: web.Request, viewer_id: int | None, entries: list[Entry]
) -> web.Response:
    items = await statuses(request, viewer_id, entries)
    return listing(request, items, [entry.id for entry in entries])
