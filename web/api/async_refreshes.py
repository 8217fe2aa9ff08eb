"""What is being fetched for an answer that was given already.

docs.joinmastodon.org/methods/async_refreshes
"""

from typing import Final

from aiohttp import web

from server.errors import NotFound
from server.model import Post
from web import entities
from web.api.access import need
from web.api.answers import one
from web.api.shape import gives
from web.keys import REFRESHES, Viewer

routes = web.RouteTableDef()

HEADER: Final = "Mastodon-Async-Refresh"
RETRY_S: Final = 3


@routes.get("/api/v1_alpha/async_refreshes/{id}")
@need("read")
@gives(entities.AsyncRefreshed)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """Whether it still runs, and how much it has brought."""
    found = request.config_dict[REFRESHES].called(request.match_info["id"])
    if found is None:
        raise NotFound("There is nothing with this id.")
    answer: entities.AsyncRefresh = {
        "id": found.id,
        "status": "running" if found.running else "finished",
        "result_count": found.found,
    }
    return one({"async_refresh": answer})


def look_for_replies(request: web.Request, post: Post) -> dict[str, str]:
    """Begin to fetch answers to a stranger's post, where it is time; a header tells of it."""
    begun = request.config_dict[REFRESHES].begin(post)
    if begun is None:
        return {}
    return {HEADER: f'id="{begun.id}", retry={RETRY_S}, result_count={begun.found}'}
