"""Streams for apps: Server-Sent Events and a WebSocket. docs.joinmastodon.org/methods/streaming

    GET /api/v1/streaming/user              one channel, as events (WHATWG HTML §9.2)
    GET /api/v1/streaming?stream=user       a WebSocket for many channels (RFC 6455)

The token comes in the `Authorization` header, as `access_token`, or as `Sec-WebSocket-Protocol`. A
stream ends with its token.
"""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from server.errors import AppError, BadToken, NotFound, TooMany, Unauthorized
from server.services import lists
from server.store.db import DatabaseError
from web import failures, i18n
from web.api.access import anybody
from web.api.channels import NOT_YOURS, Channel, channel
from web.api.shape import gives
from web.i18n import N_
from web.keys import DB, HUB, REQUEST_ID, SITE, STREAM, Viewer
from web.live import Crowded
from web.streams import EVENT_HEADERS, STREAMING, Message, Name, Stream

routes = web.RouteTableDef()

HEARTBEAT_S: Final = 15.0
PING_S: Final = 30.0  # whoever does not answer within half of that has gone
CLOSING_S: Final = 0.5  # for the other side to say goodbye
CROWDED_S: Final = 60
MAX_WORDS: Final = 4 * 1024  # bytes of a message from an app
MAX_UNREAD: Final = 64 * 1024  # bytes that wait for a slow reader before it is let go
MAX_WISHES: Final = 300  # messages of an app within `WISHES_S`, its pings among them
WISHES_S: Final = 60.0

NO_STREAM: Final = N_("Open a WebSocket at this address.")
TOO_MUCH: Final = N_("This is too much for one stream. Close some of it first.")
PATHS: Final = {
    "user": "user",
    "user/notification": "user:notification",
    "public": "public",
    "public/local": "public:local",
    "public/remote": "public:remote",
    "hashtag": "hashtag",
    "hashtag/local": "hashtag:local",
    "list": "list",
    "direct": "direct",
}


class Wish(msgspec.Struct, frozen=True):
    """Which hashtag, or which list. A token may stand here too: a browser can give no header."""

    tag: str = ""
    list: str = ""
    only_media: bool = False
    access_token: str = ""


class Opening(Wish, frozen=True):
    """A first stream, where one is wanted at once. `stream`: user, public:local, ..."""

    stream: str = ""


@routes.get(f"{STREAMING}/health")
@anybody()
@gives(str, media="text/plain")
async def health(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Whether streams can be opened here."""
    return web.Response(text="OK")


# --- Server-Sent Events


@anybody()
@gives(str, query=Wish, media="text/event-stream")
async def events(request: web.Request, visitor: Viewer | None) -> web.StreamResponse:
    """One channel, for as long as somebody listens."""
    viewer, kind = _member(visitor), PATHS[request.path.removeprefix(STREAMING).strip("/")]
    if kind.startswith("public") and request.query.get("only_media", "") in ("true", "1", "on"):
        kind += ":media"
    wish = channel(viewer, kind, dict(request.query))
    await _check_list(request, viewer, wish)
    stream, hub = _stream(request, viewer), request.config_dict[HUB]
    try:
        with hub.keep(stream):
            hub.subscribe(stream, wish.name, wish.topics)
            return await _events(request, stream)
    except Crowded:
        return await _crowded(request)


for path in PATHS:
    routes.get(f"{STREAMING}/{path}", allow_head=False)(events)


def _member(viewer: Viewer | None) -> Viewer:
    """Raise `Unauthorized` for a visitor: as Mastodon's, our streams are for members."""
    if viewer is None:
        raise BadToken("The access token is missing or not valid: sign in again.")
    return viewer


def _stream(request: web.Request, viewer: Viewer) -> Stream:
    request[STREAM] = True
    return Stream(request, viewer.account.id, viewer.token_id or 0)


async def _crowded(request: web.Request) -> web.StreamResponse:
    response = await failures.answer(request, HTTPStatus.SERVICE_UNAVAILABLE, None)
    response.headers["Retry-After"] = str(CROWDED_S)
    return response


async def _events(request: web.Request, stream: Stream) -> web.StreamResponse:
    response = web.StreamResponse(headers={**EVENT_HEADERS, "X-Request-Id": request[REQUEST_ID]})
    response.force_close()
    clock = asyncio.get_running_loop().time
    with suppress(ConnectionError):
        await response.prepare(request)
        await response.write(b":)\n")
        beat = clock() + HEARTBEAT_S
        while not stream.closed and not stream.gone():
            waiting = await stream.wait(max(0.0, beat - clock()))
            if clock() >= beat:
                waiting.append((("",), _THUMP))
                beat = clock() + HEARTBEAT_S
            if _too_slow(request):
                stream.abort()
            elif waiting:
                await response.write(b"".join(_event(message) for _, message in waiting))
    return response


_THUMP: Final = Message("", None)


def _event(message: Message) -> bytes:
    if message is _THUMP:
        return b":thump\n"
    payload = b"undefined" if message.payload is None else message.payload
    return b"event: %b\ndata: %b\n\n" % (message.event.encode(), payload)


def _too_slow(request: web.Request) -> bool:
    transport = request.transport
    return transport is not None and transport.get_write_buffer_size() > MAX_UNREAD


async def _check_list(request: web.Request, viewer: Viewer, wish: Channel) -> None:
    """Raise `Unauthorized` for the list of somebody else, which looks like none at all."""
    if wish.list_id is None:
        return
    owner = await request.config_dict[DB].read(lists.owner, wish.list_id)
    if owner != viewer.account.id:
        raise Unauthorized(NOT_YOURS)


# --- WebSocket


@routes.get(STREAMING, allow_head=False)
@anybody()
@gives(None, query=Opening, status=101)
async def socket(request: web.Request, visitor: Viewer | None) -> web.StreamResponse:
    """Many channels; which, the app says and unsays."""
    viewer = _member(visitor)
    protocol = request.headers.get("Sec-WebSocket-Protocol", "")
    answer = web.WebSocketResponse(
        protocols=[one.strip() for one in protocol.split(",")] if protocol else (),
        heartbeat=PING_S,
        autoping=False,  # aiohttp answers them without end, and nobody else has a turn
        timeout=CLOSING_S,
        compress=False,  # a window of zlib for each of a thousand streams is 300 MB
        max_msg_size=MAX_WORDS,
    )
    if not answer.can_prepare(request):
        raise NotFound(NO_STREAM)
    stream = _stream(request, viewer)
    try:
        with request.config_dict[HUB].keep(stream):
            await answer.prepare(request)
            await _Talk(request, viewer, stream, answer).talk()
    except Crowded:
        return await _crowded(request)
    return answer


class _Talk:
    """One WebSocket: its app's wishes, read in order, and what it is told."""

    def __init__(
        self,
        request: web.Request,
        viewer: Viewer,
        stream: Stream,
        socket: web.WebSocketResponse,
    ) -> None:
        self._request = request
        self._viewer = viewer
        self._stream = stream
        self._socket = socket
        self._language = i18n.choose(
            request, request.config_dict[SITE].languages, viewer.member.language
        )

    async def talk(self) -> None:
        """Until one side ends it."""
        telling = asyncio.create_task(self._tell())
        try:
            if (kind := self._request.query.get("stream")) is not None:
                await self._obey({**self._request.query, "type": "subscribe", "stream": kind})
            await self._listen()
        finally:
            if not self._stream.closed:  # else it is about to say goodbye
                telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling

    async def _listen(self) -> None:
        clock, wishes, since = asyncio.get_running_loop().time, 0, 0.0
        async for said in self._socket:
            if clock() - since > WISHES_S:
                wishes, since = 0, clock()
            wishes += 1
            if wishes > MAX_WISHES:
                await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return
            if said.type is WSMsgType.TEXT:
                with suppress(msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                    await self._obey(msgspec.json.decode(said.data))
            elif said.type is WSMsgType.PING:
                with suppress(ConnectionError):
                    await self._socket.pong(said.data)
            elif said.type is not WSMsgType.PONG:
                await self._socket.close(
                    code=WSCloseCode.UNSUPPORTED_DATA, message=b"Please send text."
                )
                return

    async def _obey(self, wish: Any) -> None:  # noqa: ANN401
        """Do what the app wants; what is no wish is passed over, as Mastodon does."""
        if not isinstance(wish, dict) or wish.get("type") not in ("subscribe", "unsubscribe"):
            return
        try:
            found = channel(self._viewer, wish.get("stream"), wish)
            if wish["type"] == "unsubscribe":
                self._request.config_dict[HUB].streams.unsubscribe(self._stream, found.name)
                return
            await _check_list(self._request, self._viewer, found)
            if not self._request.config_dict[HUB].subscribe(self._stream, found.name, found.topics):
                raise TooMany(TOO_MUCH)
        except AppError as error:
            await self._refuse(error)
        except DatabaseError:
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)

    async def _refuse(self, error: AppError) -> None:
        said = {"error": i18n.say(error, self._language), "status": int(error.status)}
        with suppress(ConnectionError):
            await self._socket.send_str(msgspec.json.encode(said).decode())

    async def _tell(self) -> None:
        """Send what comes; at the end of the stream close the socket."""
        with suppress(ConnectionError):
            while not self._stream.closed:
                for name, message in await self._stream.wait(PING_S):
                    await self._socket.send_frame(_frame(name, message), WSMsgType.TEXT)
            await self._socket.close(code=WSCloseCode.GOING_AWAY)


def _frame(name: Name, message: Message) -> bytes:
    return b'{"stream":%b,%b' % (msgspec.json.encode(name), message.quoted)
