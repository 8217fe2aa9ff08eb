"""What happened to the viewer, whom they talk with, and what the city says."""

import json
from collections.abc import Mapping
from html import escape
from typing import Final, cast

import msgspec

from server.model import Account, Notification, Site
from server.services.announcements import Shown
from server.services.conversations import Talk
from server.services.desk_news import News
from server.services.notification_groups import Group
from server.services.notification_policy import Request, Standing
from server.services.notifications import Notice
from server.services.reports import Report
from server.store.markers import Marker
from server.store.severances import Severance
from server.store.strikes import Strike
from web import entities, i18n
from web.i18n import N_
from web.present.accounts import account, mention
from web.present.values import address, tag, when, when_or_none

IN_WORDS: Final[Mapping[str, str]] = {
    "mention": N_("%(name)s wrote to you"),
    "status": N_("%(name)s wrote something"),
    "reblog": N_("%(name)s shared your post"),
    "follow": N_("%(name)s follows you now"),
    "follow_request": N_("%(name)s asks to follow you"),
    "favourite": N_("%(name)s likes your post"),
    "poll": N_("A poll of %(name)s has ended"),
    "update": N_("%(name)s edited a post that you shared"),
    "quote": N_("%(name)s quoted your post"),
    "quoted_update": N_("%(name)s edited a post that you quoted"),
    "severed_relationships": N_("A block ended some of your follows"),
    "moderation_warning": N_("A moderator has decided something about your account"),
    "admin.sign_up": N_("%(name)s wants to join"),
    "admin.report": N_("%(name)s reported something"),
    "scheduled": N_("A post of yours could not be published when its time had come. See why."),
    "desk": N_("News from %(name)s"),
    "desk.submitted": N_("%(name)s has sent a text to the editors"),
    "desk.revised": N_("%(name)s has changed a text that lies with the editors"),
    "desk.accepted": N_("%(name)s has taken what the editors suggested"),
    "desk.suggested": N_("%(name)s has sent your text back with a suggestion"),
    "desk.approved": N_("%(name)s has approved your text; it comes out when its time has come"),
    "desk.published": N_("%(name)s has published your text"),
    "desk.coauthor": N_("%(name)s asks whether you wrote this story too"),
    "desk.confirmed": N_("%(name)s has confirmed that they wrote this story too"),
    "desk.cohort": N_("%(name)s has made you one of the writers of a team blog"),
    "desk.book": N_("%(name)s asks whether your stories may stand in a book"),
    "desk.answered": N_("%(name)s has said whether their story may stand in a book"),
    "desk.rebound": N_("A book of %(name)s has lost a story and is made anew"),
    "desk.claim": N_("%(name)s asks whether you wrote these stories of an old blog"),
    "desk.claimed": N_("%(name)s has said whether stories of an old blog are theirs"),
    "answer_revoked": N_(
        "%(name)s took your answer out from under their post. You alone still see it."
    ),
    "quote_revoked": N_("%(name)s took their post out of your quote. Your own words stay."),
    "removed": N_(
        "The moderators of %(name)s removed something that you wrote. Open it to see why."
    ),
    "linked": N_("Pages elsewhere link to your story."),
}
UNKNOWN: Final = N_("Your app does not know this kind of notification. Open our pages to see it.")

Status = entities.Status | msgspec.Raw


def notification(
    site: Site,
    noted: Notification,
    by: Account,
    status: Status | None,
    *,
    about: Report | Severance | Strike | News | None = None,
    fallback: entities.NotificationFallback | None = None,
) -> entities.Notification:
    """Notification; `status` where it is about one."""
    result = {
        "id": str(noted.id),
        "type": noted.kind,
        "group_key": noted.group_key or f"ungrouped-{noted.id}",
        "created_at": when(noted.created_ms),
        "account": account(site, by),
        **_about(site, by, about),
    }
    if status is not None:
        result["status"] = status
    if fallback is not None:
        result["fallback"] = fallback
    return cast(entities.Notification, result)


def notification_group(
    site: Site,
    group: Group,
    *,
    paged: bool = True,
    fallback: entities.NotificationFallback | None = None,
) -> entities.NotificationGroup:
    """NotificationGroup; its accounts and status stand beside it."""
    notice = group.notice
    result = {
        "group_key": group.key,
        "notifications_count": group.count,
        "type": notice.notification.kind,
        # a number, unlike every other id: apps with strict types read it so
        "most_recent_notification_id": group.top_id,
        "sample_account_ids": [str(one.id) for one in group.people],
        **_about(site, notice.account, notice.about),
    }
    if paged:
        result["page_min_id"] = str(group.low_id)
        result["page_max_id"] = str(group.top_id)
        result["latest_page_notification_at"] = when(group.latest_ms)
    if notice.entry is not None:
        result["status_id"] = str(notice.entry.id)
    if fallback is not None:
        result["fallback"] = fallback
    return cast(entities.NotificationGroup, result)


def _about(
    site: Site, by: Account, about: Report | Severance | Strike | News | None
) -> dict[str, object]:
    if isinstance(about, Report):
        return {"report": report(site, about)}
    if isinstance(about, Severance):
        return {"event": severance(about)}
    if isinstance(about, Strike):
        return {"moderation_warning": warning(site, about, by)}
    return {}


def fallback(
    notice: Notice, supported: tuple[str, ...], language: str
) -> entities.NotificationFallback | None:
    """NotificationFallback for an app that named the types it knows, and not this one."""
    kind = notice.notification.kind
    if not supported or kind in supported:
        return None
    words = i18n.translations(language).gettext
    name = escape(notice.account.shown_name)
    title = words(IN_WORDS[kind]).replace("%(name)s", name)
    return {"title": title, "summary": words(UNKNOWN), "details": None}


def report(site: Site, about: Report) -> entities.Report:
    """Report, as moderators are told of it."""
    return {
        "id": str(about.id),
        "action_taken": not about.open,
        "action_taken_at": when_or_none(about.closed_ms),
        "category": about.category,
        "comment": about.comment,
        "forwarded": about.forwarded,
        "created_at": when(about.created_ms),
        "status_ids": [str(one.post.id) for one in about.posts] or None,
        "rule_ids": [str(id) for id in about.rule_ids] or None,
        "target_account": account(site, about.target) if about.target else None,
    }


def severance(about: Severance) -> entities.RelationshipSeveranceEvent:
    """RelationshipSeveranceEvent."""
    return {
        "id": str(about.id),
        "type": about.kind,
        "purged": True,  # who it was is not kept
        "target_name": about.target,
        "followers_count": about.followers,
        "following_count": about.following,
        "created_at": when(about.created_ms),
    }


def warning(site: Site, about: Strike, target: Account) -> entities.AccountWarning:
    """AccountWarning."""
    return {
        "id": str(about.id),
        "action": about.action,
        "text": about.text,
        "status_ids": [str(id) for id in json.loads(about.post_ids)] or None,
        "target_account": account(site, target),
        "appeal": {"text": about.appeal, "state": about.appeal_state}
        if about.appeal_state
        else None,
        "created_at": when(about.created_ms),
    }


def partial_account(site: Site, one: Account) -> entities.PartialAccountWithAvatar:
    """PartialAccountWithAvatar."""
    avatar = address(site, one.avatar or "/static/avatar.png")
    return {
        "id": str(one.id),
        "acct": one.acct,
        "url": one.url,
        "avatar": avatar,
        "avatar_static": avatar,
        "locked": bool(one.locked),
        "bot": bool(one.bot),
    }


def notification_policy(standing: Standing) -> entities.NotificationPolicy:
    """NotificationPolicy."""
    policy = standing.policy
    return {
        "for_not_following": policy.for_not_following,
        "for_not_followers": policy.for_not_followers,
        "for_new_accounts": policy.for_new_accounts,
        "for_private_mentions": policy.for_private_mentions,
        "for_limited_accounts": policy.for_limited_accounts,
        "for_bots": policy.for_bots,
        "summary": _summary(standing),
    }


def notification_policy_v1(standing: Standing) -> entities.NotificationPolicyV1:
    """NotificationPolicy of the first version: whether something is held back at all."""
    policy = standing.policy
    return {
        "filter_not_following": policy.for_not_following != "accept",
        "filter_not_followers": policy.for_not_followers != "accept",
        "filter_new_accounts": policy.for_new_accounts != "accept",
        "filter_private_mentions": policy.for_private_mentions != "accept",
        "summary": _summary(standing),
    }


def _summary(standing: Standing) -> entities.PolicySummary:
    return {
        "pending_requests_count": standing.people,
        "pending_notifications_count": standing.notices,
    }


def notification_request(
    site: Site, request: Request, status: Status | None
) -> entities.NotificationRequest:
    """NotificationRequest."""
    result = {
        "id": str(request.id),
        "created_at": when(request.created_ms),
        "updated_at": when(request.updated_ms),
        "notifications_count": str(request.many),
        "account": account(site, request.account),
        "last_status": status,
    }
    return cast(entities.NotificationRequest, result)


def marker(one: Marker) -> entities.Marker:
    """Marker."""
    return {
        "last_read_id": str(one.last_read_id),
        "version": one.version,
        "updated_at": when(one.updated_ms),
    }


def conversation(site: Site, talk: Talk, status: Status | None) -> entities.Conversation:
    """Conversation."""
    result = {
        "id": str(talk.conversation.id),
        "unread": bool(talk.conversation.unread),
        "accounts": [account(site, one) for one in talk.people],
        "last_status": status,
    }
    return cast(entities.Conversation, result)


def announcement(site: Site, shown: Shown, *, known: bool = True) -> entities.Announcement:
    """Announcement; `known`: to somebody who can put it away."""
    one = shown.announcement
    result: entities.Announcement = {
        "id": str(one.id),
        "content": one.content,
        "starts_at": when_or_none(one.starts_ms),
        "ends_at": when_or_none(one.ends_ms),
        "all_day": bool(one.all_day),
        "published_at": when(one.published_ms),
        "updated_at": when(one.updated_ms),
        "mentions": [mention(account) for account in shown.mentions],
        "statuses": [],
        "tags": [tag(site, name) for name in shown.tags],
        "emojis": [],
        "reactions": [{"name": r.name, "count": r.count, "me": r.me} for r in shown.reactions],
    }
    if known:
        result["read"] = shown.read
    return result
