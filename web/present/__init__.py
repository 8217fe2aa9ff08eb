"""Entities of the Mastodon client API, as the dicts that become JSON.

Ids are strings, times are `2026-01-31T09:00:00.000Z`, and our `followers` is their `private`.
docs.joinmastodon.org/entities
"""

from web.present.accounts import account, credential_account, mention, relationship, role
from web.present.attachments import card, media
from web.present.polls import poll
from web.present.quotes import approval, approvals, asked, standing
from web.present.statuses import (
    boost,
    content,
    counts,
    edit,
    found_tag,
    notification,
    opinions,
    personal,
    shared_status,
    source,
    special,
    status,
    tag,
)
from web.present.values import VISIBILITIES, VISIBILITY, when

__all__ = [
    "VISIBILITIES",
    "VISIBILITY",
    "account",
    "approval",
    "approvals",
    "asked",
    "boost",
    "card",
    "content",
    "counts",
    "credential_account",
    "edit",
    "found_tag",
    "media",
    "mention",
    "notification",
    "opinions",
    "personal",
    "poll",
    "relationship",
    "role",
    "shared_status",
    "source",
    "special",
    "standing",
    "status",
    "tag",
    "when",
]
