"""Pictures, uploaded before the post that shows them. docs.joinmastodon.org/methods/media"""

import msgspec
from aiohttp import web

from server.errors import Invalid
from server.model import Media
from server.services import media
from server.store.db import Write
from web import present
from web.api.access import need, path_id
from web.api.answers import one
from web.body import Upload, body
from web.keys import DB, NOW, PICTURES, SITE, Viewer

routes = web.RouteTableDef()


class Sent(msgspec.Struct, frozen=True):
    """A picture, what it shows in words, and the point that must stay in view: `x,y`, -1 to 1."""

    file: Upload
    description: str = ""
    focus: str = ""


class Described(msgspec.Struct, frozen=True):
    """What changes; what is absent stays."""

    description: str | None = None
    focus: str | None = None


@routes.post("/api/v1/media")
@routes.post("/api/v2/media")
@need("write:media")
async def upload(request: web.Request, viewer: Viewer) -> web.Response:
    """Store a picture; a post takes it by its id. It is ready when this answers, so never 202."""
    sent = await body(request, Sent)
    focus = point(sent.focus)
    picture = await request.config_dict[PICTURES].process(sent.file.data)
    kept = await request.config_dict[DB].write(
        media.add, viewer.account.id, picture, sent.description, focus, request.config_dict[NOW]()
    )
    return one(present.media(request.config_dict[SITE], kept))


@routes.get("/api/v1/media/{id}")
@need("write:media")
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """One of the viewer's pictures."""
    kept = await request.config_dict[DB].read(media.one, viewer.account.id, path_id(request))
    return one(present.media(request.config_dict[SITE], kept))


@routes.put("/api/v1/media/{id}")
@need("write:media")
async def describe(request: web.Request, viewer: Viewer) -> web.Response:
    """Say what a picture shows, or which point must stay in view."""
    typed = await body(request, Described)
    kept = await request.config_dict[DB].write(
        _described, viewer.account.id, path_id(request), typed
    )
    return one(present.media(request.config_dict[SITE], kept))


def _described(tx: Write, account_id: int, id: int, typed: Described) -> Media:
    known = media.one(tx, account_id, id)
    alt = known.alt if typed.description is None else typed.description
    focus = (known.focus_x, known.focus_y) if typed.focus is None else point(typed.focus)
    return media.describe(tx, account_id, id, alt, focus)


def point(text: str) -> tuple[float, float]:
    """`x,y` as numbers; the middle where nothing is said. Raises `Invalid`."""
    if not text.strip():
        return 0.0, 0.0
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Invalid("The field %(field)s does not fit: send x,y.", field="focus") from error
    return x, y
