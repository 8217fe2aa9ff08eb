"""Search: words, handles and addresses. docs.joinmastodon.org/methods/search"""

from typing import Annotated, Literal

import msgspec
from aiohttp import web

from server import lookup
from server.errors import Deleted, NotFound, Unauthorized
from server.model import Account, Post, PostView
from server.services import reading, search, timelines
from server.store.db import Read
from server.store.paging import Page
from web import present
from web.api.access import anybody, viewer_id
from web.api.answers import MOST_STATUSES, Id, one
from web.body import query
from web.keys import DB, FETCHER, NOW, SITE, Viewer

routes = web.RouteTableDef()


class Query(msgspec.Struct, frozen=True):
    """`resolve`: an address or handle that is not known here is fetched from where it lives."""

    q: str
    type: Literal["accounts", "hashtags", "statuses"] | None = None
    resolve: bool = False
    limit: int = 20
    offset: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    following: bool = False
    max_id: Id | None = None
    min_id: Id | None = None
    account_id: Id | None = None


class Found(msgspec.Struct, frozen=True):
    """What a search gave, each newest or nearest first."""

    accounts: tuple[Account, ...] = ()
    posts: tuple[PostView, ...] = ()
    hashtags: tuple[str, ...] = ()


@routes.get("/api/v2/search")
@anybody("read:search")
async def find(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Accounts, posts and hashtags. Only somebody with a token makes us fetch from others."""
    asked, db = query(request, Query), request.config_dict[DB]
    if viewer is None and (asked.resolve or asked.offset):
        raise Unauthorized("The access token is missing or not valid: sign in again.")
    named = await _named(request, asked)
    if named is None:
        found = await db.read(_searched, viewer_id(viewer), asked)
    else:
        found = await db.read(_seen, viewer_id(viewer), named)
    return _answer(request, viewer, found, asked.type)


async def _named(request: web.Request, asked: Query) -> Account | Post | None:
    """Who or what the query is the address of, fetched where it lives when it is not known."""
    return await resolved(request, asked.q) if asked.resolve and not asked.offset else None


async def resolved(request: web.Request, text: str) -> Account | Post | None:
    """Who or what a handle or an address means, fetched where it lives when it is not known."""
    if not _is_name(text):
        return None
    return await lookup.find(request.config_dict[FETCHER], text.strip())


def _is_name(text: str) -> bool:
    """Whether this is a handle of another server or an address, so that it can be resolved."""
    text = text.strip()
    return " " not in text and (text.startswith(("https://", "http://")) or "@" in text[1:])


def _seen(db: Read, viewer_id: int | None, named: Account | Post) -> Found:
    """What was named, as far as the viewer may see it."""
    if isinstance(named, Account):
        return Found(accounts=(named,))
    try:
        return Found(posts=(reading.view(db, viewer_id, named.id),))
    except (NotFound, Deleted):
        return Found()


def _searched(db: Read, viewer_id: int | None, asked: Query) -> Found:
    """What is known here and fits the words."""
    limit = max(1, min(asked.limit, MOST_STATUSES))
    text = asked.q.strip()
    page = Page(asked.max_id, None, asked.min_id, limit)
    if not text:
        return Found()
    people = search.people(
        db, viewer_id, text, limit, offset=asked.offset, following=asked.following
    )
    if asked.offset:
        return Found(accounts=tuple(people))
    return Found(
        accounts=tuple(people),
        posts=tuple(timelines.views(db, viewer_id, search.words(db, viewer_id, text, page))),
        hashtags=tuple(search.hashtags(db, text, limit)),
    )


def _answer(
    request: web.Request, viewer: Viewer | None, found: Found, kind: str | None
) -> web.Response:
    """Search: three lists, of which `kind` empties two."""
    site, now = request.config_dict[SITE], request.config_dict[NOW]()
    lists = {
        "accounts": [present.account(site, account) for account in found.accounts],
        "statuses": [
            present.status(site, view, viewer_id=viewer_id(viewer), now_ms=now)
            for view in found.posts
        ],
        "hashtags": [present.found_tag(site, name) for name in found.hashtags],
    }
    return one({key: value if kind in (None, key) else [] for key, value in lists.items()})
