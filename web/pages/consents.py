"""What authors say to books of team blogs: which of their stories may stand in them."""

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.services import book_consent
from server.services.book_consent import Own, Request
from server.store.db import Read, Write
from web.keys import DB, Viewer
from web.pages.access import now, number, signed_in
from web.pages.forms import Form, form, see
from web.render import page

routes = web.RouteTableDef()

ANSWERS = ("yes", "always", "no")


class Mine(msgspec.Struct, frozen=True):
    """The books that ask the viewer, and the viewer's stories in team blogs."""

    requests: list[Request]
    own: list[Own]


@routes.get("/desk/books")
@signed_in
async def mine(request: web.Request, viewer: Viewer) -> web.Response:
    """Which books ask, what was answered, and which stories may stand in every book."""
    found = await request.config_dict[DB].read(_mine, viewer)
    return await page(request, "desk_books.html", mine=found)


def _mine(db: Read, viewer: Viewer) -> Mine:
    return Mine(book_consent.requests(db, viewer.account), book_consent.own(db, viewer.account))


@routes.post("/desk/books/{book}/answer")
@signed_in
async def answer(request: web.Request, viewer: Viewer) -> web.Response:
    """Yes or no: of one story (`yes`, `always`, `no` with its id), or of all (`all`)."""
    sent, book_id = await form(request), number(request, "book")

    def answered(tx: Write) -> None:
        said, post_id = _said(sent)
        book_consent.answer(
            tx, viewer.account, book_id, post_id, yes=said != "no", now_ms=now(request)
        )
        if said == "always" and post_id is not None:
            book_consent.allow(tx, viewer.account, post_id, on=True, now_ms=now(request))

    await request.config_dict[DB].write(answered)
    return see("/desk/books")


def _said(sent: Form) -> tuple[str, int | None]:
    """The answer, and the story of which it is; None for all."""
    if (all_ := sent.get("all")) in ("yes", "no"):
        return all_, None
    for said in ANSWERS:
        if (post_id := sent.id(said)) is not None:
            return said, post_id
    raise NotFound("There is nothing at this address.")


@routes.post("/desk/books/stories/{id}/{do}")
@signed_in
async def allow(request: web.Request, viewer: Viewer) -> web.Response:
    """A story may stand in every book of the team (`allow`), or is asked about (`ask`)."""
    await form(request)
    id, do = number(request), request.match_info["do"]
    if do not in ("allow", "ask"):
        raise NotFound("There is nothing at this address.")

    def changed(tx: Write) -> None:
        book_consent.allow(tx, viewer.account, id, on=do == "allow", now_ms=now(request))

    await request.config_dict[DB].write(changed)
    return see("/desk/books#own")
