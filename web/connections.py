"""Connections: how many there may be, and none whose answers nobody reads.

aiohttp ends a connection on which no request comes within `KEEPALIVE_S`, and waits for ever for who
does not read. Here the idle make room when it gets narrow, so that whoever opens thousands keeps
nobody out, and who reads next to nothing for `STALL_S` is let go.
"""

import asyncio
import resource
import socket
import ssl
from collections import Counter
from contextlib import suppress
from typing import Any, Final, cast

from aiohttp import web

from web import visitors
from web.headers import GUARDS, SERVER
from web.limits import network

KEEPALIVE_S: Final = 60.0  # also the deadline for the first request of a connection
BACKLOG: Final = 1024
HANDSHAKE_S: Final = 15.0
LOOK_S: Final = 5.0
STALL_S: Final = 60.0
LEAST_BYTES: Final = 16 << 10  # in that time; a telephone of the year 2000 read ten times as much
OPEN_FILES: Final = 8_192  # where the system sets no limit
NO_HTTP: Final = "This is not a request that can be answered.\n"
FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)


class Connections:
    """Which are open, the longest first."""

    def __init__(self, most: int, trusted: tuple[str, ...] = ()) -> None:
        """At most `most`, and a quarter of them from one address that is no proxy of ours."""
        self.most = most
        self.of_one = max(1, most // 4)
        self._trusted = trusted
        self._open: dict[Connection, str] = {}
        self._of: Counter[str] = Counter()
        self._ways: dict[Connection, asyncio.Transport] = {}
        self._unread: dict[Connection, tuple[float, int]] = {}

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def came(self, one: "Connection", transport: asyncio.Transport) -> None:
        """A new one, for which an idle one goes where it is too many; it goes itself if none is."""
        home = self._home(transport)
        full = len(self._open) >= self.most
        crowded = bool(home) and self._of[home] >= self.of_one
        refused = (full or crowded) and not self._make_room(home if crowded else "")
        self._ways[one] = transport
        self._open[one] = home
        self._of[home] += 1
        if refused:
            transport.write(FULL)
            one.force_close()

    def went(self, one: "Connection") -> None:
        """It is closed, whoever closed it."""
        self._forget(one)
        self._ways.pop(one, None)
        self._unread.pop(one, None)

    def look(self, now_s: float) -> None:
        """End those that have read next to nothing for `STALL_S` of what waits for them."""
        for one, transport in list(self._ways.items()):
            waiting = transport.get_write_buffer_size()
            since_s, before = self._unread.get(one, (now_s, waiting))
            if not waiting:
                self._unread.pop(one, None)
            elif waiting > before or before - waiting >= LEAST_BYTES:
                self._unread[one] = now_s, waiting
            elif now_s - since_s >= STALL_S:
                transport.abort()
            else:
                self._unread[one] = since_s, before

    async def run(self) -> None:
        """Look, now and then, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look(asyncio.get_running_loop().time())

    def _home(self, transport: asyncio.Transport) -> str:
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        return "" if visitors.is_ours(address, self._trusted) else network(address)

    def _make_room(self, home: str) -> bool:
        """End the one that is idle longest, of an address where one is named."""
        for one, of in self._open.items():
            if (not home or of == home) and one.idle:
                self._forget(one)
                one.force_close()
                self._ways[one].abort()
                return True
        return False

    def _forget(self, one: "Connection") -> None:
        if (home := self._open.pop(one, None)) is None:
            return
        self._of[home] -= 1
        if not self._of[home]:
            del self._of[home]


class Connection(web.RequestHandler):
    """One connection, which its server's `Connections` know of."""

    __slots__ = ("_among",)

    def __init__(self, server: web.Server, among: Connections) -> None:
        """For a server that runs."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEPALIVE_S,
            access_log=None,  # type: ignore[arg-type]  # it says so itself
            auto_decompress=False,  # what is packed is refused: see `middleware.unpacked`
        )
        self._among = among

    @property
    def idle(self) -> bool:
        """Whether it waits for a request, or for the rest of the head of one."""
        return self._waiter is not None and not self._waiter.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        super().connection_made(transport)
        self._among.came(self, cast(asyncio.Transport, transport))  # uvloop's is no subclass

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is closed."""
        self._among.went(self)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP is told so in our words: its own are for the log."""
        said = NO_HTTP if message is not None else None
        response = super().handle_error(request, status, exc, said)
        response.headers.update({**GUARDS, "Server": SERVER})
        return response


async def listen(
    runner: web.AppRunner, one: socket.socket, tls: ssl.SSLContext | None, among: Connections
) -> asyncio.Server:
    """Serve on a socket. `runner` is set up, and cleaned up after this is closed."""
    server = runner.server
    assert server is not None  # noqa: S101  it is set up
    more: dict[str, Any] = {"ssl_handshake_timeout": HANDSHAKE_S} if tls else {}
    return await asyncio.get_running_loop().create_server(
        lambda: Connection(server, among), sock=one, ssl=tls, backlog=BACKLOG, **more
    )


def room() -> int:
    """How many connections there may be: a quarter of the open files is for other things."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = OPEN_FILES if soft == resource.RLIM_INFINITY else soft
    return max(16, files * 3 // 4)


async def stop(servers: list[asyncio.Server], looking: asyncio.Task[None]) -> None:
    """Accept nobody any more; what is open stays for the runner to end."""
    for server in servers:
        server.close()
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
