"""What apps fetch when a person has let them in: OAuth 2 as Mastodon speaks it.

RFC 6749, 6750, 7009 (revocation), 7636 (PKCE), 8414 (metadata); docs.joinmastodon.org/methods/oauth
The page on which the person agrees is `web/pages/authorize.py`.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from functools import wraps
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_plus

import msgspec
from aiohttp import web

from server.errors import AppError, TooLarge
from server.services import apps
from server.services import scopes as words
from server.services.apps import RegisteredApp
from web import entities, present, revoked
from web.api.access import Handler, anybody, need
from web.api.answers import one
from web.api.shape import gives
from web.body import sent
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()

GRANTS: Final = ("authorization_code", "client_credentials")
_FRESH: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_DESCRIBED: Final = {
    "invalid_request": "The request is missing a required parameter, includes an unsupported "
    "parameter value, or is otherwise malformed.",
    "invalid_client": "Client authentication failed due to unknown client, no client "
    "authentication included, or unsupported authentication method.",
    "invalid_grant": "The provided authorization grant is invalid, expired, revoked, does not "
    "match the redirection URI used in the authorization request, or was issued to another client.",
    "invalid_scope": "The requested scope is invalid, unknown, or malformed.",
    "unsupported_grant_type": "The authorization grant type is not supported by the "
    "authorization server.",
    "unauthorized_client": "You are not authorized to revoke this token",
}
"""For those who make apps: the protocol's own language, never translated."""


class Refused(Exception):
    """An error of RFC 6749 §5.2."""

    def __init__(
        self,
        error: str,
        description: str = "",
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Without a `description` the usual one."""
        super().__init__(error)
        self.error = error
        self.description = description or _DESCRIBED[error]
        self.status = status
        self.headers = headers or {}


class Asked(msgspec.Struct, frozen=True):
    """What is sent to `/oauth/token`: RFC 6749 §4.1.3, §4.4.2; RFC 7636 §4.5."""

    grant_type: str = ""
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""
    scope: str = ""
    client_id: str = ""
    client_secret: str = ""


class Ending(msgspec.Struct, frozen=True):
    """What is sent to `/oauth/revoke`."""

    token: str = ""
    client_id: str = ""
    client_secret: str = ""


def _told(handler: Handler) -> Handler:
    """Answer every refusal in the shape that RFC 6749 §5.2 gives it."""

    @wraps(handler)
    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except TooLarge:
            raise
        except Refused as refused:
            return _refusal(refused)
        except AppError as error:
            return _refusal(Refused("invalid_request", str(error)))

    return answered


def _refusal(refused: Refused) -> web.Response:
    return web.json_response(
        {"error": refused.error, "error_description": refused.description},
        status=refused.status,
        headers={**_FRESH, **refused.headers},
    )


@routes.post("/oauth/token")
@_told
@anybody()
@gives(entities.Token, body=Asked)
async def token(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Give an app a token: for the person who let it in, or for itself."""
    asked = await sent(request, Asked)
    if not asked.grant_type:
        raise Refused("invalid_request", "Missing required parameter: grant_type.")
    if asked.grant_type not in GRANTS:
        raise Refused("unsupported_grant_type")
    app = await _authenticated(request, asked.client_id, asked.client_secret)
    give = _for_code if asked.grant_type == "authorization_code" else _for_itself
    response = one(await give(request, app, asked))
    response.headers.update(_FRESH)
    return response


async def _for_code(request: web.Request, app: RegisteredApp, asked: Asked) -> entities.Token:
    for name in ("code", "redirect_uri"):
        if not getattr(asked, name):
            raise Refused("invalid_request", f"Missing required parameter: {name}.")
    now_ms = request.config_dict[NOW]()
    grant = await request.config_dict[DB].write(
        apps.exchange, app, asked.code, asked.redirect_uri, asked.code_verifier, now_ms=now_ms
    )
    revoked.tell(request.app, grant.ended)
    if not grant.token:
        raise Refused("invalid_grant")
    return present.token(grant.token, grant.scopes, now_ms)


async def _for_itself(request: web.Request, app: RegisteredApp, asked: Asked) -> entities.Token:
    scopes = words.granted(asked.scope, app.scope_text)
    if scopes is None:
        raise Refused("invalid_scope")
    now_ms = request.config_dict[NOW]()
    grant = await request.config_dict[DB].write(apps.issue_alone, app, " ".join(scopes), now_ms)
    revoked.tell(request.app, grant.ended)
    return present.token(grant.token, grant.scopes, now_ms)


async def _authenticated(request: web.Request, client_id: str, secret: str) -> RegisteredApp:
    """The app that asks, by Basic authentication or in the body. RFC 6749 §2.3.1."""
    basic = _basic(request)
    if basic is not None:
        if secret or client_id not in ("", basic[0]):
            raise Refused("invalid_request", "Authenticate the client in one way only.")
        client_id, secret = basic
    app = await request.config_dict[DB].read(apps.authenticated, client_id, secret)
    if app is None:
        headers = {"WWW-Authenticate": 'Basic realm="Madang"'} if basic is not None else {}
        raise Refused("invalid_client", status=HTTPStatus.UNAUTHORIZED, headers=headers)
    return app


def _basic(request: web.Request) -> tuple[str, str] | None:
    """Id and secret of a Basic header, empty where they cannot be read; None without one."""
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        id, _, secret = b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    found = unquote_plus(id), unquote_plus(secret)
    return ("", "") if any("\0" in part for part in found) else found


@routes.post("/oauth/revoke")
@_told
@anybody()
@gives(entities.Empty, body=Ending)
async def revoke(request: web.Request, viewer: Viewer | None) -> web.Response:
    """End a token of the app that asks; one that ended already is ended. RFC 7009."""
    asked = await sent(request, Ending)
    forbidden = Refused("unauthorized_client", status=HTTPStatus.FORBIDDEN)
    try:
        app = await _authenticated(request, asked.client_id, asked.client_secret)
    except Refused:
        raise forbidden from None
    ended = None
    if asked.token:
        ended = await request.config_dict[DB].write(apps.revoke_own, app, asked.token)
    if ended is None:
        raise forbidden
    revoked.tell(request.app, ended)
    return one({})


@routes.get("/oauth/userinfo")
@routes.post("/oauth/userinfo")
@need("profile")
@gives(entities.UserInfo)
async def userinfo(request: web.Request, viewer: Viewer) -> web.Response:
    """Who let the app in. OpenID Connect Core 1.0 §5.3."""
    return one(present.user_info(request.config_dict[SITE], viewer.account))


@routes.get("/.well-known/oauth-authorization-server")
@anybody()
@gives(entities.OAuthServer)
async def metadata(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Where apps ask for what. RFC 8414; `app_registration_endpoint` is Mastodon's."""
    origin = request.config_dict[SITE].origin
    return one(
        entities.OAuthServer(
            issuer=f"{origin}/",
            authorization_endpoint=f"{origin}/oauth/authorize",
            token_endpoint=f"{origin}/oauth/token",
            revocation_endpoint=f"{origin}/oauth/revoke",
            userinfo_endpoint=f"{origin}/oauth/userinfo",
            app_registration_endpoint=f"{origin}/api/v1/apps",
            service_documentation="https://docs.joinmastodon.org/",
            scopes_supported=list(words.SCOPES),
            response_types_supported=["code"],
            response_modes_supported=["query"],
            grant_types_supported=list(GRANTS),
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
            code_challenge_methods_supported=["S256"],
        )
    )
