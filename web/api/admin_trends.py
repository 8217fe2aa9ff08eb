"""What trends, and what moderators say of it. docs.joinmastodon.org/methods/admin/trends

Nothing waits for consent here: what is rejected does not trend, what is approved is said to be.
"""

from typing import Any, Final

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.policy.roles import TAXONOMIES
from server.services import tags, trends
from server.store.db import Read
from web import entities, present
from web.api.access import path_id
from web.api.answers import one
from web.api.fragments import statuses
from web.api.shape import gives
from web.api.staff import moderator, staff
from web.body import body
from web.keys import DB, NOW, SITE, TRENDS, Viewer

routes = web.RouteTableDef()

READ: Final = "admin:read"
WRITE: Final = "admin:write"
MOST: Final = 40


class Usable(msgspec.Struct, frozen=True):
    """Whether a hashtag may trend; what else the reference has is not decided here."""

    trendable: bool | None = None


@routes.get("/api/v1/admin/trends/tags")
@staff(TAXONOMIES, READ)
@gives(list[entities.AdminTag])
async def trending_tags(request: web.Request, viewer: Viewer) -> web.Response:
    """Hashtags that trend, or would if they were not rejected."""
    found = await _found(request)
    return one(await _tags(request, viewer, list(found.tags[:MOST])))


@routes.post("/api/v1/admin/trends/tags/{id}/approve")
@staff(TAXONOMIES, WRITE)
@gives(entities.AdminTag)
async def approve_tag(request: web.Request, viewer: Viewer) -> web.Response:
    """Let a hashtag trend."""
    return await _tag_decided(request, viewer, allowed=True)


@routes.post("/api/v1/admin/trends/tags/{id}/reject")
@staff(TAXONOMIES, WRITE)
@gives(entities.AdminTag)
async def reject_tag(request: web.Request, viewer: Viewer) -> web.Response:
    """Let a hashtag trend no more."""
    return await _tag_decided(request, viewer, allowed=False)


@routes.get("/api/v1/admin/tags/{id}")
@staff(TAXONOMIES, READ)
@gives(entities.AdminTag)
async def read_tag(request: web.Request, viewer: Viewer) -> web.Response:
    """A hashtag, by its name: here that is its id."""
    name = tags.normal(request.match_info["id"])
    return one((await _tags(request, viewer, [name]))[0])


@routes.put("/api/v1/admin/tags/{id}")
@staff(TAXONOMIES, WRITE)
@gives(entities.AdminTag, body=Usable)
async def change_tag(request: web.Request, viewer: Viewer) -> web.Response:
    """Whether a hashtag may trend."""
    trendable = (await body(request, Usable)).trendable
    if trendable is not None:
        return await _tag_decided(request, viewer, allowed=trendable)
    name = tags.normal(request.match_info["id"])
    return one((await _tags(request, viewer, [name]))[0])


async def _tag_decided(request: web.Request, viewer: Viewer, *, allowed: bool) -> web.Response:
    name = tags.normal(request.match_info["id"])
    await _decide(request, viewer, "tag", name, allowed=allowed)
    return one((await _tags(request, viewer, [name]))[0])


async def _tags(request: web.Request, viewer: Viewer, names: list[str]) -> list[entities.AdminTag]:
    now_ms, site = request.config_dict[NOW](), request.config_dict[SITE]

    def found(db: Read) -> tuple[list[tags.Tag], trends.Verdicts]:
        return tags.described(db, viewer.account.id, names, now_ms), trends.verdicts(db, "tag")

    described, said = await request.config_dict[DB].read(found)
    return [
        {
            **present.described_tag(site, tag),
            "trendable": tag.name not in said.hidden,
            "usable": True,
            "listable": True,
            "requires_review": said.waits(tag.name),
        }
        for tag in described
    ]


@routes.get("/api/v1/admin/trends/statuses")
@staff(TAXONOMIES, READ)
@gives(list[entities.AdminStatus])
async def trending_statuses(request: web.Request, viewer: Viewer) -> web.Response:
    """Posts that trend, or would if they were not rejected."""
    found = await _found(request)
    return one(await _statuses(request, viewer, list(found.posts[:MOST])))


@routes.post("/api/v1/admin/trends/statuses/{id}/approve")
@staff(TAXONOMIES, WRITE)
@gives(entities.AdminStatus)
async def approve_status(request: web.Request, viewer: Viewer) -> web.Response:
    """Let a post trend."""
    return await _status_decided(request, viewer, allowed=True)


@routes.post("/api/v1/admin/trends/statuses/{id}/reject")
@staff(TAXONOMIES, WRITE)
@gives(entities.AdminStatus)
async def reject_status(request: web.Request, viewer: Viewer) -> web.Response:
    """Let a post trend no more."""
    return await _status_decided(request, viewer, allowed=False)


async def _status_decided(request: web.Request, viewer: Viewer, *, allowed: bool) -> web.Response:
    id = path_id(request)
    await request.config_dict[DB].read(trends.post, id)
    await _decide(request, viewer, "status", str(id), allowed=allowed)
    found = await _statuses(request, viewer, [id])
    if not found:
        raise NotFound("There is no such post.")
    return one(found[0])


async def _statuses(request: web.Request, viewer: Viewer, ids: list[int]) -> list[dict[str, Any]]:
    me = viewer.account.id
    said = await request.config_dict[DB].read(trends.verdicts, "status")
    entries = await request.config_dict[DB].read(trends.posts, me, ids)
    items = [msgspec.json.decode(item) for item in await statuses(request, me, entries)]
    return [{**item, "requires_review": said.waits(item["id"])} for item in items]


@routes.get("/api/v1/admin/trends/links")
@staff(TAXONOMIES, READ)
@gives(list[entities.AdminLink])
async def trending_links(request: web.Request, viewer: Viewer) -> web.Response:
    """Pages that trend, or would if they were not rejected."""
    found = await _found(request)
    links = found.links[:MOST]
    site = request.config_dict[SITE]
    said = await request.config_dict[DB].read(trends.verdicts, "link")
    return one(
        [
            {
                **present.preview_card(site, link.preview),
                "history": present.history(link.history),
                "id": str(link.preview.id),
                "requires_review": said.waits(link.preview.url),
            }
            for link in links
        ]
    )


@routes.post("/api/v1/admin/trends/links/{id}/approve")
@staff(TAXONOMIES, WRITE)
@gives(entities.AdminLink)
async def approve_link(request: web.Request, viewer: Viewer) -> web.Response:
    """Let a page trend."""
    return await _link_decided(request, viewer, allowed=True)


@routes.post("/api/v1/admin/trends/links/{id}/reject")
@staff(TAXONOMIES, WRITE)
@gives(entities.AdminLink)
async def reject_link(request: web.Request, viewer: Viewer) -> web.Response:
    """Let a page trend no more."""
    return await _link_decided(request, viewer, allowed=False)


async def _link_decided(request: web.Request, viewer: Viewer, *, allowed: bool) -> web.Response:
    id = path_id(request)
    found = await request.config_dict[DB].read(trends.link, id)
    await _decide(request, viewer, "link", found.url, allowed=allowed)
    entity: entities.AdminLink = {
        **present.preview_card(request.config_dict[SITE], found),
        "id": str(id),
        "requires_review": False,
    }
    return one(entity)


async def _found(request: web.Request) -> trends.Trends:
    """What trends now, rejected or not: moderators want to see what they just decided."""
    now_ms = request.config_dict[NOW]()

    def find(db: Read) -> trends.Trends:
        return trends.find(db, now_ms, rejected=True)

    return await request.config_dict[DB].read(find)


async def _decide(
    request: web.Request, viewer: Viewer, kind: str, key: str, *, allowed: bool
) -> None:
    """In other processes it counts within some minutes."""
    by, now_ms = moderator(viewer), request.config_dict[NOW]()
    await request.config_dict[DB].write(
        trends.decide, by, kind, key, allowed=allowed, now_ms=now_ms
    )
    request.config_dict[TRENDS].forget()
