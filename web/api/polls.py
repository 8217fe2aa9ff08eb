"""Polls: read one, vote in one. docs.joinmastodon.org/methods/polls

A poll has the id of its post.
"""

import msgspec
from aiohttp import web

from server.model import Account, PostView, Site
from server.services import reading, votes
from server.store.db import Read, Write
from web import entities, present
from web.api.access import anybody, need, path_id, viewer_id
from web.api.answers import one
from web.api.shape import gives
from web.body import body
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()


class Choices(msgspec.Struct, frozen=True):
    """Which answers, counted from 0."""

    choices: tuple[int, ...] = ()


@routes.get("/api/v1/polls/{id}")
@anybody("read:statuses")
@gives(entities.Poll)
async def read(request: web.Request, viewer: Viewer | None) -> web.Response:
    """A poll as it stands."""
    view = await request.config_dict[DB].read(_found, viewer_id(viewer), path_id(request))
    return one(present.poll(view, viewer_id(viewer), request.config_dict[NOW]()))


@routes.post("/api/v1/polls/{id}/votes")
@need("write:statuses")
@gives(entities.Poll, body=Choices)
async def vote(request: web.Request, viewer: Viewer) -> web.Response:
    """Choose answers, and see how the poll stands then."""
    chosen, now_ms = await body(request, Choices), request.config_dict[NOW]()
    view = await request.config_dict[DB].write(
        _voted,
        request.config_dict[SITE],
        viewer.account,
        path_id(request),
        chosen.choices,
        now_ms=now_ms,
    )
    return one(present.poll(view, viewer.account.id, now_ms))


def _found(db: Read, viewer_id: int | None, id: int) -> PostView:
    post, _ = votes.poll_of(db, viewer_id, id)
    return reading.view(db, viewer_id, post.id)


def _voted(
    tx: Write, site: Site, viewer: Account, id: int, choices: tuple[int, ...], *, now_ms: int
) -> PostView:
    votes.vote(tx, site, viewer, id, choices, now_ms)
    return _found(tx, viewer.id, id)
