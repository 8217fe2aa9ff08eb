"""What somebody began to write."""

from aiohttp import web

from server.services import drafts
from web.keys import DB, Viewer
from web.pages import texts
from web.pages.access import number, signed_in
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()


@routes.get("/drafts")
@signed_in
async def all_drafts(request: web.Request, viewer: Viewer) -> web.Response:
    """The viewer's drafts, last changed first."""
    found = await request.config_dict[DB].read(drafts.all, viewer.account.id)
    begun = [(draft, texts.from_draft(draft)) for draft in found]
    return await page(request, "drafts.html", drafts=begun)


@routes.post("/drafts/{id}/delete")
@signed_in
async def delete(request: web.Request, viewer: Viewer) -> web.Response:
    """Throw one away."""
    await form(request)
    await request.config_dict[DB].write(drafts.remove, viewer.account.id, number(request))
    return see("/drafts")
