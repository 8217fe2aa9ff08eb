"""Making an account as the city allows it: open, after approval, by invitation, or not at all."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from server import keyring, passwords
from server.errors import AppError, Forbidden, Invalid
from server.model import Account, Site
from server.services import accounts, admissions, invites, sessions
from server.services.accounts import NewAccount
from server.store.db import Write
from web.keys import ADDRESS, BUCKETS, CONFIG, DB, SITE, VAULT
from web.limits import network
from web.pages.access import now
from web.pages.forms import Form, form, see, visitor_page
from web.pages.sessions import set_session
from web.render import language_of, page, viewer_of

routes = web.RouteTableDef()

FIELDS: Final = ("name", "display_name", "email", "reason", "invite")
MAX_REASON: Final = 2000  # characters


class _Unusable(Exception):
    """One field cannot be used as it is."""

    def __init__(self, field: str, cause: AppError) -> None:
        super().__init__(field)
        self.field = field
        self.cause = cause


@routes.get("/sign-up")
async def ask(request: web.Request) -> web.Response:
    """The form, or why there is none."""
    if viewer_of(request) is not None:
        return see("/home")
    return await _shown(request, {"invite": request.query.get("invite", "")})


@routes.post("/sign-up")
async def sign_up(request: web.Request) -> web.Response:
    """Make an account, and sign in where nobody has to approve it."""
    sent = await form(request)
    typed = {name: sent.get(name) for name in FIELDS}
    try:
        account = await _made(request, sent)
    except _Unusable as refusal:
        return await _shown(request, typed, refusal.field, refusal.cause)
    except AppError as error:
        return await _shown(request, typed, "form", error)
    if account.state == "pending":
        return await page(request, "signed_up.html", account=account)
    return await _welcomed(request, account)


def _mode(request: web.Request) -> str:
    return str(request.config_dict[CONFIG].registrations.mode)


async def _made(request: web.Request, sent: Form) -> Account:
    mode = _mode(request)
    if mode == "closed":
        raise Forbidden("This site does not take new accounts at the moment.")
    email, password = sent.get("email"), sent.raw("password")
    try:
        name = accounts.check_name(sent.get("name").removeprefix("@"))
    except AppError as error:
        raise _Unusable("name", error) from error
    if "@" not in email.strip("@") or len(email) > 254:
        raise _Unusable(
            "email", Invalid("Please give an e-mail address, such as name@example.org.")
        )
    try:
        await request.config_dict[DB].read(admissions.check_email, email)
    except AppError as error:
        raise _Unusable("email", error) from error
    if mode == "approval" and not sent.get("reason"):
        raise _Unusable("reason", Invalid("Please tell the moderators in a sentence who you are."))
    request.config_dict[BUCKETS].spend(f"passwords from {network(request[ADDRESS])}", now(request))
    try:
        passwords.check(password, sent.get("name"), email)
        hashed = await passwords.hash_(password)
    except AppError as error:
        raise _Unusable("password", error) from error
    new = NewAccount(
        name=name,
        email=email,
        password=hashed,
        display_name=sent.get("display_name"),
        state="pending" if mode == "approval" else "active",
        language=language_of(request),
        reason=sent.get("reason")[:MAX_REASON],
        keys=await asyncio.to_thread(keyring.make, request.config_dict[VAULT]),
        address=request[ADDRESS],
    )
    invite = sent.get("invite") if mode == "invite" else None
    site = request.config_dict[SITE]
    return await request.config_dict[DB].write(_create, site, new, invite, now(request))


def _create(tx: Write, site: Site, new: NewAccount, invite: str | None, now_ms: int) -> Account:
    """One commit: an invitation is used only if the account is made."""
    if invite is not None:
        invites.use(tx, invite, now_ms)
    return admissions.join(tx, site, new, now_ms)


async def _welcomed(request: web.Request, account: Account) -> web.Response:
    token = await request.config_dict[DB].write(
        sessions.sign_in,
        account.id,
        request.headers.get("User-Agent", ""),
        request[ADDRESS],
        now(request),
    )
    response = see("/settings?done=welcome")
    set_session(request, response, token)
    return response


async def _shown(
    request: web.Request,
    typed: Mapping[str, str],
    field: str = "",
    error: AppError | None = None,
) -> web.Response:
    return await visitor_page(
        request,
        "sign_up.html",
        status=error.status if error else HTTPStatus.OK,
        mode=_mode(request),
        typed={**dict.fromkeys(FIELDS, ""), **typed},
        errors={field: error} if error else {},
    )
