"""The neighbourhoods of the city: what they are, how many follow them, and how to."""

import msgspec
from aiohttp import web

from server.model import Community, Relationship
from server.services import communities, follows
from server.store.db import Read
from web.keys import DB
from web.pages.access import now, viewer_id
from web.render import page, person_url

routes = web.RouteTableDef()


class Place(msgspec.Struct, frozen=True):
    """A neighbourhood, and how the viewer stands to it; None for visitors."""

    neighbourhood: Community
    relation: Relationship | None


@routes.get("/neighbourhoods")
async def neighbourhoods(request: web.Request) -> web.Response:
    """All of them, the liveliest first."""
    places = await request.config_dict[DB].read(_places, viewer_id(request), now(request))
    return await page(request, "neighbourhoods.html", places=places)


def _places(db: Read, viewer_id: int | None, now_ms: int) -> list[Place]:
    found = communities.all(db, now_ms)
    if viewer_id is None:
        return [Place(one, None) for one in found]
    relations = follows.relationships(db, viewer_id, [one.account.id for one in found])
    return [Place(one, relation) for one, relation in zip(found, relations, strict=True)]


@routes.get("/c/{name}")
async def community(request: web.Request) -> web.Response:
    """The page of a community is where those of people are; peers get its document here too."""
    account = await request.config_dict[DB].read(communities.by_name, request.match_info["name"])
    raise web.HTTPFound(person_url(account), headers={"Vary": "Accept"})
