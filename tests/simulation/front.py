"""The door of a city: the real routes for peers, without sockets and without aiohttp's server."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from multidict import CIMultiDict, MultiDict

from web import activitypub, actor_lists, inbox, wellknown
from web.keys import ADDRESS, REQUEST_ID
from web.middleware import fail_well


class Sent(NamedTuple):
    """One request as it goes over the wire."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def host(self) -> str:
        """To whom."""
        return urlsplit(self.url).netloc


class Answered(NamedTuple):
    """What came back."""

    status: int
    content_type: str = ""
    body: bytes = b""
    etag: str = ""
    retry_after: str | None = None


Handler = Callable[[Any], Awaitable[web.StreamResponse]]


def _pattern(path: str) -> re.Pattern[str]:
    """A route's path: `{name}` is one part of it, `{name:expression}` what the expression says."""
    pieces = re.split(r"\{(\w+)(?::([^}]+))?\}", path)
    text = re.escape(pieces[0])
    for name, rule, literal in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        text += f"(?P<{name}>{rule or '[^/]+'}){re.escape(literal)}"
    return re.compile(text)


ROUTES: Final = [
    (route.method, _pattern(route.path), route.handler)
    for part in (inbox, activitypub, actor_lists, wellknown)
    for route in part.routes
    if isinstance(route, web.RouteDef)
]


class Request(dict[Any, Any]):
    """As much of `web.Request` as those routes ask for."""

    def __init__(self, app: dict[Any, Any], sent: Sent, address: str) -> None:
        super().__init__({ADDRESS: address, REQUEST_ID: "simulated"})
        parts = urlsplit(sent.url)
        self.app = self.config_dict = app
        self.method = sent.method
        self.path = parts.path
        self.raw_path = parts.path + (f"?{parts.query}" if parts.query else "")
        self.query_string = parts.query
        self.query = MultiDict(parse_qsl(parts.query, keep_blank_values=True))
        self.headers = CIMultiDict(sent.headers)
        self.headers.setdefault("Host", parts.netloc)
        self.raw_headers = tuple((k.encode(), v.encode()) for k, v in self.headers.items())
        self.match_info: dict[str, str] = {}
        self.content = self
        self._body = sent.body

    def is_eof(self) -> bool:
        """Whether all of the body is there."""
        return True

    async def read(self) -> bytes:
        """The body, which is all there."""
        return self._body


async def answer(app: dict[Any, Any], sent: Sent, address: str) -> Answered:
    """What this city says to a request from `address`."""
    request = Request(app, sent, address)
    response = await fail_well(request, _handler(request))  # type: ignore[arg-type]
    body = response.body if isinstance(response, web.Response) else None
    return Answered(
        response.status,
        response.headers.get("Content-Type", ""),
        body if isinstance(body, bytes) else b"",
        response.headers.get("ETag", ""),
        response.headers.get("Retry-After"),
    )


def _handler(request: Request) -> Handler:
    for method, pattern, handler in ROUTES:
        if method == request.method and (found := pattern.fullmatch(request.path)):
            request.match_info = found.groupdict()
            return handler  # type: ignore[return-value]
    return _nothing


async def _nothing(request: Any) -> web.StreamResponse:
    return web.Response(status=404)
