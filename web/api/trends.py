"""What trends. docs.joinmastodon.org/methods/trends"""

from collections.abc import Sequence
from typing import Final, TypeVar
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from server.services import previews, tags, trends
from server.services.trends import Trends
from web import entities, present
from web.api.access import anybody, viewer_id
from web.api.answers import Window, listing, one, window
from web.api.fragments import statuses
from web.api.shape import gives
from web.body import query
from web.keys import DB, NOW, SITE, TRENDS, Viewer

routes = web.RouteTableDef()

USUAL: Final = 10
MOST: Final = 20
USUAL_STATUSES: Final = 20
MOST_STATUSES: Final = 40

T = TypeVar("T")


class Part(msgspec.Struct, frozen=True):
    """How many, after how many."""

    limit: int | None = None
    offset: int = 0


class Linked(Window, frozen=True):
    """Posts that link to `url`."""

    url: str = ""


@routes.get("/api/v1/trends")
@routes.get("/api/v1/trends/tags")
@anybody("read")
@gives(list[entities.Tag], query=Part)
async def trending_tags(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Hashtags that several people used of late."""
    names = _part(request, (await _found(request)).tags, USUAL, MOST)
    found = await request.config_dict[DB].read(
        tags.described, viewer_id(viewer), names, request.config_dict[NOW]()
    )
    items = [present.described_tag(request.config_dict[SITE], tag) for tag in found]
    return _answer(request, one(items), len(names), USUAL, MOST)


@routes.get("/api/v1/trends/statuses")
@anybody("read:statuses")
@gives(list[entities.Status], query=Part)
async def trending_statuses(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Posts that many liked and boosted of late."""
    ids = _part(request, (await _found(request)).posts, USUAL_STATUSES, MOST_STATUSES)
    entries = await request.config_dict[DB].read(trends.posts, viewer_id(viewer), ids)
    items = await statuses(request, viewer_id(viewer), entries)
    return _answer(request, listing(request, items, []), len(ids), USUAL_STATUSES, MOST_STATUSES)


@routes.get("/api/v1/trends/links")
@anybody("read")
@gives(list[entities.PreviewCard], query=Part)
async def trending_links(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Pages that several people linked to of late."""
    site = request.config_dict[SITE]
    links = _part(request, (await _found(request)).links, USUAL, MOST)
    items = [
        {**present.preview_card(site, link.preview), "history": present.history(link.history)}
        for link in links
    ]
    return _answer(request, one(items), len(links), USUAL, MOST)


@routes.get("/api/v1/timelines/link")
@anybody("read:statuses")
@gives(list[entities.Status], query=Linked, pages=True)
async def link(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Public posts that link to a page, by people who want to be found."""
    url = query(request, Linked).url.strip().partition("#")[0]
    entries = await request.config_dict[DB].read(
        previews.timeline, viewer_id(viewer), url, window(request)
    )
    items = await statuses(request, viewer_id(viewer), entries)
    return listing(request, items, [entry.id for entry in entries])


async def _found(request: web.Request) -> Trends:
    """What trends, as it was found in the last minutes."""
    db, now_ms = request.config_dict[DB], request.config_dict[NOW]()
    return await request.config_dict[TRENDS].get(now_ms, lambda: db.read(trends.find, now_ms))


def _asked(request: web.Request, usual: int, most: int) -> tuple[int, int]:
    """(offset, limit)."""
    asked = query(request, Part)
    limit = usual if asked.limit is None else max(1, min(asked.limit, most))
    return max(0, asked.offset), limit


def _part(request: web.Request, found: Sequence[T], usual: int, most: int) -> Sequence[T]:
    offset, limit = _asked(request, usual, most)
    return found[offset : offset + limit]


def _answer(
    request: web.Request, response: web.Response, shown: int, usual: int, most: int
) -> web.Response:
    """`response` with the addresses of the parts beside it."""
    offset, limit = _asked(request, usual, most)
    base = request.config_dict[SITE].origin + request.rel_url.raw_path
    links = []
    if shown == limit:
        after = urlencode({"limit": limit, "offset": offset + limit})
        links.append(f'<{base}?{after}>; rel="next"')
    if offset > 0:
        before = urlencode({"limit": limit, "offset": max(0, offset - limit)})
        links.append(f'<{base}?{before}>; rel="prev"')
    if links:
        response.headers["Link"] = ", ".join(links)
    return response
