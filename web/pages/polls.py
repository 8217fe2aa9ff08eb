"""Voting in polls."""

from aiohttp import web

from server.services import votes
from web.keys import DB, SITE, Viewer
from web.pages.access import now, number, signed_in
from web.pages.forms import back, form, see

routes = web.RouteTableDef()


@routes.post("/posts/{id}/vote")
@signed_in
async def vote(request: web.Request, viewer: Viewer) -> web.Response:
    """Choose answers of a poll; return to it."""
    sent, id = await form(request), number(request)
    await request.config_dict[DB].write(
        votes.vote,
        request.config_dict[SITE],
        viewer.account,
        id,
        sent.ids("choice"),
        now(request),
    )
    return see(f"{back(sent, '/home')}#post-{id}")
