"""Pictures, films and sounds out: random names, kept for ever by browsers, harmless inside.

Those of other servers pass through here too, so that no page makes a browser ask them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aiohttp import web

from server.clock import MINUTE_MS
from server.errors import NotFound, StorageFull, TooLarge, TooMany
from server.files import MEDIA_TYPES, StoreAway
from server.ids import parse_id
from server.media import RemoteKind
from server.services import media as uploads
from web import sending
from web.keys import ADDRESSES, DB, PICTURES, REMOTE_PICTURES
from web.pages import static

routes = web.RouteTableDef()

HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}
PLAYER: Final = "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"
"""For a film that somebody opens in a tab of its own."""
FULL_MS: Final = MINUTE_MS
AWAY_S: Final = 10
REMOTE_HEADERS: Final = {**HEADERS, "Cache-Control": "public, max-age=604800"}

_NONE: Final = "This picture does not exist."


@routes.get("/media/{name}")
async def picture(request: web.Request) -> web.StreamResponse:
    """A stored picture, film or sound."""
    return await _file(request, request.match_info["name"], HEADERS)


@routes.get("/media/remote/{kind}/{token}")
async def remote_picture(request: web.Request) -> web.StreamResponse:
    """A picture of another server whose address we have signed; fetched now if need be."""
    kind, url = request.app[ADDRESSES].meant(
        request.match_info["kind"], request.match_info["token"]
    )
    try:
        name = await request.app[REMOTE_PICTURES].file(kind, url)
        return await _file(request, name, REMOTE_HEADERS)
    except NotFound as error:
        return _missing(kind, error)
    except TooLarge as error:
        await _leave_elsewhere(request, url)
        return _missing(kind, error)
    except (TooMany, StorageFull) as error:
        return _later(error)
    except StoreAway:
        return _away()


async def _leave_elsewhere(request: web.Request, url: str) -> None:
    """From now on apps are told where this film of a post is, and ask for it themselves."""
    if id := parse_id(request.query.get("id", "")):
        await request.app[DB].write(uploads.leave_elsewhere, id, url)


def _missing(kind: RemoteKind, error: NotFound | TooLarge) -> web.Response:
    """Who has no picture has a face all the same: browsers draw what comes, whatever its status."""
    headers = {**REMOTE_HEADERS, "Cache-Control": "public, max-age=600"}
    if kind != "avatar":
        return web.Response(status=404, text=f"{error}\n", headers=headers)
    face = static.files()["avatar.svg"]
    return web.Response(status=404, body=face.body, content_type=face.media_type, headers=headers)


def _later(error: TooMany | StorageFull) -> web.Response:
    """Nobody sees a page where a picture should be: a line of text will do."""
    wait_ms = error.retry_after_ms if isinstance(error, TooMany) else FULL_MS
    headers = {"Retry-After": str(-(-wait_ms // 1000)), "Cache-Control": "no-store"}
    return web.Response(status=503, text=f"{error}\n", headers=headers)


def _away() -> web.Response:
    headers = {"Retry-After": str(AWAY_S), "Cache-Control": "no-store"}
    return web.Response(
        status=503, text="The store of pictures does not answer.\n", headers=headers
    )


async def _file(request: web.Request, name: str, headers: Mapping[str, str]) -> web.StreamResponse:
    media_type = MEDIA_TYPES.get(Path(name).suffix)
    if media_type is None:
        raise NotFound(_NONE)
    if not media_type.startswith("image/"):
        headers = {**headers, "Content-Security-Policy": PLAYER}
    store = request.app[PICTURES].store
    try:
        return await sending.file(request, store, name, {**headers, "Content-Type": media_type})
    except StoreAway:
        return _away()
