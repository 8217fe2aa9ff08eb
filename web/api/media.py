"""Pictures, films and sounds, uploaded before the post that shows them.

docs.joinmastodon.org/methods/media
"""

import asyncio
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from server.errors import Invalid
from server.files import remove_all
from server.model import Media
from server.services import media
from server.store.db import Write
from web import entities, intake, present
from web.api.access import need, path_id
from web.api.answers import one
from web.api.shape import gives
from web.body import Upload
from web.intake import Words
from web.keys import DB, NOW, PICTURES, SITE, Viewer

routes = web.RouteTableDef()

WAIT_S: Final = 60.0
"""How long the old way of uploading waits for a film; then it answers as the new one does."""
LOOK_S: Final = 0.25


class Sent(msgspec.Struct, frozen=True):
    """A file, what it shows in words, the point that must stay in view (`x,y`, -1 to 1), and what
    stands for a film or a sound until it plays.
    """

    file: Upload
    description: str = ""
    focus: str = ""
    thumbnail: Upload | None = None


class Described(msgspec.Struct, frozen=True):
    """What changes; what is absent stays."""

    description: str | None = None
    focus: str | None = None
    thumbnail: Upload | None = None


@routes.post("/api/v2/media")
@need("write:media")
@gives(entities.MediaAttachment, body=Sent)
async def upload(request: web.Request, viewer: Viewer) -> web.Response:
    """Store a picture (200), or take a film or a sound that will be ready soon (202)."""
    return _answer(request, await _taken(request, viewer), HTTPStatus.ACCEPTED)


@routes.post("/api/v1/media")
@need("write:media")
@gives(entities.MediaAttachment, body=Sent)
async def upload_and_wait(request: web.Request, viewer: Viewer) -> web.Response:
    """As version 2, but a film is ready when this answers, unless it takes very long."""
    kept = await _taken(request, viewer)
    for _ in range(int(WAIT_S / LOOK_S)):
        if kept.state != "processing":
            break
        await asyncio.sleep(LOOK_S)
        kept = await request.config_dict[DB].read(media.one, viewer.account.id, kept.id)
    return _answer(request, kept, HTTPStatus.ACCEPTED)


async def _taken(request: web.Request, viewer: Viewer) -> Media:
    async with intake.received(request, viewer, Sent) as sent:
        words = Words(sent.description, point(sent.focus), sent.thumbnail)
        return await intake.take(request, viewer.account.id, sent.file, words)


@routes.get("/api/v1/media/{id}")
@need("write:media")
@gives(entities.MediaAttachment)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """One of the viewer's files: 206 while it is being made, 422 with the reason when it failed."""
    kept = await request.config_dict[DB].read(media.one, viewer.account.id, path_id(request))
    return _answer(request, kept, HTTPStatus.PARTIAL_CONTENT)


@routes.put("/api/v1/media/{id}")
@need("write:media")
@gives(entities.MediaAttachment, body=Described)
async def describe(request: web.Request, viewer: Viewer) -> web.Response:
    """Say what a file shows, which point must stay in view, or what stands for a film."""
    db, id = request.config_dict[DB], path_id(request)
    async with intake.received(request, viewer, Described) as typed:
        kept = await db.read(media.one, viewer.account.id, id)
        if typed.thumbnail is not None and kept.kind != "image":
            poster = await intake.thumbnail(request, typed.thumbnail)
            now_ms = request.config_dict[NOW]()
            if poster is not None:
                await db.write(media.put_poster, viewer.account.id, id, poster, now_ms)
    kept = await db.write(_described, viewer.account.id, id, typed)
    return one(present.media(request.config_dict[SITE], kept))


@routes.delete("/api/v1/media/{id}")
@need("write:media")
@gives(entities.Empty)
async def delete(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget a file that is in no post."""
    names = await request.config_dict[DB].write(media.remove, viewer.account.id, path_id(request))
    await remove_all(request.config_dict[PICTURES].store, names)
    return one({})


def _answer(request: web.Request, kept: Media, unfinished: HTTPStatus) -> web.Response:
    if kept.state == "failed":
        raise Invalid(kept.failure)
    status = unfinished if kept.state == "processing" else HTTPStatus.OK
    return one(present.media(request.config_dict[SITE], kept), status=status)


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
