"""Every endpoint of the client API, who may call it, and with which scope.

docs.joinmastodon.org/methods
A line is a method, a path, a guard and scopes. `person`: somebody's token that has one of the
scopes; `anybody`: also without a token; `app`: also an app's token alone. `*`: any scope will do.
What does not exist here stands here as well: whoever adds it finds what it needs.
"""

import re
from typing import Final

TABLE: Final = """
POST /api/v1/apps anybody
GET /api/v1/apps/verify_credentials app
POST /api/v1/emails/confirmations person write:accounts
GET /api/v1/emails/check_confirmation person read:accounts
GET /api/oembed anybody
GET /api/openapi.json anybody

POST /api/v1/accounts app write:accounts
GET /api/v1/accounts anybody read:accounts
GET /api/v1/accounts/verify_credentials person read:accounts profile
PATCH /api/v1/accounts/update_credentials person write:accounts
GET /api/v1/accounts/relationships person read:follows
GET /api/v1/accounts/familiar_followers person read:follows
GET /api/v1/accounts/search person read:accounts
GET /api/v1/accounts/lookup anybody read:accounts
GET /api/v1/accounts/{} anybody read:accounts
GET /api/v1/accounts/{}/statuses anybody read:statuses
GET /api/v1/accounts/{}/followers anybody read:accounts
GET /api/v1/accounts/{}/following anybody read:accounts
GET /api/v1/accounts/{}/featured_tags anybody *
GET /api/v1/accounts/{}/endorsements anybody read:accounts
GET /api/v1/accounts/{}/lists person read:lists
GET /api/v1/accounts/{}/identity_proofs person *
POST /api/v1/accounts/{}/follow person write:follows
POST /api/v1/accounts/{}/unfollow person write:follows
POST /api/v1/accounts/{}/remove_from_followers person write:follows
POST /api/v1/accounts/{}/block person write:blocks
POST /api/v1/accounts/{}/unblock person write:blocks
POST /api/v1/accounts/{}/mute person write:mutes
POST /api/v1/accounts/{}/unmute person write:mutes
POST /api/v1/accounts/{}/pin person write:accounts
POST /api/v1/accounts/{}/unpin person write:accounts
POST /api/v1/accounts/{}/endorse person write:accounts
POST /api/v1/accounts/{}/unendorse person write:accounts
POST /api/v1/accounts/{}/note person write:accounts
GET /api/v1/profile person read:accounts profile
PATCH /api/v1/profile person write:accounts
DELETE /api/v1/profile/avatar person write:accounts
DELETE /api/v1/profile/header person write:accounts
GET /api/v1/preferences person read:accounts
GET /api/v1/bookmarks person read:bookmarks
GET /api/v1/favourites person read:favourites
GET /api/v1/mutes person read:mutes
GET /api/v1/blocks person read:blocks
GET /api/v1/domain_blocks person read:blocks
POST /api/v1/domain_blocks person write:blocks
DELETE /api/v1/domain_blocks person write:blocks
GET /api/v1/domain_blocks/preview person read:blocks
GET /api/v1/endorsements person read:accounts
GET /api/v1/featured_tags person read:accounts
POST /api/v1/featured_tags person write:accounts
DELETE /api/v1/featured_tags/{} person write:accounts
GET /api/v1/featured_tags/suggestions person read:accounts
GET /api/v1/followed_tags person read:follows
GET /api/v1/tags/{} anybody *
POST /api/v1/tags/{}/follow person write:follows
POST /api/v1/tags/{}/unfollow person write:follows
POST /api/v1/tags/{}/feature person write:accounts
POST /api/v1/tags/{}/unfeature person write:accounts
GET /api/v1/follow_requests person read:follows
POST /api/v1/follow_requests/{}/authorize person write:follows
POST /api/v1/follow_requests/{}/reject person write:follows
GET /api/v1/suggestions person read:accounts
DELETE /api/v1/suggestions/{} person read:accounts
GET /api/v2/suggestions person read:accounts
GET /api/v1/directory anybody *
POST /api/v1/reports person write:reports
GET /api/v1/annual_reports person read:accounts
GET /api/v1/annual_reports/{} person read:accounts
GET /api/v1/annual_reports/{}/state person read:accounts
POST /api/v1/annual_reports/{}/generate person write:accounts
POST /api/v1/annual_reports/{}/read person write:accounts

GET /api/v1/filters person read:filters
POST /api/v1/filters person write:filters
GET /api/v1/filters/{} person read:filters
PUT /api/v1/filters/{} person write:filters
DELETE /api/v1/filters/{} person write:filters
GET /api/v2/filters person read:filters
POST /api/v2/filters person write:filters
GET /api/v2/filters/{} person read:filters
PUT /api/v2/filters/{} person write:filters
DELETE /api/v2/filters/{} person write:filters
GET /api/v2/filters/{}/keywords person read:filters
POST /api/v2/filters/{}/keywords person write:filters
GET /api/v2/filters/keywords/{} person read:filters
PUT /api/v2/filters/keywords/{} person write:filters
DELETE /api/v2/filters/keywords/{} person write:filters
GET /api/v2/filters/{}/statuses person read:filters
POST /api/v2/filters/{}/statuses person write:filters
GET /api/v2/filters/statuses/{} person read:filters
DELETE /api/v2/filters/statuses/{} person write:filters

POST /api/v1/statuses person write:statuses
GET /api/v1/statuses anybody read:statuses
GET /api/v1/statuses/{} anybody read:statuses
PUT /api/v1/statuses/{} person write:statuses
DELETE /api/v1/statuses/{} person write:statuses
GET /api/v1/statuses/{}/context anybody read:statuses
GET /api/v1/statuses/{}/source person read:statuses
GET /api/v1/statuses/{}/history anybody read:statuses
GET /api/v1/statuses/{}/card anybody read:statuses
POST /api/v1/statuses/{}/translate person read:statuses
GET /api/v1/statuses/{}/favourited_by anybody read:accounts
GET /api/v1/statuses/{}/reblogged_by anybody read:accounts
POST /api/v1/statuses/{}/favourite person write:favourites
POST /api/v1/statuses/{}/unfavourite person write:favourites
POST /api/v1/statuses/{}/reblog person write:statuses
POST /api/v1/statuses/{}/unreblog person write:statuses
POST /api/v1/statuses/{}/bookmark person write:bookmarks
POST /api/v1/statuses/{}/unbookmark person write:bookmarks
POST /api/v1/statuses/{}/mute person write:mutes
POST /api/v1/statuses/{}/unmute person write:mutes
POST /api/v1/statuses/{}/pin person write:accounts
POST /api/v1/statuses/{}/unpin person write:accounts
GET /api/v1/statuses/{}/quotes person read:statuses
POST /api/v1/statuses/{}/quotes/{}/revoke person write:statuses
PUT /api/v1/statuses/{}/interaction_policy person write:statuses
POST /api/v1/statuses/{}/replies/{}/revoke person write:statuses
POST /api/v1/statuses/{}/reblogs/{}/revoke person write:statuses
POST /api/v1/media person write:media
POST /api/v2/media person write:media
GET /api/v1/media/{} person write:media
PUT /api/v1/media/{} person write:media
DELETE /api/v1/media/{} person write:media
GET /api/v1/polls/{} anybody read:statuses
POST /api/v1/polls/{}/votes person write:statuses
GET /api/v1/scheduled_statuses person read:statuses
GET /api/v1/scheduled_statuses/{} person read:statuses
PUT /api/v1/scheduled_statuses/{} person write:statuses
DELETE /api/v1/scheduled_statuses/{} person write:statuses

GET /api/v1/timelines/home person read:statuses
GET /api/v1/timelines/public anybody read:statuses
GET /api/v1/timelines/direct person read:statuses
GET /api/v1/timelines/tag/{} anybody read:statuses
GET /api/v1/timelines/link anybody read:statuses
GET /api/v1/timelines/list/{} person read:lists
GET /api/v1/conversations person read:statuses
DELETE /api/v1/conversations/{} person write:conversations
POST /api/v1/conversations/{}/read person write:conversations
POST /api/v1/conversations/{}/unread person write:conversations
GET /api/v1/lists person read:lists
POST /api/v1/lists person write:lists
GET /api/v1/lists/{} person read:lists
PUT /api/v1/lists/{} person write:lists
DELETE /api/v1/lists/{} person write:lists
GET /api/v1/lists/{}/accounts person read:lists
POST /api/v1/lists/{}/accounts person write:lists
DELETE /api/v1/lists/{}/accounts person write:lists
GET /api/v1/markers person read:statuses
POST /api/v1/markers person write:statuses
GET /api/v1_alpha/async_refreshes/{} person *

GET /api/v1/notifications person read:notifications
GET /api/v1/notifications/unread_count person read:notifications
GET /api/v1/notifications/{} person read:notifications
POST /api/v1/notifications/clear person write:notifications
POST /api/v1/notifications/dismiss person write:notifications
POST /api/v1/notifications/{}/dismiss person write:notifications
GET /api/v1/notifications/policy person read:notifications
PUT /api/v1/notifications/policy person write:notifications
PATCH /api/v1/notifications/policy person write:notifications
GET /api/v1/notifications/requests person read:notifications
GET /api/v1/notifications/requests/merged person read:notifications
GET /api/v1/notifications/requests/{} person read:notifications
POST /api/v1/notifications/requests/accept person write:notifications
POST /api/v1/notifications/requests/dismiss person write:notifications
POST /api/v1/notifications/requests/{}/accept person write:notifications
POST /api/v1/notifications/requests/{}/dismiss person write:notifications
GET /api/v2/notifications person read:notifications
GET /api/v2/notifications/unread_count person read:notifications
GET /api/v2/notifications/policy person read:notifications
PUT /api/v2/notifications/policy person write:notifications
PATCH /api/v2/notifications/policy person write:notifications
GET /api/v2/notifications/{} person read:notifications
POST /api/v2/notifications/{}/dismiss person write:notifications
GET /api/v2/notifications/{}/accounts person read:notifications
GET /api/v1/push/subscription person push
POST /api/v1/push/subscription person push
PUT /api/v1/push/subscription person push
DELETE /api/v1/push/subscription person push
GET /api/v1/announcements person *
POST /api/v1/announcements/{}/dismiss person write:accounts
PUT /api/v1/announcements/{}/reactions/{} person write:favourites
DELETE /api/v1/announcements/{}/reactions/{} person write:favourites

GET /api/v2/search anybody read:search
GET /api/v1/trends anybody *
GET /api/v1/trends/tags anybody *
GET /api/v1/trends/statuses anybody *
GET /api/v1/trends/links anybody *
GET /api/v1/custom_emojis anybody
GET /api/v1/instance anybody
GET /api/v2/instance anybody
GET /api/v1/instance/peers anybody
GET /api/v1/instance/activity anybody
GET /api/v1/instance/rules anybody
GET /api/v1/instance/domain_blocks anybody
GET /api/v1/instance/extended_description anybody
GET /api/v1/instance/privacy_policy anybody
GET /api/v1/instance/terms_of_service anybody
GET /api/v1/instance/terms_of_service/{} anybody
GET /api/v1/instance/translation_languages anybody
GET /api/v1/instance/languages anybody
GET /api/v1/peers/search anybody

GET /api/v1/admin/accounts person admin:read:accounts
GET /api/v2/admin/accounts person admin:read:accounts
GET /api/v1/admin/accounts/{} person admin:read:accounts
DELETE /api/v1/admin/accounts/{} person admin:write:accounts
POST /api/v1/admin/accounts/{}/action person admin:write:accounts
POST /api/v1/admin/accounts/{}/approve person admin:write:accounts
POST /api/v1/admin/accounts/{}/reject person admin:write:accounts
POST /api/v1/admin/accounts/{}/enable person admin:write:accounts
POST /api/v1/admin/accounts/{}/unsilence person admin:write:accounts
POST /api/v1/admin/accounts/{}/unsuspend person admin:write:accounts
POST /api/v1/admin/accounts/{}/unsensitive person admin:write:accounts
GET /api/v1/admin/reports person admin:read:reports
GET /api/v1/admin/reports/{} person admin:read:reports
PUT /api/v1/admin/reports/{} person admin:write:reports
POST /api/v1/admin/reports/{}/assign_to_self person admin:write:reports
POST /api/v1/admin/reports/{}/unassign person admin:write:reports
POST /api/v1/admin/reports/{}/resolve person admin:write:reports
POST /api/v1/admin/reports/{}/reopen person admin:write:reports
GET /api/v1/admin/domain_allows person admin:read:domain_allows
POST /api/v1/admin/domain_allows person admin:write:domain_allows
GET /api/v1/admin/domain_allows/{} person admin:read:domain_allows
DELETE /api/v1/admin/domain_allows/{} person admin:write:domain_allows
GET /api/v1/admin/domain_blocks person admin:read:domain_blocks
POST /api/v1/admin/domain_blocks person admin:write:domain_blocks
GET /api/v1/admin/domain_blocks/{} person admin:read:domain_blocks
PUT /api/v1/admin/domain_blocks/{} person admin:write:domain_blocks
DELETE /api/v1/admin/domain_blocks/{} person admin:write:domain_blocks
GET /api/v1/admin/email_domain_blocks person admin:read:email_domain_blocks
POST /api/v1/admin/email_domain_blocks person admin:write:email_domain_blocks
GET /api/v1/admin/email_domain_blocks/{} person admin:read:email_domain_blocks
DELETE /api/v1/admin/email_domain_blocks/{} person admin:write:email_domain_blocks
GET /api/v1/admin/canonical_email_blocks person admin:read:canonical_email_blocks
POST /api/v1/admin/canonical_email_blocks person admin:write:canonical_email_blocks
POST /api/v1/admin/canonical_email_blocks/test person admin:read:canonical_email_blocks
GET /api/v1/admin/canonical_email_blocks/{} person admin:read:canonical_email_blocks
DELETE /api/v1/admin/canonical_email_blocks/{} person admin:write:canonical_email_blocks
GET /api/v1/admin/ip_blocks person admin:read:ip_blocks
POST /api/v1/admin/ip_blocks person admin:write:ip_blocks
GET /api/v1/admin/ip_blocks/{} person admin:read:ip_blocks
PUT /api/v1/admin/ip_blocks/{} person admin:write:ip_blocks
DELETE /api/v1/admin/ip_blocks/{} person admin:write:ip_blocks
POST /api/v1/admin/measures person admin:read
POST /api/v1/admin/dimensions person admin:read
POST /api/v1/admin/retention person admin:read
GET /api/v1/admin/tags person admin:read
GET /api/v1/admin/tags/{} person admin:read
PUT /api/v1/admin/tags/{} person admin:write
GET /api/v1/admin/trends/links person admin:read
POST /api/v1/admin/trends/links/{}/approve person admin:write
POST /api/v1/admin/trends/links/{}/reject person admin:write
GET /api/v1/admin/trends/links/publishers person admin:read
POST /api/v1/admin/trends/links/publishers/{}/approve person admin:write
POST /api/v1/admin/trends/links/publishers/{}/reject person admin:write
GET /api/v1/admin/trends/statuses person admin:read
POST /api/v1/admin/trends/statuses/{}/approve person admin:write
POST /api/v1/admin/trends/statuses/{}/reject person admin:write
GET /api/v1/admin/trends/tags person admin:read
POST /api/v1/admin/trends/tags/{}/approve person admin:write
POST /api/v1/admin/trends/tags/{}/reject person admin:write
"""

APART: Final = ("/api/v1/streaming",)
"""A token comes there in other ways too, so they have a door of their own."""


def plain(path: str) -> str:
    """The path without the names of what varies in it."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def table() -> dict[tuple[str, str], tuple[str, frozenset[str]]]:
    """Guard and scopes by method and path."""
    found = {}
    for line in filter(None, TABLE.splitlines()):
        method, path, guard, *scopes = line.split()
        assert (method, path) not in found, line
        found[method, path] = guard, frozenset(scopes)
    return found
