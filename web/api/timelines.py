"""Timelines. docs.joinmastodon.org/methods/timelines"""

from typing import Final

from aiohttp import web

from server import text
from server.errors import NotFound
from server.model import Entry
from server.services import timelines
from server.store.tags import Tagged
from web import entities
from web.api.access import anybody, need, viewer_id
from web.api.answers import Window, listing, window
from web.api.fragments import statuses
from web.api.shape import gives
from web.body import query
from web.keys import DB, Viewer

routes = web.RouteTableDef()

MOST_TAGS: Final = 4  # of each kind beside the first, as in Mastodon


class Choice(Window, frozen=True):
    """Whose posts: our people's alone, or strangers' alone; and whether only pictures and films."""

    local: bool = False
    remote: bool = False
    only_media: bool = False


class TagChoice(Choice, frozen=True):
    """As well: with further hashtags."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


@routes.get("/api/v1/timelines/home")
@need("read:statuses")
@gives(list[entities.Status], query=Window, pages=True)
async def home(request: web.Request, viewer: Viewer) -> web.Response:
    """What the people whom the viewer follows wrote and boosted."""
    page = window(request)
    db = request.config_dict[DB]
    entries = await db.read_inline(timelines.home, viewer.account.id, page)
    return await _answer(request, viewer.account.id, entries)


@routes.get("/api/v1/timelines/public")
@anybody("read:statuses")
@gives(list[entities.Status], query=Choice, pages=True)
async def public(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Everything public that is known here, or our people's part of it, or the others'."""
    choice, page = query(request, Choice), window(request)
    of = timelines.federated
    if choice.local:
        of = timelines.local
    elif choice.remote:
        of = timelines.remote
    entries = await request.config_dict[DB].read(
        of, viewer_id(viewer), page, media_only=choice.only_media
    )
    return await _answer(request, viewer_id(viewer), entries)


@routes.get("/api/v1/timelines/tag/{tag}")
@anybody("read:statuses")
@gives(list[entities.Status], query=TagChoice, pages=True)
async def tag(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Public posts with a hashtag, or with several."""
    name, page = text.normal_tag(request.match_info["tag"]), window(request)
    if "\x00" in name:
        raise NotFound("There is no such hashtag.")
    asked = query(request, TagChoice)
    wanted = Tagged(
        name,
        any=_names(asked.any),
        all=_names(asked.all),
        none=_names(asked.none),
        local=True if asked.local else False if asked.remote else None,
        media_only=asked.only_media,
    )
    entries = await request.config_dict[DB].read(timelines.tagged, viewer_id(viewer), wanted, page)
    return await _answer(request, viewer_id(viewer), entries)


def _names(sent: tuple[str, ...]) -> tuple[str, ...]:
    """The first few hashtags, in normal form."""
    return tuple(dict.fromkeys(text.normal_tag(name) for name in sent[:MOST_TAGS]))


async def _answer(
    request: web.Request, viewer_id: int | None, entries: list[Entry]
) -> web.Response:
    items = await statuses(request, viewer_id, entries)
    return listing(request, items, [entry.id for entry in entries])
