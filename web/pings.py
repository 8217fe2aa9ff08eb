"""Where other sites say that they link to a story of ours: Webmention, and Trackback of old blogs.

A ping is answered once it is put away: its page is read later. W3C Webmention §3.2, TrackBack 1.2
"""

import asyncio
import re
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_to_bytes

from aiohttp import web

from federation.errors import Malformed
from federation.origin import host
from server.errors import AppError, TooLarge
from server.fetch import Fetcher
from server.services import pings
from server.services.pings import Wanted
from server.text import webpage
from server.text.backlinks import MAX_EXCERPT
from web.error_page import retry_after
from web.keys import ADDRESS, BUCKETS, DB, FETCHER, NOW, SITE
from web.limits import network

routes = web.RouteTableDef()

ENDPOINT: Final = "/webmention"
MAX_FORM_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 50
READ_S: Final = 20.0
_PORT: Final = re.compile(r"(https?)://([^/?#@:\[\]\s]+):([0-9]{1,5})([/?#].*)?", re.I)
_FORM: Final = "application/x-www-form-urlencoded"
_CHARSET: Final = re.compile(r"[A-Za-z0-9_-]{2,20}")


@routes.post(ENDPOINT)
async def webmention(request: web.Request) -> web.Response:
    """Take a Webmention: 202, and its page is read soon. `source` and `target` as a form.

    400 where it cannot be one, 429 with `Retry-After` where too many wait.
    """
    sent = await _fields(request)
    turned = await take(request, "webmention", sent.get("source", ""), sent.get("target", ""))
    said = "The page will be read soon.\n"
    if turned:
        said += "Pages are read over https alone: it will be asked for there, one time.\n"
    return web.Response(status=HTTPStatus.ACCEPTED, text=said)


@routes.post("/@{handle}/{id:\\d+}/trackback")
async def trackback(request: web.Request) -> web.Response:
    """Take a Trackback: `url`, `title`, `excerpt` and `blog_name` as a form, in any charset.

    Old blogs wait for an answer: `<error>0</error>` means that it was taken, and that the page at
    `url` is shown once it was read and found to link here. Of `excerpt` only the page's own words
    count, and title and name are those of the page: anybody can send any.
    """
    site = request.config_dict[SITE]
    target = f"{site.origin}{request.path.removesuffix('/trackback')}"
    try:
        sent = await _fields(request)
        source, excerpt = sent.get("url", ""), sent.get("excerpt", "")
        await take(request, "trackback", source, target, excerpt)
    except AppError as error:
        answer = _answered(str(error), error.status)
        answer.headers.update(retry_after(error))
        return answer
    return _answered("")


@routes.get("/@{handle}/{id:\\d+}/trackback")
async def story_of(request: web.Request) -> web.Response:
    """The address of trackbacks is for blogs; people who follow it come to the story."""
    raise web.HTTPSeeOther(request.path.removesuffix("/trackback"))


def _answered(failure: str, status: int = HTTPStatus.OK) -> web.Response:
    said = f"<message>{escape(failure)}</message>" if failure else ""
    xml = '<?xml version="1.0" encoding="utf-8"?>\n'
    body = f"{xml}<response><error>{int(bool(failure))}</error>{said}</response>\n"
    return web.Response(text=body, status=status, content_type="text/xml", charset="utf-8")


async def take(
    request: web.Request, kind: str, source: str, target: str, excerpt: str = ""
) -> bool:
    """Put a ping away. Raises `AppError` with what is wrong, `TooMany`.

    True: its address is one of http, and the page will be asked for once, over https. A server with
    which we do not speak is not told so.
    """
    config = request.config_dict
    now_ms, fetcher = config[NOW](), config[FETCHER]
    config[BUCKETS].spend(request[ADDRESS], now_ms)
    given = source.strip()[: pings.MAX_SOURCE + 1]
    url = _readable(fetcher, given)
    if not url or _ours(url, config[SITE].origin):
        raise AppError("This is not the address of a page elsewhere.")
    turned = given.lower().startswith("http:") and url.startswith("https:")
    await config[DB].read(pings.receiving, config[SITE], target.strip())
    if not await fetcher.hosts.elsewhere(url):
        return turned
    wanted = Wanted(
        kind=kind,
        source=url,
        target=target.strip(),
        network=network(request[ADDRESS]),
        excerpt=webpage.line(excerpt, MAX_EXCERPT),
        once=turned,
    )
    await config[DB].write(pings.take, config[SITE], wanted, now_ms)
    return turned


def _readable(fetcher: Fetcher, source: str) -> str:
    """Where a page is asked for, over https at its usual port; empty for what is no address.

    Raises `AppError` for an address that would be one, were it not for its port.
    """
    found = _PORT.fullmatch(source)
    if found is None or (url := fetcher.pages.secured(source)):
        return fetcher.pages.secured(source)
    scheme, name, port, rest = found.groups()
    url = fetcher.pages.secured(f"https://{name}{rest or ''}")
    if not url or (scheme.lower(), port) == ("http", "80"):
        return url
    raise AppError("Pages are read over https alone, at its usual port. Give such an address.")


def _ours(url: str, origin: str) -> bool:
    try:
        return host(url) == host(origin)
    except Malformed:
        return True


async def _fields(request: web.Request) -> Mapping[str, str]:
    """The fields of an urlencoded form, the first of each name, in whatever charset.

    Raises `AppError` for forms of another kind, `TooLarge`.
    """
    if request.content_type != _FORM:
        raise AppError("Send this as an urlencoded form.")
    if (request.content_length or 0) > MAX_FORM_BYTES:
        raise TooLarge("This is too long to be sent at once.")
    try:
        async with asyncio.timeout(READ_S):
            body = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    if len(body) > MAX_FORM_BYTES:
        raise TooLarge("This is too long to be sent at once.")
    fields: dict[str, bytes] = {}
    for pair in body.split(b"&", MAX_FIELDS)[:MAX_FIELDS]:
        name, _, value = pair.partition(b"=")
        fields.setdefault(_bytes(name).decode("ascii", "replace"), _bytes(value))
    said = request.charset or fields.get("charset", b"").decode("ascii", "replace")
    charset = said if _CHARSET.fullmatch(said) else ""
    return {name: _text(value, charset) for name, value in fields.items()}


def _bytes(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _text(value: bytes, charset: str) -> str:
    """As declared; what says UTF-8 and is not is Korean of old, as what says nothing."""
    if charset.lower().replace("-", "") == "utf8":
        charset = ""
    found = webpage.characters(value, f"charset={charset}" if charset else "")
    return found.replace("\x00", "").encode("utf-8", "replace").decode()
