"""Our own style, icons and scripts: small, so they are kept in memory and sent with long lives."""

from functools import cache
from mimetypes import guess_type
from typing import Final

import msgspec
from aiohttp import web

from server.config import ConfigError
from server.errors import NotFound
from web import packing
from web.keys import BRAND
from web.render import BUILT, STATIC, asset, asset_path

FOREVER: Final = "public, max-age=31536000, immutable"
AN_HOUR: Final = "public, max-age=3600"
SOURCES: Final = frozenset({"build.js"})  # what assets are made of is not for browsers
PACKED: Final = frozenset({"text/css", "text/javascript", "image/svg+xml"})


class File(msgspec.Struct, frozen=True):
    """A file as it goes out; `packed` with gzip where that makes it smaller."""

    body: bytes
    packed: bytes
    media_type: str
    etag: str


@cache
def files() -> dict[str, File]:
    """Every file of `web/static` by name."""
    found = {
        path.name: _read(path.name)
        for folder in (STATIC, BUILT)
        for path in folder.iterdir()
        if path.is_file() and path.name not in SOURCES
    }
    return found


def _read(name: str) -> File:
    version = asset(name).partition("?v=")[2]
    media_type = guess_type(name)[0] or "application/octet-stream"
    body = asset_path(name).read_bytes()
    packed = packing.pack(body, 9) if media_type in PACKED else b""
    return File(body, packed, media_type, f'"{version}"')


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
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("If-None-Match") == file.etag:
        return web.Response(status=304, headers=headers)
    body = file.body
    if file.packed and packing.welcome(request):
        headers["Content-Encoding"], body = "gzip", file.packed
    return web.Response(body=body, content_type=file.media_type, headers=headers)


async def favicon(request: web.Request) -> web.Response:
    """Browsers ask here when no page has told them otherwise."""
    return web.Response(status=303, headers={"Location": request.config_dict[BRAND].icon})


def require_built() -> None:
    """Raise `ConfigError` where the assets were never built."""
    if not (BUILT / "madang.css").is_file():
        raise ConfigError("The pages' style and scripts are not built yet; run: make install")


def add_routes(app: web.Application) -> None:
    """Add the files' addresses."""
    app.router.add_get("/static/{name}", serve)
    app.router.add_get("/favicon.ico", favicon)
