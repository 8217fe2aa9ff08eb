"""For moderators: those who wait for an account, and what was reported."""

from aiohttp import web

from server.errors import NotFound
from server.services import accounts, reports
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


@routes.get("/reports")
@moderator
async def reported(request: web.Request, viewer: Viewer) -> web.Response:
    """What was reported, newest first."""
    waiting = await request.config_dict[DB].read(reports.waiting)
    return await page(request, "reports.html", reports=waiting)


@routes.post("/reports/{id}/done")
@moderator
async def done(request: web.Request, viewer: Viewer) -> web.Response:
    """Put a report away; whatever it named stays as it is."""
    await form(request)
    await request.config_dict[DB].write(reports.close, number(request))
    return see("/reports")
