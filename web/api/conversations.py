"""Private threads. docs.joinmastodon.org/methods/conversations"""

import msgspec
from aiohttp import web

from server.services import conversations
from server.services.conversations import Talk
from web import entities, present
from web.api.access import need, path_id
from web.api.answers import listing, one, window
from web.api.fragments import statuses
from web.api.notifications import shown
from web.api.shape import gives
from web.keys import DB, SITE, Viewer

routes = web.RouteTableDef()


@routes.get("/api/v1/conversations")
@need("read:statuses")
@gives(list[entities.Conversation], pages=True)
async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """By their last posts, whose ids turn the pages."""
    found = await request.config_dict[DB].read(
        conversations.page, viewer.account.id, window(request)
    )
    items = [msgspec.json.encode(item) for item in await _entities(request, viewer, found)]
    return listing(request, items, [talk.conversation.last_id for talk in found])


@routes.delete("/api/v1/conversations/{id}")
@need("write:conversations")
@gives(entities.Empty)
async def remove(request: web.Request, viewer: Viewer) -> web.Response:
    """Take one out of the viewer's list."""
    await request.config_dict[DB].write(conversations.remove, viewer.account.id, path_id(request))
    return one({})


@routes.post("/api/v1/conversations/{id}/read")
@need("write:conversations")
@gives(entities.Conversation)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """There is nothing to read in it any more."""
    return await _marked(request, viewer, unread=False)


@routes.post("/api/v1/conversations/{id}/unread")
@need("write:conversations")
@gives(entities.Conversation)
async def unread(request: web.Request, viewer: Viewer) -> web.Response:
    """There is something to read in it."""
    return await _marked(request, viewer, unread=True)


@routes.get("/api/v1/timelines/direct")
@need("read:statuses")
@gives(list[entities.Status], pages=True)
async def direct(request: web.Request, viewer: Viewer) -> web.Response:
    """Every private post that the viewer wrote or was sent, as older apps list them."""
    entries = await request.config_dict[DB].read(
        conversations.direct, viewer.account.id, window(request)
    )
    items = await statuses(request, viewer.account.id, entries)
    return listing(request, items, [entry.id for entry in entries])


async def _marked(request: web.Request, viewer: Viewer, *, unread: bool) -> web.Response:
    id, me = path_id(request), viewer.account.id
    talk = await request.config_dict[DB].write(
        lambda tx: conversations.mark(tx, me, id, unread=unread)
    )
    return one(await entity(request, viewer, talk))


async def entity(request: web.Request, viewer: Viewer, talk: Talk) -> entities.Conversation:
    """Conversation."""
    return (await _entities(request, viewer, [talk]))[0]


async def _entities(
    request: web.Request, viewer: Viewer, found: list[Talk]
) -> list[entities.Conversation]:
    posts = await shown(request, viewer, (talk.entry for talk in found))
    site = request.config_dict[SITE]
    return [present.conversation(site, talk, posts.get(talk.entry.id)) for talk in found]
