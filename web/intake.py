"""What somebody sends to be shown, from an app or a form: a picture now, a film or a sound soon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from server.errors import AppError, Invalid, TooLarge
from server.files import RAW, new_name, remove_all
from server.film_kinds import HEAD_BYTES, moves, reader_of
from server.films import NONE
from server.media import MAX_PICTURE_BYTES, UNREADABLE, Picture
from server.model import Media
from server.services import media
from server.services.media import Sent
from server.store.db import DatabaseError
from web.body import body
from web.keys import ADDRESS, DB, FILMS, NOW, PICTURES, SPOOL, Viewer
from web.spool import Upload

PICTURE_TYPES: Final = (
    *("image/jpeg", "image/png", "image/gif", "image/webp"),
    *("image/heic", "image/heif", "image/avif"),
)
PLAYED_TYPES: Final = (
    *("video/mp4", "video/quicktime", "video/webm", "video/ogg", "video/3gpp", "video/x-matroska"),
    *("audio/mpeg", "audio/mp3", "audio/ogg", "audio/vorbis", "audio/opus", "audio/wav"),
    *("audio/x-wav", "audio/wave", "audio/x-pn-wave", "audio/flac", "audio/x-flac", "audio/aac"),
    *("audio/mp4", "audio/m4a", "audio/x-m4a", "audio/webm", "audio/3gpp"),
)
"""What apps offer people to choose; what a file is, its bytes say."""


UNFIT: Final = (
    "This file is not a picture, a film or a sound that we can read. Send JPEG, PNG, WebP, GIF, "
    "HEIC or AVIF, or MP4, WebM or MP3."
)
"""Where films and sounds are taken too."""
WAIT_S: Final = 30.0
LOOK_S: Final = 0.25


T = TypeVar("T")


class Words(msgspec.Struct, frozen=True):
    """What its owner says of a file; `thumbnail` stands for a film until it plays."""

    alt: str = ""
    focus: tuple[float, float] = (0.0, 0.0)
    thumbnail: Upload | None = None


def types(request: web.Request) -> tuple[str, ...]:
    """The media types that this server can take."""
    return PICTURE_TYPES + (PLAYED_TYPES if request.config_dict[FILMS].available else ())


@asynccontextmanager
async def received(request: web.Request, viewer: Viewer, type: type[T]) -> AsyncIterator[T]:
    """What an app sends with files in it, which lie on the disk; one of the turns while this lasts.

    Raises as `body.body` and `Spool.turn`. Without files there is nothing to wait for.
    """
    spool = request.config_dict[SPOOL]
    files = request.content_type == "multipart/form-data"
    with spool.turn(viewer.account.id, request[ADDRESS]) if files else nullcontext():
        yield await body(request, type, spool)


def refusal(request: web.Request) -> str:
    """What is said of a file that is none of `types`."""
    return UNFIT if request.config_dict[FILMS].available else UNREADABLE


async def take(request: web.Request, account_id: int, upload: Upload, words: Words) -> Media:
    """Store what was sent: a picture that is ready, or a film or a sound that will be.

    Raises `AppError` with what is wrong with it, and then nothing of it is kept.
    """
    app = request.config_dict
    await app[DB].read(media.require_room, account_id, upload.length)
    reader = reader_of(upload.head(HEAD_BYTES))
    if reader and not app[FILMS].available:
        raise Invalid(NONE)
    data = b"" if reader else await picture(upload)
    moving = app[FILMS].available and not reader and await asyncio.to_thread(moves, data)
    if reader or moving:
        return await _promised(request, account_id, upload, words, moving=moving)
    made = await _made(request, data)
    try:
        return await app[DB].write(media.add, account_id, made, words.alt, words.focus, app[NOW]())
    except AppError:
        await remove_all(app[PICTURES].store, {made.large, made.medium, made.small})
        raise


async def _made(request: web.Request, data: bytes) -> Picture:
    try:
        return await request.config_dict[PICTURES].process(data)
    except Invalid as error:
        if error.message != UNREADABLE or not request.config_dict[FILMS].available:
            raise
        raise Invalid(UNFIT) from error


async def picture(upload: Upload) -> bytes:
    """All of it, where a picture may have so much. Raises `TooLarge`."""
    if upload.length > MAX_PICTURE_BYTES:
        raise TooLarge("A picture may have up to 16 MB. Make it smaller first.")
    return await asyncio.to_thread(upload.whole)


async def _promised(
    request: web.Request, account_id: int, upload: Upload, words: Words, *, moving: bool
) -> Media:
    """Looked at now, so that its sender hears what is wrong; made anew when it is its turn."""
    app = request.config_dict
    if upload.path is None:
        upload = await app[SPOOL].keep(upload.data)
    assert upload.path is not None  # noqa: S101  it was just made
    if upload.length > app[FILMS].limits.bytes:
        raise TooLarge(
            "A film or a sound may have up to %(most)s MB. Make it smaller first.",
            most=app[FILMS].limits.bytes >> 20,
        )
    bytes, seen = upload.length, await app[FILMS].look(upload.path, moving=moving)
    poster = await thumbnail(request, words.thumbnail)
    name = new_name(RAW)
    try:
        await app[PICTURES].store.put(name, upload.path)
        sent = Sent(name, bytes, seen, words.alt, words.focus, poster)
        return await app[DB].write(media.promise, sent, account_id, app[NOW]())
    except DatabaseError:
        raise  # it may have been written all the same: what no row names is swept up
    except BaseException:
        await asyncio.shield(_forget(request, name, poster))
        raise


async def _forget(request: web.Request, name: str, poster: Picture | None) -> None:
    names = [name, *([poster.large] if poster else [])]
    await remove_all(request.config_dict[PICTURES].store, names)


async def wait(request: web.Request, media_ids: tuple[int, ...]) -> None:
    """Give films and sounds a while to be ready, for somebody who has just chosen them."""
    for _ in range(int(WAIT_S / LOOK_S)):
        if not await request.config_dict[DB].read(media.unfinished, media_ids):
            return
        await asyncio.sleep(LOOK_S)


async def thumbnail(request: web.Request, upload: Upload | None) -> Picture | None:
    """The picture that is to stand for a film; None where none was sent."""
    if upload is None or not upload.length:
        return None
    return await request.config_dict[PICTURES].process_poster(await picture(upload))
