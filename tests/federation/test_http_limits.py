"""However much a server says, and however slowly: the client takes so much, for so long."""

import asyncio
import gzip
import socket

import aiohttp
import pytest
from aiohttp import web

from federation.errors import Unreachable
from federation.guard import Refused
from federation.http import (
    MAX_DOCUMENT_BYTES,
    NO_SUCH_NAME,
    TOTAL_S,
    Client,
)
from tests.federation.loopback import (
    KEY,
    NOW_MS,
    Handler,
    Names,
    in_turn,
    opened,
    raw,
    says,
)
from tests.loop_time import LoopTime

PATIENCE_S = 60.0  # of machines that do much else


async def test_a_body_of_exactly_the_limit_is_read_and_one_more_byte_is_not(serve, client):
    peer = await serve(says(200, b"x" * MAX_DOCUMENT_BYTES))
    assert len((await client.get(peer.url(), accept="*/*")).body) == MAX_DOCUMENT_BYTES
    peer.handler = says(200, b"x" * (MAX_DOCUMENT_BYTES + 1))
    with pytest.raises(Unreachable, match="more than"):
        await client.get(peer.url(), accept="*/*")
    peer.handler = says(200, b"x" * 11)
    with pytest.raises(Unreachable, match="more than 10 bytes"):
        await client.picture(peer.url(), max_bytes=10)


async def test_a_small_compressed_body_is_unpacked(serve, client):
    peer = await serve(says(200, gzip.compress(b"hello"), Content_Encoding="gzip"))
    assert (await client.get(peer.url(), accept="*/*")).body == b"hello"


@pytest.mark.parametrize("members", [1, 64])
async def test_a_gzip_bomb_is_counted_after_it_is_unpacked(serve, client, members):
    bomb = gzip.compress(bytes(64 * MAX_DOCUMENT_BYTES // members)) * members
    assert len(bomb) < MAX_DOCUMENT_BYTES
    peer = await serve(says(200, bomb, Content_Encoding="gzip"))
    with pytest.raises(Unreachable, match="more than"):
        await client.get(peer.url(), accept="*/*")


@pytest.mark.parametrize(
    "body", [b"not gzip at all", gzip.compress(b"hello" * 99, mtime=0)[:-20], b""]
)
async def test_a_broken_compressed_body_is_no_crash(serve, client, body):
    peer = await serve(says(200, body, Content_Encoding="gzip"))
    try:
        assert len((await client.get(peer.url(), accept="*/*")).body) < 500
    except Unreachable:
        return


async def test_many_empty_gzip_members_are_no_crash(serve, client):
    peer = await serve(says(200, gzip.compress(b"") * 20_000, Content_Encoding="gzip"))
    try:
        assert (await client.get(peer.url(), accept="*/*")).body == b""
    except Unreachable:
        return


async def test_a_body_that_never_ends_is_cut_at_the_limit():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            await writer.drain()

    async with raw(talk) as url, opened() as client:
        with pytest.raises(Unreachable, match="more than"):
            await client.get(url, accept="*/*")


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Ty",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nhalf",
    ],
)
async def test_a_peer_that_stops_in_the_middle_is_left_after_the_time_limit(beginning):
    left, clock = asyncio.Event(), LoopTime()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(beginning)
        clock.forward(TOTAL_S + 1)
        while await reader.read(100):
            pass
        left.set()

    async with raw(talk) as url, opened() as client:
        with pytest.raises(Unreachable, match="timeout"):
            await client.get(url, accept="*/*")
        await asyncio.wait_for(left.wait(), PATIENCE_S)
        with pytest.raises(Unreachable, match="timeout"):
            await client.post(url, b"{}", key=KEY)


async def anybody(_: str) -> bool:
    return True


@pytest.mark.parametrize(
    "ask",
    [
        lambda client, url: client.get(url, accept="*/*"),
        lambda client, url: client.picture(url, max_bytes=1),
        lambda client, url: client.page(
            url, accept="*/*", max_bytes=1, total_s=TOTAL_S, welcome=anybody
        ),
    ],
    ids=["get", "picture", "page"],
)
async def test_the_time_limit_covers_all_redirects_together(serve, ask):
    never, clock = asyncio.Event(), LoopTime()

    def later(location: str) -> Handler:
        async def redirect(request: web.Request) -> web.StreamResponse:
            clock.forward(0.4 * TOTAL_S)
            return await says(302, Location=location)(request)

        return redirect

    async def hang(request: web.Request) -> web.Response:
        clock.forward(0.4 * TOTAL_S)
        await never.wait()
        return web.Response()

    peer = await serve(in_turn(later("/b"), later("/c"), hang))
    async with opened() as client:
        client._timeout = aiohttp.ClientTimeout()  # what each request has for itself
        with pytest.raises(Unreachable, match="timeout"):
            await ask(client, peer.url("/a"))
    never.set()
    assert len(peer.requests) == 3


async def test_a_name_that_takes_too_long_is_given_up():
    class Slow(Names):
        async def resolve(self, host, port=0, family=socket.AF_INET):
            await asyncio.Event().wait()

    async with opened(resolver=Slow([]), connect_s=0.05) as client, asyncio.timeout(PATIENCE_S):
        with pytest.raises(Unreachable, match="timeout"):
            await client.post("https://slow.example/inbox", b"{}", key=KEY)


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 11 + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: https://[::1\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: https://\xff\xfe/\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_a_peer_that_speaks_no_http_is_unreachable(answer):
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with raw(talk) as url, opened() as client:
        with pytest.raises(Unreachable):
            await client.get(url, accept="*/*")


async def test_what_is_said_before_an_answer_is_passed_over():
    """A hint of what will be needed, for example. RFC 8297; the connection is used again."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * 10

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for body in (b"1", b"2"):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(hints + b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body)

    async with raw(talk) as url, opened() as client:
        assert [(await client.get(url, accept="*/*")).body for _ in range(2)] == [b"1", b"2"]


async def test_a_port_where_nobody_listens_is_unreachable(client):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(Unreachable, match="no connection"):
            await client.post(url, b"{}", key=KEY)


async def test_a_name_that_does_not_exist_is_told_apart():
    async with opened(resolver=Names([])) as client:
        with pytest.raises(Unreachable, match=NO_SUCH_NAME) as caught:
            await client.post("https://lost.example/inbox", b"{}", key=KEY)
    assert not isinstance(caught.value, Refused)


async def test_the_systems_resolver_knows_localhost(serve, client):
    peer = await serve(says(200, b"hello"))
    assert (await client.get(peer.url(host="localhost"), accept="*/*")).body == b"hello"


async def test_a_client_that_is_not_open_says_so():
    client = Client(user_agent="Madang/test", now_ms=lambda: NOW_MS)
    with pytest.raises(RuntimeError, match="not open"):
        await client.get("https://far.example/", accept="*/*")
    await client.close()
