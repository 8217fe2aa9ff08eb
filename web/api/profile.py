"""One's own account: what others see of it, and how new posts begin.

docs.joinmastodon.org/methods/accounts, docs.joinmastodon.org/methods/profile
"""

from typing import Literal

import msgspec
from aiohttp import web

from server.model import Account, Member, Site
from server.services import follows, profiles, tags
from server.services.preferences import Defaults, set_defaults
from server.services.profiles import ProfileChanges
from server.store.db import Write
from server.store.paging import Page
from web import entities, intake, present
from web.api.access import need
from web.api.answers import MOST_ACCOUNTS, one
from web.api.shape import gives
from web.body import Upload
from web.keys import DB, NOW, PICTURES, SITE, Viewer

routes = web.RouteTableDef()


class Field(msgspec.Struct, frozen=True):
    """A row of the table on a profile."""

    name: str = ""
    value: str = ""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner changes about themself; what is absent stays.

    The rows of the table come as a list, or by any keys; there are at most four.
    """

    display_name: str | None = None
    note: str | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    indexable: bool | None = None
    hide_collections: bool | None = None
    fields_attributes: tuple[Field, ...] | dict[str, Field] | None = None
    attribution_domains: tuple[str, ...] | str | None = None
    avatar: Upload | None = None
    header: Upload | None = None
    avatar_description: str | None = None
    header_description: str | None = None

    def changes(self, avatar: str | None, header: str | None) -> ProfileChanges:
        """As the service takes it; `avatar`, `header`: the files that were made of what came."""
        domains = self.attribution_domains
        return ProfileChanges(
            display_name=self.display_name,
            bio_source=self.note,
            fields=self._fields(),
            locked=self.locked,
            bot=self.bot,
            discoverable=self.discoverable,
            indexable=self.indexable,
            hide_collections=self.hide_collections,
            avatar=avatar,
            header=header,
            avatar_description=self.avatar_description,
            header_description=self.header_description,
            attribution_domains=tuple(domains.split()) if isinstance(domains, str) else domains,
        )

    def _fields(self) -> tuple[tuple[str, str], ...] | None:
        """Rows with something in them."""
        sent = self.fields_attributes
        if sent is None:
            return None
        rows = sent.values() if isinstance(sent, dict) else sent
        return tuple((row.name, row.value) for row in rows if row.name or row.value)


class Posting(msgspec.Struct, frozen=True):
    """How the owner's new posts begin."""

    privacy: Literal["public", "unlisted", "private", "direct"] | None = None
    sensitive: bool | None = None
    language: str | None = None
    quote_policy: Literal["public", "followers", "nobody"] | None = None


class Credentials(Typed, frozen=True, kw_only=True):
    """As `Typed`, and how new posts begin."""

    source: Posting = Posting()


class Profile(Typed, frozen=True, kw_only=True):
    """As `Typed`, and which parts the profile has."""

    show_media: bool | None = None
    show_media_replies: bool | None = None
    show_featured: bool | None = None

    def changes(self, avatar: str | None, header: str | None) -> ProfileChanges:
        """As the service takes it."""
        return msgspec.structs.replace(
            super().changes(avatar, header),
            show_media=self.show_media,
            show_media_replies=self.show_media_replies,
            show_featured=self.show_featured,
        )


@routes.get("/api/v1/accounts/verify_credentials")
@need("read:accounts", "profile")
@gives(entities.CredentialAccount)
async def verify_credentials(request: web.Request, viewer: Viewer) -> web.Response:
    """The owner of the token."""
    return await _own(request, viewer.account, viewer.member)


@routes.patch("/api/v1/accounts/update_credentials")
@need("write:accounts")
@gives(entities.CredentialAccount, body=Credentials)
async def update_credentials(request: web.Request, viewer: Viewer) -> web.Response:
    """Change one's own profile, and how new posts begin."""
    async with intake.received(request, viewer, Credentials) as typed:
        changes = await _made(request, typed)
    source = typed.source
    defaults = Defaults(
        visibility=present.VISIBILITIES[source.privacy] if source.privacy else None,
        sensitive=source.sensitive,
        language=source.language,
        quote_policy=source.quote_policy,
    )
    account, member = await _change(request, viewer, changes, defaults)
    return await _own(request, account, member)


@routes.get("/api/v1/profile")
@need("profile", "read:accounts")
@gives(entities.Profile)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """One's own profile as it was typed."""
    return await _profile(request, viewer.account)


@routes.patch("/api/v1/profile")
@need("write:accounts")
@gives(entities.Profile, body=Profile)
async def change(request: web.Request, viewer: Viewer) -> web.Response:
    """Change one's own profile."""
    async with intake.received(request, viewer, Profile) as typed:
        changes = await _made(request, typed)
    account, _ = await _change(request, viewer, changes, Defaults())
    return await _profile(request, account)


@routes.delete("/api/v1/profile/avatar")
@need("write:accounts")
@gives(entities.CredentialAccount)
async def remove_avatar(request: web.Request, viewer: Viewer) -> web.Response:
    """Take one's picture away, with the words that say what it shows."""
    return await _without(request, viewer, ProfileChanges(avatar="", avatar_description=""))


@routes.delete("/api/v1/profile/header")
@need("write:accounts")
@gives(entities.CredentialAccount)
async def remove_header(request: web.Request, viewer: Viewer) -> web.Response:
    """Take the wide picture away, with the words that say what it shows."""
    return await _without(request, viewer, ProfileChanges(header="", header_description=""))


@routes.get("/api/v1/preferences")
@need("read:accounts")
@gives(entities.Preferences)
async def preferences(request: web.Request, viewer: Viewer) -> web.Response:
    """How the viewer wants to write and read. How to read is up to the app."""
    member = viewer.member
    entity: entities.Preferences = {
        "posting:default:visibility": present.VISIBILITY[member.default_visibility],
        "posting:default:sensitive": bool(member.default_sensitive),
        "posting:default:language": member.writes_in or None,
        "posting:default:quote_policy": member.default_quote_policy,
        "reading:expand:media": "default",
        "reading:expand:spoilers": False,
        "reading:autoplay:gifs": False,
    }
    return one(entity)


# --- around it


async def _made(request: web.Request, typed: Typed) -> ProfileChanges:
    """What changes, with the pictures that came made into files."""
    pictures, avatar, header = request.config_dict[PICTURES], None, None
    if typed.avatar is not None:
        avatar = (await pictures.process_avatar(await intake.picture(typed.avatar))).large
    if typed.header is not None:
        header = (await pictures.process_header(await intake.picture(typed.header))).large
    return typed.changes(avatar, header)


async def _without(request: web.Request, viewer: Viewer, changes: ProfileChanges) -> web.Response:
    account, member = await _change(request, viewer, changes, Defaults())
    return await _own(request, account, member)


async def _change(
    request: web.Request, viewer: Viewer, changes: ProfileChanges, defaults: Defaults
) -> tuple[Account, Member]:
    site, now_ms = request.config_dict[SITE], request.config_dict[NOW]()
    return await request.config_dict[DB].write(_changed, site, viewer, changes, defaults, now_ms)


def _changed(
    tx: Write,
    site: Site,
    viewer: Viewer,
    changes: ProfileChanges,
    defaults: Defaults,
    now_ms: int,
) -> tuple[Account, Member]:
    member = set_defaults(tx, viewer.account.id, defaults)
    if changes == ProfileChanges():
        return viewer.account, member
    return profiles.edit_profile(tx, site, viewer.account, changes, now_ms), member


async def _profile(request: web.Request, account: Account) -> web.Response:
    site = request.config_dict[SITE]
    found = await request.config_dict[DB].read(tags.featured, account.id)
    featured = [present.featured_tag(site, tag) for tag in found]
    return one(present.profile(site, account, featured))


async def _own(request: web.Request, account: Account, member: Member) -> web.Response:
    waiting = await request.config_dict[DB].read(
        follows.requests, account.id, Page(limit=MOST_ACCOUNTS)
    )
    entity = present.credential_account(request.config_dict[SITE], account, member, len(waiting))
    return one(entity)
