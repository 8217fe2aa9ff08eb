"""Joining from an app, and what became of the e-mail address.

docs.joinmastodon.org/methods/accounts/#create, docs.joinmastodon.org/methods/emails
"""

import asyncio
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from server import keyring, passwords
from server.errors import AppError, Conflict, Forbidden, Invalid
from server.model import Site
from server.services import accounts, apps, joining
from server.services.accounts import NewAccount
from server.store.db import Read, Write
from web import counting, entities, i18n, present
from web.api.access import by_app, need
from web.api.answers import one
from web.api.shape import gives
from web.body import body
from web.keys import ADDRESS, BUCKETS, CONFIG, DB, NOW, SITE, VAULT, Caller, Viewer

routes = web.RouteTableDef()

_FIELDS: Final = {"name": "username"}
_CODES: Final[dict[joining.Wrong, str]] = {
    "blank": "ERR_BLANK",
    "invalid": "ERR_INVALID",
    "reserved": "ERR_RESERVED",
    "short": "ERR_TOO_SHORT",
    "refused": "ERR_BLOCKED",
}
Faults = list[tuple[str, str, AppError]]
"""Field, its code (`ERR_TAKEN`), and the sentence."""


class NewPerson(msgspec.Struct, frozen=True):
    """Who joins. `agreement`: they have read the rules; `invite_code` where one is needed."""

    username: str = ""
    email: str = ""
    password: str = ""
    agreement: bool = False
    locale: str = ""
    reason: str = ""
    invite_code: str = ""


class NewEmail(msgspec.Struct, frozen=True):
    """Another address to confirm."""

    email: str = ""


@routes.post("/api/v1/accounts")
@by_app("write:accounts")
@gives(entities.Token, body=NewPerson)
async def create(request: web.Request, caller: Caller) -> web.Response:
    """Make an account, as the city allows it; the token counts once the account does."""
    mode = request.config_dict[CONFIG].registrations.mode
    if mode == "closed":
        raise Forbidden("This site does not take new accounts at the moment.")
    if caller.app_id is None:
        raise Forbidden("Only an app that has registered can make accounts.")
    typed = await body(request, NewPerson)
    site, db = request.config_dict[SITE], request.config_dict[DB]
    if faults := await db.read(_faults, site, typed, mode):
        return _invalid(request, faults)
    new = await _new(request, typed, mode)
    invite = typed.invite_code if mode == "invite" else None
    now_ms = request.config_dict[NOW]()
    try:
        token = await db.write(_create, site, new, invite, caller.app_id, now_ms)
    except Conflict:  # somebody was faster
        return _invalid(request, await db.read(_taken, site, typed))
    return one(token)


async def _new(request: web.Request, typed: NewPerson, mode: str) -> NewAccount:
    """The account that is to be made; what that costs is limited. Raises `TooMany`."""
    from_there = counting.home(request)
    counting.spend(request, [("sign-ups", from_there)])
    request.config_dict[BUCKETS].spend(f"passwords from {from_there}", request.config_dict[NOW]())
    return NewAccount(
        name=typed.username,
        email=typed.email,
        password=await passwords.hash_(typed.password),
        state=joining.state(mode),
        language=_language(request, typed.locale),
        reason=typed.reason,
        keys=await asyncio.to_thread(keyring.make, request.config_dict[VAULT]),
        address=request[ADDRESS],
    )


def _create(
    tx: Write, site: Site, new: NewAccount, invite: str | None, app_id: int, now_ms: int
) -> entities.Token:
    """One commit: the account, its app's token, and the invitation that let it in."""
    app = apps.by_id(tx, app_id)
    account = joining.join(tx, site, new, invite, now_ms)
    token = apps.issue(tx, app, app.scope_text, now_ms, account_id=account.id)
    return present.token(token, app.scope_text, now_ms)


def _faults(db: Read, site: Site, typed: NewPerson, mode: str) -> Faults:
    """Everything that cannot be used, field by field."""
    applicant = joining.Applicant(
        name=typed.username,
        email=typed.email,
        password=typed.password,
        reason=typed.reason,
        mode=mode,
    )
    found = [_in_their_words(fault) for fault in joining.faults(db, applicant)]
    if not any(field != "reason" for field, _, _ in found):
        found += _taken(db, site, typed)
    if not typed.agreement:
        found.append(("agreement", "ERR_ACCEPTED", Invalid("must be accepted")))
    return found


def _in_their_words(fault: joining.Fault) -> tuple[str, str, AppError]:
    """As apps know it; a reason that is missing is asked for in a sentence."""
    blank = fault.wrong == "blank" and fault.field != "reason"
    error = Invalid("can't be blank") if blank else fault.error
    return _FIELDS.get(fault.field, fault.field), _CODES[fault.wrong], error


def _taken(db: Read, site: Site, typed: NewPerson) -> Faults:
    found: Faults = []
    if accounts.by_handle(db, site, typed.username.strip().lower()):
        found.append(("username", "ERR_TAKEN", Invalid("has already been taken")))
    if accounts.has_email(db, typed.email):
        found.append(("email", "ERR_TAKEN", Invalid("has already been taken")))
    return found


def _invalid(request: web.Request, faults: Faults) -> web.Response:
    """Every fault by its field, and all of them in one sentence."""
    language = i18n.choose(request, request.config_dict[SITE].languages)
    details: dict[str, list[dict[str, str]]] = {}
    for field, code, error in faults:
        told = {"error": code, "description": i18n.say(error, language)}
        details.setdefault(field, []).append(told)
    words = [
        f"{field.capitalize()} {one['description']}" for field in details for one in details[field]
    ]
    return one(
        {"error": f"Validation failed: {', '.join(words)}", "details": details},
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
    )


def _language(request: web.Request, locale: str) -> str:
    """The language in which the pages speak to them: theirs if we have it, else what they read."""
    wanted = locale.strip().lower().replace("_", "-").partition("-")[0]
    languages = request.config_dict[SITE].languages
    return i18n.choose(request, languages, wanted)


@routes.post("/api/v1/emails/confirmations")
@need("write:accounts")
@gives(entities.Empty, body=NewEmail)
async def confirm(request: web.Request, viewer: Viewer) -> web.Response:
    """Send the letter again: accounts here wait for no letter, so there is none."""
    raise Forbidden("This method is only available while the e-mail is awaiting confirmation")


@routes.get("/api/v1/emails/check_confirmation")
@need("read:accounts")
@gives(bool)
async def confirmed(request: web.Request, viewer: Viewer) -> web.Response:
    """Whether the viewer's address counts as confirmed."""
    return one(viewer.member.confirmed_ms is not None)
