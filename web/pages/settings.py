"""Settings: how others see the viewer, the password, where they are signed in."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from server import passwords
from server.errors import AppError, Invalid
from server.model import VISIBILITIES, Account
from server.services import accounts, sessions
from server.services.accounts import ProfileChanges
from server.store import accounts as rows
from server.store.db import Write
from server.text import plain
from web import i18n
from web.i18n import N_
from web.keys import DB, PICTURES, SITE, Viewer
from web.pages.access import now, signed_in
from web.pages.forms import Form, form, see
from web.pages.sessions import session_cookie
from web.render import page

routes = web.RouteTableDef()

FIELDS: Final = 4
DONE: Final = {
    "welcome": N_("Welcome! Tell the others a little about yourself."),
    "profile": N_("Your profile was saved."),
    "password": N_("Your password was changed, and all other devices were signed out."),
    "sessions": N_("The device was signed out."),
    "preferences": N_("Your settings were saved."),
}


@routes.get("/settings")
@signed_in
async def settings(request: web.Request, viewer: Viewer) -> web.Response:
    """All settings on one page, each group a form of its own."""
    return await _shown(request, viewer, _typed(viewer.account))


def _typed(account: Account) -> dict[str, str]:
    pairs = [(name, plain(value)) for name, value in json.loads(account.fields)]
    pairs += [("", "")] * (FIELDS - len(pairs))
    typed = {"display_name": account.display_name, "bio": account.bio_source}
    for place, (name, value) in enumerate(pairs[:FIELDS], 1):
        typed |= {f"field_{place}_name": name, f"field_{place}_value": value}
    typed["locked"] = "on" if account.locked else ""
    typed["discoverable"] = "on" if account.discoverable else ""
    return typed


@routes.post("/settings/profile")
@signed_in
async def profile(request: web.Request, viewer: Viewer) -> web.Response:
    """Change how others see the viewer."""
    sent = await form(request)
    try:
        avatar = await _picture(request, sent, "avatar")
    except AppError as error:
        return await _refused(request, viewer, sent, "avatar", error)
    try:
        header = await _picture(request, sent, "header")
    except AppError as error:
        return await _refused(request, viewer, sent, "header", error)
    changes = ProfileChanges(
        display_name=sent.get("display_name"),
        bio_source=sent.raw("bio").strip(),
        fields=tuple((name, value) for name, value in _fields(sent) if name or value),
        locked=bool(sent.get("locked")),
        discoverable=bool(sent.get("discoverable")),
        avatar=avatar,
        header=header,
    )
    db, site = request.config_dict[DB], request.config_dict[SITE]
    try:
        await db.write(accounts.edit_profile, site, viewer.account, changes, now(request))
    except AppError as error:
        return await _refused(request, viewer, sent, "profile", error)
    return see("/settings?done=profile")


def _fields(sent: Form) -> list[tuple[str, str]]:
    places = range(1, FIELDS + 1)
    return [(sent.get(f"field_{n}_name"), sent.get(f"field_{n}_value")) for n in places]


async def _picture(request: web.Request, sent: Form, name: str) -> str | None:
    """The file of the new picture; nothing if it is taken away, None if it stays."""
    data = sent.files.get(name)
    if data is None:
        return "" if sent.get(f"{name}_remove") else None
    pictures = request.config_dict[PICTURES]
    made = await (pictures.process_avatar(data) if name == "avatar" else pictures.process(data))
    return str(made.large)


async def _refused(
    request: web.Request, viewer: Viewer, sent: Form, field: str, error: AppError
) -> web.Response:
    names = _typed(viewer.account)
    typed = {name: sent.raw(name) for name in names}
    return await _shown(request, viewer, typed, {field: error})


@routes.post("/settings/preferences")
@signed_in
async def preferences(request: web.Request, viewer: Viewer) -> web.Response:
    """The language of the interface, and for whom a new post is at first."""
    sent = await form(request)
    language, visibility = sent.get("language"), sent.get("visibility")
    offered = request.config_dict[SITE].languages
    await request.config_dict[DB].write(
        _prefer,
        viewer.account.id,
        language if language in offered else viewer.member.language,
        visibility if visibility in VISIBILITIES[:3] else viewer.member.default_visibility,
    )
    return see("/settings?done=preferences")


def _prefer(tx: Write, viewer_id: int, language: str, visibility: str) -> None:
    accounts.set_language(tx, viewer_id, language)
    rows.set_member(tx, viewer_id, default_visibility=visibility)


@routes.post("/settings/password")
@signed_in
async def password(request: web.Request, viewer: Viewer) -> web.Response:
    """Change the password; whoever else knew the old one is signed out."""
    sent, db = await form(request), request.config_dict[DB]
    subject = (f"password:{viewer.account.id}",)
    try:
        await db.read(sessions.check_throttle, subject, now(request))
    except AppError as error:
        return await _shown(request, viewer, _typed(viewer.account), {"old_password": error})
    if not await passwords.verify(viewer.member.password, sent.raw("old_password")):
        await db.write(sessions.record_failure, subject[0], now(request))
        wrong = Invalid("This is not your current password.")
        return await _shown(request, viewer, _typed(viewer.account), {"old_password": wrong})
    try:
        passwords.check(sent.raw("password"), viewer.account.name, viewer.member.email)
        hashed = await passwords.hash_(sent.raw("password"))
    except AppError as error:
        return await _shown(request, viewer, _typed(viewer.account), {"password": error})
    token = request.cookies.get(session_cookie(request), "")
    await db.write(accounts.change_password, viewer.account, hashed, token)
    return see("/settings?done=password")


@routes.post("/settings/sessions/revoke")
@signed_in
async def revoke(request: web.Request, viewer: Viewer) -> web.Response:
    """Sign out one device."""
    sent = await form(request)
    try:
        key = bytes.fromhex(sent.get("session"))
    except ValueError:
        key = b""
    await request.config_dict[DB].write(sessions.revoke, viewer.account.id, key)
    return see("/settings?done=sessions")


async def _shown(
    request: web.Request,
    viewer: Viewer,
    typed: Mapping[str, str],
    errors: Mapping[str, AppError] | None = None,
) -> web.Response:
    token = request.cookies.get(session_cookie(request), "")
    devices = await request.config_dict[DB].read(sessions.all, viewer.account.id, now(request))
    status = next((error.status for error in (errors or {}).values()), HTTPStatus.OK)
    return await page(
        request,
        "settings.html",
        status=status,
        typed=typed,
        places=range(1, FIELDS + 1),
        devices=devices,
        this=sessions.digest(token) if token else b"",
        done=DONE.get(request.query.get("done", ""), ""),
        languages=[
            code for code in request.config_dict[SITE].languages if code in i18n.available()
        ],
        errors=errors or {},
    )
