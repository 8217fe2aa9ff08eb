"""Letting others in, where the city grows by invitation."""

from http import HTTPStatus

from aiohttp import web

from server.errors import AppError, Forbidden, Invalid
from server.services import invites
from web.keys import CONFIG, DB, SITE, Viewer
from web.pages.access import now, signed_in
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()


@routes.get("/invitations")
@signed_in
async def invitations(request: web.Request, viewer: Viewer) -> web.Response:
    """The viewer's invitations, and a form for one more."""
    return await _shown(request, viewer)


@routes.post("/invitations")
@signed_in
async def make(request: web.Request, viewer: Viewer) -> web.Response:
    """A new link that lets in as many people as was chosen."""
    sent = await form(request)
    try:
        _check_mode(request)
        uses = sent.get("uses")
        if not (uses.isascii() and uses.isdigit() and len(uses) < 4):
            raise Invalid("An invitation lets in 1 to %(most)s people.", most=invites.MAX_USES)
        await request.config_dict[DB].write(
            invites.make, viewer.account.id, int(uses), invites.DAYS, now(request)
        )
    except AppError as error:
        return await _shown(request, viewer, error)
    return see("/invitations")


def _check_mode(request: web.Request) -> None:
    if request.config_dict[CONFIG].registrations.mode != "invite":
        raise Forbidden("Nobody needs an invitation here.")


@routes.post("/invitations/revoke")
@signed_in
async def revoke(request: web.Request, viewer: Viewer) -> web.Response:
    """Take an invitation back; whoever came by it stays."""
    sent = await form(request)
    await request.config_dict[DB].write(invites.revoke, viewer.account.id, sent.get("code"))
    return see("/invitations")


async def _shown(
    request: web.Request, viewer: Viewer, error: AppError | None = None
) -> web.Response:
    _check_mode(request)
    mine = await request.config_dict[DB].read(invites.all, viewer.account.id, now(request))
    return await page(
        request,
        "invitations.html",
        status=error.status if error else HTTPStatus.OK,
        invites=[(one, invites.link(request.config_dict[SITE], one.code)) for one in mine],
        most=invites.MAX_USES,
        days=invites.DAYS,
        errors={"uses": error} if error else {},
    )
