"""What waits to be published."""

from aiohttp import web

from server.errors import Invalid
from server.model import Draft
from server.services import drafts, scheduled
from server.store.db import Write
from web.keys import DB, SITE, Viewer
from web.pages import texts
from web.pages.access import now, number, pager, signed_in, window
from web.pages.forms import form, see
from web.render import page
from web.times import from_field, to_field

routes = web.RouteTableDef()


@routes.get("/scheduled")
@signed_in
async def waiting(request: web.Request, viewer: Viewer) -> web.Response:
    """The viewer's, last written first."""
    asked = window(request)
    views = await request.config_dict[DB].read(scheduled.page, viewer.account.id, asked)
    ids = [view.scheduled.id for view in views]
    return await page(request, "scheduled.html", views=views, pager=pager(request, asked, ids))


@routes.post("/scheduled/{id}/move")
@signed_in
async def move(request: web.Request, viewer: Viewer) -> web.Response:
    """Publish it at another time, which is the city's."""
    sent = await form(request)
    due_ms = from_field(sent.get("later"), request.config_dict[SITE].timezone)
    if due_ms is None:
        raise Invalid("Please choose a day and an hour.")
    await request.config_dict[DB].write(
        scheduled.move, viewer.account.id, number(request), due_ms, now(request)
    )
    return see("/scheduled")


@routes.post("/scheduled/{id}/edit")
@signed_in
async def edit(request: web.Request, viewer: Viewer) -> web.Response:
    """Make it a draft again, and open that."""
    await form(request)
    draft = await request.config_dict[DB].write(
        _taken_back,
        viewer.account.id,
        number(request),
        request.config_dict[SITE].timezone,
        now(request),
    )
    return see(f"/write?draft={draft.id}")


@routes.post("/scheduled/{id}/cancel")
@signed_in
async def cancel(request: web.Request, viewer: Viewer) -> web.Response:
    """Throw it away."""
    await form(request)
    await request.config_dict[DB].write(scheduled.cancel, viewer.account.id, number(request))
    return see("/scheduled")


def _taken_back(tx: Write, viewer_id: int, id: int, zone: str, now_ms: int) -> Draft:
    """The draft keeps the time: publishing what was only corrected does not publish it at once."""
    was = scheduled.cancel(tx, viewer_id, id)
    text = texts.from_scheduled(was.new, to_field(was.scheduled.due_ms, zone))
    return drafts.save(tx, viewer_id, None, texts.to_draft(text), now_ms)
