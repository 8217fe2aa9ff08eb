"""The city's own pictures: its logo, its cover, and the icons of the site as an app.

What the operator configured is made anew once, by the process that makes everybody's pictures.
"""

import asyncio
import logging
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final, Literal

from aiohttp import web

from server.errors import Invalid, NotFound, TooLarge
from web import brand
from web.brand import SVG, File
from web.cards import drawing
from web.keys import BRAND, LOOKS, PICTURES
from web.shelf import Busy

routes = web.RouteTableDef()
log = logging.getLogger(__name__)

FOREVER: Final = "public, max-age=31536000, immutable"
AN_HOUR: Final = "public, max-age=3600"
SANDBOX: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
BUSY_S: Final = 5


@routes.get("/logo")
async def logo(request: web.Request) -> web.Response:
    """The logo: an SVG as it is, where nothing in it can run; any other as PNG."""
    file = _there(request.config_dict[BRAND].logo_file)
    if file.media_type == SVG:
        return _answer(request, file.svg, SVG, file.version)
    return await _kept(request, "logo", "image/png", file.version)


@routes.get("/cover")
async def cover(request: web.Request) -> web.Response:
    """The cover, at most 1920 pixels wide."""
    file = _there(request.config_dict[BRAND].cover_file)
    return await _kept(request, "cover", "image/webp", file.version)


@routes.get("/cover/small")
async def cover_small(request: web.Request) -> web.Response:
    """The cover, at most 960 pixels wide."""
    file = _there(request.config_dict[BRAND].cover_file)
    return await _kept(request, "cover small", "image/webp", file.version)


@routes.get("/icons/mark.svg")
async def mark(request: web.Request) -> web.Response:
    """Our own mark in the city's colour."""
    looks = request.config_dict[BRAND]
    return _answer(request, brand.mark(looks.accent), SVG, looks.icon_version)


@routes.get("/icons/{name}.png")
async def icon(request: web.Request) -> web.Response:
    """An icon: 180 (iOS), 192 and 512 (Android), maskable-512."""
    name = request.match_info["name"]
    if name not in drawing.ICON_SIZES:
        raise NotFound("There is nothing at this address.")
    looks = request.config_dict[BRAND]
    return await _kept(request, name, "image/png", looks.icon_version)


def _there(file: File | None) -> File:
    if file is None:
        raise NotFound("There is nothing at this address.")
    return file


async def _kept(request: web.Request, key: str, media_type: str, version: str) -> web.Response:
    try:
        body = await _made(request.app, key)
    except Busy:
        return web.Response(
            status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(BUSY_S)}
        )
    if not body:
        raise NotFound("This picture does not exist.")
    return _answer(request, body, media_type, version)


async def _made(app: web.Application, key: str) -> bytes:
    """One of the pictures; nothing where the operator's file turned out to be damaged."""
    looks, shelf = app[BRAND], app[LOOKS]
    if key == "logo" or key.startswith("cover"):
        return await shelf.get(key, partial(_renewed, app, key))
    logo, file = b"", looks.logo_file
    if file and file.media_type != SVG:  # an SVG cannot be drawn here: our mark stands for it
        logo = await _made(app, "logo")
    return await shelf.get(key, partial(asyncio.to_thread, drawing.icon, key, looks.accent, logo))


async def _renewed(app: web.Application, key: str) -> bytes:
    looks = app[BRAND]
    kind: Literal["logo", "cover"] = "logo" if key == "logo" else "cover"
    file = _there(looks.logo_file if kind == "logo" else looks.cover_file)
    try:
        data = await asyncio.to_thread(Path(file.path).read_bytes)
        made = await app[PICTURES].renewed(kind, data)
    except (Invalid, TooLarge, OSError) as error:
        log.warning("instance.%s cannot be shown: %s", kind, error)
        return b""
    return made.small if key == "cover small" else made.large


def _answer(request: web.Request, body: bytes, media_type: str, version: str) -> web.Response:
    headers = {
        "Cache-Control": FOREVER if request.query.get("v") == version else AN_HOUR,
        "ETag": f'"{version}"',
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
    }
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(body=body, content_type=media_type, headers=headers)
