"""Accounts: who they are, what they wrote, and how the viewer stands to them.

docs.joinmastodon.org/methods/accounts
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.model import Account, Entry, Member, Relationship, Site
from server.services import accounts, follows, search, timelines
from server.services.accounts import ProfileChanges
from server.store.db import Read, Write
from server.store.paging import Page
from web import present
from web.api.access import anybody, need, path_id, viewer_id
from web.api.answers import MOST_ACCOUNTS, Id, listing, one, people, window
from web.api.fragments import statuses
from web.body import Upload, body, query
from web.keys import DB, NOW, PICTURES, SITE, Viewer

routes = web.RouteTableDef()

MOST_RELATIONSHIPS: Final = 80

Listed = list[tuple[int, Account]]
Act = Callable[[Write, Site, Account, int, int], object]


class Handle(msgspec.Struct, frozen=True):
    """`name` or `name@domain`."""

    acct: str


class Wanted(msgspec.Struct, frozen=True):
    """Which of an account's posts."""

    exclude_replies: bool = False
    exclude_reblogs: bool = False
    only_media: bool = False
    pinned: bool = False


class Ids(msgspec.Struct, frozen=True):
    """Accounts by id: a list, or one."""

    id: tuple[Id, ...] | Id = ()


class Search(msgspec.Struct, frozen=True):
    """Part of a name or handle."""

    q: str
    limit: int = 40


class Following(msgspec.Struct, frozen=True):
    """Whether boosts are wanted in the home timeline."""

    reblogs: bool = True


class Mute(msgspec.Struct, frozen=True):
    """For how many seconds (0: until it is undone), and whether notifications stop too."""

    duration: int = 0
    notifications: bool = True


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
    account = await request.config_dict[DB].read(accounts.by_handle, site, acct)
    if account is None:
        raise NotFound("Nobody here is called %(handle)s.", handle=acct)
    return one(present.account(site, account))


@routes.get("/api/v1/accounts/relationships")
@need("read:follows")
async def relationships(request: web.Request, viewer: Viewer) -> web.Response:
    """How the viewer stands to each of the named accounts."""
    asked = query(request, Ids).id
    ids = list(asked if isinstance(asked, tuple) else (asked,))[:MOST_RELATIONSHIPS]
    found = await request.config_dict[DB].read(follows.relationships, viewer.account.id, ids)
    return one([present.relationship(to) for to in found])


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


@routes.post("/api/v1/accounts/{id}/follow")
@need("write:follows")
async def follow(request: web.Request, viewer: Viewer) -> web.Response:
    """Follow, or ask to; `reblogs` says whether boosts are wanted too."""
    wanted = await body(request, Following)
    return await _act(request, viewer, partial(follows.follow, reblogs=wanted.reblogs))


@routes.post("/api/v1/accounts/{id}/unfollow")
@need("write:follows")
async def unfollow(request: web.Request, viewer: Viewer) -> web.Response:
    """Follow no more, or take the request back."""
    return await _act(request, viewer, follows.unfollow)


@routes.post("/api/v1/accounts/{id}/block")
@need("write:blocks")
async def block(request: web.Request, viewer: Viewer) -> web.Response:
    """Neither see nor be seen."""
    return await _act(request, viewer, follows.block)


@routes.post("/api/v1/accounts/{id}/unblock")
@need("write:blocks")
async def unblock(request: web.Request, viewer: Viewer) -> web.Response:
    """Lift a block."""
    return await _act(request, viewer, follows.unblock)


@routes.post("/api/v1/accounts/{id}/mute")
@need("write:mutes")
async def mute(request: web.Request, viewer: Viewer) -> web.Response:
    """Not see, for a while or until it is undone."""
    asked, now = await body(request, Mute), request.config_dict[NOW]()
    until_ms = now + asked.duration * 1000 if asked.duration > 0 else None
    to = await request.config_dict[DB].write(
        _muted, viewer.account.id, path_id(request), until_ms, asked.notifications, now
    )
    return one(present.relationship(to))


@routes.post("/api/v1/accounts/{id}/unmute")
@need("write:mutes")
async def unmute(request: web.Request, viewer: Viewer) -> web.Response:
    """See again."""
    to = await request.config_dict[DB].write(_unmuted, viewer.account.id, path_id(request))
    return one(present.relationship(to))


# --- what happens in one transaction


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


def _done(
    tx: Write, site: Site, viewer: Account, target_id: int, act: Act, now_ms: int
) -> Relationship:
    accounts.visible(tx, target_id)
    act(tx, site, viewer, target_id, now_ms)
    return follows.relationship(tx, viewer.id, target_id)


def _muted(
    tx: Write,
    viewer_id: int,
    target_id: int,
    until_ms: int | None,
    notifications: bool,
    now_ms: int,
) -> Relationship:
    accounts.visible(tx, target_id)
    follows.mute(tx, viewer_id, target_id, until_ms, notifications, now_ms)
    return follows.relationship(tx, viewer_id, target_id)


def _unmuted(tx: Write, viewer_id: int, target_id: int) -> Relationship:
    follows.unmute(tx, viewer_id, target_id)
    return follows.relationship(tx, viewer_id, target_id)


def _listed(
    db: Read, of: Callable[[Read, int, Page], Listed], account_id: int, page: Page
) -> Listed:
    accounts.visible(db, account_id)
    return of(db, account_id, page)


# --- around it


async def _act(request: web.Request, viewer: Viewer, act: Act) -> web.Response:
    to = await request.config_dict[DB].write(
        _done,
        request.config_dict[SITE],
        viewer.account,
        path_id(request),
        act,
        request.config_dict[NOW](),
    )
    return one(present.relationship(to))


async def _people(request: web.Request, of: Callable[[Read, int, Page], Listed]) -> web.Response:
    page = window(request, usual=40, most=MOST_ACCOUNTS)
    found = await request.config_dict[DB].read(_listed, of, path_id(request), page)
    return people(request, found)


async def _own(request: web.Request, account: Account, member: Member) -> web.Response:
    waiting = await request.config_dict[DB].read(
        follows.requests, account.id, Page(limit=MOST_ACCOUNTS)
    )
    entity: dict[str, Any] = present.credential_account(
        request.config_dict[SITE], account, member, len(waiting)
    )
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
    return (await request.config_dict[PICTURES].process(sent.data)).large


def _fields(sent: tuple[Field, ...] | None) -> tuple[tuple[str, str], ...] | None:
    """Rows with something in them."""
    if sent is None:
        return None
    return tuple((one.name, one.value) for one in sent if one.name or one.value)
