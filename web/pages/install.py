"""The site as an app: its manifest, its service worker, and what is shown without a network."""

import json
from functools import cache
from typing import Any, Final

from aiohttp import web

from server.model import Site
from web import i18n, packing
from web.brand import Brand
from web.colours import LIGHT_PAPERS
from web.keys import BRAND, SITE
from web.render import BUILT, page

routes = web.RouteTableDef()

MAX_SHORT_NAME: Final = 12  # characters: what fits below an icon. W3C App Manifest, "short_name"
WORKER: Final = BUILT / "worker" / "sw.js"
WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'"


@routes.get("/manifest.webmanifest")
async def manifest(request: web.Request) -> web.Response:
    """What a device needs to install us, in the language of `lang`, else in the visitor's."""
    site, wish = request.config_dict[SITE], request.query.get("lang", "")
    language = i18n.choose(request, site.languages, wish)
    response = web.Response(
        text=json.dumps(_manifest(site, request.config_dict[BRAND], language), ensure_ascii=False),
        content_type="application/manifest+json",
        headers={
            "Cache-Control": "private, max-age=3600" if wish == language else "private, no-cache",
            "Vary": "Accept-Language, Cookie",
            "X-Content-Type-Options": "nosniff",
        },
    )
    packing.send_packed(request, response)
    return response


def _manifest(site: Site, looks: Brand, language: str) -> dict[str, Any]:
    words = i18n.translations(language).gettext
    icons = [
        {"src": looks.icon_png(name), "sizes": f"{edge}x{edge}", "type": "image/png"} | more
        for name, edge, more in (
            ("192", 192, {}),
            ("512", 512, {}),
            ("maskable-512", 512, {"purpose": "maskable"}),
        )
    ]
    told = {"description": site.description} if site.description else {}
    return {
        "id": "/",
        "name": site.name,
        "short_name": site.name[:MAX_SHORT_NAME].strip(),
        **told,
        "lang": language,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": looks.palette.light.accent,
        "background_color": LIGHT_PAPERS[0],
        "icons": icons,
        "shortcuts": [
            {"name": words("Write"), "url": "/write"},
            {"name": words("Notifications"), "url": "/notifications"},
        ],
    }


@routes.get("/sw.js")
async def worker(request: web.Request) -> web.Response:
    """The service worker; from the root, so that it may answer for every page."""
    response = web.Response(
        body=_worker(),
        content_type="text/javascript",
        charset="utf-8",
        headers={
            "Cache-Control": "no-cache",
            "Content-Security-Policy": WORKER_POLICY,
            "X-Content-Type-Options": "nosniff",
        },
    )
    packing.send_packed(request, response)
    return response


@cache
def _worker() -> bytes:
    return WORKER.read_bytes()


@routes.get("/offline")
async def offline(request: web.Request) -> web.Response:
    """What people see without a network. Kept by their browser, so it is nobody's in particular."""
    return await page(request, "offline.html", viewer=None, unread=0, csrf="")
