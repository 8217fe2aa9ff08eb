"""What happened to the viewer, whom they talk with, and what the city says."""

from typing import NotRequired, TypedDict

from web.entities.people import Account, CustomEmoji, Mention
from web.entities.posts import Status, StatusTag


class Report(TypedDict):
    """What somebody reported, for moderators."""

    id: str
    action_taken: bool
    action_taken_at: str | None
    category: str
    comment: str
    forwarded: bool
    created_at: str
    status_ids: list[str] | None
    rule_ids: list[str] | None
    target_account: Account | None


class RelationshipSeveranceEvent(TypedDict):
    """Follows that were cut off at once."""

    id: str
    type: str
    purged: bool
    target_name: str
    followers_count: int
    following_count: int
    created_at: str


class Appeal(TypedDict):
    """What somebody answered to a warning."""

    text: str
    state: str


class AccountWarning(TypedDict):
    """What a moderator decided about the viewer."""

    id: str
    action: str
    text: str
    status_ids: list[str] | None
    target_account: Account
    appeal: Appeal | None
    created_at: str


class NotificationFallback(TypedDict):
    """A notification in words, for an app that does not know its type. HTML."""

    title: str
    summary: str | None
    details: str | None


class Notification(TypedDict):
    """Something that happened to the viewer."""

    id: str
    type: str
    group_key: str
    created_at: str
    account: Account
    status: NotRequired[Status | None]
    report: NotRequired[Report]
    event: NotRequired[RelationshipSeveranceEvent]
    moderation_warning: NotRequired[AccountWarning]
    fallback: NotRequired[NotificationFallback | None]


class NotificationGroup(TypedDict):
    """Notifications of one kind about one thing. `page_...` where the answer is a page."""

    group_key: str
    notifications_count: int
    type: str
    most_recent_notification_id: int
    page_min_id: NotRequired[str]
    page_max_id: NotRequired[str]
    latest_page_notification_at: NotRequired[str]
    sample_account_ids: list[str]
    status_id: NotRequired[str | None]
    report: NotRequired[Report]
    event: NotRequired[RelationshipSeveranceEvent]
    moderation_warning: NotRequired[AccountWarning]
    fallback: NotRequired[NotificationFallback | None]


class PartialAccountWithAvatar(TypedDict):
    """Of an account, what a row of pictures needs."""

    id: str
    acct: str
    url: str
    avatar: str
    avatar_static: str
    locked: bool
    bot: bool


class GroupedNotificationsResults(TypedDict):
    """Groups, and once each all that they name."""

    accounts: list[Account]
    partial_accounts: NotRequired[list[PartialAccountWithAvatar]]
    statuses: list[Status]
    notification_groups: list[NotificationGroup]


class PolicySummary(TypedDict):
    """What waits because of a policy."""

    pending_requests_count: int
    pending_notifications_count: int


class NotificationPolicy(TypedDict):
    """From whom the viewer wants to hear: accept, filter or drop."""

    for_not_following: str
    for_not_followers: str
    for_new_accounts: str
    for_private_mentions: str
    for_limited_accounts: str
    for_bots: str
    summary: PolicySummary


class NotificationPolicyV1(TypedDict):
    """The same, as it was in the first version."""

    filter_not_following: bool
    filter_not_followers: bool
    filter_new_accounts: bool
    filter_private_mentions: bool
    summary: PolicySummary


class NotificationRequest(TypedDict):
    """What waits of one sender. `notifications_count` is a text in the reference."""

    id: str
    created_at: str
    updated_at: str
    notifications_count: str
    account: Account
    last_status: Status | None


class Merged(TypedDict):
    """Whether what was accepted stands among the others already."""

    merged: bool


class Marker(TypedDict):
    """How far the viewer has read."""

    last_read_id: str
    version: int
    updated_at: str


class Markers(TypedDict):
    """Of each timeline that was asked for, and in which something was read."""

    home: NotRequired[Marker]
    notifications: NotRequired[Marker]


class Conversation(TypedDict):
    """A private thread. `accounts` is everybody but the viewer."""

    id: str
    unread: bool
    accounts: list[Account]
    last_status: Status | None


class Reaction(TypedDict):
    """An emoji, and how many answered with it."""

    name: str
    count: int
    me: NotRequired[bool]
    url: NotRequired[str]
    static_url: NotRequired[str]


class AnnouncedStatus(TypedDict):
    """A post that an announcement names."""

    id: str
    url: str


class Announcement(TypedDict):
    """What the city says to everybody. `content` is HTML."""

    id: str
    content: str
    starts_at: str | None
    ends_at: str | None
    all_day: bool
    published_at: str
    updated_at: str
    read: NotRequired[bool]
    mentions: list[Mention]
    statuses: list[AnnouncedStatus]
    tags: list[StatusTag]
    emojis: list[CustomEmoji]
    reactions: list[Reaction]
