"""The handful of ActivityStreams values we act upon, already normalised."""

from typing import Any, Final

import msgspec

PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
AS_CONTEXT: Final = "https://www.w3.org/ns/activitystreams"
DATA_INTEGRITY: Final = "https://w3id.org/security/data-integrity/v1"
ACTIVITY_JSON: Final = "application/activity+json"
LD_JSON: Final = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'

ACTOR_TYPES: Final = frozenset({"Person", "Group", "Service", "Organization", "Application"})
OBJECT_TYPES: Final = frozenset(
    {"Note", "Article", "Page", "Question", "Event", "Image", "Video", "Audio"}
)


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """An activity whose ids, types and audience have one known shape each. AP §3, AS2 Vocabulary §3

    `object_id` is the id of the object whether it was embedded or named; None when it has none.
    `object` is the embedded object, if it was embedded. `objects` are all ids under `object`
    (Flag names several). `id` may be None only before authentication of a peer that omits it.
    """

    id: str
    type: str
    actor: str
    object_id: str | None = None
    object_type: str | None = None
    object: dict[str, Any] | None = None
    objects: tuple[str, ...] = ()
    target_id: str | None = None
    content: str | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    published_ms: int | None = None
    raw: dict[str, Any]


class Image(msgspec.Struct, frozen=True):
    """A picture by address. `alt` is what it shows, in words."""

    url: str
    media_type: str = ""
    alt: str = ""


class Key(msgspec.Struct, frozen=True):
    """A public key as an actor document lists it.

    RSA: `pem` is a SubjectPublicKeyInfo PEM. Ed25519 (`assertionMethod`): `multibase` is `z6Mk...`.
    """

    id: str
    owner: str
    pem: str = ""
    multibase: str = ""


class Emoji(msgspec.Struct, frozen=True):
    """A custom emoji: `:shortcode:` and the picture that replaces it."""

    shortcode: str
    url: str


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Someone or something that acts. `summary` is HTML as received, not yet sanitised. AP §4.

    Of a group: `moderators` is the collection of those who keep it, who alone begin threads in a
    `closed` one. FEP-1b12
    """

    id: str
    type: str
    username: str
    name: str = ""
    summary: str = ""
    url: str = ""
    inbox: str
    shared_inbox: str = ""
    outbox: str = ""
    followers: str = ""
    following: str = ""
    featured: str = ""
    icon: Image | None = None
    image: Image | None = None
    locked: bool = False
    bot: bool = False
    discoverable: bool = True
    indexable: bool = False
    attribution_domains: tuple[str, ...] = ()
    show_media: bool = True
    show_media_replies: bool = True
    show_featured: bool = True
    fields: tuple[tuple[str, str], ...] = ()
    emojis: tuple[Emoji, ...] = ()
    keys: tuple[Key, ...] = ()
    also_known_as: tuple[str, ...] = ()
    moved_to: str | None = None
    moderators: str = ""
    closed: bool = False
    published_ms: int | None = None
    raw: dict[str, Any]


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, sound, video or link that belongs to an object. Sizes in pixels.

    `seconds` and `preview` are a film's or a sound's, as far as anybody says.
    """

    url: str
    media_type: str = ""
    kind: str = "unknown"  # image | video | audio | link | unknown
    alt: str = ""
    width: int | None = None
    height: int | None = None
    blurhash: str = ""
    focus: tuple[float, float] | None = None
    seconds: float = 0.0
    preview: Image | None = None


class Rule(msgspec.Struct, frozen=True):
    """Who may do something with a post, and who may once its author said yes.

    Ids of actors and collections, and Public.
    """

    automatic: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Who may do what with a post; None where everybody may who can read it.

    `plain`: it was written by a server that knows no requests yet. GoToSocial
    """

    like: Rule | None = None
    reply: Rule | None = None
    announce: Rule | None = None
    plain: bool = False


class Option(msgspec.Struct, frozen=True):
    """One answer of a poll. `votes` is None while the totals are hidden."""

    name: str
    votes: int | None = None


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll of ours. `closed`: it is over, and its counts are the last ones."""

    options: tuple[Option, ...]
    multiple: bool
    ends_ms: int | None
    voters: int | None
    closed: bool


class Object(msgspec.Struct, frozen=True, kw_only=True):
    """Something written or shown; `content` and `lead` are HTML as received. AS2 Vocabulary §3.3.

    `lead` is `summary` of the titled types; `warning` is `summary` of a Note or a sensitive object.
    `source` is the Markdown its author typed, where the peer tells. `quote` is what it quotes,
    `authorization` the stamp that allows it; `quotable` are those who may quote it without being
    asked, None where the peer does not say, `askable` those who are allowed when they ask.
    `policy` says who may like, answer and announce it; `approval` is the stamp that a reply has.
    """

    id: str
    type: str
    attributed_to: str
    name: str = ""
    content: str = ""
    source: str = ""
    lead: str = ""
    warning: str = ""
    sensitive: bool = False
    language: str = ""
    url: str = ""
    in_reply_to: str | None = None
    context: str | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    audience: str | None = None
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    emojis: tuple[Emoji, ...] = ()
    options: tuple[Option, ...] = ()
    multiple: bool = False
    ends_ms: int | None = None
    voters: int | None = None
    starts_ms: int | None = None
    location: str = ""
    replies: str | None = None
    quote: str | None = None
    authorization: str | None = None
    askable: tuple[str, ...] = ()
    quotable: tuple[str, ...] | None = None
    policy: Policy = Policy()
    approval: str | None = None
    published_ms: int | None = None
    updated_ms: int | None = None
    raw: dict[str, Any]


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """One page, or the whole, of a collection. `items` are ids, or embedded objects as dicts."""

    id: str
    items: tuple[str | dict[str, Any], ...] = ()
    first: str | None = None
    next: str | None = None
    total: int | None = None
