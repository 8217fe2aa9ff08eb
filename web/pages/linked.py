"""Who links to a story of ours: pages elsewhere, and posts that quote it. 엮인글"""

from typing import Final

from aiohttp import web

from server.errors import AppError, NotFound
from server.model import Account, PostView
from server.services import backlinks, reading
from server.services.backlinks import Links
from server.store.backlinks import Backlink
from server.store.db import Read
from server.store.paging import Page
from web import pings
from web.error_page import retry_after
from web.keys import DB, SITE, Viewer
from web.pages.access import now as time_of
from web.pages.access import number, pager, signed_in, window
from web.pages.forms import form, see, visitor_page
from web.render import page, post_url, viewer_of

routes = web.RouteTableDef()

ACTS: Final = {"hide": backlinks.hide, "show": backlinks.show, "remove": backlinks.remove}
TAKES: Final = {"close": backlinks.close, "open": backlinks.reopen}


@routes.get("/@{handle}/{id:\\d+}/linked")
async def linked(request: web.Request) -> web.Response:
    """All of them, newest first, and where to tell us of one more."""
    return await _shown(request)


async def _shown(request: web.Request, error: AppError | None = None) -> web.Response:
    viewer, asked = viewer_of(request), window(request)
    account = viewer.account if viewer else None
    view, links = await request.config_dict[DB].read(_read, account, number(request), asked)
    show = page if viewer else visitor_page
    return await show(
        request,
        "linked.html",
        status=error.status if error else 200,
        headers=retry_after(error),
        view=view,
        links=links,
        pager=pager(request, asked, links.ids),
        sent=request.query.get("sent", ""),
        errors={"source": error} if error else {},
    )


def _read(db: Read, viewer: Account | None, id: int, asked: Page) -> tuple[PostView, Links]:
    _, links = backlinks.of_story(db, viewer, id, asked)
    return reading.view(db, viewer.id if viewer else None, id), links


@routes.post("/@{handle}/{id:\\d+}/linked")
async def tell(request: web.Request) -> web.Response:
    """Somebody whose site cannot tell us itself gives us the address of their page."""
    sent = await form(request)
    view = await request.config_dict[DB].read(reading.view, None, number(request))
    target = f"{request.config_dict[SITE].origin}{post_url(view.post, view.author)}"
    try:
        turned = await pings.take(request, "webmention", sent.get("source"), target)
    except AppError as error:
        return await _shown(request, error)
    return see(f"{post_url(view.post, view.author)}/linked?sent={'https' if turned else '1'}")


@routes.get("/posts/{id}/links/{number}/remove")
@signed_in
async def ask(request: web.Request, viewer: Viewer) -> web.Response:
    """Ask once more: a page that is removed is not taken again."""

    def read(db: Read) -> tuple[PostView, Backlink]:
        link = backlinks.chosen(db, viewer.account, number(request), number(request, "number"))
        return reading.view(db, viewer.account.id, link.post_id), link

    view, link = await request.config_dict[DB].read(read)
    return await page(request, "unlink.html", view=view, link=link)


@routes.post("/posts/{id}/links/{number}/{act}")
@signed_in
async def act(request: web.Request, viewer: Viewer) -> web.Response:
    """Hide a page beneath a story, show it again, or take it away for good."""
    await form(request)
    does = ACTS.get(request.match_info["act"])
    if does is None:
        raise NotFound("There is nothing at this address.")
    db, id = request.config_dict[DB], number(request)
    await db.write(does, viewer.account, id, number(request, "number"), time_of(request))
    view = await db.read(reading.view, viewer.account.id, id)
    return see(f"{post_url(view.post, view.author)}/linked")


@routes.post("/posts/{id}/links/{act}")
@signed_in
async def takes(request: web.Request, viewer: Viewer) -> web.Response:
    """Take no more links to a story, or take them again."""
    await form(request)
    does = TAKES.get(request.match_info["act"])
    if does is None:
        raise NotFound("There is nothing at this address.")
    db, id = request.config_dict[DB], number(request)
    await db.write(does, viewer.account, id, time_of(request))
    view = await db.read(reading.view, viewer.account.id, id)
    return see(f"{post_url(view.post, view.author)}/linked")
