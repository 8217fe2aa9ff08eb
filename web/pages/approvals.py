"""Answers that wait until the author of what they answer has approved them."""

from aiohttp import web

from server.errors import NotFound
from server.services import answer_control
from server.store.paging import LAST_ID
from web.keys import DB, SITE, Viewer
from web.pages.access import asked_id, now, number, signed_in
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()

HERE = "/notifications/answers"
DECISIONS = {"approve": True, "refuse": False}


@routes.get(HERE)
@signed_in
async def waiting(request: web.Request, viewer: Viewer) -> web.Response:
    """What waits for the viewer's yes, the latest first."""
    before_id = asked_id(request, "before") or LAST_ID
    found = await request.config_dict[DB].read(answer_control.page, viewer.account, before_id)
    more = found[-1].view.post.id if len(found) == answer_control.PAGE else None
    return await page(request, "waiting_answers.html", waiting=found, more=more)


@routes.post("/notifications/answers/{id}/{decision}")
@signed_in
async def decide(request: web.Request, viewer: Viewer) -> web.Response:
    """Say yes or no, for good."""
    await form(request)
    yes = DECISIONS.get(request.match_info["decision"])
    if yes is None:
        raise NotFound("There is nothing at this address.")
    site = request.config_dict[SITE]
    await request.config_dict[DB].write(
        answer_control.approve if yes else answer_control.refuse,
        site,
        viewer.account,
        number(request),
        now(request),
    )
    return see(HERE)
