"""Real sockets: many that are idle, some that drip, some that never read, and those in between."""

import asyncio
import gzip
import io
import json
import logging
import re
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, cast

import pytest
import uvloop
from aiohttp import web

from tests.village import eventually
from tests.web.city import City
from web import connections, headers, logs
from web.connections import Connection, Connections

BIG = 32 << 20
STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")


class Desk:
    """A server with few places, and how to come to it."""

    def __init__(self, among: Connections, port: int) -> None:
        self.among = among
        self.port = port
        self.go_on = asyncio.Event()
        self.busy = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that the server knows of."""
        before = len(self.among.came_in)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)

        async def known() -> bool:
            return len(self.among.came_in) > before

        await eventually(known)
        return reader, writer

    async def ask(self, path: str = "/") -> bytes:
        """The whole answer on a connection of its own."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(get(path, "Connection: close"))
        async with asyncio.timeout(30):
            found = await reader.read()
        writer.close()
        return found

    async def close(self) -> None:
        self.go_on.set()
        for writer in self._writers:
            writer.close()


def get(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: alpha.test", *lines, "", ""]).encode()


class Watched(Connections):
    """Which notes who came."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.came_in: list[Connection] = []

    def came(self, one: Connection, transport: asyncio.Transport) -> None:
        self.came_in.append(one)
        super().came(one, transport)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    app = web.Application()
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    among = Watched(3)
    here = Desk(among, 0)

    async def small(_: web.Request) -> web.Response:
        return web.Response(text="small")

    async def big(_: web.Request) -> web.Response:
        return web.Response(body=bytes(BIG))

    async def slow(_: web.Request) -> web.Response:
        here.busy += 1
        await here.go_on.wait()
        return web.Response(text="slow")

    async def length(request: web.Request) -> web.Response:
        return web.Response(text=f"{len(await request.read())} bytes")

    app.router.add_post("/", length)
    app.router.add_get("/", small)
    app.router.add_get("/big", big)
    app.router.add_get("/slow", slow)
    await runner.setup()
    one = socket.create_server(("127.0.0.1", 0))
    here.port = one.getsockname()[1]
    server = await connections.listen(runner, one, None, among)
    yield here
    await here.close()
    server.close()
    await runner.cleanup()


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the other side ends this connection without a word, soon."""
    try:
        async with asyncio.timeout(30):
            return await reader.read() == b""
    except ConnectionError:
        return True


async def test_the_idle_make_room_for_who_asks(desk: Desk) -> None:
    idle = [await desk.open() for _ in range(3)]
    assert (await desk.ask()).startswith(b"HTTP/1.1 200")
    assert await ended(idle[0][0])
    idle[2][1].write(get("/"))
    assert (await idle[2][0].readline()).split()[1] == b"200"
    assert len(desk.among) <= 3


async def test_half_a_head_is_as_idle_as_none(desk: Desk) -> None:
    halves = [await desk.open() for _ in range(3)]
    for _, writer in halves:
        writer.write(b"GET / HTTP/1.1\r\nHost: alpha")
    assert (await desk.ask()).startswith(b"HTTP/1.1 200")
    assert await ended(halves[0][0])


async def test_where_all_are_at_work_the_next_is_told_to_come_later(desk: Desk) -> None:
    working = [await desk.open() for _ in range(3)]
    for _, writer in working:
        writer.write(get("/slow"))

    async def all_busy() -> bool:
        return desk.busy == 3

    await eventually(all_busy)
    reader, _ = await desk.open()
    async with asyncio.timeout(30):
        told = await reader.read()
    assert told.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: 30\r\n" in told
    desk.go_on.set()
    for reader, _ in working:
        assert (await reader.readline()).split()[1] == b"200"
    assert (await desk.ask()).startswith(b"HTTP/1.1 200")


async def test_one_address_has_a_part_of_the_places(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.visitors.LOOPBACK", ())
    desk.among.most, desk.among.of_one = 100, 2
    idle = [await desk.open() for _ in range(3)]
    assert await ended(idle[0][0])
    assert len(desk.among) == 2
    for _, writer in idle[1:]:
        writer.write(get("/slow"))

    async def busy() -> bool:
        return desk.busy == 2

    await eventually(busy)
    assert (await desk.ask()).startswith(b"HTTP/1.1 503")


async def test_who_does_not_read_is_let_go_and_others_are_served(desk: Desk) -> None:
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    await asyncio.get_running_loop().sock_connect(deaf, ("127.0.0.1", desk.port))
    await asyncio.get_running_loop().sock_sendall(deaf, get("/big"))

    async def full() -> bool:
        ways = [one.transport for one in cast(Watched, desk.among).came_in]
        return any(way is not None and way.get_write_buffer_size() for way in ways)

    await eventually(full)
    desk.among.look(1_000.0)
    desk.among.look(1_000.0 + connections.STALL_S / 2)
    await asyncio.sleep(0)
    assert len(desk.among) == 1
    desk.among.look(1_000.0 + connections.STALL_S)

    async def gone() -> bool:
        return not len(desk.among)

    await eventually(gone)
    deaf.close()
    assert (await desk.ask()).startswith(b"HTTP/1.1 200")
    assert len(await desk.ask("/big")) > BIG


async def _on_the_loop_that_serves() -> None:
    """Idle ones make room, and who does not read is let go."""
    app = web.Application()

    async def big(_: web.Request) -> web.Response:
        return web.Response(body=bytes(BIG))

    app.router.add_get("/big", big)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    among, one = Watched(2), socket.create_server(("127.0.0.1", 0))
    server = await connections.listen(runner, one, None, among)
    port = one.getsockname()[1]
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    assert await ended(opened[0][0])
    opened[2][1].write(get("/big"))

    async def full() -> bool:
        way = among.came_in[2].transport
        return way is not None and way.get_write_buffer_size() > 0

    await eventually(full)
    among.look(1_000.0)
    among.look(1_000.0 + connections.STALL_S)

    async def gone() -> bool:
        return len(among) == 1

    await eventually(gone)
    for _, writer in opened:
        writer.close()
    server.close()
    await runner.cleanup()


def test_it_is_the_same_on_the_loop_that_serves() -> None:
    """`madang serve` runs on uvloop, whose transports are of a kind of their own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_on_the_loop_that_serves())


class Way:
    """A transport from which so much waits to be read."""

    def __init__(self, *waiting: int) -> None:
        self._waiting = iter(waiting)
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return next(self._waiting)

    def abort(self) -> None:
        self.aborted = True

    def get_extra_info(self, _: str) -> tuple[str, int]:
        return ("192.0.2.1", 1)


@pytest.mark.parametrize(
    ("waiting", "aborted"),
    [
        ((70_000, 70_000, 70_000), True),
        ((70_000, 69_000, 68_000), True),
        ((300, 300, 300), True),
        ((70_000, 50_000, 30_000), False),
        ((70_000, 10_000, 70_000), False),
        ((70_000, 0, 70_000), False),
        ((0, 0, 0), False),
    ],
)
def test_slowly_is_not_never(waiting: tuple[int, ...], aborted: bool) -> None:
    among, way = Connections(8), Way(*waiting)
    among.came(cast(Any, object()), cast(Any, way))
    for now_s in (0.0, connections.STALL_S / 2, connections.STALL_S):
        among.look(now_s)
    assert way.aborted == aborted


async def test_a_head_that_drips_in_has_an_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEEPALIVE_S", 0.2)
    reader, writer = await desk.open()
    drip = asyncio.create_task(_drip(writer))
    assert await ended(reader)
    drip.cancel()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET / HTTP/1.1\r\n")
    for n in range(1_000):
        writer.write(b"X-%d: y\r\n" % n)
        await asyncio.sleep(0.02)


# --- what is no request, or more than one

HOST = b"Host: localhost:8080\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
POST = b"POST /language HTTP/1.1\r\n" + HOST + FORM
HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(200)

SHAPES: dict[str, tuple[bytes, set[int]]] = {
    "http/1.0 without a host": (b"GET /about HTTP/1.0\r\n\r\n", {200}),
    "http/1.1 without a host": (b"GET /about HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (b"GET /about HTTP/1.1\r\n" + HOST + b"Host: evil.test\r\n\r\n", {400}),
    "the same host twice": (b"GET /about HTTP/1.1\r\n" + HOST * 2 + b"\r\n", {400}),
    "a host with a space": (b"GET /about HTTP/1.1\r\nHost: a b\r\n\r\n", {200, 400}),
    "an absolute address": (
        b"GET http://localhost:8080/about HTTP/1.1\r\n" + HOST + b"\r\n",
        {200},
    ),
    "an absolute address elsewhere": (
        b"GET http://evil.test/about HTTP/1.1\r\n" + HOST + b"\r\n",
        {200, 400},
    ),
    "an authority": (b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\n\r\n", {400, 404, 405}),
    "a star": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", {400, 404, 405}),
    "no path": (b"GET about HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "trace": (b"TRACE /about HTTP/1.1\r\n" + HOST + b"\r\n", {405}),
    "a method of their own": (b"FROBNICATE /about HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
    "a method in small letters": (b"get /about HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
    "http/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    "a version of their own": (b"GET /about HTTP/9.9\r\n" + HOST + b"\r\n", {400}),
    "tls": (HELLO, {400}),
    "an answer": (b"HTTP/1.1 200 OK\r\n\r\n", {400}),
    "length and chunks": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        {400},
    ),
    "two lengths": (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", {400}),
    "a list of lengths": (POST + b"Content-Length: 5, 5\r\n\r\nabcde", {400}),
    "a length with a sign": (POST + b"Content-Length: +5\r\n\r\nabcde", {400}),
    "a length in hexadecimal": (POST + b"Content-Length: 0x5\r\n\r\nabcde", {400}),
    "a length below nothing": (POST + b"Content-Length: -1\r\n\r\n", {400}),
    "a length beyond all": (POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", {400}),
    "chunked in disguise": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", {400}),
    "chunked, then not": (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", {400}),
    "chunked twice": (
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        {400},
    ),
    "chunks in http/1.0": (
        POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        {400},
    ),
    "a space before the colon": (POST + b"Content-Length : 0\r\n\r\n", {400}),
    "a folded header": (b"GET /about HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", {400}),
    "a null in a header": (b"GET /about HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n", {400}),
    "a bare return in a header": (b"GET /about HTTP/1.1\r\n" + HOST + b"X: a\rb\r\n\r\n", {400}),
    "lines without returns": (
        b"GET /about HTTP/1.1\nHost: localhost:8080\nX: y\n\n",
        {200, 400},
    ),
    "a giant header": (
        b"GET /about HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
        {400},
    ),
    "a giant name": (
        b"GET /about HTTP/1.1\r\n" + HOST + b"a" * 70_000 + b": x\r\n\r\n",
        {400},
    ),
    "a thousand headers": (
        b"GET /about HTTP/1.1\r\n"
        + HOST
        + b"".join(b"X-%d: y\r\n" % n for n in range(1000))
        + b"\r\n",
        {400},
    ),
    "a giant address": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {400, 414}),
    "an expectation of their own": (
        b"GET /about HTTP/1.1\r\n" + HOST + b"Expect: a miracle\r\n\r\n",
        {417},
    ),
    "an upgrade to what we do not speak": (
        b"GET /about HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        {200},
    ),
    "a websocket where there is none": (
        b"GET /about HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        {200},
    ),
    "a chunk beyond all": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 40 + b"\r\nabc\r\n0\r\n\r\n",
        {400},
    ),
    "a chunk that is no number": (POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", {400}),
    "a chunk longer than it says": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabcdef\r\n0\r\n\r\n",
        {400},
    ),
}


@pytest.fixture
async def front(city: City) -> AsyncIterator[int]:
    """The port of a real city, behind the connections that `madang serve` makes."""
    among = Connections(100)
    one = socket.create_server(("127.0.0.1", 0))
    port = one.getsockname()[1]
    runner = cast(web.AppRunner, city.server.runner)
    server = await connections.listen(runner, one, None, among)
    yield port
    server.close()


async def answered(port: int, data: bytes, answers: int = 1) -> bytes:
    """What comes back for these bytes: so many answers, and what else comes right behind them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    found = b""
    try:
        async with asyncio.timeout(30):
            while len(STATUS.findall(found)) < answers and (more := await reader.read(1 << 16)):
                found += more
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                found += await reader.read()
    except ConnectionError:
        pass
    finally:
        writer.close()
    return found


@pytest.fixture
def log() -> Any:
    """What the real log says."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    server = logging.getLogger("aiohttp.server")
    filters = server.filters[:]
    logs.configure(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    server.filters[:] = filters
    logging.captureWarnings(False)


async def test_what_is_packed_is_not_unpacked(desk: Desk) -> None:
    """Nobody else would have a turn meanwhile, whatever becomes of the request."""
    packed = gzip.compress(bytes(1 << 20))
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
    lines = ("Content-Encoding: gzip", f"Content-Length: {len(packed)}", "Connection: close")
    writer.write(get("/", *lines).replace(b"GET", b"POST", 1) + packed)
    async with asyncio.timeout(10):
        assert f"{len(packed)} bytes".encode() in await reader.read()
    writer.close()


async def test_what_is_no_request_is_refused_in_one_line(
    front: int, log: io.StringIO, subtests: Any
) -> None:
    for name, (data, expected) in SHAPES.items():
        with subtests.test(name):
            log.seek(0)
            log.truncate()
            found = await answered(front, data)
            assert {int(status) for status in STATUS.findall(found)} <= expected, found[:300]
            assert found
            head = found.partition(b"\r\n\r\n")[0].decode("latin-1").lower()
            for header in headers.GUARDS:
                assert f"\r\n{header.lower()}: " in head
            lines = [json.loads(line) for line in log.getvalue().splitlines()]
            assert len(lines) <= 1, lines
            assert not [line for line in lines if line["level"] != "info" or "error" in line]


async def test_nothing_hides_behind_a_request(front: int) -> None:
    """What a front server reads as the body of one request is never answered as another."""
    behind = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
    for data in (
        POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + behind,
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + behind,
        POST + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(behind) + behind,
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + behind,
        POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + behind,
    ):
        assert len(STATUS.findall(await answered(front, data))) == 1, data


async def test_requests_in_a_row_are_answered_in_their_order(front: int) -> None:
    asked = b"".join(
        b"GET %s HTTP/1.1\r\n%s\r\n" % (path, HOST)
        for path in (b"/healthz", b"/nowhere", b"/healthz")
    )
    found = await answered(front, asked, answers=3)
    assert STATUS.findall(found) == [b"200", b"404", b"200"]


async def test_a_body_that_drips_in_is_answered_408_and_the_connection_ends(
    front: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pace.LOOK_S", 0.1)
    monkeypatch.setattr("web.inbox.READ_S", 0.1)
    inbox = b"POST /inbox HTTP/1.1\r\n" + HOST + b"Content-Type: application/activity+json\r\n"
    ping = b"POST /webmention HTTP/1.1\r\n" + HOST + FORM
    monkeypatch.setattr("web.pings.READ_S", 0.1)
    for start in (POST, inbox, ping, b"POST /oauth/token HTTP/1.1\r\n" + HOST + FORM):
        reader, writer = await asyncio.open_connection("127.0.0.1", front)
        writer.write(start + b"Content-Length: 1000\r\n\r\na=")
        async with asyncio.timeout(30):
            assert (await reader.readline()).split()[1] == b"408", start
            head = await reader.readuntil(b"\r\n\r\n")
        assert b"\r\nConnection: close\r\n" in b"\r\n" + head
        writer.close()
