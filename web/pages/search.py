"""Search: people, hashtags and posts here; a handle or an address is also looked up elsewhere."""

import re
from typing import Final

import msgspec
from aiohttp import web

from server import lookup
from server.errors import AppError
from server.model import Account, Post, PostView
from server.services import reading, search, timelines
from server.store.db import Read
from server.store.paging import Page
from web.keys import ADDRESS, BUCKETS, DB, FETCHER
from web.pages.access import now, viewer_id
from web.pages.forms import see
from web.render import page, person_url, post_url, viewer_of

routes = web.RouteTableDef()

MAX_QUERY: Final = 500
# A host has a dot, or a port where two cities share a machine: localhost:8082.
_ELSEWHERE: Final = re.compile(r"https?://\S+|@?[A-Za-z0-9_.-]+@[^\s@/]+[.:][^\s@/]+")


class Found(msgspec.Struct, frozen=True):
    """What fits a query."""

    people: list[Account] = []
    tags: list[str] = []
    posts: list[PostView] = []


@routes.get("/search")
async def find(request: web.Request) -> web.Response:
    """Results for `q`; one exact answer is shown at once."""
    query = request.query.get("q", "").strip()[:MAX_QUERY].replace("\x00", "")
    problem: AppError | None = None
    if elsewhere(query) and viewer_of(request) is not None:
        try:
            path = await resolved(request, query)
        except AppError as error:
            path, problem = "", error
        if path:
            return see(path)
    db, me = request.config_dict[DB], viewer_id(request)
    found = await db.read(_found, me, query) if query else Found()
    return await page(
        request,
        "search.html",
        query=query,
        found=found,
        elsewhere=elsewhere(query),
        problem=problem,
    )


def elsewhere(query: str) -> bool:
    """Whether a query names one person or post exactly: a handle with its server, or an address."""
    return _ELSEWHERE.fullmatch(query) is not None


async def resolved(request: web.Request, query: str) -> str:
    """Where the person or post that `query` names is shown here; empty when there is none.

    This asks other servers, so only those who are signed in may cause it, and links on other sites
    may make them: each costs the member a token. Raises `TooMany`.
    """
    who = f"look-ups of {viewer_id(request) or request[ADDRESS]}"
    request.config_dict[BUCKETS].spend(who, now(request))
    found = await lookup.find(request.config_dict[FETCHER], query)
    if isinstance(found, Account):
        return person_url(found)
    if isinstance(found, Post):
        view = await request.config_dict[DB].read(reading.view, viewer_id(request), found.id)
        return post_url(view.post, view.author)
    return ""


def _found(db: Read, viewer_id: int | None, query: str) -> Found:
    return Found(
        search.people(db, viewer_id, query, 10),
        search.hashtags(db, query, 10),
        timelines.views(db, viewer_id, search.words(db, viewer_id, query, Page())),
    )
