"""A server on the open Internet, and one that nobody may reach: every connection is written down.

The client is the one of production: public addresses, https and 443 alone. Where it would connect
to `PUBLIC`, it is led to a server on loopback instead; anywhere else, to one with private answers.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractResolver

from federation.http import Client
from federation.vocab import ACTIVITY_JSON
from tests.certificates import certificate
from tests.server.world import NOW, actor_document, note

PUBLIC = "93.184.215.14"
FAR = "https://far.test"
AWAY = "https://away.test"  # leads to `Outside.target`
PRIVATE = "what only those within may read"
ROOT = Path(__file__).parents[2]

Address = tuple[str, int]


class Names(AbstractResolver):
    """Names that end in .test are public; the others are what `inward` says."""

    def __init__(self) -> None:
        self.inward: dict[str, str] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[Any]:
        """One address for each name. Raises `OSError` for what is not known."""
        address = self.inward.get(host, PUBLIC if host.endswith(".test") else "")
        if not address:
            raise OSError(f"no such name: {host}")
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": kind,
                "proto": 0,
                "flags": 0,
            }
        ]

    async def close(self) -> None:
        """Nothing to close."""


class Outside:
    """What our client connected to, what it asked for, and from where in our code."""

    def __init__(self, client: Client, names: Names) -> None:
        self.client, self.names = client, names
        self.connected: list[Address] = []
        self.asked: list[tuple[str, str]] = []
        self.callers: set[str] = set()
        self.target = ""

    @property
    def strayed(self) -> list[Address]:
        """Connections that must not be."""
        return [one for one in self.connected if one != (PUBLIC, 443)]

    def forget_names(self) -> None:
        """What was resolved a minute ago is resolved anew."""
        assert self.client._session is not None
        connector: Any = self.client._session.connector
        connector.clear_dns_cache()

    async def public(self, request: web.BaseRequest) -> web.StreamResponse:
        """What the open Internet says."""
        self.asked.append((request.host, request.path_qs))
        if request.host == "away.test":
            target = f"{self.target}{request.path_qs}"
            return web.Response(status=307, headers={"Location": target})
        return said(request, "")

    async def private(self, request: web.BaseRequest) -> web.StreamResponse:
        """What is within says the same, and more."""
        return said(request, PRIVATE)


def said(request: web.BaseRequest, secret: str) -> web.StreamResponse:
    """One answer for every path: what the path asks for, about the host that was asked."""
    base, of = f"https://{request.host}", request.query.get("of", "")
    uri = f"{base}{request.path_qs}"
    kind = request.path.rpartition("/")[2]
    if kind in ("stamp", "inbox", "hook", "send"):
        return web.Response(status=404)
    if kind == "led":
        return web.Response(status=307, headers={"Location": uri.replace("/led?", "/chain?")})
    if kind == "picture":
        return web.Response(body=b"no picture", content_type="image/png")
    if kind == "film":
        return web.Response(body=b"no film", content_type="video/mp4")
    if kind in ("page", "heading", "entry"):
        return _page(kind, of, secret)
    if kind not in _DOCUMENTS:
        return web.Response(status=404)
    return _json({**_DOCUMENTS[kind](base, uri, of), "summary": secret})


def _page(kind: str, of: str, secret: str) -> web.Response:
    headers = {"Link": f'<{of}/hook>; rel="webmention"'} if kind == "heading" else {}
    link = {
        "page": f'<link rel="alternate" type="application/json+oembed" href="{of}/embed">',
        "entry": f'<link rel="webmention" href="{of}/hook">',
        "heading": "",
    }[kind]
    if of.startswith("trackback:"):
        link = f'<link rel="trackback" href="{of.removeprefix("trackback:")}/hook">'
    return web.Response(text=f"{link}<p>{secret}", content_type="text/html", headers=headers)


def _json(document: dict[str, Any]) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), content_type=ACTIVITY_JSON)


def _key(base: str, uri: str, of: str) -> dict[str, Any]:
    return {"id": uri, "owner": of, "publicKeyPem": "PEM"}


def _webfinger(base: str, uri: str, of: str) -> dict[str, Any]:
    host = of.partition("//")[2].partition("/")[0] or base.partition("//")[2]
    link = {"rel": "self", "type": ACTIVITY_JSON, "href": f"{base}/eve"}
    return {"subject": f"acct:eve@{host}", "links": [link]}


def _list(base: str, uri: str, of: str) -> dict[str, Any]:
    items = [f"{of}/note?{_number(uri)}"] if of else []
    return {"id": uri, "type": "OrderedCollection", "orderedItems": items}


def _chain(base: str, uri: str, of: str) -> dict[str, Any]:
    """An answer to an answer, without end; each by somebody else, where `of` is on another host."""
    nth = int(uri.rpartition("=")[2])
    above = f"{of.format(nth + 1) if of else base}/led?of={quote(of, safe='')}&n={nth + 1}"
    listed = f"{base}/list?of={quote(base, safe='')}&n={nth}"
    more = {"inReplyTo": above, "quote": f"{base}/note?n={nth}", "context": listed}
    return note(uri.replace("/chain?", "/led?"), f"{base}/eve?n={nth}", **more)


def _number(uri: str) -> str:
    """So that everything of one look is new."""
    return uri.rpartition("?")[2].rpartition("&")[2]


_DOCUMENTS: dict[str, Any] = {
    "eve": lambda base, uri, of: actor_document(uri),
    "key": _key,
    "note": lambda base, uri, of: note(uri, f"{base}/eve?{_number(uri)}", replies=f"{base}/list"),
    "list": _list,
    "chain": _chain,
    "astray": lambda base, uri, of: {
        "id": uri,
        "type": "OrderedCollection",
        **dict.fromkeys(("first", "next", "replies"), f"{of}/list?n=1"),
    },
    "embed": lambda base, uri, of: {"type": "link", "title": "Embedded"},
    "webfinger": _webfinger,
}


@asynccontextmanager
async def outside(folder: Path, *names: str) -> AsyncIterator[Outside]:
    """The client of production and the two servers, while it lasts."""
    authority, context = certificate(folder, *names)
    resolver = Names()
    client = Client(
        user_agent="Madang/test",
        now_ms=lambda: NOW,
        ca_file=str(authority),
        resolver=resolver,
    )
    world = Outside(client, resolver)
    await client.open()
    runners, ports = [], []
    for handler in (world.public, world.private):
        runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        assert site._server is not None
        sockets: Any = site._server.sockets  # type: ignore[attr-defined]
        ports.append(sockets[0].getsockname()[1])
        runners.append(runner)
    _led(world, *ports)
    _watched(world)
    try:
        yield world
    finally:
        await client.close()
        for runner in runners:
            await runner.cleanup()


def _led(world: Outside, public: int, private: int) -> None:
    """Write down every connection that this loop makes, and lead it to where it does no harm."""
    loop: Any = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def led(sock: socket.socket, address: Any) -> None:
        world.connected.append((str(address[0]), int(address[1])))
        port = public if world.connected[-1] == (PUBLIC, 443) else private
        here = ("::ffff:127.0.0.1", port) if sock.family == socket.AF_INET6 else ("127.0.0.1", port)
        await connect(sock, here)

    loop.sock_connect = led


def _watched(world: Outside) -> None:
    """Write down which functions of ours stand above each request."""
    client: Any = world.client
    exchange = client._exchange

    async def watched(*args: Any, **more: Any) -> Any:
        frame = sys._getframe(1)
        while frame is not None:
            file = Path(frame.f_code.co_filename)
            if file.is_relative_to(ROOT / "server"):
                world.callers.add(f"{file.relative_to(ROOT)}:{frame.f_code.co_qualname}")
            frame = frame.f_back  # type: ignore[assignment]
        return await exchange(*args, **more)

    client._exchange = watched
