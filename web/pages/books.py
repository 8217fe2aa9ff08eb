"""Books of a team blog: what everybody can take away, and the page on which an editor makes one."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import msgspec
from aiohttp import web

from server.errors import AppError, Conflict, Invalid, NotFound, TooMany
from server.files import TAKEN_AWAY
from server.model import Account, Community, Media, PostView
from server.services import blog, books, timelines
from server.services.books import Chosen, Wish, Words
from server.store import blog as blog_store
from server.store.blog import Series
from server.store.books import Book
from server.store.db import Read, Write
from server.store.paging import Page
from web import book_dress, sending
from web.cards import drawing
from web.keys import DB, PICTURES, SITE, Viewer
from web.pages.access import community_name, now, number, signed_in
from web.pages.blogs import Frame, Month, frame, months, span
from web.pages.cards import drawn
from web.pages.forms import Form, form, see
from web.render import page, viewer_of

routes = web.RouteTableDef()

LATEST: Final = 80  # stories that can be added one by one from here


class Shelf(msgspec.Struct, frozen=True):
    """The books that the viewer may see, with how many stories each has."""

    frame: Frame
    books: list[tuple[Book, int]]


class Line(msgspec.Struct, frozen=True):
    """A story of a book; without a `view` it is not for everybody now."""

    chosen: Chosen
    view: PostView | None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What an editor sees of a book."""

    frame: Frame
    book: Book
    lines: list[Line]
    latest: list[PostView]
    series: list[Series]
    months: list[Month]
    pictures: list[Media]

    def count(self, *states: str) -> int:
        """How many stories are in one of these states."""
        return sum(line.chosen.state in states for line in self.lines)


@routes.get("/c/{name}/books")
async def shelf(request: web.Request) -> web.Response:
    """The books for everybody; for editors also those that are not ready."""
    return await _shelf(request)


async def _shelf(
    request: web.Request, typed: Words | None = None, error: AppError | None = None
) -> web.Response:
    found = await request.config_dict[DB].read(
        _listed, viewer_of(request), community_name(request), now(request)
    )
    return await page(
        request,
        "blog_books.html",
        status=error.status if error else 200,
        shelf=found,
        frame=found.frame,
        typed=typed or Words(title="", language=request.config_dict[SITE].languages[0]),
        errors={"form": error} if error else {},
    )


def _listed(db: Read, viewer: Viewer | None, name: str, now_ms: int) -> Shelf:
    around = frame(db, viewer, name, now_ms)
    who = viewer.account if viewer else None
    found = books.listed(db, who, around.blog)
    return Shelf(around, [(one, books.length(db, one)) for one in found])


@routes.post("/c/{name}/books")
@signed_in
async def begin(request: web.Request, viewer: Viewer) -> web.Response:
    """A new book."""
    words = _words(await form(request))

    def begun(tx: Write) -> Book:
        home = blog.by_name(tx, community_name(request))
        return books.begin(tx, viewer.account, home, words, now(request))

    try:
        made = await request.config_dict[DB].write(begun)
    except Invalid as error:
        return await _shelf(request, words, error)
    return see(f"{_path(request)}/{made.id}")


@routes.get("/c/{name}/books/{id}.epub")
async def file(request: web.Request) -> web.StreamResponse:
    """The book itself: for everybody where it is on the page, else for its editors."""
    found, _ = await request.config_dict[DB].read(
        _readable, viewer_of(request), community_name(request), number(request)
    )
    store = request.config_dict[PICTURES].store
    return await sending.download(request, store, found.file, (found.title, TAKEN_AWAY[".epub"]))


@routes.get("/c/{name}/books/{id}.png")
async def cover(request: web.Request) -> web.Response:
    """Its cover: the picture that its editor chose, or one that is drawn."""
    found, home = await request.config_dict[DB].read(
        _readable, viewer_of(request), community_name(request), number(request)
    )
    if picture := await request.config_dict[DB].read(books.cover, found):
        return see(f"/media/{picture.small or picture.large}")
    card = book_dress.card(request.config_dict[SITE], found, home)
    return await drawn(request, card, drawing.cover)


def _readable(db: Read, viewer: Viewer | None, name: str, id: int) -> tuple[Book, Community]:
    home = blog.by_name(db, name)
    return books.readable(db, viewer.account if viewer else None, home, id), home


@routes.get("/c/{name}/books/{id}")
@signed_in
async def one(request: web.Request, viewer: Viewer) -> web.Response:
    """The editors' page of a book."""
    return await _page(request, viewer)


async def _page(
    request: web.Request,
    viewer: Viewer,
    typed: Words | None = None,
    error: AppError | None = None,
) -> web.Response:
    zone = request.config_dict[SITE].timezone
    shown = await request.config_dict[DB].read(
        _shown, viewer, community_name(request), number(request), (zone, now(request))
    )
    return await page(
        request,
        "book.html",
        status=error.status if error else 200,
        shown=shown,
        frame=shown.frame,
        typed=typed or shown.book,
        errors={"form": error} if error else {},
    )


def _shown(db: Read, viewer: Viewer, name: str, id: int, at: tuple[str, int]) -> Shown:
    zone, now_ms = at
    around = frame(db, viewer, name, now_ms)
    home, me = around.blog, viewer.account
    book = books.editable(db, me, home, id)
    chosen = books.chosen(db, book)
    views = timelines.by_post(db, None, [one.post_id for one in chosen if one.post])
    there = {one.post_id for one in chosen}
    latest = blog.newest(db, None, home.account.id, Page(limit=LATEST))
    return Shown(
        frame=around,
        book=book,
        lines=[Line(each, views.get(each.post_id)) for each in chosen],
        latest=[view for view in latest if view.post.id not in there],
        series=blog_store.all_series(db, home.account.id),
        months=months(db, home.account.id, zone),
        pictures=books.pictures(db, book) if book.state == "gathering" else [],
    )


@routes.post("/c/{name}/books/{id}/{do}")
@signed_in
async def act(request: web.Request, viewer: Viewer) -> web.Response:
    """One step of an editor (`DEEDS`). What cannot be done is said on the page of the book."""
    sent, id = await form(request), number(request)
    deed = DEEDS.get(request.match_info["do"])
    if deed is None:
        raise NotFound("There is nothing at this address.")
    zone = request.config_dict[SITE].timezone

    def done(tx: Write) -> None:
        home = blog.by_name(tx, community_name(request))
        books.editable(tx, viewer.account, home, id)
        deed(tx, viewer.account, home, id, Step(sent, zone, now(request)))

    try:
        await request.config_dict[DB].write(done)
    except (Conflict, Invalid, TooMany) as error:
        typed = _words(sent) if deed is _reword else None
        return await _page(request, viewer, typed, error)
    except NotFound as error:
        if deed is not _add:
            raise
        return await _page(request, viewer, None, error)
    return see(_path(request) if deed is _remove else f"{_path(request)}/{id}")


class Step(msgspec.Struct, frozen=True):
    """What was sent, in which zone the city lives, and when it is."""

    sent: Form
    zone: str
    now_ms: int


Deed = Callable[[Write, Account, Community, int, Step], Any]


def _reword(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    books.reword(tx, who, home, id, _words(step.sent), now_ms=step.now_ms)


def _add(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    sent, month = step.sent, step.sent.get("month")
    wish = Wish(
        category_id=sent.id("category"),
        series_id=_series_here(tx, home, sent.id("series")),
        span=span(month, step.zone) if month else None,
        post_ids=sent.ids("story"),
    )
    books.add(tx, who, home, id, wish, now_ms=step.now_ms)


def _series_here(db: Read, home: Community, id: int | None) -> int | None:
    known = {one.id for one in blog_store.all_series(db, home.account.id)}
    return id if id in known else None


def _move(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    for move in books.MOVES:
        if (post_id := step.sent.id(move)) is not None:
            books.move(tx, who, home, id, post_id, move=move)
            return
    raise NotFound("There is nothing at this address.")


def _tidy(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    books.tidy(tx, who, home, id)


def _ask(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    books.ask(tx, who, home, id, step.now_ms)


def _make(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    books.order(tx, who, home, id, step.now_ms)


def _cover(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    books.set_cover(tx, who, home, id, step.sent.id("picture"), now_ms=step.now_ms)


def _publish(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    books.publish(tx, who, home, id, on=True, now_ms=step.now_ms)


def _hide(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    books.publish(tx, who, home, id, on=False, now_ms=step.now_ms)


def _reopen(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    books.reopen(tx, who, home, id, step.now_ms)


def _remove(tx: Write, who: Account, home: Community, id: int, step: Step) -> None:
    books.remove(tx, who, home, id, step.now_ms)


DEEDS: Final[dict[str, Deed]] = {
    "words": _reword,
    "add": _add,
    "move": _move,
    "tidy": _tidy,
    "ask": _ask,
    "make": _make,
    "cover": _cover,
    "publish": _publish,
    "hide": _hide,
    "reopen": _reopen,
    "remove": _remove,
}


def _words(sent: Form) -> Words:
    return Words(
        title=sent.get("title"),
        foreword=sent.raw("foreword"),
        language=sent.get("language"),
        licence=sent.get("licence"),
    )


def _path(request: web.Request) -> str:
    return f"/c/{quote(community_name(request), safe='')}/books"
