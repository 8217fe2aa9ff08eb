"""Rows of the domain, as values. Field names are column names; times are milliseconds UTC."""

from collections.abc import Callable
from typing import Final

import msgspec

AUDIENCES: Final = ("public", "unlisted", "followers", "direct")
VISIBILITIES: Final = (*AUDIENCES, "secret")
"""Each narrower than the one before. `secret` is for comments: services/secret_comments.py"""
REMOVED: Final = "removed"
WAITING: Final = "waiting"
"""The visibility of an answer that its author alone sees: it waits for a yes."""
"""The visibility of what moderators of a community took away: services/forum.py"""
ROLES: Final = ("member", "writer", "officer", "moderator", "admin")
MODERATORS: Final = ("moderator", "admin")
WRITERS: Final = ("writer", "officer", "moderator", "admin")
"""Who publishes stories without asking anybody."""
NOTICES: Final = (
    "mention",
    "status",
    "reblog",
    "follow",
    "follow_request",
    "favourite",
    "poll",
    "update",
    "quote",
    "quoted_update",
    "severed_relationships",
    "moderation_warning",
    "admin.sign_up",
    "admin.report",
)
"""What people can be told of. docs.joinmastodon.org/entities/Notification"""


def as_it_is(kind: str, url: str) -> str:
    """A stranger's file where the stranger keeps it."""
    return url


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are: `origin` begins every id we make, `domain` is the host in our handles.

    `description`: one or two sentences, or nothing. `accent`: the city's colour, `#rrggbb`.
    `remote` gives the address from which we show a stranger's file (avatar | picture | emoji |
    film), the same one every time; nothing for what we do not show. `unseal` opens what the
    instance's own key sealed; None where there is no key, as in a command.
    """

    origin: str
    domain: str
    name: str = "Madang"
    kind: str = "city"
    languages: tuple[str, ...] = ("ko", "en")
    timezone: str = "Asia/Seoul"
    registrations: str = "approval"
    description: str = ""
    accent: str = "#17614f"
    link_previews: bool = True
    remote: Callable[[str, str], str] = as_it_is
    unseal: Callable[[bytes], bytes] | None = None

    def ours(self, uri: str) -> bool:
        """Whether this address is one of ours."""
        return uri == self.origin or uri.startswith(self.origin + "/")


class Account(msgspec.Struct, frozen=True):
    """An actor, ours (`domain == ""`) or a stranger's. `bio` is sanitised HTML.

    `fields` and `emojis` and `also_known_as` are JSON texts: [[name, html], ...] (and a third, when
    its link was found to lead back), [[shortcode, url], ...], [uri, ...]. `avatar` and `header` are
    addresses (ours: below /media/). `attribution_domains` is a JSON list. Moderators limited it at
    `limited_ms` (followers alone find it and its posts), or mark its pictures as sensitive since
    `sensitive_ms`. `state`: active | pending | suspended | blocked (with its server) | gone.
    `role` is what one of ours is beside a member (`ROLES`), for everybody to see; else empty.
    `moderators_uri` tells who keeps a stranger's group; in a `closed` one they alone begin threads.
    """

    id: int
    uri: str
    name: str
    domain: str
    kind: str
    display_name: str
    bio: str
    bio_source: str
    url: str
    inbox: str
    outbox: str
    followers_uri: str
    following_uri: str
    featured_uri: str
    peer_id: int | None
    avatar: str
    header: str
    fields: str
    emojis: str
    also_known_as: str
    moved_to: str | None
    locked: int
    bot: int
    discoverable: int
    state: str
    followers_count: int
    following_count: int
    posts_count: int
    last_post_ms: int | None
    version: int
    created_ms: int
    fetched_ms: int
    indexable: int = 0
    hide_collections: int = 0
    avatar_description: str = ""
    header_description: str = ""
    attribution_domains: str = "[]"
    limited_ms: int | None = None
    sensitive_ms: int | None = None
    show_media: int = 1
    show_media_replies: int = 1
    show_featured: int = 1
    role: str = ""
    moderators_uri: str = ""
    closed: int = 0

    @property
    def local(self) -> bool:
        """Whether this is one of ours."""
        return self.domain == ""

    @property
    def acct(self) -> str:
        """`name` for ours, `name@domain` for others, as the client API writes it."""
        return self.name if self.local else f"{self.name}@{self.domain}"

    @property
    def shown_name(self) -> str:
        """What people read: the display name, or the handle where there is none."""
        return self.display_name or self.name


class Member(msgspec.Struct, frozen=True):
    """The private half of one of our accounts. `state`: active | pending | suspended.

    `theme`: light | dark; empty follows the device. `default_quote_policy`: public | followers |
    nobody. `address`: from where they signed up. A moderator shut them out at `disabled_ms`.
    `language` is that of the pages, `default_language` that of new posts.
    `filters`: another number after every change of their filters, above 0 while there are some.
    """

    account_id: int
    email: str
    password: str
    role: str
    state: str
    reason: str
    language: str
    default_visibility: str
    notified_id: int
    created_ms: int
    theme: str = ""
    default_sensitive: int = 0
    default_quote_policy: str = "public"
    confirmed_ms: int | None = None
    address: str = ""
    disabled_ms: int | None = None
    default_language: str = ""

    @property
    def writes_in(self) -> str:
        """The language of new posts at first; empty where they have not said."""
        return self.default_language or self.language

    filters: int = 0


class Post(msgspec.Struct, frozen=True):
    """Something written. `content` and `lead` are sanitised HTML.

    `kind`: note | article | page | question | event | image | video | audio. `visibility` is one of
    `VISIBILITIES`. `tags` is a JSON list of lower-case hashtags, `emojis` of [shortcode, url],
    `extra` a JSON object (poll options, event time and place). `quote_state`: empty where nothing
    is quoted, else pending | accepted | rejected | revoked; `quote_policy` says who may quote it:
    public | followers | manual (whoever is allowed when they ask) | nobody, empty where its author
    has not said; `quote_stamp` is the id of what allows the quote. `app_id`: what it came from.
    `community_id`: the community, ours or a stranger's, in which it and all that answers it stand.
    `context_uri`: the collection of its thread (FEP-7888), empty for what begins one here.
    `permits`: who may answer, share and like it (`services.permissions`); `reply_stamp`: what
    allows it as an answer. `reactions`: a JSON list of [emoji, picture, count], empty without any.
    """

    id: int
    uri: str
    url: str
    author_id: int
    local: int
    kind: str
    visibility: str
    title: str
    lead: str
    content: str
    source: str
    warning: str
    sensitive: int
    language: str
    tags: str
    emojis: str
    extra: str
    reply_to_uri: str | None
    reply_to_id: int | None
    thread_id: int
    replies: int
    likes: int
    boosts: int
    pinned_ms: int | None
    published_ms: int
    edited_ms: int | None
    deleted_ms: int | None
    version: int
    app_id: int | None = None
    quote_id: int | None = None
    quote_uri: str = ""
    quote_state: str = ""
    quote_policy: str = ""
    quotes: int = 0
    community_id: int | None = None
    dislikes: int = 0
    quote_stamp: str = ""
    context_uri: str = ""
    permits: str = ""
    reply_stamp: str = ""
    reactions: str = ""

    @property
    def open(self) -> bool:
        """Whether it is for everybody; a deleted one was."""
        return self.visibility in ("public", "unlisted")

    @property
    def private(self) -> bool:
        """Whether it is for some by name alone: such posts count nowhere, and no list has them."""
        return self.visibility in ("direct", "secret", REMOVED, WAITING)

    @property
    def secret(self) -> bool:
        """Whether it is a secret comment, which never leaves this server."""
        return self.visibility == "secret"


class Outline(msgspec.Struct, frozen=True):
    """What of a post its thread's shape and the right to read it need; nothing of what it says."""

    id: int
    author_id: int
    visibility: str
    reply_to_id: int | None
    published_ms: int
    deleted_ms: int | None

    @property
    def open(self) -> bool:
        """Whether it is for everybody; a deleted one was."""
        return self.visibility in ("public", "unlisted")


class Media(msgspec.Struct, frozen=True):
    """A picture of a post. `large`, `medium` and `small` are files in the store; `remote_url` is a
    peer's. Without a `medium` file one of the others serves.

    `kind`: image | gifv | video | audio | link | unknown. `focus_x`, `focus_y` lie within -1 and 1.
    `state`: processing | ready | failed, with the sentence that says why in `failure`; what a peer
    has and is too large to be shown from here is `elsewhere`. While it is processing, `large` is
    what was sent. `meta`: a JSON object (`server.services.media.About`) of a film or a sound.
    """

    id: int
    account_id: int
    post_id: int | None
    position: int
    kind: str
    media_type: str
    large: str
    small: str
    remote_url: str
    alt: str
    width: int
    height: int
    small_width: int
    small_height: int
    bytes: int
    blurhash: str
    focus_x: float
    focus_y: float
    created_ms: int
    medium: str = ""
    medium_width: int = 0
    medium_height: int = 0
    state: str = "ready"
    meta: str = "{}"
    failure: str = ""
    scheduled_id: int | None = None


class App(msgspec.Struct, frozen=True):
    """With what a post was written: an app's name, and its website or nothing."""

    name: str
    website: str = ""


class Preview(msgspec.Struct, frozen=True):
    """What a page says of itself, to be shown below a post that links to it. All plain text.

    `state`: waiting | ready | failed. `url` is the address that people wrote. `image` is where the
    page has its picture, elsewhere. `software`: peertube where its server is one.
    """

    id: int
    url: str
    title: str = ""
    description: str = ""
    kind: str = "link"
    author: str = ""
    author_url: str = ""
    provider: str = ""
    language: str = ""
    image: str = ""
    image_alt: str = ""
    width: int = 0
    height: int = 0
    published_ms: int | None = None
    state: str = "waiting"
    fetched_ms: int = 0
    software: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A place in a timeline: a post, or somebody's boost of it, and what the viewer did with it.

    `id` orders the timeline and is the status id in the client API: the boost's, or the post's.
    The two versions name a rendering that stays true until one of them changes. Fields are made in
    the order of the columns of timelines.
    """

    id: int
    booster_id: int | None
    post_id: int
    post_version: int
    author_id: int
    author_version: int
    replies: int
    likes: int
    boosts: int
    liked: int
    boosted: int
    bookmarked: int = 0
    muted: int = 0
    quotes: int = 0


class PostView(msgspec.Struct, frozen=True, kw_only=True):
    """A post with everything that a page, an app or a peer needs to show it.

    `own_votes`: which answers of a poll the viewer chose, from 0. `close`: the viewer follows the
    author of a post that followers may quote. `community` is where it stands, `forum` what that
    knows of the thread which it begins; `disliked`: the viewer voted against it. `votes` are those
    that the community wants: both | up | none; empty outside of communities.
    """

    post: Post
    author: Account
    media: tuple[Media, ...] = ()
    mentions: tuple[Account, ...] = ()
    liked: bool = False
    boosted: bool = False
    booster: Account | None = None
    entry_id: int = 0
    reply_to_author: Account | None = None
    bookmarked: bool = False
    muted: bool = False
    app: App | None = None
    own_votes: tuple[int, ...] = ()
    preview: Preview | None = None
    quoted: "Quoted | None" = None
    close: bool = False
    community: Account | None = None
    forum: "ForumThread | None" = None
    disliked: bool = False
    votes: str = ""

    @property
    def sensitive(self) -> bool:
        """Whether its pictures are covered at first: its author, or a moderator, said so."""
        return bool(self.post.sensitive) or self.author.sensitive_ms is not None


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """What a post quotes, as one viewer may see it.

    `state`: accepted | pending | rejected | revoked | deleted | unauthorized | blocked_account |
    blocked_domain | muted_account. `post_id` and `view` are None where the viewer may not know
    what it was. A `shallow` one stands in what is itself quoted and has no view.
    """

    state: str
    post_id: int | None = None
    view: PostView | None = None
    shallow: bool = False


class Community(msgspec.Struct, frozen=True, kw_only=True):
    """A group of ours. Title, description, pictures and address are those of its account.

    `kind`: neighbourhood | board | blog. A neighbourhood passes on what carries its hashtag (`tag`,
    in normal form). `parent_id` is a neighbourhood. `boundary` is GeoJSON or empty, `rules` a JSON
    list of sentences. `posting`: who may begin a thread (anyone | members | writers). `votes`:
    both | up | none. `passed_on` counts what a neighbourhood passed on of late.
    """

    account: Account
    kind: str = "neighbourhood"
    tag: str | None = None
    parent_id: int | None = None
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    boundary: str = ""
    rules: str = "[]"
    posting: str = "anyone"
    votes: str = "both"
    language: str = ""
    passed_on: int = 0

    @property
    def title(self) -> str:
        """What people call it."""
        return self.account.shown_name

    @property
    def url(self) -> str:
        """Its page."""
        return self.account.url

    @property
    def followers(self) -> int:
        """How many follow it, from here and elsewhere."""
        return self.account.followers_count


class ForumThread(msgspec.Struct, frozen=True, kw_only=True):
    """What a community knows of a thread beside its first post (`post_id`).

    `link` is the page that it is about, or empty. `comments` counts what everybody may read below
    it, `active_ms` is the time of the last of them. `score` is likes less dislikes. `answer_id` is
    the reply that its author or a moderator accepted.
    """

    post_id: int
    community_id: int
    link: str = ""
    comments: int = 0
    score: int = 0
    hot: float = 0.0
    active_ms: int
    locked_ms: int | None = None
    pinned_ms: int | None = None
    answer_id: int | None = None


class Notification(msgspec.Struct, frozen=True):
    """Something that happened to `account_id`; `kind` is one of `NOTICES`.

    `group_key` is shared by what apps show as one, empty where it stands alone. A `filtered` one
    waits until its owner accepts whom it came from. `about_id`: of a report, a severance or a
    warning.
    """

    id: int
    account_id: int
    kind: str
    from_id: int
    post_id: int | None
    created_ms: int
    group_key: str = ""
    filtered: int = 0
    about_id: int | None = None


class Relationship(msgspec.Struct, frozen=True, kw_only=True):
    """How a viewer stands to somebody."""

    id: int
    following: bool = False
    requested: bool = False
    followed_by: bool = False
    requested_by: bool = False
    showing_reblogs: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    muting_notifications: bool = False
    notifying: bool = False
    languages: tuple[str, ...] = ()
    domain_blocking: bool = False
    endorsed: bool = False
    note: str = ""
    muting_until_ms: int | None = None


class Job(msgspec.Struct, frozen=True):
    """Work promised by a committed transaction; jobs of one `lane` run one after another.

    `claimed_by`: the worker that has it in hand.
    """

    id: int
    kind: str
    lane: str
    payload: bytes
    attempts: int
    claimed_by: int


class Peer(msgspec.Struct, frozen=True):
    """An inbox that we deliver to. `scheme`: cavage | rfc9421, whichever worked last.

    `last_error` begins with the status of the last answer that made it rest. `slow`: 1 when it took
    long to answer, or did not. `claimed_by`: the worker that has it in hand.
    """

    id: int
    host: str
    inbox: str
    scheme: str
    attempts: int
    failing_since_ms: int | None
    last_error: str
    slow: int
    claimed_by: int


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """What a post said before an edit."""

    post_id: int
    version: int
    title: str
    lead: str
    content: str
    source: str
    warning: str
    written_ms: int


class PushSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """Where an app wants to be told of notifications, and the keys for which they are encrypted.

    `alerts`: a JSON object, kind of notification to truth. `policy`: all | followed | follower |
    none, from whom. `standard`: RFC 8291, else the draft before it. `failures` in a row.
    `sealed_token`: by their token apps know for whom of their people a push is.
    """

    id: int
    token_id: int
    account_id: int
    endpoint: str
    p256dh: str
    auth: str
    standard: int
    alerts: str
    policy: str
    locale: str
    sealed_token: bytes
    failures: int
    created_ms: int


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A form not yet sent: `body` is the JSON of its fields."""

    id: int
    account_id: int
    body: str
    updated_ms: int
