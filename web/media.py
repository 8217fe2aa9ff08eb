"""Pictures out: random names, kept for ever by browsers, harmless whatever is in them.

Those of other servers pass through here too, so that no page makes a browser ask them.
"""

import asyncio
from pathlib import Path
from typing import Final

from aiohttp import web

from server.clock import MINUTE_MS
from server.errors import NotFound, StorageFull, TooMany
from server.media import MEDIA_TYPES, RemoteKind
from web.keys import ADDRESSES, PICTURES, REMOTE_PICTURES
from web.pages import static

routes = web.RouteTableDef()

HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}
FULL_MS: Final = MINUTE_MS
REMOTE_HEADERS: Final = {**HEADERS, "Cache-Control": "public, max-age=604800"}


@routes.get("/media/{name}")
async def picture(request: web.Request) -> web.StreamResponse:
    """A stored picture."""
    return await _file(request, request.match_info["name"], HEADERS)


@routes.get("/media/remote/{kind}/{token}")
async def remote_picture(request: web.Request) -> web.StreamResponse:
    """A picture of another server whose address we have signed; fetched now if need be."""
    kind, url = request.app[ADDRESSES].meant(
        request.match_info["kind"], request.match_info["token"]
    )
    try:
        name = await request.app[REMOTE_PICTURES].file(kind, url)
    except NotFound as error:
        return _missing(kind, error)
    except (TooMany, StorageFull) as error:
        return _later(error)
    return await _file(request, name, REMOTE_HEADERS)


def _missing(kind: RemoteKind, error: NotFound) -> web.Response:
    """Who has no picture has a face all the same: browsers draw what comes, whatever its status."""
    headers = {**REMOTE_HEADERS, "Cache-Control": "public, max-age=600"}
    if kind != "avatar":
        return web.Response(status=error.status, text=f"{error}\n", headers=headers)
    face = static.files()["avatar.svg"]
    return web.Response(
        status=error.status, body=face.body, content_type=face.media_type, headers=headers
    )


def _later(error: TooMany | StorageFull) -> web.Response:
    """Nobody sees a page where a picture should be: a line of text will do."""
    wait_ms = error.retry_after_ms if isinstance(error, TooMany) else FULL_MS
    headers = {"Retry-After": str(-(-wait_ms // 1000)), "Cache-Control": "no-store"}
    return web.Response(status=503, text=f"{error}\n", headers=headers)


async def _file(request: web.Request, name: str, headers: dict[str, str]) -> web.StreamResponse:
    path: Path = request.app[PICTURES].path(name)
    if not await asyncio.to_thread(path.is_file):
        raise NotFound("This picture does not exist.")
    response = web.FileResponse(path, headers=headers)
    response.content_type = MEDIA_TYPES[path.suffix]
    return response
