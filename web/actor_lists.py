"""The collections of our actors that peers read: what they wrote, whom they follow. AP §5."""

from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from federation import build
from server.errors import NotFound
from server.model import Account, Site
from server.services import communities, documents, reading
from server.store import follows, posts, reactions
from server.store.db import Read
from server.store.paging import Page
from web.activitypub import active_account, collection_page, document, window
from web.keys import DB, SITE

routes = web.RouteTableDef()

CIRCLES: Final = ("followers", "following")


@routes.get("/actors/{id}/outbox")
async def outbox(request: web.Request) -> web.Response:
    """What somebody wrote in public, or what a group passed on, newest first. AP §5.1."""
    return await _collection(request, "outbox", _outbox, _sent)


def _sent(db: Read, account: Account) -> int:
    if account.kind == "Group":
        return reactions.count_boosts_by(db, account.id)
    return account.posts_count


def _outbox(db: Read, site: Site, account: Account, page: Page) -> tuple[list[Any], int | None]:
    if account.kind == "Group":
        return _passed_on(db, account, page)
    found = posts.public_by(db, account.id, page)
    written = documents.collection(db, site, found)
    return [build.create(one) for one in written], found[-1].id if found else None


def _passed_on(db: Read, group: Account, page: Page) -> tuple[list[Any], int | None]:
    found = reactions.boosts_by(db, group.id, page)
    announced = [
        build.announce(
            row["uri"],
            group.uri,
            row["post_uri"],
            cc=(group.followers_uri, row["author_uri"]),
            published_ms=row["created_ms"],
        )
        for row in found
    ]
    return announced, found[-1]["id"] if found else None


@routes.get("/actors/{id}/followers")
async def followers(request: web.Request) -> web.Response:
    """Who follows. AP §5.3."""
    return await _collection(
        request, "followers", _followers, lambda _, account: account.followers_count
    )


def _followers(db: Read, site: Site, account: Account, page: Page) -> tuple[list[Any], int | None]:
    found = follows.followers(db, account.id, page)
    return [who.uri for _, who in found], found[-1][0] if found else None


@routes.get("/actors/{id}/following")
async def following(request: web.Request) -> web.Response:
    """Whom somebody follows. AP §5.4."""
    return await _collection(
        request, "following", _following, lambda _, account: account.following_count
    )


def _following(db: Read, site: Site, account: Account, page: Page) -> tuple[list[Any], int | None]:
    found = follows.following(db, account.id, page)
    return [who.uri for _, who in found], found[-1][0] if found else None


Items = Callable[[Read, Site, Account, Page], tuple[list[Any], int | None]]


async def _collection(
    request: web.Request, name: str, items: Items, total: Callable[[Read, Account], int]
) -> web.Response:
    """A collection of one of ours, or one page of it: `?page=1`, then `?max_id=`.

    Whoever keeps for themself who follows whom tells how many alone.
    """
    account = await active_account(request)
    uri, hidden = f"{account.uri}/{name}", account.hide_collections and name in CIRCLES
    if "page" not in request.query and "max_id" not in request.query:
        count = await request.app[DB].read(total, account)
        first = None if hidden else f"{uri}?page=1"
        return document(request, build.ordered_collection(uri, count, first=first))
    if hidden:
        raise NotFound("There is nothing at this address.")
    asked = window(request)
    found, last = await request.app[DB].read(items, request.app[SITE], account, asked)
    return document(request, collection_page(request, uri, found, last))


@routes.get("/actors/{id}/featured")
async def featured(request: web.Request) -> web.Response:
    """What somebody, or a community, keeps at the top."""
    account = await active_account(request)
    uris = await request.app[DB].read(reading.featured, account)
    return document(request, build.ordered_collection(account.featured_uri, len(uris), items=uris))


@routes.get("/actors/{id}/moderators")
async def moderators(request: web.Request) -> web.Response:
    """Who keeps order in a group. FEP-1b12."""
    account = await active_account(request)
    if account.kind != "Group":
        raise NotFound("There is nothing at this address.")
    found = await request.app[DB].read(communities.moderators, account.id)
    uris = [one.uri for one in found]
    body = build.ordered_collection(f"{account.uri}/moderators", len(uris), items=uris)
    return document(request, body)
