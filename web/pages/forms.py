"""Forms in: read within limits, and only when they were sent from our own pages.

Three walls: `Sec-Fetch-Site` where the browser sends it, `Origin` where it does not, and a token.
For somebody signed in the token belongs to the session; for a visitor it is a random cookie that
the form repeats (a double submit: a foreign page can neither read it nor, as its name begins
with `__Host-`, make one). It needs no key, so every process accepts every other's forms.
"""

import hmac
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
from aiohttp import BodyPartReader, web
from multidict import MultiDict

from server.errors import Forbidden, Invalid, TooLarge
from server.ids import parse_id
from server.media import MAX_PICTURE_BYTES
from web import parts
from web.body import READ_FILM_S, READ_S, chunks, held
from web.keys import ADDRESS, SHUT_OUT, SITE, SPOOL, Viewer
from web.pace import in_time
from web.render import page, viewer_of
from web.spool import Spool, Upload

MAX_TEXT_BYTES: Final = 512 * 1024
MAX_FILES: Final = 6
MAX_FIELDS: Final = 200
MAX_PATH: Final = 2_000  # characters
MAX_WISH: Final = 6_000  # with what an app sends people here is longer
FILM_FIELD: Final = "picture"
"""Fields that begin so may bring films."""
BACKUP_FIELD: Final = "backup"
"""The field that may bring a whole blog, where a page wants one."""
READ_BACKUP_S: Final = 3_600.0
TOKEN_SECONDS: Final = 12 * 3600


class Form(msgspec.Struct, frozen=True):
    """What was typed, by field; `files` are those that are not empty.

    Only those who are signed in can upload: of others' files it tells no more than that there were.
    """

    fields: Mapping[str, tuple[str, ...]]
    files: Mapping[str, Upload]

    def get(self, name: str) -> str:
        """The first value without surrounding space, or nothing."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """The first value as typed: line ends made one kind, nothing else touched."""
        return next(iter(self.fields.get(name, ())), "").replace("\r\n", "\n")

    def many(self, name: str) -> tuple[str, ...]:
        """All values of a field."""
        return self.fields.get(name, ())

    def ids(self, name: str) -> tuple[int, ...]:
        """All values that are ids; what is not one was not typed by a person."""
        found = (parse_id(value) for value in self.many(name))
        return tuple(id for id in found if id is not None)

    def id(self, name: str) -> int | None:
        """The first id, if there is one."""
        return next(iter(self.ids(name)), None)

    def upload(self, name: str) -> Upload | None:
        """A file that was chosen."""
        return self.files.get(name)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Every field with each of its values."""
        return ((name, value) for name, values in self.fields.items() for value in values)


async def form(request: web.Request, *, backup_bytes: int = 0) -> Form:
    """The form that was sent, once it is certain that one of our own pages sent it.

    `backup_bytes`: what the field `backup` may bring; whoever gives it has looked who sends it.
    Raises `Forbidden` for a foreign or outdated one, `TooLarge` and `Invalid` for an unusable one.
    """
    sent = await unchecked(request, backup_bytes=backup_bytes)
    if not genuine(request, sent):
        raise Forbidden("This page was open for too long. Please go back, reload it and try again.")
    return sent


def genuine(request: web.Request, sent: Form) -> bool:
    """Whether the form carries the token of the person who sends it."""
    given, viewer, shut_out = sent.raw("csrf"), viewer_of(request), request.get(SHUT_OUT)
    if shut_out is not None and _same(shut_out.csrf, given):
        return True
    return _same(viewer.csrf if viewer else _visitor_token(request), given)


def _same(expected: str, given: str) -> bool:
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode())


async def unchecked(request: web.Request, *, backup_bytes: int = 0) -> Form:
    """The form that was sent from one of our pages, whoever is or was signed in there.

    For texts: one whose session has ended is shown again, not lost. Whoever changes anything
    asks `genuine` first.
    """
    refuse_foreign(request)
    try:
        if request.content_type == "multipart/form-data" and (viewer := viewer_of(request)):
            spool = request.config_dict[SPOOL]
            whole_s = READ_BACKUP_S if backup_bytes else READ_FILM_S
            async with in_time(request.content, whole_s, lambda: spool.crowded):
                return await _uploaded(request, viewer, spool, backup_bytes)
        async with in_time(request.content, READ_S, lambda: False):
            if request.content_type == "multipart/form-data":
                return await _multipart(request, _passed_over)
            return await _urlencoded(request)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


def refuse_foreign(request: web.Request) -> None:
    """Raise `Forbidden` unless the browser says that our own page sent this."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        raise Forbidden("This form was sent from another website. Please use the form here.")
    origin = request.headers.get("Origin")
    if site is None and origin is not None and not _ours(request, origin):
        raise Forbidden("This form was sent from another website. Please use the form here.")


def _ours(request: web.Request, origin: str) -> bool:
    base = urlsplit(request.config_dict[SITE].origin)
    try:
        return urlsplit(origin).netloc in (base.netloc, request.host)
    except ValueError:  # no address at all
        return False


async def _urlencoded(request: web.Request) -> Form:
    if (request.content_length or 0) > MAX_TEXT_BYTES:
        raise TooLarge("This is too long to be sent at once.")
    body = await request.read()
    if request.content_type != "application/x-www-form-urlencoded":
        return Form({}, {})
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS
        )
    except ValueError as error:
        raise Invalid("This form could not be read. Please try again.") from error
    return _made(MultiDict(pairs), {})


Take = Callable[[BodyPartReader], Awaitable[Upload | None]]


async def _uploaded(request: web.Request, viewer: Viewer, spool: Spool, backup_bytes: int) -> Form:
    """A member's form. Whoever sends files takes a turn, from the first of them to the end."""
    with ExitStack() as turns:
        taken = 0

        async def take(part: BodyPartReader) -> Upload | None:
            nonlocal taken
            first = await part.read_chunk(64 * 1024)
            if not first or taken >= MAX_FILES:
                await part.release()
                return None
            if not taken:
                turns.enter_context(spool.turn(viewer.account.id, request[ADDRESS]))
            taken += 1
            film = (part.name or "").startswith(FILM_FIELD)
            most = max(MAX_PICTURE_BYTES, spool.most_bytes if film else 0)
            if part.name == BACKUP_FIELD:
                most = max(most, backup_bytes)
                spool.require_room(request.content_length or 0)
            return await spool.take(_from(first, part), most)

        return await _multipart(request, take)


async def _from(first: bytes, part: BodyPartReader) -> AsyncIterator[bytes]:
    yield first
    async for chunk in chunks(part):
        yield chunk


async def _passed_over(part: BodyPartReader) -> Upload | None:
    """A visitor's files take no memory, but are told of."""
    if not await part.read_chunk():
        return None
    await part.release()
    return Upload(b"-")


async def _multipart(request: web.Request, take: Take) -> Form:
    fields: MultiDict[str] = MultiDict()
    files: dict[str, Upload] = {}
    room = MAX_TEXT_BYTES
    try:
        async for part in parts.reader(request):
            if not isinstance(part, BodyPartReader) or not part.name or len(fields) > MAX_FIELDS:
                raise Invalid("This form could not be read. Please try again.")
            if part.filename is None:
                value = await _text(part, room)
                room -= len(value)
                fields.add(part.name, value.decode("utf-8", "replace"))
            elif (upload := await take(part)) is not None:
                files[part.name] = upload
    except parts.BROKEN as error:  # boundaries and headers
        raise Invalid("This form could not be read. Please try again.") from error
    return _made(fields, files)


async def _text(part: BodyPartReader, room: int) -> bytes:
    refusal = TooLarge("A picture may have at most 16 MB, and a text 500 kB.")
    return await held(part, room, refusal)


def _made(fields: MultiDict[str], files: Mapping[str, Upload]) -> Form:
    if len(fields) > MAX_FIELDS:
        raise Invalid("This form could not be read. Please try again.")
    clean = {name: tuple(_clean(value) for value in fields.getall(name)) for name in fields}
    return Form(clean, files)


def _clean(value: str) -> str:
    # NUL is refused by PostgreSQL, lone surrogates by UTF-8; no keyboard makes either.
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def _visitor_cookie(request: web.Request) -> str:
    secure = request.config_dict[SITE].origin.startswith("https:")
    return "__Host-visitor" if secure else "visitor"


def _visitor_token(request: web.Request) -> str:
    token = request.cookies.get(_visitor_cookie(request), "")
    return token if token.isascii() and token.isprintable() else ""  # else it is none of ours


async def visitor_page(
    request: web.Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> web.Response:
    """A page whose form may be sent by somebody who is not signed in."""
    name = _visitor_cookie(request)
    nonce = _visitor_token(request) or secrets.token_urlsafe(16)
    context["csrf"] = nonce
    response = await page(request, template, status=status, headers=headers, **context)
    response.set_cookie(
        name,
        nonce,
        max_age=TOKEN_SECONDS,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=name.startswith("__Host-"),
    )
    return response


def back(sent: Form, otherwise: str) -> str:
    """Where the person came from, if that is here: a path, never another website."""
    return local_path(sent.get("back")) or otherwise


def local_path(wish: str, longest: int = MAX_PATH) -> str:
    """`wish` if it is a path on this very site, else nothing."""
    if not wish.startswith("/") or wish.startswith(("//", "/\\")) or len(wish) > longest:
        return ""
    return "" if any(ord(character) < 33 or character == "\\" for character in wish) else wish


def see(path: str) -> web.Response:
    """Post, redirect, get: `303` to `path`, so that reloading sends nothing twice."""
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})
