"""The client against real servers on loopback: guard, limits, signatures, answers."""

import asyncio
import gzip
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver

from federation.errors import Gone, Malformed, Unreachable
from federation.guard import Refused
from federation.http import (
    DOCUMENT_ACCEPT,
    MAX_DOCUMENT_BYTES,
    NO_SUCH_NAME,
    Answer,
    Client,
    is_activity_type,
)
from federation.keys import make_rsa, signing_key
from federation.signature import SignedRequest, check, read, verify
from federation.vocab import ACTIVITY_JSON, LD_JSON, Key
from tests.certificates import certificate

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


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Peer]]]:
    """`await serve(handler)`: a peer on loopback until the test ends."""
    runners = []

    async def start(handler: Handler, **options: Any) -> Peer:
        peer = Peer(handler)
        runner = web.ServerRunner(web.Server(peer.handle), shutdown_timeout=0)
        await runner.setup()
        options = {"host": "127.0.0.1", "port": 0} | options
        site = web.TCPSite(runner, **options)
        await site.start()
        peer.port = site._server.sockets[0].getsockname()[1]
        runners.append(runner)
        return peer

    yield start
    for runner in runners:
        await runner.cleanup()


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[Client]:
    settings = {"allowed": LOOPBACK, "allow_http": True} | options
    client = Client(user_agent="Madang/test", now_ms=lambda: NOW_MS, **settings)
    await client.open()
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with opened() as client:
        yield client


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


# The address guard


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f000001",
        "127.1",
        "[::1]",
        "[::]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "localhost",
        "peer.internal",
    ],
)
async def test_a_private_address_is_refused_in_every_spelling_by_every_door(host):
    resolver = Names(["127.0.0.1"])
    async with opened(allowed=(), resolver=resolver) as client:
        url = f"https://{host}/x"
        for knock in (
            client.get(url, accept="*/*"),
            client.document(url, key=None),
            client.picture(url, max_bytes=10),
            client.post(url, b"{}", key=KEY),
            client.push(url, b"", {}),
        ):
            with pytest.raises(Refused):
                await knock
    assert resolver.asked == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1"])
async def test_a_public_name_with_a_private_address_ends_at_the_socket(address):
    resolver = Names([address])
    async with opened(allowed=(), resolver=resolver) as client:
        with pytest.raises(Refused, match="address refused"):
            await client.get("https://far.example/", accept="*/*")
        with pytest.raises(Refused, match="address refused"):
            await client.post("https://far.example/inbox", b"{}", key=KEY)
        with pytest.raises(Refused, match="address refused"):
            await client.push("https://far.example/send", b"", {})
    assert resolver.asked[0] == "far.example"


async def test_a_name_that_resolves_differently_the_second_time_gains_nothing(serve):
    public = await serve(says(500))
    secret = await serve(says(200, b"secret"), host="0.0.0.0")  # so on another port than `public`
    public.handler = says(302, Location=secret.url(host="rebind.test"))
    resolver = Names(["127.0.0.1"], ["127.0.0.2"])
    async with opened(allowed=["127.0.0.1/32"], resolver=resolver) as client:
        with pytest.raises(Refused, match="address refused"):
            await client.get(public.url(host="rebind.test"), accept="*/*")
    assert (len(public.requests), len(secret.requests)) == (1, 0)
    assert resolver.asked == ["rebind.test", "rebind.test"]


async def test_of_several_addresses_only_a_permitted_one_is_used(serve):
    peer = await serve(says(200, b"hello"))
    resolver = Names(["127.0.0.9", "127.0.0.1"])
    async with opened(allowed=["127.0.0.1/32"], resolver=resolver) as client:
        fetched = await client.get(peer.url(host="two.test"), accept="*/*")
    assert fetched.body == b"hello"


async def test_an_allowed_address_is_open_at_its_port_alone(serve):
    open_, closed = await serve(says(200, b"open")), await serve(says(200, b"closed"))
    async with opened(allowed=[f"127.0.0.0/8:{open_.port}"]) as client:
        assert (await client.get(open_.url(), accept="*/*")).body == b"open"
        with pytest.raises(Refused):
            await client.get(closed.url(), accept="*/*")
        with pytest.raises(Refused):
            await client.post(closed.url("/inbox"), b"{}", key=KEY)
    assert closed.requests == []


async def test_plain_http_is_refused_where_it_is_not_allowed(serve):
    peer = await serve(says(200))
    async with opened(allow_http=False) as client:
        with pytest.raises(Refused, match="not https"):
            await client.get(peer.url(), accept="*/*")
    assert peer.requests == []


def test_no_other_module_makes_client_sessions():
    root = Path(__file__).parents[2]
    made = re.compile(r"ClientSession\(|TCPConnector\(|urlopen\(|import (requests|httpx|urllib3)\b")
    guilty = [
        str(path.relative_to(root))
        for package in ("federation", "server", "web")
        for path in (root / package).rglob("*.py")
        if made.search(path.read_text(encoding="utf-8"))
    ]
    assert guilty == ["federation/http.py"]


# Redirects


async def test_three_redirects_are_followed_and_the_last_address_is_told(serve, client):
    peer = await serve(says(500))
    peer.handler = in_turn(
        says(301, Location="/b"),
        says(307, Location="c?d=1#part"),
        says(308, Location=f"//127.0.0.1:{peer.port}/e"),
        says(200, b"there"),
    )
    fetched = await client.get(peer.url("/a"), accept="*/*")
    assert (fetched.url, fetched.body) == (peer.url("/e"), b"there")
    assert peer.paths == ["/a", "/b", "/c?d=1", "/e"]


async def test_a_fourth_redirect_is_too_many(serve, client):
    peer = await serve(in_turn(*(says(302, Location=f"/{n}") for n in range(9))))
    with pytest.raises(Unreachable, match="too many redirects"):
        await client.get(peer.url("/a"), accept="*/*")
    assert len(peer.requests) == 4


@pytest.mark.parametrize("location", ["/a", "#again", "", "/a#x", "//LOOP.test:{port}/a"])
async def test_no_address_is_visited_twice(serve, location):
    peer = await serve(says(500))
    peer.handler = says(302, Location=location.format(port=peer.port))
    async with opened(resolver=Names(["127.0.0.1"])) as client:
        with pytest.raises(Unreachable):
            await client.get(peer.url("/a", host="loop.test"), accept="*/*")
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    "location",
    [
        "https://10.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "https://user@far.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "javascript:alert(1)",
        "https://far.example/\\@127.0.0.1",
        "https://far.example/마당",
    ],
)
async def test_a_redirect_to_a_refused_address_ends_there(serve, client, location):
    peer = await serve(says(302, Location=location))
    for fetch in (client.get(peer.url(), accept="*/*"), client.picture(peer.url(), max_bytes=9)):
        with pytest.raises(Refused):
            await fetch


async def test_each_hop_is_signed_anew_for_its_own_host(serve):
    there = await serve(says(200, {"id": "x"}))
    here = await serve(says(302, Location=there.url("/end", host="two.test")))
    async with opened(resolver=Names(["127.0.0.1"])) as client:
        await client.get(here.url("/start", host="one.test"), accept="*/*", key=KEY)
    assert authentic(here.requests[0]) == authentic(there.requests[0]) == "cavage"
    assert there.requests[0].host == f"two.test:{there.port}"


async def test_a_redirect_of_a_delivery_is_an_answer_and_is_not_followed(serve, client):
    peer = await serve(says(301, Location="/elsewhere"))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
    assert (answer.status, peer.paths) == (301, ["/inbox"])


# What is kept and what is not


async def test_cookies_are_not_kept_and_nothing_of_the_environment_is_used(
    serve, client, monkeypatch
):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    cookie = says(302, Location="/b", Set_Cookie="id=1; Path=/")
    peer = await serve(in_turn(cookie, says(200), cookie, says(200)))
    await client.get(peer.url("/a"), accept="*/*")
    # a jar keeps none of a host that is a number: by name too
    async with opened(resolver=Names(["127.0.0.1"])) as named:
        for path in ("/c", "/d"):
            await named.get(peer.url(path, host="cookies.example"), accept="*/*")
    assert [peer.header("Cookie", n) for n in range(5)] == [[]] * 5
    assert peer.header("User-Agent") == ["Madang/test"]


async def test_a_connection_is_used_again(serve, client):
    peer = await serve(says(202, b"thanks"))
    for _ in range(3):
        assert (await client.post(peer.url("/inbox"), b"{}", key=KEY)).status == 202
    assert (len(peer.requests), len(peer.connections)) == (3, 1)


async def test_a_delivery_is_tried_again_when_its_connection_was_closed_under_it():
    asked = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if len(asked) > 1:
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    async with raw(talk) as url, opened() as client:
        answer = await client.post(url, b"{}", key=KEY)
    assert (answer.status, len(asked)) == (202, 2)


async def test_a_peer_that_always_hangs_up_is_unreachable():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with raw(talk) as url, opened() as client:
        with pytest.raises(Unreachable, match="disconnected"):
            await client.post(url, b"{}", key=KEY)
        with pytest.raises(Unreachable, match="disconnected"):
            await client.get(url, accept="*/*")


# Limits


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
    left = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(beginning)
        while await reader.read(100):
            pass
        left.set()

    async with raw(talk) as url, opened(total_s=0.1) as client:
        with pytest.raises(Unreachable, match="timeout"):
            await client.get(url, accept="*/*")
        await asyncio.wait_for(left.wait(), 5)
        with pytest.raises(Unreachable, match="timeout"):
            await client.post(url, b"{}", key=KEY)


async def test_the_time_limit_covers_all_redirects_together(serve):
    never = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    peer = await serve(in_turn(says(302, Location="/b"), says(302, Location="/c"), hang))
    async with opened(total_s=0.2) as client:
        with pytest.raises(Unreachable, match="timeout"):
            await client.get(peer.url("/a"), accept="*/*")
    never.set()
    assert len(peer.requests) == 3


async def test_a_name_that_takes_too_long_is_given_up():
    class Slow(Names):
        async def resolve(self, host, port=0, family=socket.AF_INET):
            await asyncio.Event().wait()

    async with opened(resolver=Slow([]), connect_s=0.05) as client, asyncio.timeout(5):
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


# Answers to a GET


async def test_what_is_gone_and_what_is_missing_are_told_apart(serve, client):
    peer = await serve(says(410))
    with pytest.raises(Gone):
        await client.get(peer.url(), accept="*/*")
    for status in (204, 300, 304, 404, 418, 500, 503):
        peer.handler = says(status, Retry_After="7")
        if status == 304:
            continue
        with pytest.raises(Unreachable) as caught:
            await client.get(peer.url(), accept="*/*")
        assert (caught.value.code, caught.value.retry_after_ms) == (status, 7000)


async def test_an_unchanged_document_is_a_304_without_a_body(serve, client):
    async def handler(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304, headers={"ETag": '"v1"'})
        return web.Response(body=b"hello", headers={"ETag": '"v1"'})

    peer = await serve(handler)
    first = await client.get(peer.url(), accept="*/*")
    again = await client.get(peer.url(), accept="*/*", etag=first.etag)
    assert (first.status, first.body, first.etag) == (200, b"hello", '"v1"')
    assert (again.status, again.body, again.etag) == (304, b"", '"v1"')


async def test_an_absurd_etag_is_not_kept(serve, client):
    peer = await serve(says(200, ETag="x" * 300))
    assert (await client.get(peer.url(), accept="*/*")).etag == ""


async def test_an_etag_of_other_bytes_than_ascii_is_not_kept(serve, client):
    """No database takes what aiohttp makes of them."""
    peer = await serve(says(200, ETag='"é"'))
    assert (await client.get(peer.url(), accept="*/*")).etag == ""


async def test_a_line_break_in_an_etag_never_reaches_the_wire(serve, client):
    peer = await serve(says(200))
    with pytest.raises(Unreachable):
        await client.get(peer.url(), accept="*/*", etag="x\r\nEvil: 1")
    assert peer.requests == []


# Documents


async def test_a_document_is_asked_for_signed_and_comes_with_its_address(serve, client):
    peer = await serve(says(500))
    peer.handler = says(200, {"id": peer.url("/users/eve"), "type": "Person"}, LD_JSON)
    url, raw = await client.document(peer.url("/@eve#main-key"), key=KEY)
    assert (url, raw["id"]) == (peer.url("/@eve"), peer.url("/users/eve"))
    assert peer.header("Accept") == [DOCUMENT_ACCEPT]
    assert peer.header("User-Agent") == ["Madang/test"]
    assert authentic(peer.requests[0]) == "cavage"


@pytest.mark.parametrize(
    ("content_type", "good"),
    [
        ("application/activity+json", True),
        ("Application/Activity+JSON; charset=utf-8", True),
        (LD_JSON, True),
        ('application/ld+json;profile="https://www.w3.org/ns/activitystreams"', True),
        (
            'application/ld+json; charset=utf-8; PROFILE="https://www.w3.org/ns/activitystreams"',
            True,
        ),
        ("application/ld+json; profile=https://www.w3.org/ns/activitystreams", True),
        (
            'application/ld+json; profile="urn:a https://www.w3.org/ns/activitystreams"',
            True,
        ),
        ("application/ld+json", False),
        ('application/ld+json; profile="https://www.w3.org/ns/activitystreams2"', False),
        ('application/ld+json; x-profile="https://www.w3.org/ns/activitystreams"', False),
        ("application/json", False),
        ("text/html", False),
        ("text/html; application/activity+json", False),
        ("application/activity+json-patch", False),
        ("image/png", False),
        ("", False),
    ],
)
async def test_only_activitypub_types_are_documents(serve, client, content_type, good):
    assert is_activity_type(content_type) is good
    peer = await serve(says(500))
    peer.handler = says(200, {"id": peer.url("/1")}, content_type)
    if good:
        await client.document(peer.url("/1"), key=None)
        return
    with pytest.raises(Malformed):
        await client.document(peer.url("/1"), key=None)


async def test_two_content_types_are_none(serve, client):
    async def handler(request: web.Request) -> web.Response:
        response = web.Response(body=b"{}", content_type="text/html")
        response.headers.add("Content-Type", ACTIVITY_JSON)
        return response

    peer = await serve(handler)
    with pytest.raises((Malformed, Unreachable)):
        await client.document(peer.url("/1"), key=None)


@pytest.mark.parametrize(
    "id", ["https://other.test/1", "http://127.0.0.1/1", "urn:x", "", 7, ["x"], {"id": "x"}]
)
async def test_a_document_speaks_only_for_its_own_origin(serve, client, id):
    peer = await serve(says(200, {"id": id, "type": "Note"}))
    with pytest.raises(Malformed):
        await client.document(peer.url("/1"), key=None)


async def test_a_redirected_document_speaks_for_where_it_was_found(serve, client):
    liar, owner = await serve(says(500)), await serve(says(500))
    liar.handler = says(302, Location=owner.url("/2"))
    owner.handler = says(200, {"id": liar.url("/1")})
    with pytest.raises(Malformed):
        await client.document(liar.url("/1"), key=None)
    owner.handler = says(200, {"id": owner.url("/2")})
    assert (await client.document(liar.url("/1"), key=None))[0] == owner.url("/2")


async def test_an_anonymous_document_claims_nothing_and_passes(serve, client):
    peer = await serve(says(200, {"type": "OrderedCollectionPage"}))
    assert (await client.document(peer.url("/1"), key=None))[1]["type"] == "OrderedCollectionPage"


@pytest.mark.parametrize("body", [b"", b"[]", b"NaN", b'"x"', b"\xff\xfe{\x00}\x00", b"{"])
async def test_a_document_that_is_no_json_object_is_malformed(serve, client, body):
    peer = await serve(says(200, body))
    with pytest.raises(Malformed):
        await client.document(peer.url("/1"), key=None)


async def test_a_picture_is_fetched_unsigned_and_only_as_a_picture(serve, client):
    peer = await serve(says(200, b"PNG", "image/png"))
    fetched = await client.picture(peer.url("/1.png"), max_bytes=10)
    assert (fetched.body, peer.header("Signature")) == (b"PNG", [])
    peer.handler = says(200, b"PNG", "application/octet-stream")
    assert (await client.picture(peer.url("/1.png"), max_bytes=10)).body == b"PNG"
    for other in ("text/html", ACTIVITY_JSON, "image/", ""):
        peer.handler = says(200, b"PNG", other)
        with pytest.raises(Malformed):
            await client.picture(peer.url("/1.png"), max_bytes=10)


# Deliveries and double-knocking


async def test_a_delivery_arrives_signed_over_exactly_what_was_sent(serve, client):
    peer = await serve(says(202))
    body = msgspec.json.encode({"type": "Create", "content": "안녕"})
    answer = await client.post(peer.url("/a/../in%2fbox?x=%20&y=a+b"), body, key=KEY)
    assert answer == Answer(202, "cavage", None, "")
    assert peer.paths == ["/a/../in%2fbox?x=%20&y=a+b"]
    assert peer.requests[0].body == body
    assert peer.header("Content-Type") == [ACTIVITY_JSON]
    assert authentic(peer.requests[0]) == "cavage"


@pytest.mark.parametrize(("scheme", "other"), [("cavage", "rfc9421"), ("rfc9421", "cavage")])
@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_delivery_knocks_with_the_other_scheme_once(serve, client, scheme, other, status):
    peer = await serve(in_turn(says(status, b"no"), says(202)))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY, scheme=scheme)
    assert answer == Answer(202, other, None, "")
    assert [authentic(request) for request in peer.requests] == [scheme, other]


async def test_when_both_schemes_are_refused_the_first_answer_counts(serve, client):
    peer = await serve(in_turn(says(401, b"who\x00 are\n\n you?"), says(403, b"go away")))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
    assert msgspec.structs.replace(answer, ahead_ms=0) == Answer(
        401, "cavage", None, "401 who are you?"
    )
    assert len(peer.requests) == 2


async def test_a_refusal_tells_how_far_our_clock_is_from_theirs(serve, client):
    dates = {"Wed, 31 Dec 2025 20:00:00 GMT": 4, "Thu, 01 Jan 2026 01:00:00 GMT": -1, "late": 0}
    for date, hours in dates.items():
        peer = await serve(says(401, b"no", Date=date))
        answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
        assert answer.ahead_ms == hours * 3_600_000


@pytest.mark.parametrize("status", [200, 204, 404, 410, 413, 422, 429, 500, 503])
async def test_other_answers_are_taken_as_they_are(serve, client, status):
    peer = await serve(says(status, b""))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
    assert (answer.status, answer.scheme, len(peer.requests)) == (status, "cavage", 1)


@pytest.mark.parametrize(
    ("value", "ms"),
    [("120", 120_000), ("Thu, 01 Jan 2026 00:01:00 GMT", 60_000), ("soon", None), ("-1", None)],
)
async def test_retry_after_is_told_in_milliseconds(serve, client, value, ms):
    peer = await serve(says(429, Retry_After=value))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
    assert (answer.status, answer.retry_after_ms) == (429, ms)


async def test_a_long_complaint_is_cut(serve, client):
    peer = await serve(says(422, b"<p>" + b"z" * 100_000))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
    assert answer.reason.startswith("422 <p>zzz")
    assert len(answer.reason) <= 4 + 200
    assert "\n" not in answer.reason


async def test_a_get_knocks_twice_and_remembers_what_worked(serve, client):
    async def modern(request: web.Request) -> web.Response:
        good = "Signature-Input" in request.headers
        return web.Response(status=200 if good else 401)

    peer = await serve(modern)
    for _ in range(2):
        assert (await client.get(peer.url("/x?y=%20"), accept="*/*", key=KEY)).status == 200
    assert [authentic(request) for request in peer.requests] == ["cavage", "rfc9421", "rfc9421"]


async def test_a_get_that_neither_scheme_opens_is_unreachable(serve, client):
    peer = await serve(in_turn(says(401), says(403)))
    with pytest.raises(Unreachable) as caught:
        await client.get(peer.url(), accept="*/*", key=KEY)
    assert (caught.value.code, len(peer.requests)) == (401, 2)


async def test_an_unsigned_get_knocks_once(serve, client):
    peer = await serve(says(401))
    with pytest.raises(Unreachable):
        await client.get(peer.url(), accept="*/*")
    assert len(peer.requests) == 1


# TLS


async def test_an_added_authority_is_trusted_and_no_other(serve, tmp_path):
    authority, context = certificate(tmp_path, "alpha.test")
    peer = await serve(says(202), ssl_context=context)
    options: dict[str, Any] = {"resolver": Names(["127.0.0.1"]), "allow_http": False}
    async with opened(ca_file=str(authority), **options) as client:
        for _ in range(2):
            answer = await client.post(f"https://alpha.test:{peer.port}/in", b"{}", key=KEY)
            assert answer.status == 202
        assert authentic(peer.requests[0]) == "cavage"
        assert len(peer.connections) == 1
        with pytest.raises(Unreachable, match="certificate not trusted"):
            await client.get(f"https://beta.test:{peer.port}/", accept="*/*")
    async with opened(**options) as client:
        with pytest.raises(Unreachable, match="certificate not trusted"):
            await client.get(f"https://alpha.test:{peer.port}/", accept="*/*")
    assert len(peer.requests) == 2


async def test_https_is_never_left_for_http(serve, tmp_path):
    authority, context = certificate(tmp_path, "alpha.test")
    plain = await serve(says(200, b"plain"))
    peer = await serve(says(302, Location=plain.url(host="alpha.test")), ssl_context=context)
    async with opened(ca_file=str(authority), resolver=Names(["127.0.0.1"])) as client:
        with pytest.raises(Refused, match="https to http"):
            await client.get(f"https://alpha.test:{peer.port}/", accept="*/*")
    assert plain.requests == []


async def test_a_peer_without_tls_is_unreachable(serve):
    peer = await serve(says(200))
    async with opened(resolver=Names(["127.0.0.1"])) as client:
        with pytest.raises(Unreachable, match="no TLS"):
            await client.get(f"https://alpha.test:{peer.port}/", accept="*/*")


async def test_an_unreadable_authority_is_an_error_when_opened(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        client = Client(user_agent="x", now_ms=lambda: NOW_MS, ca_file=str(path))
        with pytest.raises(OSError):
            await client.open()
        await client.close()
