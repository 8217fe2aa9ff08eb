"""Follow, mute, block, and the lists of those: each button is a form of its own."""

from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from server.errors import AppError, NotFound
from server.model import Account, Site
from server.services import accounts, domain_mutes, follows, relations
from server.store.db import Read, Write
from server.store.paging import Page
from web.i18n import N_
from web.keys import DB, SITE, Viewer
from web.pages.access import now, number, pager, signed_in, window
from web.pages.forms import back, form, see
from web.pages.people import people_page
from web.render import page, person_url

routes = web.RouteTableDef()

Act = Callable[[Write, Site, Account, int, int], Any]
Circle = Callable[[Read, int, Page], list[tuple[int, Account]]]


def _mute(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    follows.mute(tx, viewer.id, target_id, None, True, now_ms)


def _unmute(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    follows.unmute(tx, viewer.id, target_id)


def _notify(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    follows.notified_of(tx, viewer, target_id, wanted=True)


def _quiet(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    follows.notified_of(tx, viewer, target_id, wanted=False)


ACTS: Final[dict[str, Act]] = {
    "notify": _notify,
    "quiet": _quiet,
    "endorse": relations.endorse,
    "unendorse": relations.unendorse,
    "follow": follows.follow,
    "unfollow": follows.unfollow,
    "block": follows.block,
    "unblock": follows.unblock,
    "mute": _mute,
    "unmute": _unmute,
    "accept": follows.authorize,
    "reject": follows.reject,
}


@routes.post("/people/{id}/note")
@signed_in
async def note(request: web.Request, viewer: Viewer) -> web.Response:
    """Keep what the viewer wants to remember of somebody."""
    sent = await form(request)
    target = await request.config_dict[DB].write(
        _note, viewer.account, number(request), sent.raw("note")
    )
    return see(back(sent, person_url(target)))


def _note(tx: Write, viewer: Account, id: int, said: str) -> Account:
    target = accounts.visible(tx, id)
    relations.note(tx, viewer, id, said.replace("\r\n", "\n"))
    return target


@routes.post("/people/{id}/{act}")
@signed_in
async def act(request: web.Request, viewer: Viewer) -> web.Response:
    """Change how the viewer stands to somebody, and return to where the button was."""
    sent = await form(request)
    does = ACTS.get(request.match_info["act"])
    if does is None:
        raise NotFound("There is nothing at this address.")
    target = await request.config_dict[DB].write(
        _act, does, request.config_dict[SITE], viewer.account, number(request), now(request)
    )
    return see(back(sent, person_url(target)))


def _act(tx: Write, does: Act, site: Site, viewer: Account, id: int, now_ms: int) -> Account:
    target = accounts.visible(tx, id)
    does(tx, site, viewer, id, now_ms)
    return target


@routes.get("/requests")
@signed_in
async def requests(request: web.Request, viewer: Viewer) -> web.Response:
    """Who asks to follow the viewer."""
    return await _mine(request, viewer, follows.requests, N_("Follow requests"), "request")


@routes.get("/muted")
@signed_in
async def muted(request: web.Request, viewer: Viewer) -> web.Response:
    """Whom the viewer does not want to read for now."""
    return await _mine(request, viewer, follows.muted, N_("Muted people"), "unmute")


@routes.get("/blocked")
@signed_in
async def blocked(request: web.Request, viewer: Viewer) -> web.Response:
    """With whom the viewer wants nothing to do."""
    return await _mine(request, viewer, follows.blocked, N_("Blocked people"), "unblock")


@routes.get("/blocked/servers")
@signed_in
async def servers(request: web.Request, viewer: Viewer) -> web.Response:
    """Servers of which the viewer wants to see nothing."""
    asked = window(request, limit=40)
    found = await request.config_dict[DB].read(domain_mutes.page, viewer.account.id, asked)
    return await page(
        request,
        "blocked_servers.html",
        domains=[domain for _, domain in found],
        pager=pager(request, asked, [id for id, _ in found]),
        typed="",
        errors={},
    )


@routes.post("/blocked/servers")
@signed_in
async def shut_out(request: web.Request, viewer: Viewer) -> web.Response:
    """See nothing of a server from now on."""
    sent, db = await form(request), request.config_dict[DB]
    site, asked = request.config_dict[SITE], Page(limit=40)
    try:
        await db.write(
            domain_mutes.shut_out, site, viewer.account, sent.get("domain"), now(request)
        )
    except AppError as error:
        found = await db.read(domain_mutes.page, viewer.account.id, asked)
        return await page(
            request,
            "blocked_servers.html",
            status=error.status,
            domains=[domain for _, domain in found],
            pager=pager(request, asked, [id for id, _ in found]),
            typed=sent.get("domain"),
            errors={"domain": error},
        )
    return see("/blocked/servers")


@routes.post("/blocked/servers/remove")
@signed_in
async def let_in(request: web.Request, viewer: Viewer) -> web.Response:
    """Let a server in again."""
    sent = await form(request)
    await request.config_dict[DB].write(domain_mutes.let_in, viewer.account.id, sent.get("domain"))
    return see("/blocked/servers")


async def _mine(
    request: web.Request, viewer: Viewer, circle: Circle, heading: str, action: str
) -> web.Response:
    asked = window(request, limit=40)
    found = await request.config_dict[DB].read(circle, viewer.account.id, asked)
    return await people_page(
        request,
        [account for _, account in found],
        heading=heading,
        pager=pager(request, asked, [id for id, _ in found]),
        action=action,
    )
