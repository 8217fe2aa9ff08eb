"""Letting an app in: who asks, for what, and the answer that takes the person back to it.

RFC 6749 §4.1.1, §4.1.2; RFC 9700 §4.11: nobody is sent anywhere before the app and its address are
certain, and before somebody has signed in here. The answer of the app's own address follows in
`web/api/oauth.py`.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec
from aiohttp import web

from server.errors import AppError, Invalid
from server.services import apps
from server.services.apps import OUT_OF_BAND, Consent, RegisteredApp
from server.services.scopes import granted
from web import i18n
from web.keys import DB, SITE, SPOKEN, Viewer
from web.pages.abilities import abilities
from web.pages.access import now
from web.pages.forms import form, unchecked
from web.pages.sessions import sign_in_first
from web.render import guarded, page, viewer_of

routes = web.RouteTableDef()

PATH: Final = "/oauth/authorize"
FIELDS: Final = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "lang"),
    *("code_challenge", "code_challenge_method", "response_mode"),
)
YES: Final = frozenset({"true", "1", "on", "yes", "t"})
_DESCRIBED: Final = {
    "access_denied": "The resource owner or authorization server denied the request.",
    "invalid_scope": "The requested scope is invalid, unknown, or malformed.",
    "unsupported_response_type": "The authorization server does not support this response type.",
    "invalid_request": "A parameter is there twice, or has a value that is not supported here.",
    "challenge": "The code_challenge must be sent with code_challenge_method=S256.",
}
"""For those who make apps: the protocol's own language, never translated."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an app asks for. `fields` are repeated by the form; `fault` is an error of RFC 6749."""

    app: RegisteredApp
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str
    fields: Mapping[str, str]
    fault: str = ""

    @property
    def place(self) -> str:
        """Where the person goes on: a host; nothing for an app on their device."""
        parts = urlsplit(self.redirect_uri)
        return parts.netloc if parts.scheme in ("http", "https") else ""

    @property
    def schemes(self) -> str:
        """What a page's policy must let its forms lead to. Websites pass people on further."""
        if self.redirect_uri == OUT_OF_BAND:
            return ""
        scheme = urlsplit(self.redirect_uri).scheme
        return {"http": "http: https:"}.get(scheme, f"{scheme}:")

    @property
    def path(self) -> str:
        """The address of the page that asks."""
        return f"{PATH}?{urlencode(self.fields)}"


@routes.get(PATH)
@routes.get(PATH + "/")  # as the terminal's app toot writes it
async def ask(request: web.Request) -> web.Response:
    """Show who asks for what; whoever is not signed in, or shall be anew, signs in first."""
    asked = {name: request.query.getall(name) for name in request.query}
    wish = await _wish(request, asked)
    anew = request.query.get("force_login", "").lower() in YES
    if (viewer := viewer_of(request)) is None or anew:
        return await _sign_in(request, wish)
    if wish.fault:
        return await _refused(request, wish, wish.fault)
    response = await page(
        request,
        "authorize.html",
        wish=wish,
        abilities=abilities(wish.scopes),
        account=viewer.account,
        out_of_band=wish.redirect_uri == OUT_OF_BAND,
    )
    return _sealed(request, response, wish)


@routes.post(PATH)
async def answer(request: web.Request) -> web.Response:
    """Take the person back to the app, with a code or with their no."""
    viewer = viewer_of(request)
    sent = await (unchecked(request) if viewer is None else form(request))
    asked = {name: [sent.raw(name)] for name in FIELDS if name in sent.fields}
    wish = await _wish(request, asked)
    if viewer is None:
        return await _sign_in(request, wish)
    if wish.fault or sent.get("decision") == "deny":
        return await _refused(request, wish, wish.fault or "access_denied")
    return await _agreed(request, wish, viewer)


async def _wish(request: web.Request, asked: Mapping[str, list[str]]) -> Wish:
    """What was asked. Raises `AppError` where it is not certain who asks, or where to go back."""
    fields = {name: asked[name][0] for name in FIELDS if name in asked}
    _speak(request, fields.get("lang", ""))
    app = None
    if len(asked.get("client_id", ())) == 1:
        db = request.config_dict[DB]
        app = await db.read(apps.by_client_id, fields["client_id"])
    if app is None:
        raise AppError(
            "This site does not know the app that sent you here. Please begin in the app again."
        )
    uri = fields.get("redirect_uri", "")
    if len(asked.get("redirect_uri", ())) != 1 or uri not in app.redirects:
        raise AppError(
            "“%(app)s” wants to take you to an address that it has not registered, so nobody is "
            "sent there. Please begin in the app again.",
            app=app.name,
        )
    scopes = granted(fields.get("scope", ""), app.scope_text)
    return Wish(
        app=app,
        redirect_uri=uri,
        scopes=scopes or (),
        state=fields.get("state"),
        challenge=fields.get("code_challenge", ""),
        fields=fields,
        fault=_fault(asked, fields) or ("" if scopes else "invalid_scope"),
    )


def _fault(asked: Mapping[str, list[str]], fields: Mapping[str, str]) -> str:
    """What is wrong with a request. RFC 6749 §4.1.2.1, RFC 7636 §4.4.1."""
    if any(len(asked[name]) > 1 for name in fields):
        return "invalid_request"
    if fields.get("response_type") != "code":
        return "unsupported_response_type"
    if fields.get("response_mode", "query") != "query":
        return "invalid_request"
    challenge, method = fields.get("code_challenge"), fields.get("code_challenge_method")
    if challenge is None and method is None:
        return ""
    return "" if method == "S256" and apps.is_challenge(challenge or "") else "challenge"


def _speak(request: web.Request, wanted: str) -> None:
    """Speak the language that the app names, if it is one of ours."""
    language = wanted.strip().lower().replace("_", "-").partition("-")[0]
    if language in request.config_dict[SITE].languages and language in i18n.available():
        request[SPOKEN] = language


async def _sign_in(request: web.Request, wish: Wish) -> web.Response:
    response = await sign_in_first(request, wish.path, wish.app.name)
    return _sealed(request, response, wish)


async def _agreed(request: web.Request, wish: Wish, viewer: Viewer) -> web.Response:
    consent = Consent(
        account_id=viewer.account.id,
        app_id=wish.app.id,
        redirect_uri=wish.redirect_uri,
        scopes=wish.scopes,
        challenge=wish.challenge,
    )
    code = await request.config_dict[DB].write(apps.agree, consent, now(request))
    if wish.redirect_uri == OUT_OF_BAND:
        response = await page(request, "authorized.html", wish=wish, code=code)
        return _sealed(request, response, wish)
    return _back(wish, {"code": code})


async def _refused(request: web.Request, wish: Wish, fault: str) -> web.Response:
    error = "invalid_request" if fault == "challenge" else fault
    if wish.redirect_uri != OUT_OF_BAND:
        return _back(wish, {"error": error, "error_description": _DESCRIBED[fault]})
    if error != "access_denied":
        raise Invalid(
            "“%(app)s” asked for something that does not exist here. Please tell those who made "
            "the app, or use another one.",
            app=wish.app.name,
        )
    response = await page(request, "authorized.html", wish=wish, code="")
    return _sealed(request, response, wish)


def _back(wish: Wish, answer: dict[str, str]) -> web.Response:
    """To the app's own address, with its `state` as it was sent."""
    state = {} if wish.state is None else {"state": wish.state}
    mark = "&" if "?" in wish.redirect_uri else "?"
    location = f"{wish.redirect_uri}{mark}{urlencode({**answer, **state})}"
    headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=303, headers=headers)


def _sealed(request: web.Request, response: web.Response, wish: Wish) -> web.Response:
    """No frame, no cache, no referrer; forms may lead to the app."""
    guarded(request, response, schemes=wish.schemes)
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response
