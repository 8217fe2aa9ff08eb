"""The front page and the timelines."""

from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from server.model import Community, Entry, PostView
from server.services import (
    accounts,
    announcements,
    blog,
    bookmarks,
    communities,
    tags,
    timelines,
)
from server.store.announcements import Announcement
from server.store.db import Read
from server.store.paging import Page
from web import old_addresses, packing
from web.i18n import N_
from web.keys import DB, FACTS, VISITED, Viewer
from web.own_server import own_handle
from web.pages.access import now, number, pager, signed_in, viewer_id, window
from web.pages.forms import back, form, see
from web.render import language_of, page, tag_feed, theme_of, viewer_of

routes = web.RouteTableDef()

STORIES_IN_FRONT: Final = 13
TALES: Final = 6  # that have a picture and are shown with it, below the first
TALK_IN_FRONT: Final = 8
PLACES: Final = 6

LIVE: Final = {"home": "home", "local": "local", "federated": "federated", "tag": "tag:{}"}

Timeline = Callable[[Read, int | None, Page], list[Entry]]


class Front(msgspec.Struct, frozen=True):
    """What happens in the city now: stories, talk, and where.

    `first` is the newest story that has a picture, or the newest of all; `tales` are further ones
    to show with their pictures, `heads` the others, as headlines. `said`: what the city announces.
    `blogs`: the team blogs of the city.
    """

    first: PostView | None
    tales: list[PostView]
    heads: list[PostView]
    talk: list[PostView]
    places: list[Community]
    said: list[Announcement]
    blogs: list[Community]


def pictured(view: PostView) -> bool:
    """Whether a story can be shown by its first picture."""
    hidden = view.sensitive or view.post.warning
    return bool(not hidden and view.media and view.media[0].kind == "image")


@routes.get("/")
async def front(request: web.Request) -> web.Response:
    """The newspaper of the neighbourhood; the same for visitors who come within a few seconds."""
    if old_addresses.asked(request) != "/" and (old := await old_addresses.lead(request)):
        return old
    # Whatever the page shows of somebody or of the address has no part in what is kept.
    if viewer_of(request) or own_handle(request) or request.path_qs != "/":
        return await _made(request)
    name = ("/", language_of(request), theme_of(request), packing.welcome(request))
    kept = request.config_dict[VISITED]
    return await kept.get(name, now(request), lambda: _made(request))


async def _made(request: web.Request) -> web.Response:
    db, now_ms = request.config_dict[DB], now(request)
    found = await db.read(_front, viewer_id(request), now_ms)
    facts = await request.config_dict[FACTS].get(now_ms, lambda: db.read(accounts.facts, now_ms))
    return await page(request, "front.html", front=found, users=facts.users, feed="/feeds/local")


def _front(db: Read, viewer_id: int | None, now_ms: int) -> Front:
    stories = timelines.stories(db, viewer_id, Page(limit=STORIES_IN_FRONT))
    shown = {entry.post_id for entry in stories}
    # Stories are in the local timeline too: take enough that talk remains without them.
    local = timelines.local(db, viewer_id, Page(limit=TALK_IN_FRONT + STORIES_IN_FRONT))
    talk = [entry for entry in local if entry.post_id not in shown][:TALK_IN_FRONT]
    views = timelines.views(db, viewer_id, stories)
    first = next(iter([*filter(pictured, views), *views]), None)
    further = [view for view in views if view is not first]
    tales = [*filter(pictured, further)][:TALES]
    return Front(
        first,
        tales,
        [view for view in further if view not in tales],
        timelines.views(db, viewer_id, talk),
        communities.all(db, now_ms)[:PLACES],
        announcements.on_front(db, viewer_id, now_ms),
        blog.all(db)[:PLACES],
    )


@routes.post("/announcements/{id}/dismiss")
@signed_in
async def put_away(request: web.Request, viewer: Viewer) -> web.Response:
    """Show an announcement no more to the viewer."""
    sent = await form(request)
    await request.config_dict[DB].write(
        announcements.dismiss, viewer.account.id, number(request), now(request)
    )
    return see(back(sent, "/"))


@routes.get("/home")
@signed_in
async def home(request: web.Request, viewer: Viewer) -> web.Response:
    """What those whom the viewer follows wrote and shared."""

    def mine(db: Read, viewer_id: int | None, page: Page) -> list[Entry]:
        return timelines.home(db, viewer.account.id, page)

    return await _timeline(request, mine, N_("Home"), "home")


@routes.get("/bookmarks")
@signed_in
async def saved(request: web.Request, viewer: Viewer) -> web.Response:
    """What the viewer saved, for themself alone."""
    asked = window(request)
    ids, views = await request.config_dict[DB].read(_saved, viewer.account.id, asked)
    return await page(
        request,
        "timeline.html",
        heading=N_("Saved posts"),
        kind="saved",
        live="",
        tag="",
        views=views,
        pager=pager(request, asked, ids),
        feed="",
        said=(),
        blogs=(),
    )


def _saved(db: Read, viewer_id: int, page: Page) -> tuple[list[int], list[PostView]]:
    found = bookmarks.saved(db, viewer_id, page)
    return found.ids, timelines.views(db, viewer_id, found.entries)


@routes.get("/local")
async def local(request: web.Request) -> web.Response:
    """What people here wrote for everyone."""
    return await _timeline(request, timelines.local, N_("Local"), "local", "/feeds/local")


@routes.get("/federated")
async def federated(request: web.Request) -> web.Response:
    """What people here and everywhere wrote for everyone."""
    return await _timeline(request, timelines.federated, N_("Everywhere"), "federated")


@routes.get("/stories")
async def stories(request: web.Request) -> web.Response:
    """All stories of the city."""
    return await _timeline(request, timelines.stories, N_("Stories"), "stories", "/feeds/stories")


@routes.get("/tags/{tag}")
async def tag(request: web.Request) -> web.Response:
    """Posts with a hashtag."""
    name = request.match_info["tag"].casefold()

    def tagged(db: Read, viewer_id: int | None, page: Page) -> list[Entry]:
        return timelines.tag(db, viewer_id, name, page)

    viewer, followed = viewer_id(request), None
    if viewer is not None:
        followed = await request.config_dict[DB].read(tags.follows, viewer, name)
    return await _timeline(request, tagged, "", "tag", tag_feed(name), followed=followed)


async def _timeline(
    request: web.Request,
    timeline: Timeline,
    heading: str,
    kind: str,
    feed: str = "",
    *,
    followed: bool | None = None,
) -> web.Response:
    """`heading` is a msgid; a hashtag is its own heading, and the viewer may have `followed` it."""
    asked, db, viewer = window(request), request.config_dict[DB], viewer_id(request)
    entries, views = await db.read(_views, timeline, viewer, asked)
    said: list[Announcement] = []
    if kind == "home":
        said = await db.read(announcements.on_front, viewer, now(request))
    blogs = await db.read(blog.all) if kind == "stories" else []
    return await page(
        request,
        "timeline.html",
        heading=heading,
        kind=kind,
        live=LIVE.get(kind, "").format(request.match_info.get("tag", "").casefold()),
        tag=request.match_info.get("tag", "").casefold(),
        views=views,
        pager=pager(request, asked, [entry.id for entry in entries]),
        feed=feed,
        followed=followed,
        said=said,
        blogs=blogs,
    )


def _views(
    db: Read, timeline: Timeline, viewer_id: int | None, page: Page
) -> tuple[list[Entry], list[PostView]]:
    entries = timeline(db, viewer_id, page)
    return entries, timelines.views(db, viewer_id, entries)
