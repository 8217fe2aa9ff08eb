"""Following a hashtag, from its page."""

from urllib.parse import quote

from aiohttp import web

from server.services import tags
from web.keys import DB, Viewer
from web.pages.access import now, signed_in
from web.pages.forms import form, see

routes = web.RouteTableDef()


@routes.post("/tags/{tag}/follow")
@signed_in
async def follow(request: web.Request, viewer: Viewer) -> web.Response:
    """Let posts with it come into the viewer's home timeline."""
    await form(request)
    name = request.match_info["tag"]
    await request.config_dict[DB].write(tags.follow, viewer.account.id, name, now(request))
    return see(f"/tags/{quote(name, safe='')}")


@routes.post("/tags/{tag}/unfollow")
@signed_in
async def unfollow(request: web.Request, viewer: Viewer) -> web.Response:
    """End that."""
    await form(request)
    name = request.match_info["tag"]
    await request.config_dict[DB].write(tags.unfollow, viewer.account.id, name)
    return see(f"/tags/{quote(name, safe='')}")
