"""Around every request: its id, the visitor's address, who asks, what a failure looks like."""

import asyncio
import logging
from http import HTTPStatus

from aiohttp import HttpVersion10, web
from aiohttp.typedefs import Handler

from federation.errors import FederationError, Unproven
from server.clock import DAY_MS
from server.errors import AppError, BadToken, Forbidden, NotFound, TooMany
from server.services import apps, sessions
from server.services.sessions import Session, Token
from server.store.db import Contention, DatabaseUnavailable
from web import counting, error_page, failures, filtering, logs, old_addresses, visitors
from web.crowds import in_places
from web.fences import FENCES
from web.keys import (
    ADDRESS,
    CALLER,
    CALLERS,
    CONFIG,
    DB,
    NOW,
    REQUEST_ID,
    SHUT_OUT,
    STREAM,
    TOKEN,
    VIEWER,
    Caller,
    Viewer,
)
from web.pages.sessions import session_cookie
from web.streams import STREAMING

log = logging.getLogger(__name__)

SLOW_MS = 1_000  # a request that took longer is worth a line in the log
NEVER_FENCED = ("/healthz", "/readyz", "/health", "/metrics", "/static/")
OPEN_TO_ANYONE = (
    *("/static/", "/media/", "/feeds/", "/cards/", "/icons/", "/logo", "/cover", "/sw.js"),
    *("/manifest.webmanifest", "/health", "/inbox", "/.well-known/", "/nodeinfo/", "/webmention"),
    *("/oauth/token", "/oauth/revoke"),
)


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id and its visitor's address; log what failed or was slow."""
    request[REQUEST_ID] = id = logs.new_request_id()
    request[ADDRESS] = visitors.address_of(request)
    token = logs.request_id.set(id)
    started = asyncio.get_running_loop().time()
    try:
        response = await (handler(request) if _legible(request) else _illegible(request))
        if not response.prepared:
            response.headers["X-Request-Id"] = id
        return response
    finally:
        took_ms = (asyncio.get_running_loop().time() - started) * 1000
        if took_ms > SLOW_MS and not request.get(STREAM):
            log.info("%s %s took %d ms", request.method, request.path, took_ms)
        logs.request_id.reset(token)


@web.middleware
async def fail_well(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn everything that is raised into an answer that says what to do."""
    try:
        return await handler(request)
    except AppError as error:
        return await _refused(request, error)
    except FederationError as error:
        response = failures.problem(request, error.status, str(error))
        if isinstance(error, Unproven):
            response.headers["Retry-After"] = str(-(-error.retry_after_ms // 1000))
        return response
    except web.HTTPException as error:
        return await _http(request, error)
    except web.RequestPayloadError:  # a body that ends before its end
        return await failures.answer(request, HTTPStatus.BAD_REQUEST, None)
    except (DatabaseUnavailable, Contention) as error:  # a traceback would tell nothing
        log.warning("%s", error)
        return await failures.answer(
            request, HTTPStatus.SERVICE_UNAVAILABLE, error_page.away(request)
        )
    except Exception:  # ours: the person gets an id to tell us
        log.exception("%s %s failed", request.method, request.path)
        return await failures.answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, None)


@web.middleware
async def unpacked(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a body that is packed: no peer and no app packs what it sends.

    To unpack is work that a stranger gives us a thousandfold, while nobody else has a turn; so
    connections do not do it either (`connections.Connection`). RFC 9110 §8.4, §15.5.16.
    """
    codings = ",".join(request.headers.getall("Content-Encoding", ()))
    if any(one.strip().lower() not in ("", "identity") for one in codings.split(",")):
        raise web.HTTPUnsupportedMediaType(headers={"Accept-Encoding": "identity"})
    return await handler(request)


def _legible(request: web.Request) -> bool:
    """Whether the address is text that can be stored and shown: no NUL, no broken UTF-8.

    And whether all on the way read the same: a host (aiohttp refuses two), and no chunks before
    HTTP/1.1. RFC 9112 §3.2, §6.1.
    """
    old = request.version <= HttpVersion10
    if ("Transfer-Encoding" in request.headers) if old else ("Host" not in request.headers):
        return False
    text = request.path + request.query_string
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


async def _illegible(request: web.Request) -> web.StreamResponse:
    """An app hears what it always hears of an unknown address; a page could not repeat this one."""
    if request.path.startswith("/api/"):
        nothing = NotFound("There is nothing at this address.")
        return await failures.answer(request, nothing.status, nothing)
    return failures.problem(request, HTTPStatus.BAD_REQUEST, "This address is not text.")


async def _refused(request: web.Request, error: AppError) -> web.StreamResponse:
    ours = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, TooMany)
    if ours:  # no room for pictures, for example
        log.warning("%s", error)
    response = await failures.answer(request, error.status, error)
    response.headers.update(error_page.retry_after(error))
    return response


async def _http(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    if error.status < HTTPStatus.BAD_REQUEST:
        raise error
    if error.status == HTTPStatus.NOT_FOUND:
        if (elsewhere := await old_addresses.lead(request)) is not None:
            return elsewhere
        return await failures.answer(
            request, HTTPStatus.NOT_FOUND, NotFound("There is nothing at this address.")
        )
    response = await failures.answer(request, error.status, None)
    for name in ("Allow", "Retry-After", "Accept-Encoding"):
        if name in error.headers:
            response.headers[name] = error.headers[name]
    if error.status == HTTPStatus.REQUEST_TIMEOUT:
        response.force_close()  # the rest of the body would be read as the next request
    return response


@web.middleware
async def keep_out(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let nobody in from where moderators let nobody in.

    This machine, the proxy, and whoever asks how the server is are always heard.
    """
    address, db = request[ADDRESS], request.config_dict[DB]
    if request.path.startswith(NEVER_FENCED) or _ours(request, address):
        return await handler(request)
    if await request.config_dict[FENCES].keeps_out(db, address):
        raise Forbidden("From where you are, nobody gets in here.")
    return await handler(request)


def _ours(request: web.Request, address: str) -> bool:
    return visitors.is_ours(address, request.config_dict[CONFIG].server.trusted_proxies)


@web.middleware
async def recognise(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who asks, by an app's token or by the session cookie."""
    if not request.path.startswith(OPEN_TO_ANYONE):
        if authorization := _authorization(request):
            await _by_token(request, authorization)
        elif not request.path.startswith("/api/"):
            await _by_cookie(request)
        if (viewer := request.get(VIEWER)) is not None:
            await filtering.prepare(request, viewer)
    return await handler(request)


def _authorization(request: web.Request) -> str:
    """An app's token; a browser can give a stream no header, so there it stands elsewhere."""
    header = request.headers.get("Authorization", "")
    if header or not request.path.startswith(STREAMING):
        return header
    protocol = request.headers.get("Sec-WebSocket-Protocol", "").partition(",")[0]
    token = request.query.get("access_token", "") or protocol
    return f"Bearer {token}" if token else ""


async def _by_token(request: web.Request, authorization: str) -> None:
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer":
        return
    token, found = token.strip(), None
    if token.isascii():  # ours all are
        found = await request.config_dict[CALLERS].find(request.config_dict[DB], token)
    if found is None:
        counting.count(request)
        raise BadToken("The access token is not valid; please sign in again in your app.")
    _hold(request, found)
    request[TOKEN] = token
    now_ms = request.config_dict[NOW]()
    if found.used_ms < now_ms - DAY_MS:
        await request.config_dict[DB].write(apps.touch, found.id, found.app_id, now_ms)


def _hold(request: web.Request, token: Token) -> None:
    """Note who asks. A token that is nobody's makes nobody a viewer."""
    if token.account is None or token.member is None:
        request[CALLER] = Caller(scopes=token.scopes, token_id=token.id, app_id=token.app_id)
        return
    request[VIEWER] = Viewer(
        account=token.account,
        member=token.member,
        scopes=token.scopes,
        csrf="",
        token_id=token.id,
        app_id=token.app_id,
    )


@web.middleware
async def within_rates(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count what apps ask for, and refuse what is too much."""
    counting.count(request)
    return await handler(request)


async def _by_cookie(request: web.Request) -> None:
    token = request.cookies.get(session_cookie(request))
    if not token or not token.isascii():
        return
    db, now_ms = request.config_dict[DB], request.config_dict[NOW]()
    session: Session | None = await db.read(sessions.known, token, now_ms)
    if session is None:
        return
    if sessions.stale(session, now_ms):
        await db.write(sessions.touch, session, now_ms)
    viewer = Viewer(account=session.account, member=session.member, scopes=None, csrf=session.csrf)
    request[SHUT_OUT if session.shut_out else VIEWER] = viewer


MIDDLEWARES = (identify, fail_well, unpacked, keep_out, recognise, in_places, within_rates)
