"""Entities of the Mastodon client API, as the dicts that become JSON.

Ids are strings, times are `2026-01-31T09:00:00.000Z`, and our `followers` is their `private`.
docs.joinmastodon.org/entities
"""

from web.present.accounts import account, credential_account, mention, relationship, role
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
from web.present.statuses import (
    boost,
    content,
    counts,
    edit,
    found_tag,
    opinions,
    poll,
    shared_status,
    source,
    status,
    tag,
)
from web.present.values import VISIBILITIES, VISIBILITY, when

__all__ = [
    "VISIBILITIES",
    "VISIBILITY",
    "account",
    "announcement",
    "boost",
    "card",
    "content",
    "conversation",
    "counts",
    "credential_account",
    "edit",
    "fallback",
    "found_tag",
    "marker",
    "media",
    "mention",
    "notification",
    "notification_group",
    "notification_policy",
    "notification_policy_v1",
    "notification_request",
    "opinions",
    "partial_account",
    "poll",
    "relationship",
    "report",
    "role",
    "severance",
    "shared_status",
    "source",
    "status",
    "tag",
    "warning",
    "when",
]
