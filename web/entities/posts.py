"""Posts and what belongs to them."""

from typing import Any, NotRequired, TypedDict

from web.entities.lists import FilterResult
from web.entities.people import Account, CustomEmoji, Mention


class Application(TypedDict):
    """With what a post was written."""

    name: str
    website: str | None


class MediaAttachment(TypedDict):
    """A picture, a film or a sound. `url` is null while it is being made."""

    id: str
    type: str
    url: str | None
    preview_url: str | None
    remote_url: str | None
    preview_remote_url: str | None
    text_url: str | None
    meta: dict[str, Any]
    description: str | None
    blurhash: str | None


class PreviewCardAuthor(TypedDict):
    """Who wrote what stands behind a link, and their account where that is known."""

    name: str
    url: str
    account: Account | None


class PreviewCard(TypedDict):
    """What stands behind a link."""

    url: str
    title: str
    description: str
    type: str
    authors: list[PreviewCardAuthor]
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    html: str
    width: int
    height: int
    image: str | None
    image_description: str
    embed_url: str
    blurhash: str | None
    language: str | None
    published_at: str | None
    history: NotRequired[list["TagHistory"]]


class PollOption(TypedDict):
    """One answer; without a count while it is not told."""

    title: str
    votes_count: int | None


class Poll(TypedDict):
    """A question with answers to choose from."""

    id: str
    expires_at: str | None
    expired: bool
    multiple: bool
    votes_count: int
    voters_count: int | None
    options: list[PollOption]
    emojis: list[CustomEmoji]
    voted: NotRequired[bool]
    own_votes: NotRequired[list[int]]


class PollParams(TypedDict):
    """A poll that is to be asked later, for so many seconds from then."""

    options: list[str]
    expires_in: int
    multiple: bool
    hide_totals: bool


class ScheduledParams(TypedDict):
    """What a post will say. `title` and `lead` are ours, empty for a note."""

    text: str
    title: str
    lead: str
    poll: PollParams | None
    media_ids: list[str] | None
    sensitive: bool
    spoiler_text: str
    visibility: str
    in_reply_to_id: str | None
    quoted_status_id: str | None
    language: str | None
    application_id: str | None
    scheduled_at: None
    idempotency: None
    with_rate_limit: bool


class ScheduledStatus(TypedDict):
    """A post that waits for its time. `failure`, ours, says why it could not be published."""

    id: str
    scheduled_at: str
    params: ScheduledParams
    media_attachments: list[MediaAttachment]
    failure: str | None


class StatusTag(TypedDict):
    """A hashtag of a post."""

    name: str
    url: str


class TagHistory(TypedDict):
    """How much something was used on one day."""

    day: str
    uses: str
    accounts: str


class Tag(TypedDict):
    """A hashtag, and how the viewer stands to it."""

    id: str
    name: str
    url: str
    history: list[TagHistory]
    following: NotRequired[bool]
    featuring: NotRequired[bool]


class Counts(TypedDict):
    """How many answered, boosted, liked and quoted a post."""

    replies_count: int
    reblogs_count: int
    favourites_count: int
    quotes_count: int


class Opinions(TypedDict):
    """What the viewer did with a post; a visitor did nothing."""

    favourited: NotRequired[bool]
    reblogged: NotRequired[bool]
    muted: NotRequired[bool]
    bookmarked: NotRequired[bool]
    filtered: NotRequired[list[FilterResult]]


class Quote(TypedDict):
    """What a post quotes, where the viewer may see it.

    A Quote has `quoted_status`. What a quoted post quotes is a ShallowQuote: it has
    `quoted_status_id` instead.
    """

    state: str
    quoted_status: NotRequired["Status | None"]
    quoted_status_id: NotRequired[str | None]


class QuoteApproval(TypedDict):
    """Who may quote a post, and whether the viewer may."""

    automatic: list[str]
    manual: list[str]
    current_user: str


class InteractionRule(TypedDict):
    """Who may, and who may once its author said yes. GoToSocial: PolicyRules"""

    always: list[str]
    with_approval: list[str]


class InteractionPolicy(TypedDict):
    """Who may like, answer and share a post. GoToSocial"""

    can_favourite: InteractionRule
    can_reply: InteractionRule
    can_reblog: InteractionRule


class SharedStatus(TypedDict):
    """Of a Status what is the same for every viewer. `secret` is ours: a secret comment.

    `interaction_policy` is GoToSocial's, and there where not everybody may do everything.
    """

    id: str
    uri: str
    url: str | None
    created_at: str
    edited_at: str | None
    in_reply_to_id: str | None
    in_reply_to_account_id: str | None
    sensitive: bool
    spoiler_text: str
    visibility: str
    language: str | None
    content: str
    reblog: "Status | None"
    application: NotRequired[Application | None]
    account: Account
    media_attachments: list[MediaAttachment]
    mentions: list[Mention]
    tags: list[StatusTag]
    emojis: list[CustomEmoji]
    card: PreviewCard | None
    poll: Poll | None
    quote: Quote | None
    secret: NotRequired[bool]
    interaction_policy: NotRequired[InteractionPolicy]


class Status(SharedStatus, Counts, Opinions):
    """A post, or the boost around one. `pinned` and `text` are for its author alone."""

    quote_approval: QuoteApproval
    pinned: NotRequired[bool]
    text: NotRequired[str]


class StatusSource(TypedDict):
    """What the author typed. `title` and `lead` are ours, empty for a note."""

    id: str
    text: str
    spoiler_text: str
    title: str
    lead: str


class EditedOption(TypedDict):
    """One answer of a poll at one time."""

    title: str


class EditedPoll(TypedDict):
    """What a poll asked at one time."""

    options: list[EditedOption]


class StatusEdit(TypedDict):
    """What a post said at one time."""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: str
    account: Account
    media_attachments: list[MediaAttachment]
    emojis: list[CustomEmoji]
    poll: NotRequired[EditedPoll | None]


class Context(TypedDict):
    """What a post answers, and what answers it."""

    ancestors: list[Status]
    descendants: list[Status]


class AsyncRefresh(TypedDict):
    """Something that is being fetched: `status` is running or finished."""

    id: str
    status: str
    result_count: int | None


class AsyncRefreshed(TypedDict):
    """The answer around an AsyncRefresh."""

    async_refresh: AsyncRefresh
