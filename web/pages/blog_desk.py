"""The desk of a team blog's editors: what waits, how the blog is arranged, and who writes."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.model import Account, PostView
from server.services import blog, blog_desk
from server.services.blog_desk import Joining
from server.store import blog as store
from server.store import submissions
from server.store.blog import Series
from server.store.db import Read, Write
from server.store.paging import Page
from web.keys import DB, Viewer
from web.pages.access import community_name, now, number, signed_in
from web.pages.blogs import Frame, frame, numbered
from web.pages.forms import Form, form, see
from web.pages.submissions import Line, lines
from web.render import page

routes = web.RouteTableDef()

LATEST = 20  # stories that can be put at the front from here


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What editors see. `waiting` is theirs, `asked` is with the authors."""

    frame: Frame
    waiting: list[Line]
    asked: list[Line]
    front: list[PostView]
    latest: list[PostView]
    series: list[Series]


@routes.get("/c/{name}/desk")
@signed_in
async def desk(request: web.Request, viewer: Viewer) -> web.Response:
    """For editors; everybody else finds their own at /desk."""
    found = await request.config_dict[DB].read(_desk, viewer, community_name(request), now(request))
    return await page(request, "blog_desk.html", desk=found, frame=found.frame)


def _desk(db: Read, viewer: Viewer, name: str, now_ms: int) -> Desk:
    around = frame(db, viewer, name, now_ms)
    blog_desk.require(db, around.blog, viewer.account)
    id, me = around.blog.account.id, viewer.account.id
    front = blog.arranged(db, me, id)
    above = {view.post.id for view in front}
    latest = blog.newest(db, me, id, Page(limit=LATEST))
    return Desk(
        frame=around,
        waiting=lines(db, submissions.at_desk(db, id, "submitted")),
        asked=lines(db, submissions.at_desk(db, id, "suggested")),
        front=front,
        latest=[view for view in latest if view.post.id not in above],
        series=store.all_series(db, id),
    )


@routes.post("/c/{name}/desk/categories")
@signed_in
async def add_category(request: web.Request, viewer: Viewer) -> web.Response:
    """A new category, or one in another."""
    sent = await form(request)
    return await _done(request, viewer, _add_category, sent, "categories")


def _add_category(tx: Write, viewer: Account, name: str, sent: Form, now_ms: int) -> None:
    home = blog.by_name(tx, name)
    parent = sent.id("parent")
    blog_desk.add_category(tx, viewer, home, sent.get("title"), parent, now_ms=now_ms)


@routes.post("/c/{name}/desk/categories/{id}")
@signed_in
async def change_category(request: web.Request, viewer: Viewer) -> web.Response:
    """Another title or place; or away with it."""
    sent, id = await form(request), number(request)

    def change(tx: Write, viewer: Account, name: str, sent: Form, _now_ms: int) -> None:
        home = blog.by_name(tx, name)
        if sent.get("do") == "remove":
            blog_desk.remove_category(tx, viewer, home, id)
            return
        place = _small(sent.get("place"))
        blog_desk.change_category(tx, viewer, home, id, title=sent.get("title"), place=place)

    return await _done(request, viewer, change, sent, "categories")


@routes.post("/c/{name}/desk/series")
@signed_in
async def add_series(request: web.Request, viewer: Viewer) -> web.Response:
    """A new series."""
    sent = await form(request)
    return await _done(request, viewer, _add_series, sent, "series")


def _add_series(tx: Write, viewer: Account, name: str, sent: Form, now_ms: int) -> None:
    home = blog.by_name(tx, name)
    blog_desk.add_series(tx, viewer, home, sent.get("title"), sent.get("about"), now_ms=now_ms)


@routes.post("/c/{name}/desk/series/{id}")
@signed_in
async def change_series(request: web.Request, viewer: Viewer) -> web.Response:
    """Another title or description; or away with it."""
    sent, id = await form(request), number(request)

    def change(tx: Write, viewer: Account, name: str, sent: Form, _now_ms: int) -> None:
        home = blog.by_name(tx, name)
        if sent.get("do") == "remove":
            blog_desk.remove_series(tx, viewer, home, id)
            return
        title, about = sent.get("title"), sent.get("about")
        blog_desk.change_series(tx, viewer, home, id, title=title, about=about)

    return await _done(request, viewer, change, sent, "series")


@routes.post("/c/{name}/desk/front/{id}/{move}")
@signed_in
async def arrange(request: web.Request, viewer: Viewer) -> web.Response:
    """Put a story at the front, move it there, or take it away from there."""
    sent, id, move = await form(request), number(request), request.match_info["move"]
    if move not in ("first", "up", "down", "off"):
        raise NotFound("There is nothing at this address.")

    def change(tx: Write, viewer: Account, name: str, _sent: Form, _now_ms: int) -> None:
        blog_desk.put_at_front(tx, viewer, blog.by_name(tx, name), id, move)

    return await _done(request, viewer, change, sent, "front")


@routes.post("/c/{name}/cohorts")
@signed_in
async def add_cohort(request: web.Request, viewer: Viewer) -> web.Response:
    """The writers of another year, still nobody."""
    sent = await form(request)

    def add(tx: Write, viewer: Account, name: str, sent: Form, now_ms: int) -> None:
        home = blog.by_name(tx, name)
        wanted, year = _small(sent.get("number")), _small(sent.get("year"))
        blog_desk.add_cohort(tx, viewer, home, wanted, year, now_ms=now_ms)

    await _write(request, viewer, add, sent)
    return see(f"{_home(request)}/cohorts")


@routes.post("/c/{name}/cohorts/{number}/writers")
@signed_in
async def change_writers(request: web.Request, viewer: Viewer) -> web.Response:
    """Somebody joins a cohort or leaves it."""
    sent, which = await form(request), numbered(request)

    def change(tx: Write, viewer: Account, name: str, sent: Form, now_ms: int) -> None:
        home = blog.by_name(tx, name)
        joining = Joining(blog.cohort(tx, home.account.id, which), sent.get("name"))
        if sent.get("do") == "remove":
            blog_desk.remove_writer(tx, viewer, joining)
            return
        leads = bool(sent.get("leads"))
        blog_desk.add_writer(tx, viewer, joining, now_ms, leads=leads)

    await _write(request, viewer, change, sent)
    return see(f"{_home(request)}/cohorts/{which}")


Change = Callable[[Write, Account, str, Form, int], Any]


async def _write(request: web.Request, viewer: Viewer, change: Change, sent: Form) -> None:
    db = request.config_dict[DB]
    await db.write(change, viewer.account, community_name(request), sent, now(request))


async def _done(
    request: web.Request, viewer: Viewer, change: Change, sent: Form, anchor: str
) -> web.Response:
    await _write(request, viewer, change, sent)
    return see(f"{_home(request)}/desk#{anchor}")


def _home(request: web.Request) -> str:
    return f"/c/{quote(community_name(request), safe='')}"


def _small(typed: str) -> int:
    """A number that somebody typed; 0 for what is none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 6 else 0
