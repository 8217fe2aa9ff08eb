"""Our own style, icons and scripts: small, so they are kept in memory and sent with long lives."""

from functools import cache
from mimetypes import guess_type
from typing import Final

import msgspec
from aiohttp import web

from server.errors import NotFound
from web.keys import BRAND
from web.render import STATIC, asset

FOREVER: Final = "public, max-age=31536000, immutable"
AN_HOUR: Final = "public, max-age=3600"


class File(msgspec.Struct, frozen=True):
    """A file as it goes out."""

    body: bytes
    media_type: str
    etag: str


@cache
def files() -> dict[str, File]:
    """Every file of `web/static` by name."""
    return {path.name: _read(path.name) for path in STATIC.iterdir() if path.is_file()}


def _read(name: str) -> File:
    version = asset(name).partition("?v=")[2]
    media_type = guess_type(name)[0] or "application/octet-stream"
    return File((STATIC / name).read_bytes(), media_type, f'"{version}"')


async def serve(request: web.Request) -> web.Response:
    """One file; the address with its version may be kept for ever."""
    file = files().get(request.match_info["name"])
    if file is None:
        raise NotFound("There is nothing at this address.")
    current = request.query.get("v") == file.etag.strip('"')
    headers = {
        "Cache-Control": FOREVER if current else AN_HOUR,
        "ETag": file.etag,
        "X-Content-Type-Options": "nosniff",
        # API documents name our default pictures, and apps in browsers draw them.
        "Access-Control-Allow-Origin": "*",
    }
    if request.headers.get("If-None-Match") == file.etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=file.body, content_type=file.media_type, headers=headers)


async def favicon(request: web.Request) -> web.Response:
    """Browsers ask here when no page has told them otherwise."""
    return web.Response(status=303, headers={"Location": request.config_dict[BRAND].icon})


def register(app: web.Application) -> None:
    """Add the files' addresses."""
    app.router.add_get("/static/{name}", serve)
    app.router.add_get("/favicon.ico", favicon)
