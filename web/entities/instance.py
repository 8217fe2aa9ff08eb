"""What apps read first: who we are, and what may be sent."""

from typing import NotRequired, TypedDict

from web.entities.people import Account
from web.entities.place import Rule


class ActiveUsers(TypedDict):
    """How many wrote in the last 30 days."""

    active_month: int


class Usage(TypedDict):
    """How much the place is used."""

    users: ActiveUsers


ThumbnailSizes = TypedDict("ThumbnailSizes", {"@1x": NotRequired[str], "@2x": NotRequired[str]})
ThumbnailSizes.__doc__ = "The same picture in several sizes."


class Thumbnail(TypedDict):
    """A picture of the place."""

    url: str
    description: str
    blurhash: str | None
    versions: ThumbnailSizes


class InstanceIcon(TypedDict):
    """The city's sign. `size`: 192x192."""

    src: str
    size: str


class Urls(TypedDict):
    """Where else there is something to read or to hear."""

    streaming: str
    status: str | None
    about: str
    privacy_policy: str | None
    terms_of_service: str | None


class Vapid(TypedDict):
    """The key that signs pushes."""

    public_key: str


class AccountLimits(TypedDict):
    """How much a profile holds, in characters and pieces."""

    max_featured_tags: int
    max_pinned_statuses: int
    max_profile_fields: int
    profile_field_name_limit: int
    profile_field_value_limit: int
    max_display_name_length: int
    max_note_length: int
    max_avatar_description_length: int
    max_header_description_length: int


class StatusLimits(TypedDict):
    """How much a post holds. Every link counts as `characters_reserved_per_url`."""

    max_characters: int
    max_media_attachments: int
    characters_reserved_per_url: int


class MediaLimits(TypedDict):
    """What files may be: bytes, pixels, pictures in a second. 0: no films are taken."""

    supported_mime_types: list[str]
    description_limit: int
    image_size_limit: int
    image_matrix_limit: int
    video_size_limit: int
    video_frame_rate_limit: int
    video_matrix_limit: int


class PollLimits(TypedDict):
    """What polls may be; times in seconds."""

    max_options: int
    max_characters_per_option: int
    min_expiration: int
    max_expiration: int


class TranslationOffer(TypedDict):
    """Whether posts can be translated."""

    enabled: bool


class FeedAccess(TypedDict):
    """Who may read our people's posts, and strangers': public | authenticated | disabled."""

    local: str
    remote: str


class TimelinesAccess(TypedDict):
    """Who may read which timelines."""

    live_feeds: FeedAccess
    hashtag_feeds: FeedAccess
    trending_link_feeds: FeedAccess


class Configuration(TypedDict):
    """What may be sent, and how much of it. `limited_federation`: with chosen servers alone."""

    urls: Urls
    vapid: Vapid
    accounts: AccountLimits
    statuses: StatusLimits
    media_attachments: MediaLimits
    polls: PollLimits
    translation: TranslationOffer
    timelines_access: TimelinesAccess
    limited_federation: bool


class Joining(TypedDict):
    """Whether one can join, and how. `url`: the page, where an app cannot do it."""

    enabled: bool
    approval_required: bool
    reason_required: bool | None
    message: str | None
    min_age: int | None
    url: str | None


class ApiVersions(TypedDict):
    """What apps may rely on."""

    mastodon: int


class Contact(TypedDict):
    """To whom one can turn. `email` may be empty."""

    email: str
    account: Account | None


class Instance(TypedDict):
    """This server, as newer apps read it."""

    domain: str
    title: str
    version: str
    source_url: str
    description: str
    usage: Usage
    thumbnail: Thumbnail
    icon: list[InstanceIcon]
    languages: list[str]
    configuration: Configuration
    registrations: Joining
    api_versions: ApiVersions
    contact: Contact
    rules: list[Rule]


class UrlsV1(TypedDict):
    """Where streams are."""

    streaming_api: str


class Stats(TypedDict):
    """How many people, posts and servers are known."""

    user_count: int
    status_count: int
    domain_count: int


class AccountLimitsV1(TypedDict):
    """How much a profile holds, as older apps read it."""

    max_featured_tags: int


class ConfigurationV1(TypedDict):
    """What may be sent, as older apps read it."""

    accounts: AccountLimitsV1
    statuses: StatusLimits
    media_attachments: MediaLimits
    polls: PollLimits


class InstanceV1(TypedDict):
    """This server, as older apps read it. `description` is HTML."""

    uri: str
    title: str
    short_description: str
    description: str
    email: str
    version: str
    urls: UrlsV1
    stats: Stats
    thumbnail: str | None
    languages: list[str]
    registrations: bool
    approval_required: bool
    invites_enabled: bool
    configuration: ConfigurationV1
    contact_account: Account | None
    rules: list[Rule]
