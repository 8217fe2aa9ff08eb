"""Where other servers send people to act from their account here. FEP-3b86, `ostatus/subscribe`."""

from aiohttp import web

from server.errors import NotFound
from web.keys import Viewer
from web.pages.access import signed_in
from web.pages.forms import see
from web.pages.search import MAX_QUERY, resolved

routes = web.RouteTableDef()


@routes.get("/authorize_interaction")
@signed_in
async def interact(request: web.Request, viewer: Viewer) -> web.Response:
    """Find the person or post that `uri` names and show it, with its buttons."""
    wish = request.query.get("uri", "").strip()[:MAX_QUERY].removeprefix("acct:")
    path = await resolved(request, wish) if wish else ""
    if not path:
        raise NotFound("Nothing was found at this address. Please check it and search again.")
    return see(path)
