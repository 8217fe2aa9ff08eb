"""Search: words, handles and addresses. docs.joinmastodon.org/methods/search"""

from typing import Final, Literal
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from server import lookup
from server.errors import BadToken, Deleted, NotFound
from server.model import Account, Post, PostView
from server.services import asking, reading, search, tags, timelines, trends
from server.services.asking import Asked
from server.services.search import Results
from server.services.tags import Tag
from server.store.db import Read
from server.store.paging import Page
from web import entities, present
from web.api.access import anybody, viewer_id
from web.api.answers import MOST_STATUSES, Id, one
from web.api.shape import gives
from web.api.statuses import entity
from web.body import query
from web.keys import DB, FETCHER, NOW, SITE, Viewer

routes = web.RouteTableDef()

MOST_SKIPPED: Final = 10_000
_SAME: Final = ("q", "limit", "account_id")  # on the next page


class Query(msgspec.Struct, frozen=True):
    """`resolve`: an address or handle that is not known here is fetched from where it lives."""

    q: str
    type: Literal["accounts", "hashtags", "statuses"] | None = None
    resolve: bool = False
    limit: int = 20
    offset: int = 0
    max_id: Id | None = None
    min_id: Id | None = None
    account_id: Id | None = None
    following: bool = False
    exclude_unreviewed: bool = False


class Found(msgspec.Struct, frozen=True):
    """What a search gave, each newest or nearest first. `older_id`: where to look on for posts."""

    accounts: tuple[Account, ...] = ()
    posts: tuple[PostView, ...] = ()
    hashtags: tuple[Tag, ...] = ()
    older_id: int | None = None


@routes.get("/api/v2/search")
@anybody("read:search")
@gives(entities.Search, query=Query)
async def find(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Accounts, posts and hashtags. Only somebody with a token makes us fetch from others."""
    asked, db = query(request, Query), request.config_dict[DB]
    if viewer is None and (asked.resolve or asked.offset):
        raise BadToken("The access token is missing or not valid: sign in again.")
    named = await _named(request, asked)
    if named is None:
        search_for = _Search(
            viewer_id(viewer),
            asked,
            asking.read(asked.q, request.config_dict[SITE].timezone),
            max(1, min(asked.limit, MOST_STATUSES)),
            max(0, min(asked.offset, MOST_SKIPPED)),
        )
        found = await db.read(_searched, search_for, request.config_dict[NOW]())
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


class _Search(msgspec.Struct, frozen=True):
    """Who asks for what, and what the words of the query mean."""

    viewer_id: int | None
    query: Query
    asked: Asked
    limit: int
    offset: int

    @property
    def words(self) -> str:
        """What was typed, for names and hashtags."""
        return self.query.q.strip()


def _searched(db: Read, of: _Search, now_ms: int) -> Found:
    """What is known here and fits the words; where one kind is asked for, only that is sought."""
    if not of.words:
        return Found()
    kind = of.query.type
    kinds = ("accounts", "statuses", "hashtags") if kind is None else (kind,)
    results = _results(db, of) if "statuses" in kinds else Results()
    return Found(
        older_id=results.older_id,
        accounts=_accounts(db, of) if "accounts" in kinds else (),
        posts=tuple(timelines.views(db, of.viewer_id, results.entries)),
        hashtags=_tags(db, of, now_ms) if "hashtags" in kinds else (),
    )


def _accounts(db: Read, of: _Search) -> tuple[Account, ...]:
    following = of.query.following and of.viewer_id is not None
    found = search.people(
        db, of.viewer_id, of.words, of.limit, following=following, offset=of.offset
    )
    return tuple(found)


def _results(db: Read, of: _Search) -> Results:
    page = Page(of.query.max_id, None, of.query.min_id, of.limit)
    author_id = of.query.account_id or 0
    return search.find(db, of.viewer_id, of.asked, page, author_id=author_id, offset=of.offset)


def _tags(db: Read, of: _Search, now_ms: int) -> tuple[Tag, ...]:
    names = search.hashtags(db, of.words, of.limit, of.offset)
    if of.query.exclude_unreviewed:
        names = trends.reviewed(db, names)
    return tuple(tags.described(db, of.viewer_id, names, now_ms))


def _answer(
    request: web.Request, viewer: Viewer | None, found: Found, kind: str | None
) -> web.Response:
    """Search: three lists, of which `kind` empties two.

    Its `Link` leads to older posts, though this list may have none: only so many are looked through
    at once.
    """
    site = request.config_dict[SITE]
    lists = {
        "accounts": [present.account(site, account) for account in found.accounts],
        "statuses": [entity(request, viewer, view) for view in found.posts],
        "hashtags": [present.described_tag(site, tag) for tag in found.hashtags],
    }
    response = one({key: value if kind in (None, key) else [] for key, value in lists.items()})
    if found.older_id:
        kept = {name: value for name, value in request.query.items() if name in _SAME}
        asked = urlencode({**kept, "type": "statuses", "max_id": found.older_id})
        here = f"{request.config_dict[SITE].origin}{request.path}"
        response.headers["Link"] = f'<{here}?{asked}>; rel="next"'
    return response
