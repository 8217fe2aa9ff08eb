"""The apps that somebody let in, and how each is shown the door."""

from typing import Final

from aiohttp import web

from server.services import apps
from web import revoked
from web.i18n import N_
from web.keys import DB, Viewer
from web.pages.abilities import abilities
from web.pages.access import signed_in
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()

DONE: Final = {"revoked": N_("The app has no access to your account any more.")}


@routes.get("/settings/apps")
@signed_in
async def show(request: web.Request, viewer: Viewer) -> web.Response:
    """Every app with access, and what it may do."""
    found = await request.config_dict[DB].read(apps.access, viewer.account.id)
    return await page(
        request,
        "apps.html",
        apps=[(one, abilities(one.scopes)) for one in found],
        done=DONE.get(request.query.get("done", ""), ""),
    )


@routes.post("/settings/apps/revoke")
@signed_in
async def revoke(request: web.Request, viewer: Viewer) -> web.Response:
    """End the access of one app at once."""
    sent = await form(request)
    ended = await request.config_dict[DB].write(apps.revoke, viewer.account.id, sent.get("app"))
    revoked.tell(request.app, ended)
    return see("/settings/apps?done=revoked")
