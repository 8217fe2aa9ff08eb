"""The shapes of what the client API answers: one TypedDict for each entity of the reference.

They are plain dicts at run time. The type checker holds `web.present` to them, and the API's
description is made from them. docs.joinmastodon.org/entities
"""

from web.entities.people import (
    Account,
    AccountSource,
    CredentialAccount,
    CustomEmoji,
    Field,
    Mention,
    Relationship,
    Role,
)
from web.entities.place import Instance, InstanceV1, Preferences
from web.entities.posts import (
    Application,
    Context,
    Counts,
    Focus,
    MediaAttachment,
    Opinions,
    Poll,
    PollOption,
    PreviewCard,
    SharedStatus,
    Status,
    StatusEdit,
    StatusSource,
    StatusTag,
    Tag,
    TagHistory,
)
from web.entities.reading import (
    Count,
    Empty,
    Error,
    Notification,
    Search,
    WebPushSubscription,
)

__all__ = [
    "Account",
    "AccountSource",
    "Application",
    "Context",
    "Count",
    "Counts",
    "CredentialAccount",
    "CustomEmoji",
    "Empty",
    "Error",
    "Field",
    "Focus",
    "Instance",
    "InstanceV1",
    "MediaAttachment",
    "Mention",
    "Notification",
    "Opinions",
    "Poll",
    "PollOption",
    "Preferences",
    "PreviewCard",
    "Relationship",
    "Role",
    "Search",
    "SharedStatus",
    "Status",
    "StatusEdit",
    "StatusSource",
    "StatusTag",
    "Tag",
    "TagHistory",
    "WebPushSubscription",
]
