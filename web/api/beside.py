"""What stands beside a post: the card of its link, its translation.

docs.joinmastodon.org/methods/statuses/#card, #translate
"""

import msgspec
from aiohttp import web

from server.errors import NotFound
from web import entities, present
from web.api.access import anybody, need, path_id, viewer_id
from web.api.answers import one
from web.api.shape import gives
from web.api.statuses import found
from web.keys import DB, SITE, Viewer

routes = web.RouteTableDef()


class Into(msgspec.Struct, frozen=True):
    """The language that somebody reads."""

    lang: str = ""


@routes.get("/api/v1/statuses/{id}/card")
@anybody("read:statuses")
@gives(entities.PreviewCard | entities.Empty)
async def card(request: web.Request, viewer: Viewer | None) -> web.Response:
    """The card of a post's link, which newer apps find in the post; nothing without one."""
    view = await request.config_dict[DB].read(found, viewer_id(viewer), path_id(request))
    return one(present.link_card(request.config_dict[SITE], view) or {})


@routes.post("/api/v1/statuses/{id}/translate")
@need("read:statuses")
@gives(None, body=Into)
async def translate(request: web.Request, viewer: Viewer) -> web.Response:
    """Nothing is translated here: apps are told so by the 404 that Mastodon gives without a way."""
    await request.config_dict[DB].read(found, viewer.account.id, path_id(request))
    raise NotFound("This server does not translate.")
