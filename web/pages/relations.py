"""Follow, mute, block, and the lists of those: each button is a form of its own."""

from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from server.errors import NotFound
from server.model import Account, Site
from server.services import accounts, follows
from server.store.db import Read, Write
from server.store.paging import Page
from web.i18n import N_
from web.keys import DB, SITE, Viewer
from web.pages.access import now, number, pager, signed_in, window
from web.pages.forms import back, form, see
from web.pages.people import people_page
from web.render import person_url

routes = web.RouteTableDef()

Act = Callable[[Write, Site, Account, int, int], Any]
Circle = Callable[[Read, int, Page], list[tuple[int, Account]]]


def _mute(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    follows.mute(tx, viewer.id, target_id, None, True, now_ms)


def _unmute(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    follows.unmute(tx, viewer.id, target_id)


ACTS: Final[dict[str, Act]] = {
    "follow": follows.follow,
    "unfollow": follows.unfollow,
    "block": follows.block,
    "unblock": follows.unblock,
    "mute": _mute,
    "unmute": _unmute,
    "accept": follows.authorize,
    "reject": follows.reject,
}


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
