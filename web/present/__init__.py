"""Entities of the Mastodon client API, as the dicts that become JSON.

Ids are strings, times are `2026-01-31T09:00:00.000Z`, and our `followers` is their `private`.
docs.joinmastodon.org/entities
"""

from web.present.accounts import account, credential_account, mention, relationship, role
from web.present.attachments import card, media, preview_card
from web.present.lists import (
    described_tag,
    featured_tag,
    filter_,
    filter_keyword,
    filter_result,
    filter_status,
    filter_v1,
    history,
    list_,
)
from web.present.statuses import (
    boost,
    content,
    counts,
    edit,
    notification,
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
    "boost",
    "card",
    "content",
    "counts",
    "credential_account",
    "described_tag",
    "edit",
    "featured_tag",
    "filter_",
    "filter_keyword",
    "filter_result",
    "filter_status",
    "filter_v1",
    "history",
    "list_",
    "media",
    "mention",
    "notification",
    "opinions",
    "poll",
    "preview_card",
    "relationship",
    "role",
    "shared_status",
    "source",
    "status",
    "tag",
    "when",
]
