"""Servers on loopback that keep what they were asked, and a client that may go there."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractResolver

from federation.http import (
    Client,
)
from federation.keys import make_rsa, signing_key
from federation.signature import SignedRequest, check, read, verify
from federation.vocab import ACTIVITY_JSON, Key

NOW_MS = 1_767_225_600_000  # Thu, 01 Jan 2026 00:00:00 GMT
KEY_ID = "https://here.test/actors/1#main-key"
DER, PEM = make_rsa()
KEY = signing_key(KEY_ID, DER)
PUBLIC_KEY = Key(KEY_ID, "https://here.test/actors/1", PEM)
LOOPBACK = ["127.0.0.0/8"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Peer:
    """A server on loopback that keeps what it was asked."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[SignedRequest] = []
        self.connections: set[Any] = set()
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = tuple((k.decode(), v.decode()) for k, v in request.raw_headers)
        self.requests.append(
            SignedRequest(
                method=request.method,
                target=request.raw_path,
                host=request.headers["Host"],
                scheme=request.scheme,
                headers=headers,
                body=await request.read(),
            )
        )
        self.connections.add(request.transport)
        return await self.handler(request)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [request.target for request in self.requests]

    def header(self, name: str, index: int = -1) -> list[str]:
        return [v for k, v in self.requests[index].headers if k.lower() == name.lower()]


class Names(AbstractResolver):
    """A resolver that says, in turn, what the test wants; its last answer for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host, port=0, family=socket.AF_INET):
        self.asked.append(host)
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [
            {"hostname": host, "host": a, "port": port, "family": family, "proto": 0, "flags": 0}
            for a in addresses
        ]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[Client]:
    settings = {"allowed": LOOPBACK, "allow_http": True} | options
    client = Client(user_agent="Madang/test", now_ms=lambda: NOW_MS, **settings)
    await client.open()
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def raw(talk: Callable[..., Awaitable[None]]) -> AsyncIterator[str]:
    """A peer that speaks bytes: `talk(reader, writer)` for each connection, closed after."""
    talks = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        with suppress(ConnectionError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks)


def says(status: int = 200, body: Any = b"", content_type: str = ACTIVITY_JSON, **headers: str):
    """A handler with one answer. `Retry_After="1"` is the header `Retry-After: 1`."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    fields = {"Content-Type": content_type} | {k.replace("_", "-"): v for k, v in headers.items()}

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, body=data, headers=fields)

    return handler


def in_turn(*handlers: Handler) -> Handler:
    """A handler that answers as each of these in turn, and as the last from then on."""
    left = list(handlers)

    async def handler(request: web.Request) -> web.StreamResponse:
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    return handler


def authentic(request: SignedRequest) -> str:
    """Verify a request as it arrived; the signature scheme it used."""
    signature = read(request)
    check(request, signature, NOW_MS)
    verify(request, signature, PUBLIC_KEY)
    return signature.scheme
