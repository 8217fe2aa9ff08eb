"""Accounts: who they are and what they wrote. docs.joinmastodon.org/methods/accounts"""

from collections.abc import Callable

import msgspec
from aiohttp import web

from server import text
from server.errors import NotFound
from server.model import Account, Entry, Site
from server.services import accounts, discovery, relations, timelines
from server.store.db import Read
from server.store.paging import Page
from web import entities, present
from web.api.access import anybody, need, path_id, viewer_id
from web.api.answers import MOST_ACCOUNTS, Id, listing, one, people, window
from web.api.fragments import statuses
from web.api.shape import gives
from web.body import body, query
from web.keys import DB, SITE, Viewer

routes = web.RouteTableDef()

MOST_AT_ONCE = 40
MOST_FAMILIAR = 10  # accounts asked about at once, each with as many people at most

Listed = list[tuple[int, Account]]
Circle = Callable[[Read, Account, int | None, Page], Listed]


class Ids(msgspec.Struct, frozen=True):
    """Accounts by id: a list, or one."""

    id: tuple[Id, ...] | Id = ()

    @property
    def all(self) -> list[int]:
        """As a list, each once."""
        return list(dict.fromkeys(self.id if isinstance(self.id, tuple) else (self.id,)))


class Handle(msgspec.Struct, frozen=True):
    """`name` or `name@domain`."""

    acct: str


class Wanted(msgspec.Struct, frozen=True):
    """Which of an account's posts. `exclude_replies` keeps what answers the account itself."""

    exclude_replies: bool = False
    exclude_reblogs: bool = False
    exclude_direct: bool = False
    only_media: bool = False
    pinned: bool = False
    tagged: str = ""


class Shown(msgspec.Struct, frozen=True):
    """Somebody, and where they live now if they moved."""

    account: Account
    moved: Account | None


@routes.get("/api/v1/accounts")
@anybody("read:accounts")
@gives(list[entities.Account], query=Ids)
async def several(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Those of the named accounts that are there, in their order."""
    ids = query(request, Ids).all[:MOST_AT_ONCE]
    site = request.config_dict[SITE]
    found = await request.config_dict[DB].read(_several, ids)
    return one([present.account(site, shown.account, moved=shown.moved) for shown in found])


@routes.get("/api/v1/accounts/lookup")
@anybody("read:accounts")
@gives(entities.Account, query=Handle)
async def lookup(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Somebody by handle, among those known here."""
    acct = query(request, Handle).acct.removeprefix("@")
    site = request.config_dict[SITE]
    found = await request.config_dict[DB].read(_called, site, acct)
    return one(present.account(site, found.account, moved=found.moved))


@routes.get("/api/v1/accounts/familiar_followers")
@need("read:follows")
@gives(list[entities.FamiliarFollowers], body=Ids, query=Ids)
async def familiar_followers(request: web.Request, viewer: Viewer) -> web.Response:
    """Of each account, who of those whom the viewer follows follow it.

    Mastodon.py names them in a body, though this is a GET.
    """
    ids = (await body(request, Ids)).all[:MOST_FAMILIAR]
    site = request.config_dict[SITE]
    found = await request.config_dict[DB].read(
        discovery.familiar, viewer.account.id, ids, MOST_FAMILIAR
    )
    return one(
        [
            {"id": str(id), "accounts": [present.account(site, who) for who in people]}
            for id, people in found.items()
        ]
    )


@routes.get("/api/v1/accounts/{id}")
@anybody("read:accounts")
@gives(entities.Account)
async def read(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Somebody; of a suspended account only that it is."""
    found = await request.config_dict[DB].read(_shown_by_id, path_id(request))
    return one(present.account(request.config_dict[SITE], found.account, moved=found.moved))


@routes.get("/api/v1/accounts/{id}/statuses")
@anybody("read:statuses")
@gives(list[entities.Status], query=Wanted, pages=True)
async def written(request: web.Request, viewer: Viewer | None) -> web.Response:
    """What somebody wrote and boosted, as far as the viewer may see it."""
    wanted, page = query(request, Wanted), window(request)
    entries = await request.config_dict[DB].read(
        _written, viewer_id(viewer), path_id(request), page, wanted
    )
    items = await statuses(request, viewer_id(viewer), entries)
    return listing(request, items, [entry.id for entry in entries])


@routes.get("/api/v1/accounts/{id}/followers")
@anybody("read:accounts")
@gives(list[entities.Account], pages=True)
async def followers(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Who follows somebody, newest first; nobody where that is theirs to know."""
    return await _people(request, viewer, relations.followers)


@routes.get("/api/v1/accounts/{id}/following")
@anybody("read:accounts")
@gives(list[entities.Account], pages=True)
async def following(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Whom somebody follows, newest first; nobody where that is theirs to know."""
    return await _people(request, viewer, relations.following)


@routes.get("/api/v1/accounts/{id}/endorsements")
@anybody("read:accounts")
@gives(list[entities.Account], pages=True)
async def endorsements(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Whom somebody recommends, newest first."""
    return await _people(request, viewer, relations.endorsed_by)


@routes.get("/api/v1/accounts/{id}/identity_proofs")
@need("read:accounts")
@gives(list[entities.Empty])
async def identity_proofs(request: web.Request, viewer: Viewer) -> web.Response:
    """None: the service that made them has ended. Older apps ask."""
    return one([])


# --- what happens in one transaction


def _shown(db: Read, account: Account) -> Shown:
    return Shown(account, accounts.moved(db, account))


def _shown_by_id(db: Read, account_id: int) -> Shown:
    return _shown(db, accounts.known_by_id(db, account_id))


def _several(db: Read, ids: list[int]) -> list[Shown]:
    return [_shown(db, account) for account in accounts.known_among(db, ids)]


def _called(db: Read, site: Site, acct: str) -> Shown:
    account = accounts.by_handle(db, site, acct)
    if account is None:
        raise NotFound("Nobody here is called %(handle)s.", handle=acct)
    return _shown(db, accounts.known(db, account))


def _written(
    db: Read, viewer_id: int | None, account_id: int, page: Page, wanted: Wanted
) -> list[Entry]:
    if accounts.known_by_id(db, account_id).state != "active":
        return []
    return timelines.account(
        db,
        viewer_id,
        account_id,
        page,
        replies=not wanted.exclude_replies,
        boosts=not wanted.exclude_reblogs,
        media_only=wanted.only_media,
        direct=not wanted.exclude_direct,
        tag=text.normal_tag(wanted.tagged),
        pinned=wanted.pinned,
    )


def _listed(db: Read, of: Circle, viewer_id: int | None, account_id: int, page: Page) -> Listed:
    account = accounts.known_by_id(db, account_id)
    return of(db, account, viewer_id, page) if account.state == "active" else []


async def _people(request: web.Request, viewer: Viewer | None, of: Circle) -> web.Response:
    page = window(request, usual=40, most=MOST_ACCOUNTS)
    found = await request.config_dict[DB].read(
        _listed, of, viewer_id(viewer), path_id(request), page
    )
    return people(request, found)
