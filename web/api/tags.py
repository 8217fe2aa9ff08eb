"""Hashtags: their use, following them, showing them on one's page.

docs.joinmastodon.org/methods/tags, followed_tags, featured_tags
"""

from collections.abc import Callable

import msgspec
from aiohttp import web

from server.services import tags
from server.services.tags import Tag
from server.store.db import Read, Write
from web import entities, present
from web.api.access import anybody, need, path_id, viewer_id
from web.api.answers import Window, listing, one, window
from web.api.shape import gives
from web.body import body
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()

MOST_TAGS = 200

Act = Callable[[Write, int, str, int], object]


class Named(msgspec.Struct, frozen=True):
    """A hashtag, with or without its sign."""

    name: str = ""


@routes.get("/api/v1/tags/{name}")
@anybody("read")
@gives(entities.Tag)
async def read(request: web.Request, viewer: Viewer | None) -> web.Response:
    """A hashtag and its use in the last week, whether somebody used it or not."""
    tag = await request.config_dict[DB].read(
        _described, viewer_id(viewer), request.match_info["name"], request.config_dict[NOW]()
    )
    return one(present.described_tag(request.config_dict[SITE], tag))


@routes.post("/api/v1/tags/{name}/follow")
@need("write:follows")
@gives(entities.Tag)
async def follow(request: web.Request, viewer: Viewer) -> web.Response:
    """Let posts with it come into the home timeline."""
    return await _act(request, viewer, tags.follow)


@routes.post("/api/v1/tags/{name}/unfollow")
@need("write:follows")
@gives(entities.Tag)
async def unfollow(request: web.Request, viewer: Viewer) -> web.Response:
    """End that."""
    return await _act(request, viewer, _unfollow)


@routes.post("/api/v1/tags/{name}/feature")
@need("write:accounts")
@gives(entities.Tag)
async def feature(request: web.Request, viewer: Viewer) -> web.Response:
    """Show it on the viewer's page."""
    return await _act(request, viewer, tags.feature)


@routes.post("/api/v1/tags/{name}/unfeature")
@need("write:accounts")
@gives(entities.Tag)
async def unfeature(request: web.Request, viewer: Viewer) -> web.Response:
    """Take it off the viewer's page."""
    return await _act(request, viewer, _unfeature)


@routes.get("/api/v1/followed_tags")
@need("read:follows")
@gives(list[entities.Tag], query=Window, pages=True)
async def followed(request: web.Request, viewer: Viewer) -> web.Response:
    """The hashtags that the viewer follows, newest first."""
    page = window(request, usual=100, most=MOST_TAGS)
    found = await request.config_dict[DB].read(
        tags.followed, viewer.account.id, page, request.config_dict[NOW]()
    )
    site = request.config_dict[SITE]
    items = [msgspec.json.encode(present.described_tag(site, tag)) for _, tag in found]
    return listing(request, items, [id for id, _ in found])


@routes.get("/api/v1/featured_tags")
@need("read:accounts")
@gives(list[entities.FeaturedTag])
async def own_featured(request: web.Request, viewer: Viewer) -> web.Response:
    """What the viewer shows on their page."""
    return await _featured(request, viewer.account.id)


@routes.post("/api/v1/featured_tags")
@need("write:accounts")
@gives(entities.FeaturedTag, body=Named)
async def add_featured(request: web.Request, viewer: Viewer) -> web.Response:
    """Show a hashtag on the viewer's page."""
    typed = await body(request, Named)
    made = await request.config_dict[DB].write(
        tags.feature, viewer.account.id, typed.name, request.config_dict[NOW]()
    )
    return one(present.featured_tag(request.config_dict[SITE], made))


@routes.get("/api/v1/featured_tags/suggestions")
@need("read:accounts")
@gives(list[entities.Tag])
async def suggestions(request: web.Request, viewer: Viewer) -> web.Response:
    """What the viewer used most of late and does not show yet."""
    found = await request.config_dict[DB].read(
        tags.suggestions, viewer.account.id, request.config_dict[NOW]()
    )
    return one([present.described_tag(request.config_dict[SITE], tag) for tag in found])


@routes.delete("/api/v1/featured_tags/{id}")
@need("write:accounts")
@gives(entities.Empty)
async def remove_featured(request: web.Request, viewer: Viewer) -> web.Response:
    """Take a hashtag off the viewer's page."""
    await request.config_dict[DB].write(tags.unfeature, viewer.account.id, path_id(request))
    return one({})


@routes.get("/api/v1/accounts/{id}/featured_tags")
@anybody("read:accounts")
@gives(list[entities.FeaturedTag])
async def featured(request: web.Request, viewer: Viewer | None) -> web.Response:
    """What somebody shows on their page."""
    return await _featured(request, path_id(request))


# --- what happens in one transaction


def _described(db: Read, viewer_id: int | None, name: str, now_ms: int) -> Tag:
    return tags.described(db, viewer_id, [tags.normal(name)], now_ms)[0]


def _acted(tx: Write, viewer_id: int, name: str, act: Act, now_ms: int) -> Tag:
    act(tx, viewer_id, name, now_ms)
    return _described(tx, viewer_id, name, now_ms)


def _unfollow(tx: Write, viewer_id: int, name: str, now_ms: int) -> None:
    tags.unfollow(tx, viewer_id, name)


def _unfeature(tx: Write, viewer_id: int, name: str, now_ms: int) -> None:
    tags.unfeature_called(tx, viewer_id, name)


# --- around it


async def _act(request: web.Request, viewer: Viewer, act: Act) -> web.Response:
    tag = await request.config_dict[DB].write(
        _acted,
        viewer.account.id,
        request.match_info["name"],
        act,
        request.config_dict[NOW](),
    )
    return one(present.described_tag(request.config_dict[SITE], tag))


async def _featured(request: web.Request, account_id: int) -> web.Response:
    found = await request.config_dict[DB].read(tags.featured, account_id)
    site = request.config_dict[SITE]
    return one([present.featured_tag(site, of) for of in found])
