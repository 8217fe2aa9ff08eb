"""Those who wait for an account."""

from aiohttp import web

from server.errors import NotFound
from server.services import accounts
from web.keys import DB, Viewer
from web.pages.access import moderator, now, number
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()


@routes.get("/pending")
@moderator
async def pending(request: web.Request, viewer: Viewer) -> web.Response:
    """Who asked, oldest first."""
    waiting = await request.config_dict[DB].read(accounts.pending)
    return await page(request, "pending.html", waiting=waiting)


@routes.post("/pending/{id}/{decision}")
@moderator
async def decide(request: web.Request, viewer: Viewer) -> web.Response:
    """Let somebody in, or not."""
    await form(request)
    db, id, decision = request.config_dict[DB], number(request), request.match_info["decision"]
    if decision == "approve":
        await db.write(accounts.approve, id, now(request))
    elif decision == "refuse":
        await db.write(accounts.refuse, id)
    else:
        raise NotFound("There is nothing at this address.")
    return see("/pending")
