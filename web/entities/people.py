"""Accounts and how the viewer stands to them."""

from typing import NotRequired, TypedDict

from web.entities.lists import FeaturedTag


class CustomEmoji(TypedDict):
    """A small picture with a name. `category` where it can be picked."""

    shortcode: str
    url: str
    static_url: str
    visible_in_picker: bool
    category: NotRequired[str | None]


class Field(TypedDict):
    """A row of the table on a profile. `value` is HTML; its link was checked at `verified_at`."""

    name: str
    value: str
    verified_at: str | None


class Role(TypedDict):
    """What somebody may do here beyond writing."""

    id: str
    name: str
    permissions: str
    color: str
    highlighted: bool


class AccountRole(TypedDict):
    """Of what somebody is here beside a member, what everybody sees."""

    id: str
    name: str
    color: str


class Account(TypedDict):
    """Somebody, ours or a stranger."""

    id: str
    username: str
    acct: str
    display_name: str
    locked: bool
    bot: bool
    discoverable: bool | None
    indexable: bool
    group: bool
    created_at: str
    note: str
    url: str
    uri: str
    avatar: str
    avatar_static: str
    avatar_description: str
    header: str
    header_static: str
    header_description: str
    followers_count: int
    following_count: int
    statuses_count: int
    last_status_at: str | None
    hide_collections: bool | None
    noindex: bool
    emojis: list[CustomEmoji]
    roles: list[AccountRole]
    fields: list[Field]
    suspended: NotRequired[bool]
    limited: NotRequired[bool]
    moved: NotRequired["Account | None"]


class MutedAccount(Account):
    """Somebody whom the viewer has muted, and until when."""

    mute_expires_at: str | None


class FamiliarFollowers(TypedDict):
    """Who of those whom the viewer follows follow an account."""

    id: str
    accounts: list[Account]


class Suggestion(TypedDict):
    """Somebody whom the viewer may want to follow, and why. `source` is for older apps."""

    source: str
    sources: list[str]
    account: Account


class Profile(TypedDict):
    """What the owner can change about themself, as they typed it. No picture is null."""

    id: str
    display_name: str
    note: str
    fields: list[Field]
    avatar: str | None
    avatar_static: str | None
    avatar_description: str
    header: str | None
    header_static: str | None
    header_description: str
    locked: bool
    bot: bool
    hide_collections: bool | None
    discoverable: bool | None
    indexable: bool
    show_media: bool
    show_media_replies: bool
    show_featured: bool
    attribution_domains: list[str]
    featured_tags: list[FeaturedTag]


class DomainBlockPreview(TypedDict):
    """How many follows, both ways, would end if the viewer shut a server out."""

    followers_count: int
    following_count: int


class AccountSource(TypedDict):
    """What the owner typed, and how their new posts begin."""

    privacy: str
    sensitive: bool
    language: str | None
    quote_policy: str
    note: str
    fields: list[Field]
    follow_requests_count: int
    hide_collections: bool | None
    discoverable: bool | None
    indexable: bool
    attribution_domains: list[str]


class CredentialAccount(Account):
    """What the owner of the token sees of themself."""

    source: AccountSource
    role: Role


class Relationship(TypedDict):
    """How the viewer stands to an account."""

    id: str
    following: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str] | None
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: NotRequired[str | None]
    requested: bool
    requested_by: bool
    domain_blocking: bool
    endorsed: bool
    note: str


class Mention(TypedDict):
    """Somebody named in a post."""

    id: str
    username: str
    url: str
    acct: str
