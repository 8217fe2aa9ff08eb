"""Settings: how others see the viewer, the password, where they are signed in, and leaving."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web
from msgspec.structs import replace

from server import passwords
from server.errors import AppError
from server.model import AUDIENCES, Account, Media, Site
from server.services import accounts, departures, media, profile_links, profiles, quotes, sessions
from server.services.preferences import Defaults, set_defaults, set_language
from server.services.profiles import MAX_FIELDS, SWITCHES, ProfileChanges
from server.store.db import Write
from server.text import plain
from web import i18n, intake, revoked
from web.i18n import N_
from web.keys import DB, SITE, Viewer
from web.keys import PICTURES as PICTURE_STORE
from web.pages.access import now, signed_in
from web.pages.forms import Form, form, see
from web.pages.sessions import check_password, drop_session, session_cookie
from web.render import page

routes = web.RouteTableDef()

PICTURES: Final = ("avatar", "header")
DESCRIBED: Final = ("avatar_description", "header_description")
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
    pairs = [(name, plain(value)) for name, value, _ in profile_links.lines(account)]
    pairs += [("", "")] * (MAX_FIELDS - len(pairs))
    typed = {"display_name": account.display_name, "bio": account.bio_source}
    for place, (name, value) in enumerate(pairs[:MAX_FIELDS], 1):
        typed |= {f"field_{place}_name": name, f"field_{place}_value": value}
    for name in SWITCHES:
        typed[name] = "on" if getattr(account, name) else ""
    typed |= {name: getattr(account, name) for name in DESCRIBED}
    return typed


@routes.post("/settings/profile")
@signed_in
async def profile(request: web.Request, viewer: Viewer) -> web.Response:
    """Change how others see the viewer. A refused form keeps the pictures that were chosen."""
    sent = await form(request)
    chosen: dict[str, Media] = {}
    errors: dict[str, AppError] = {}
    for name in PICTURES:
        try:
            picture = await _picture(request, viewer, sent, name)
        except AppError as error:
            errors[name] = error
            continue
        if picture is not None:
            chosen[name] = picture
    if not errors:
        try:
            await request.config_dict[DB].write(
                _save, request.config_dict[SITE], viewer.account, sent, chosen, now(request)
            )
        except AppError as error:
            errors["profile"] = error
    if errors:
        typed = {name: sent.raw(name) for name in _typed(viewer.account)}
        return await _shown(request, viewer, typed, errors, chosen)
    return see("/settings?done=profile")


async def _picture(request: web.Request, viewer: Viewer, sent: Form, name: str) -> Media | None:
    """The picture that was chosen just now, or before the form was refused."""
    db, upload = request.config_dict[DB], sent.upload(name)
    if upload is None:
        kept = sent.id(f"{name}_kept")
        return await db.read(media.loose, viewer.account.id, kept) if kept else None
    pictures, data = request.config_dict[PICTURE_STORE], await intake.picture(upload)
    made = await (pictures.process_avatar(data) if name == "avatar" else pictures.process(data))
    return await db.write(media.add, viewer.account.id, made, "", (0.0, 0.0), now(request))


def _save(
    tx: Write, site: Site, account: Account, sent: Form, chosen: Mapping[str, Media], now_ms: int
) -> None:
    files = {name: media.spend(tx, picture, now_ms) for name, picture in chosen.items()}
    for name in PICTURES:
        if sent.get(f"{name}_remove"):
            files.setdefault(name, "")
    changes = ProfileChanges(
        display_name=sent.get("display_name"),
        bio_source=sent.raw("bio").strip(),
        fields=tuple((name, value) for name, value in _fields(sent) if name or value),
        avatar=files.get("avatar"),
        header=files.get("header"),
    )
    typed: dict[str, bool | str] = {name: bool(sent.get(name)) for name in SWITCHES}
    typed |= {name: sent.get(name) for name in DESCRIBED}
    profiles.edit_profile(tx, site, account, replace(changes, **typed), now_ms)


def _fields(sent: Form) -> list[tuple[str, str]]:
    places = range(1, MAX_FIELDS + 1)
    return [(sent.get(f"field_{n}_name"), sent.get(f"field_{n}_value")) for n in places]


@routes.post("/settings/preferences")
@signed_in
async def preferences(request: web.Request, viewer: Viewer) -> web.Response:
    """The language of the interface, and how a new post begins."""
    sent = await form(request)
    language, visibility = sent.get("language"), sent.get("visibility")
    quoted, offered = sent.get("quote_policy"), request.config_dict[SITE].languages
    await request.config_dict[DB].write(
        _prefer,
        viewer.account.id,
        language if language in offered else viewer.member.language,
        Defaults(
            visibility=visibility if visibility in AUDIENCES[:3] else None,
            sensitive=bool(sent.get("sensitive")),
            quote_policy=quoted if quoted in quotes.POLICIES else None,
        ),
    )
    return see("/settings?done=preferences")


def _prefer(tx: Write, viewer_id: int, language: str, defaults: Defaults) -> None:
    set_language(tx, viewer_id, language)
    set_defaults(tx, viewer_id, defaults)


@routes.post("/settings/password")
@signed_in
async def password(request: web.Request, viewer: Viewer) -> web.Response:
    """Change the password; whoever else knew the old one is signed out."""
    sent, db = await form(request), request.config_dict[DB]
    field = "old_password"
    try:
        await check_password(request, viewer, sent.raw("old_password"))
        field = "password"
        passwords.check(sent.raw("password"), viewer.account.name, viewer.member.email)
        hashed = await passwords.hash_(sent.raw("password"))
    except AppError as error:
        return await _shown(request, viewer, _typed(viewer.account), {field: error})
    token = request.cookies.get(session_cookie(request), "")
    revoked.tell(
        request.app, await db.write(accounts.change_password, viewer.account, hashed, token)
    )
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


@routes.get("/settings/leave")
@signed_in
async def ask_to_leave(request: web.Request, viewer: Viewer) -> web.Response:
    """What happens when somebody leaves, and the button."""
    return await page(request, "leave.html")


@routes.post("/settings/leave")
@signed_in
async def leave(request: web.Request, viewer: Viewer) -> web.Response:
    """Delete the viewer's account, once they have given its password again."""
    sent = await form(request)
    try:
        await check_password(request, viewer, sent.raw("password"))
        await request.config_dict[DB].write(
            departures.leave, request.config_dict[SITE], viewer.account, now(request)
        )
    except AppError as error:
        return await page(request, "leave.html", status=error.status, errors={"password": error})
    response = see("/farewell")
    drop_session(request, response)
    return response


@routes.get("/farewell")
async def farewell(request: web.Request) -> web.Response:
    """For somebody who has just left."""
    return await page(request, "farewell.html")


async def _shown(
    request: web.Request,
    viewer: Viewer,
    typed: Mapping[str, str],
    errors: Mapping[str, AppError] | None = None,
    chosen: Mapping[str, Media] | None = None,
) -> web.Response:
    token = request.cookies.get(session_cookie(request), "")
    devices = await request.config_dict[DB].read(sessions.all, viewer.account.id, now(request))
    status = next((error.status for error in (errors or {}).values()), HTTPStatus.OK)
    return await page(
        request,
        "settings.html",
        status=status,
        typed=typed,
        chosen=chosen or {},
        places=range(1, MAX_FIELDS + 1),
        devices=devices,
        this=sessions.digest(token) if token else b"",
        done=DONE.get(request.query.get("done", ""), ""),
        languages=[
            code for code in request.config_dict[SITE].languages if code in i18n.available()
        ],
        errors=errors or {},
    )
