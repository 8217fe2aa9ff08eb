"""Making an account as the city allows it: open, after approval, by invitation, or not at all."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from server import keyring, passwords
from server.errors import AppError, Forbidden
from server.model import Account
from server.services import joining, sessions
from server.services.accounts import NewAccount
from web.keys import ADDRESS, BUCKETS, CONFIG, DB, SITE, VAULT
from web.limits import network
from web.pages.access import now
from web.pages.forms import Form, form, see, visitor_page
from web.pages.sessions import set_session
from web.render import language_of, page, viewer_of

routes = web.RouteTableDef()

FIELDS: Final = ("name", "display_name", "email", "reason", "invite")


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
    password = sent.raw("password")
    typed = joining.Applicant(
        name=sent.get("name").removeprefix("@"),
        email=sent.get("email"),
        password=password,
        reason=sent.get("reason"),
        mode=mode,
    )
    faults = {
        one.field: one.error for one in await request.config_dict[DB].read(joining.faults, typed)
    }
    for field in ("name", "email", "reason"):
        if field in faults:
            raise _Unusable(field, faults[field])
    request.config_dict[BUCKETS].spend(f"passwords from {network(request[ADDRESS])}", now(request))
    if "password" in faults:
        raise _Unusable("password", faults["password"])
    new = NewAccount(
        name=typed.name,
        email=typed.email,
        password=await passwords.hash_(password),
        display_name=sent.get("display_name"),
        state=joining.state(mode),
        language=language_of(request),
        reason=typed.reason,
        keys=await asyncio.to_thread(keyring.make, request.config_dict[VAULT]),
        address=request[ADDRESS],
    )
    invite = sent.get("invite") if mode == "invite" else None
    site = request.config_dict[SITE]
    return await request.config_dict[DB].write(joining.join, site, new, invite, now(request))


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
