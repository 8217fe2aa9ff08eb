"""An author takes an answer or a boost out from under their post.

Mastodon knows this of quotes alone (`web.api.quotes`), in the same way.
"""

from aiohttp import web

from server.model import Account, PostView, Site
from server.services import answer_control, reaction_control, reading
from server.store.db import Write
from web import entities
from web.api.access import need, path_id
from web.api.shape import gives
from web.api.statuses import changed, found
from web.keys import Viewer

routes = web.RouteTableDef()


@routes.post("/api/v1/statuses/{id}/replies/{reply}/revoke")
@need("write:statuses")
@gives(entities.Status)
async def revoke_answer(request: web.Request, viewer: Viewer) -> web.Response:
    """Take back the approval of an answer to one's own post, for good; the post as it is then."""
    return await changed(request, viewer, _answer, path_id(request), path_id(request, "reply"))


@routes.post("/api/v1/statuses/{id}/reblogs/{account}/revoke")
@need("write:statuses")
@gives(entities.Status)
async def revoke_boost(request: web.Request, viewer: Viewer) -> web.Response:
    """Take somebody's boost out from under one's own post; the post as it is then."""
    return await changed(request, viewer, _boost, path_id(request), path_id(request, "account"))


# --- what happens in one transaction


def _answer(
    tx: Write, site: Site, author: Account, id: int, answer_id: int, now_ms: int
) -> PostView:
    post = found(tx, author.id, id).post
    answer_control.revoke(tx, site, author, answer_id, now_ms, under=post.id)
    return reading.view(tx, author.id, post.id)


def _boost(
    tx: Write, site: Site, author: Account, id: int, booster_id: int, now_ms: int
) -> PostView:
    post = found(tx, author.id, id).post
    reaction_control.remove_boost(tx, site, author, post.id, booster_id, now_ms)
    return reading.view(tx, author.id, post.id)
