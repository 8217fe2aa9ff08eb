"""Accounts: who they are and what they wrote. docs.joinmastodon.org/methods/accounts"""

from collections.abc import Callable
from typing import Literal

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.model import Account, Entry, Member, Site
from server.services import accounts, follows, search, timelines
from server.services.accounts import ProfileChanges
from server.store.db import Read, Write
from server.store.paging import Page
from web import present
from web.api.access import anybody, need, path_id, viewer_id
from web.api.answers import MOST_ACCOUNTS, listing, one, people, window
from web.api.fragments import statuses
from web.body import Upload, body, query
from web.keys import DB, NOW, PICTURES, SITE, Viewer

routes = web.RouteTableDef()

Listed = list[tuple[int, Account]]


class Handle(msgspec.Struct, frozen=True):
    """`name` or `name@domain`."""

    acct: str


class Wanted(msgspec.Struct, frozen=True):
    """Which of an account's posts."""

    exclude_replies: bool = False
    exclude_reblogs: bool = False
    only_media: bool = False
    pinned: bool = False


class Search(msgspec.Struct, frozen=True):
    """Part of a name or handle."""

    q: str
    limit: int = 40


class Field(msgspec.Struct, frozen=True):
    """A row of the table on a profile."""

    name: str = ""
    value: str = ""


class Defaults(msgspec.Struct, frozen=True):
    """How the owner's new posts begin."""

    privacy: Literal["public", "unlisted", "private", "direct"] | None = None


class Profile(msgspec.Struct, frozen=True):
    """What the owner changes about themself; what is absent stays."""

    display_name: str | None = None
    note: str | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    fields_attributes: tuple[Field, ...] | None = None
    avatar: Upload | None = None
    header: Upload | None = None
    source: Defaults = Defaults()


@routes.get("/api/v1/accounts/verify_credentials")
@need("read:accounts", "profile")
async def verify_credentials(request: web.Request, viewer: Viewer) -> web.Response:
    """The owner of the token."""
    return await _own(request, viewer.account, viewer.member)


@routes.patch("/api/v1/accounts/update_credentials")
@need("write:accounts")
async def update_credentials(request: web.Request, viewer: Viewer) -> web.Response:
    """Change one's own profile."""
    typed = await body(request, Profile)
    changes = ProfileChanges(
        display_name=typed.display_name,
        bio_source=typed.note,
        fields=_fields(typed.fields_attributes),
        locked=typed.locked,
        bot=typed.bot,
        discoverable=typed.discoverable,
        avatar=await _avatar(request, typed.avatar),
        header=await _header(request, typed.header),
    )
    privacy = typed.source.privacy
    kept = present.VISIBILITIES[privacy] if privacy else viewer.member.default_visibility
    account = await request.config_dict[DB].write(
        _changed, request.config_dict[SITE], viewer, changes, kept, request.config_dict[NOW]()
    )
    member = msgspec.structs.replace(viewer.member, default_visibility=kept)
    return await _own(request, account, member)


@routes.get("/api/v1/accounts/lookup")
@anybody("read:accounts")
async def lookup(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Somebody by handle, among those known here."""
    acct = query(request, Handle).acct.removeprefix("@")
    site = request.config_dict[SITE]
    account = await request.config_dict[DB].read(_called, site, acct)
    return one(present.account(site, account))


@routes.get("/api/v1/accounts/search")
@need("read:accounts")
async def find(request: web.Request, viewer: Viewer) -> web.Response:
    """People known here, by a part of their name."""
    asked = query(request, Search)
    limit = max(1, min(asked.limit, MOST_ACCOUNTS))
    found = await request.config_dict[DB].read(search.people, viewer.account.id, asked.q, limit)
    return one([present.account(request.config_dict[SITE], account) for account in found])


@routes.get("/api/v1/accounts/{id}")
@anybody("read:accounts")
async def read(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Somebody."""
    account = await request.config_dict[DB].read(accounts.visible, path_id(request))
    return one(present.account(request.config_dict[SITE], account))


@routes.get("/api/v1/accounts/{id}/statuses")
@anybody("read:statuses")
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
async def followers(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Who follows somebody, newest first."""
    return await _people(request, follows.followers)


@routes.get("/api/v1/accounts/{id}/following")
@anybody("read:accounts")
async def following(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Whom somebody follows, newest first."""
    return await _people(request, follows.following)


# --- what happens in one transaction


def _called(db: Read, site: Site, acct: str) -> Account:
    account = accounts.by_handle(db, site, acct)
    if account is None:
        raise NotFound("Nobody here is called %(handle)s.", handle=acct)
    return accounts.shown(db, account)


def _changed(
    tx: Write, site: Site, viewer: Viewer, changes: ProfileChanges, visibility: str, now_ms: int
) -> Account:
    if visibility != viewer.member.default_visibility:
        accounts.set_default_visibility(tx, viewer.account.id, visibility)
    return accounts.edit_profile(tx, site, viewer.account, changes, now_ms)


def _written(
    db: Read, viewer_id: int | None, account_id: int, page: Page, wanted: Wanted
) -> list[Entry]:
    accounts.visible(db, account_id)
    return timelines.account(
        db,
        viewer_id,
        account_id,
        page,
        replies=not wanted.exclude_replies,
        boosts=not wanted.exclude_reblogs,
        media_only=wanted.only_media,
        pinned=wanted.pinned,
    )


def _listed(
    db: Read, of: Callable[[Read, int, Page], Listed], account_id: int, page: Page
) -> Listed:
    accounts.visible(db, account_id)
    return of(db, account_id, page)


# --- around it


async def _people(request: web.Request, of: Callable[[Read, int, Page], Listed]) -> web.Response:
    page = window(request, usual=40, most=MOST_ACCOUNTS)
    found = await request.config_dict[DB].read(_listed, of, path_id(request), page)
    return people(request, found)


async def _own(request: web.Request, account: Account, member: Member) -> web.Response:
    waiting = await request.config_dict[DB].read(
        follows.requests, account.id, Page(limit=MOST_ACCOUNTS)
    )
    entity = present.credential_account(request.config_dict[SITE], account, member, len(waiting))
    return one(entity)


async def _avatar(request: web.Request, sent: Upload | None) -> str | None:
    """The file of the uploaded picture, squared; None where none was sent."""
    if sent is None:
        return None
    return (await request.config_dict[PICTURES].process_avatar(sent.data)).large


async def _header(request: web.Request, sent: Upload | None) -> str | None:
    """The file of the uploaded picture; None where none was sent."""
    if sent is None:
        return None
    return (await request.config_dict[PICTURES].process_header(sent.data)).large


def _fields(sent: tuple[Field, ...] | None) -> tuple[tuple[str, str], ...] | None:
    """Rows with something in them."""
    if sent is None:
        return None
    return tuple((one.name, one.value) for one in sent if one.name or one.value)
