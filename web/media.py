"""Pictures out: random names, kept for ever by browsers, harmless whatever is in them."""

import asyncio
from pathlib import Path
from typing import Final

from aiohttp import web

from server.errors import NotFound
from server.media import MEDIA_TYPES
from web.keys import PICTURES

routes = web.RouteTableDef()

HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


@routes.get("/media/{name}")
async def picture(request: web.Request) -> web.StreamResponse:
    """A stored picture."""
    path: Path = request.app[PICTURES].path(request.match_info["name"])
    if not await asyncio.to_thread(path.is_file):
        raise NotFound("This picture does not exist.")
    response = web.FileResponse(path, headers=HEADERS)
    response.content_type = MEDIA_TYPES[path.suffix]
    return response
