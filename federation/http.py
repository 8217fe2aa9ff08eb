"""The only module that opens sockets: fetch and deliver, within the address guard.

Every connection passes the guard twice, as an address and as a socket (`guard.py`). Redirects are
followed by our own loop, each hop checked and signed anew. Cookies, proxies from the environment
and netrc do not exist here. The bytes that are signed are the bytes that are sent.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urljoin

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.typedefs import LooseHeaders
from yarl import URL

from federation.errors import Gone, Malformed, Unreachable
from federation.guard import Guard, Refused, parse_allowed
from federation.keys import SigningKey
from federation.origin import same_origin
from federation.parse import decode
from federation.retry import ahead_ms, retry_after
from federation.signature import Scheme, sign
from federation.vocab import ACTIVITY_JSON, AS_CONTEXT, LD_JSON

MAX_DOCUMENT_BYTES: Final = 1024 * 1024
MAX_REASON_BYTES: Final = 8 * 1024
MAX_REASON_CHARS: Final = 200
MAX_ETAG_CHARS: Final = 256
MAX_LINK_CHARS: Final = 4096
MAX_LINKS: Final = 20  # `Link` headers
MAX_REDIRECTS: Final = 3
MAX_HINTS: Final = 10  # answers before the answer, 1xx
MAX_REMEMBERED_SCHEMES: Final = 10_000
TOTAL_S: Final = 30.0
CONNECT_S: Final = 10.0
PUSH_S: Final = 10.0
KEEPALIVE_S: Final = 30.0
DNS_CACHE_S: Final = 60
DNS_CACHE_NAMES: Final = 10_000
DNS_THREADS: Final = 16
CONNECTIONS_PER_HOST: Final = 8

CAVAGE: Final[Scheme] = "cavage"
RFC9421: Final[Scheme] = "rfc9421"
NO_SUCH_NAME: Final = "no such name"

DOCUMENT_ACCEPT: Final = f"{ACTIVITY_JSON}, {LD_JSON}"
PAGE_ACCEPT: Final = "text/html, application/xhtml+xml;q=0.9"
OEMBED_ACCEPT: Final = "application/json"
PICTURE_ACCEPT: Final = "image/webp, image/png, image/jpeg, image/gif, image/*;q=0.5"
FILM_ACCEPT: Final = "video/*, audio/*"
FILM_S: Final = 120.0

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ANOTHER_SCHEME: Final = frozenset({400, 401, 403})
_OTHER: Final[dict[Scheme, Scheme]] = {CAVAGE: RFC9421, RFC9421: CAVAGE}
_NAMELESS: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
_PROFILE: Final = re.compile(r';\s*profile\s*=\s*(?:"([^"]*)"|([^\s;"]+))', re.IGNORECASE)
_PAGE_TYPE: Final = re.compile(r"text/html|application/(?:xhtml\+xml|json)", re.IGNORECASE)
_PICTURE_TYPE: Final = re.compile(r"image/.+|(?:application|binary)/octet-stream", re.IGNORECASE)
_FILM_TYPE: Final = re.compile(
    r"(?:video|audio)/.+|application/ogg|(?:application|binary)/octet-stream", re.IGNORECASE
)


Welcome = Callable[[str], Awaitable[bool]]
"""Whether we speak with the server of an address."""


Sink = Callable[[bytes], Awaitable[object]]
"""Takes a body as it comes, so that memory does not hold it."""


class Fetched(msgspec.Struct, frozen=True):
    """What a GET brought. `url` is the final address after redirects; whose word this is.

    `status` is 200, or 304 with an empty body when the `etag` asked with still held. `links` are
    the values of its `Link` headers, as far as they are not absurdly long.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    etag: str
    links: tuple[str, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """A peer's answer to a delivery. `scheme` is the signature scheme this answer was given to.

    `reason` is what the peer said when it did not accept, in one line for people to read;
    `ahead_ms` then how far our clock is ahead of the one that it answered by.
    """

    status: int
    scheme: Scheme
    retry_after_ms: int | None
    reason: str
    ahead_ms: int = 0


class Pushed(msgspec.Struct, frozen=True):
    """The answer of a push service, or of what takes forms; `body` is its beginning."""

    status: int
    retry_after_ms: int | None
    body: bytes = b""


class TooLong(Unreachable):
    """The body has more bytes than we take."""


class _Reply(msgspec.Struct, frozen=True):
    status: int
    content_type: str
    body: bytes
    etag: str
    location: str
    retry_after: str | None
    links: tuple[str, ...] = ()
    date: str = ""


class _RefusedSocket(OSError):
    """The socket would have ended at an address the guard does not permit."""


class _Names(AbstractResolver):
    """The system's resolver on threads of its own, so that slow names do not hold up other work."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(DNS_THREADS, thread_name_prefix="names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return every address of `host`. Raises `socket.gaierror`."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _addresses, host, port, family)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=0
            )
            for kind, _, proto, _, address in found
        ]

    async def close(self) -> None:
        """Let the threads go; look-ups that have not begun are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[Any]:
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)


class _Response(aiohttp.ClientResponse):
    """An answer before which there are few others: aiohttp would read 1xx without end."""

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """As it is. Raises `aiohttp.ClientError` after `MAX_HINTS`."""
        protocol, left = connection.protocol, MAX_HINTS + 1
        assert protocol is not None  # noqa: S101  it was just made
        read = protocol.read

        async def counted() -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise aiohttp.ClientPayloadError("no answer, but many before it")
            return await read()

        protocol.read = counted  # type: ignore[method-assign]
        try:
            return await super().start(connection)
        finally:
            del protocol.read


class Client:
    """One pool of connections for everything this instance says to others.

    `allowed` and `allow_http` are `federation.allowed_addresses` and `.allow_http`; `ca_file` adds
    an authority (PEM) for closed networks. `total_s` bounds one fetch with all its redirects, and
    each knock of a delivery; `connect_s` bounds name, connection and TLS. Open before use, close
    after.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        now_ms: Callable[[], int],
        allowed: Sequence[str] = (),
        allow_http: bool = False,
        ca_file: str = "",
        resolver: AbstractResolver | None = None,
        total_s: float = TOTAL_S,
        connect_s: float = CONNECT_S,
    ) -> None:
        """Raises `ValueError` when an entry of `allowed` cannot be read."""
        self._guard = Guard(parse_allowed(allowed), allow_http)
        self._ca_file = ca_file
        self._resolver = resolver
        self._user_agent = user_agent
        self._now_ms = now_ms
        self._timeout = aiohttp.ClientTimeout(total=total_s, connect=connect_s)
        self._film_timeout = aiohttp.ClientTimeout(
            total=FILM_S, connect=connect_s, sock_read=connect_s
        )
        self._total_s = total_s
        self._schemes: dict[str, Scheme] = {}
        self._names: _Names | None = None
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the pool. Raises `OSError` (`ssl.SSLError` too) when `ca_file` cannot be used."""
        if self._resolver is None:
            self._names = _Names()
        connector = aiohttp.TCPConnector(
            ssl=_trusting(self._ca_file) if self._ca_file else True,
            resolver=self._resolver or self._names,
            socket_factory=self._socket,
            limit=0,
            limit_per_host=CONNECTIONS_PER_HOST,
            keepalive_timeout=KEEPALIVE_S,
            ttl_dns_cache=DNS_CACHE_S,
            dns_cache_max_size=DNS_CACHE_NAMES,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            response_class=_Response,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=self._timeout,
            headers={"User-Agent": self._user_agent},
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
        if self._names is not None:
            await self._names.close()

    async def get(
        self,
        url: str,
        *,
        accept: str,
        key: SigningKey | None = None,
        max_bytes: int = MAX_DOCUMENT_BYTES,
        etag: str = "",
        welcome: Welcome | None = None,
    ) -> Fetched:
        """Fetch `url`, signed when there is a `key`, through at most three redirects.

        `max_bytes` counts after decompression. `welcome` is asked of `url` and of every address to
        which it redirects. Raises `Gone` (410) and `Unreachable`, with the peer's status in `code`
        when it gave one.
        """
        headers = {"Accept": accept}
        if etag:
            headers["If-None-Match"] = etag
        try:
            async with asyncio.timeout(self._total_s):
                return await self._follow(url, headers, key, max_bytes, welcome)
        except TimeoutError:
            raise Unreachable("timeout") from None

    def may_go(self, url: str) -> bool:
        """Whether the guard lets anybody go to this address, as it is written."""
        try:
            self._guard.wire(url)
        except Refused:
            return False
        return True

    async def document(
        self, uri: str, *, key: SigningKey | None, welcome: Welcome | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Fetch an ActivityPub document: the final address, and the document as JSON.

        Its `id` is of the final address's origin, but need not be `uri`: where it differs, the
        caller decides whether to fetch the `id` itself. Raises `Malformed` for another content
        type or a foreign `id`, and what `get` raises. AP §3.2.
        """
        fetched = await self.get(uri, accept=DOCUMENT_ACCEPT, key=key, welcome=welcome)
        if not is_activity_type(fetched.content_type):
            raise Malformed(f"not an ActivityPub content type: {fetched.content_type[:80]!r}")
        raw = decode(fetched.body)
        id = raw.get("id")
        if id is not None and not (isinstance(id, str) and same_origin(id, fetched.url)):
            raise Malformed("the document's id is of another origin than its address")
        return fetched.url, raw

    async def picture(self, url: str, *, max_bytes: int, welcome: Welcome | None = None) -> Fetched:
        """Fetch a picture, unsigned. Its content is not looked at. Raises as `document` does.

        `welcome` is asked as `get` asks it.
        """
        try:
            async with asyncio.timeout(self._total_s):
                headers = {"Accept": PICTURE_ACCEPT}
                fetched = await self._follow(url, headers, None, max_bytes, welcome)
        except TimeoutError:
            raise Unreachable("timeout") from None
        if not _PICTURE_TYPE.fullmatch(fetched.content_type.partition(";")[0].strip()):
            raise Malformed(f"not a picture: {fetched.content_type[:80]!r}")
        return fetched

    async def page(
        self, url: str, *, accept: str, max_bytes: int, total_s: float, welcome: Welcome
    ) -> Fetched:
        """The beginning of a web page or of a JSON document about one, unsigned, for a preview.

        At most `max_bytes`; the rest is not read. `welcome` is asked as `get` asks it. Raises as
        `document` does.
        """
        headers = {"Accept": accept, "User-Agent": f"{self._user_agent} Bot"}
        try:
            async with asyncio.timeout(total_s):
                fetched = await self._follow(url, headers, None, -max_bytes, welcome)
        except TimeoutError:
            raise Unreachable("timeout") from None
        if not _PAGE_TYPE.fullmatch(fetched.content_type.partition(";")[0].strip()):
            raise Malformed(f"not a page: {fetched.content_type[:80]!r}")
        return fetched

    async def film(
        self, url: str, sink: Sink, *, max_bytes: int, welcome: Welcome | None = None
    ) -> None:
        """As `picture`, for a film or a sound, whose bytes go to `sink`. Raises `TooLong` too.

        The connection and the first bytes have as long as those of others, all of it `FILM_S`.
        """
        try:
            async with asyncio.timeout(FILM_S):
                headers = {"Accept": FILM_ACCEPT}
                fetched = await self._follow(url, headers, None, max_bytes, welcome, sink)
        except TimeoutError:
            raise Unreachable("timeout") from None
        if not _FILM_TYPE.fullmatch(fetched.content_type.partition(";")[0].strip()):
            raise Malformed(f"not a film's content type: {fetched.content_type[:80]!r}")

    async def post(
        self, inbox: str, body: bytes, *, key: SigningKey, scheme: str = CAVAGE
    ) -> Answer:
        """Deliver `body`, signed now with `scheme`; the other one where that is not understood.

        Any HTTP status is an answer, redirects included. Raises `Unreachable` when there is none.
        A connection that was closed under our hands is tried once more: a delivery that arrives
        twice counts once.
        """
        url = self._guard.wire(inbox)
        first: Scheme = RFC9421 if scheme == RFC9421 else CAVAGE
        answer = await self._deliver(url, body, key, first)
        if answer.status not in _ANOTHER_SCHEME:
            return answer
        second = await self._deliver(url, body, key, _OTHER[first])
        return answer if second.status in _ANOTHER_SCHEME else second

    async def push(self, endpoint: str, body: bytes, headers: dict[str, str]) -> Pushed:
        """Hand a message to a push service, unsigned; what is secret in it is encrypted already.

        Any HTTP status is an answer; nothing is followed. Raises `Unreachable` when there is none
        within `PUSH_S`. RFC 8030 §5.
        """
        url = self._guard.wire(endpoint)
        try:
            async with asyncio.timeout(PUSH_S):
                reply = await self._exchange("POST", url, headers, body)
        except TimeoutError:
            raise Unreachable("timeout") from None
        wait = retry_after(reply.retry_after, self._now_ms()) if reply.retry_after else None
        return Pushed(reply.status, wait, reply.body)

    async def submit(self, url: str, form: bytes) -> Pushed:
        """Send an urlencoded form in UTF-8, as `push` sends a message."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "Accept": "*/*",
        }
        return await self.push(url, form, headers)

    async def _deliver(self, url: str, body: bytes, key: SigningKey, scheme: Scheme) -> Answer:
        headers = sign("POST", url, body, key, self._now_ms(), scheme)
        headers["Content-Type"] = ACTIVITY_JSON
        try:
            reply = await self._exchange("POST", url, headers, body)
        except _Disconnected:
            reply = await self._exchange("POST", url, headers, body)
        accepted = 200 <= reply.status < 300
        return Answer(
            reply.status,
            scheme,
            retry_after(reply.retry_after, self._now_ms()) if reply.retry_after else None,
            "" if accepted else _said(reply),
            0 if accepted else ahead_ms(reply.date, self._now_ms()),
        )

    async def _follow(
        self,
        url: str,
        headers: dict[str, str],
        key: SigningKey | None,
        max_bytes: int,
        welcome: Welcome | None = None,
        sink: Sink | None = None,
    ) -> Fetched:
        """Our own redirect loop: no address twice, never from https to http."""
        url = self._guard.wire(url)
        seen = {url}
        while True:
            if welcome is not None and not await welcome(url):
                raise Refused("a server with which we do not speak")
            reply = await self._ask(url, headers, key, max_bytes, sink)
            if reply.status not in _REDIRECTS or not reply.location:
                return self._fetched(url, reply)
            target = self._guard.wire(_joined(url, reply.location))
            if url.startswith("https:") and not target.startswith("https:"):
                raise Refused("redirect from https to http")
            if target in seen:
                raise Unreachable("redirects in a circle", code=reply.status)
            if len(seen) > MAX_REDIRECTS:
                raise Unreachable("too many redirects", code=reply.status)
            seen.add(target)
            url = target

    def _fetched(self, url: str, reply: _Reply) -> Fetched:
        if reply.status in (200, 304):
            return Fetched(
                url, reply.status, reply.content_type, reply.body, reply.etag, reply.links
            )
        if reply.status == 410:
            raise Gone(f"{url} was deleted")
        raise Unreachable(
            _said(reply),
            code=reply.status,
            retry_after_ms=retry_after(reply.retry_after, self._now_ms()),
        )

    async def _ask(
        self,
        url: str,
        headers: dict[str, str],
        key: SigningKey | None,
        max_bytes: int,
        sink: Sink | None = None,
    ) -> _Reply:
        """One GET; when signed and not understood, once more with the other scheme."""
        if key is None:
            return await self._exchange("GET", url, headers, None, max_bytes, sink)
        host = url.split("/", 3)[2]
        scheme = self._schemes.get(host, CAVAGE)
        signed = sign("GET", url, None, key, self._now_ms(), scheme)
        reply = await self._exchange("GET", url, headers | signed, None, max_bytes)
        if reply.status not in _ANOTHER_SCHEME:
            return reply
        signed = sign("GET", url, None, key, self._now_ms(), _OTHER[scheme])
        second = await self._exchange("GET", url, headers | signed, None, max_bytes)
        if second.status in _ANOTHER_SCHEME:
            return reply
        self._remember(host, _OTHER[scheme])
        return second

    def _remember(self, host: str, scheme: Scheme) -> None:
        """Keep which scheme a host reads; the oldest memory makes room."""
        self._schemes.pop(host, None)
        if len(self._schemes) >= MAX_REMEMBERED_SCHEMES:
            del self._schemes[next(iter(self._schemes))]
        self._schemes[host] = scheme

    async def _exchange(
        self,
        method: str,
        url: str,
        headers: LooseHeaders,
        body: bytes | None,
        max_bytes: int = MAX_REASON_BYTES,
        sink: Sink | None = None,
    ) -> _Reply:
        """One request on the wire. `url` has passed the guard; the socket will be asked again."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=self._timeout if sink is None else self._film_timeout,
            ) as response:
                return await _read(response, max_bytes, sink)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if isinstance(error, aiohttp.ClientConnectorError):
                raise _unreachable(error) from error
            raise _Disconnected("disconnected") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _unreachable(error) from error
        except IndexError as error:  # aiohappyeyeballs, where no attempt says why it failed (#112)
            raise Unreachable("no connection") from error

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """Make the socket for one address, if the guard permits it. Called for every connection."""
        family, kind, proto, _, address = info
        if not self._guard.permits(str(address[0]), int(address[1])):
            raise _RefusedSocket("address refused")
        return socket.socket(family, kind, proto)


class _Disconnected(Unreachable):
    """The peer closed the connection before it answered."""


def _joined(url: str, location: str) -> str:
    """Where a redirect leads. RFC 9110 §10.2.2. Raises `Refused` where that cannot be read."""
    try:
        return urljoin(url, location)
    except ValueError:
        raise Refused("redirect to no address") from None


def _trusting(ca_file: str) -> ssl.SSLContext:
    """The usual authorities and one more; aiohttp keeps a context of its own for the usual case."""
    tls = ssl.create_default_context()
    tls.set_alpn_protocols(["http/1.1"])
    tls.load_verify_locations(ca_file)
    return tls


def is_activity_type(content_type: str) -> bool:
    """Whether a Content-Type is ActivityPub's: `activity+json`, or `ld+json` with the profile.

    AP §3.2, §7.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == ACTIVITY_JSON:
        return True
    profiles = " ".join(quoted or bare for quoted, bare in _PROFILE.findall(content_type))
    return kind == "application/ld+json" and AS_CONTEXT in profiles.split()


async def _read(
    response: aiohttp.ClientResponse, max_bytes: int, sink: Sink | None = None
) -> _Reply:
    """Read status, the few headers that count, and the body: all of a 200, a taste of others.

    With a `sink` all of it goes there.
    """
    headers = response.headers
    whole = response.status == 200 and response.method == "GET"
    types = headers.getall("Content-Type", [])
    etag = headers.get("ETag", "")
    return _Reply(
        response.status,
        types[0] if len(types) == 1 else "",
        await (_whole(response, max_bytes, sink) if whole else _taste(response)),
        etag if len(etag) <= MAX_ETAG_CHARS and etag.isascii() else "",
        headers.get("Location", ""),
        headers.get("Retry-After"),
        tuple(one for one in headers.getall("Link", [])[:MAX_LINKS] if len(one) <= MAX_LINK_CHARS),
        headers.get("Date", ""),
    )


async def _whole(
    response: aiohttp.ClientResponse, max_bytes: int, sink: Sink | None = None
) -> bytes:
    """The body, counted after decompression while it comes. Raises `TooLong` past the limit.

    A negative limit cuts the body there instead.
    """
    if max_bytes < 0:
        return await _beginning(response, -max_bytes)
    if (response.content_length or 0) > max_bytes:
        raise TooLong(f"more than {max_bytes} bytes")
    body, length = bytearray(), 0
    async for chunk in response.content.iter_any():
        length += len(chunk)
        if length > max_bytes:
            raise TooLong(f"more than {max_bytes} bytes")
        if sink is None:
            body += chunk
        else:
            await sink(chunk)
    return bytes(body)


async def _beginning(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The first `most` bytes; a longer body costs the connection, which is not used again."""
    body = bytearray()
    while len(body) < most and (chunk := await response.content.readany()):
        body += chunk
    return bytes(body[:most])


async def _taste(response: aiohttp.ClientResponse) -> bytes:
    """The first `MAX_REASON_BYTES`; a longer body costs the connection, which is not used again."""
    body = b""
    while len(body) < MAX_REASON_BYTES and (chunk := await response.content.readany()):
        body += chunk
    return body[:MAX_REASON_BYTES]


def _said(reply: _Reply) -> str:
    """A peer's answer in one printable line: its status and the beginning of what it wrote."""
    text = reply.body[: 4 * MAX_REASON_CHARS].decode("utf-8", "replace")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"{reply.status} {line[:MAX_REASON_CHARS]}".strip()


_UNTRUSTED: Final = {9: "not valid yet", 10: "expired", 62: "of another name"}
"""X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_HOSTNAME_MISMATCH."""


def _unreachable(error: Exception) -> Unreachable:
    """Put what went wrong below HTTP into a few words of our own."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Unreachable(NO_SUCH_NAME if error.errno in _NAMELESS else "name not resolved")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        code = getattr(error.certificate_error, "verify_code", 0)
        return Unreachable(f"certificate {_UNTRUSTED.get(code, 'not trusted')}")
    if isinstance(error, aiohttp.ClientSSLError):
        return Unreachable("no TLS")
    if isinstance(error, aiohttp.ClientConnectorError):
        refused = isinstance(error.os_error, _RefusedSocket)
        return Refused("address refused") if refused else Unreachable("no connection")
    if isinstance(error, TimeoutError):
        return Unreachable("timeout")
    return Unreachable(f"no usable answer ({type(error).__name__})")
