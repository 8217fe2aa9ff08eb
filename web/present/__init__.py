"""Entities of the Mastodon client API, as the dicts that become JSON.

Ids are strings, times are `2026-01-31T09:00:00.000Z`, and our `followers` is their `private`.
docs.joinmastodon.org/entities
"""

from web.present.accounts import (
    account,
    credential_account,
    mention,
    muted_account,
    profile,
    relationship,
    role,
    suggestion,
)
from web.present.apps import application, credential_application, token, user_info
from web.present.attachments import card, media
from web.present.notices import (
    announcement,
    conversation,
    fallback,
    marker,
    notification,
    notification_group,
    notification_policy,
    notification_policy_v1,
    notification_request,
    partial_account,
    report,
    severance,
    warning,
)
from web.present.place import rule, week
from web.present.polls import poll
from web.present.scheduled import scheduled
from web.present.statuses import (
    boost,
    content,
    counts,
    edit,
    found_tag,
    opinions,
    personal,
    shared_status,
    source,
    special,
    status,
    tag,
)
from web.present.values import VISIBILITIES, VISIBILITY, day, day_ms, when

__all__ = [
    "VISIBILITIES",
    "VISIBILITY",
    "account",
    "application",
    "announcement",
    "boost",
    "card",
    "content",
    "conversation",
    "counts",
    "day",
    "day_ms",
    "credential_account",
    "credential_application",
    "edit",
    "fallback",
    "found_tag",
    "marker",
    "media",
    "mention",
    "muted_account",
    "notification",
    "notification_group",
    "notification_policy",
    "notification_policy_v1",
    "notification_request",
    "opinions",
    "personal",
    "partial_account",
    "poll",
    "profile",
    "relationship",
    "report",
    "role",
    "rule",
    "scheduled",
    "severance",
    "shared_status",
    "source",
    "special",
    "status",
    "suggestion",
    "tag",
    "week",
    "token",
    "user_info",
    "warning",
    "when",
]
