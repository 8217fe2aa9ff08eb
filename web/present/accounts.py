"""People: Account, CredentialAccount, Profile, Suggestion, Relationship, Role, Status::Mention."""

import json
from typing import Final

import msgspec

from server import text
from server.clock import DAY_MS
from server.model import Account, Member, Relationship, Site
from server.policy import roles
from server.services import profile_links
from server.services.discovery import Suggestion
from web import entities
from web.present.values import VISIBILITY, address, day, emojis, when, when_or_none

HIDDEN: Final = ("suspended", "blocked")
"""States of accounts of which nothing is shown: by themselves, or with their server."""


def account(site: Site, account: Account, *, moved: Account | None = None) -> entities.Account:
    """Account: somebody, ours or a stranger. `moved` is where they live now.

    Of a suspended one nothing is shown but that it is.
    """
    told = _emptied(account) if account.state in HIDDEN else account
    avatar = _picture(site, told, "avatar", told.avatar)
    header = _picture(site, told, "header", told.header)
    entity: entities.Account = {
        "id": str(account.id),
        "username": account.name,
        "acct": account.acct,
        "display_name": told.display_name,
        "locked": bool(told.locked),
        "bot": bool(told.bot),
        "discoverable": bool(told.discoverable),
        "indexable": bool(told.indexable),
        "group": account.kind == "Group",
        "created_at": when(account.created_ms // DAY_MS * DAY_MS),
        "note": told.bio,
        "url": account.url,
        "uri": account.uri,
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": told.avatar_description,
        "header": header,
        "header_static": header,
        "header_description": told.header_description,
        "followers_count": told.followers_count,
        "following_count": told.following_count,
        "statuses_count": told.posts_count,
        "last_status_at": day(told.last_post_ms),
        "hide_collections": bool(told.hide_collections) if account.local else None,
        "noindex": not told.indexable,
        "emojis": emojis(site, told.emojis),
        "roles": [_badge(told.role)] if told.role else [],
        "fields": [_field(account, line) for line in profile_links.lines(told)],
    }
    if account.state in HIDDEN:
        entity["suspended"] = True
    if account.limited_ms is not None:
        entity["limited"] = True
    if moved is not None:
        entity["moved"] = _elsewhere(site, moved)
    return entity


def _elsewhere(site: Site, moved: Account) -> entities.Account:
    return account(site, moved)


def _emptied(account: Account) -> Account:
    return msgspec.structs.replace(
        account,
        display_name="",
        bio="",
        avatar="",
        header="",
        role="",
        avatar_description="",
        header_description="",
        fields="[]",
        emojis="[]",
        locked=0,
        bot=0,
        discoverable=0,
        indexable=0,
        followers_count=0,
        following_count=0,
        posts_count=0,
        last_post_ms=None,
    )


def _field(account: Account, line: profile_links.Line) -> entities.Field:
    name, value, verified_ms = line
    html = _inline(text.as_me(value) if account.local else value)
    return {"name": name, "value": html, "verified_at": when_or_none(verified_ms)}


def muted_account(site: Site, one: Account, until_ms: int | None) -> entities.MutedAccount:
    """MutedAccount: until when, where it ends by itself."""
    return {**account(site, one), "mute_expires_at": when_or_none(until_ms)}


def suggestion(site: Site, found: Suggestion) -> entities.Suggestion:
    """Suggestion. Older apps know other words for why."""
    old = "past_interactions" if "friends_of_friends" in found.sources else "global"
    return {
        "source": old,
        "sources": list(found.sources),
        "account": account(site, found.account),
    }


def profile(site: Site, owner: Account, featured: list[entities.FeaturedTag]) -> entities.Profile:
    """Profile: what the owner can change about themself. `featured` are the hashtags on it."""
    avatar = address(site, owner.avatar) if owner.avatar else None
    header = address(site, owner.header) if owner.header else None
    return {
        "id": str(owner.id),
        "display_name": owner.display_name,
        "note": owner.bio_source,
        "fields": _typed(owner),
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": owner.avatar_description,
        "header": header,
        "header_static": header,
        "header_description": owner.header_description,
        "locked": bool(owner.locked),
        "bot": bool(owner.bot),
        "hide_collections": bool(owner.hide_collections),
        "discoverable": bool(owner.discoverable),
        "indexable": bool(owner.indexable),
        "show_media": bool(owner.show_media),
        "show_media_replies": bool(owner.show_media_replies),
        "show_featured": bool(owner.show_featured),
        "attribution_domains": json.loads(owner.attribution_domains),
        "featured_tags": featured,
    }


def _typed(owner: Account) -> list[entities.Field]:
    """The table of a profile as it was typed."""
    return [
        {"name": name, "value": text.plain(value), "verified_at": when_or_none(verified_ms)}
        for name, value, verified_ms in profile_links.lines(owner)
    ]


def credential_account(
    site: Site, owner: Account, member: Member, requests: int
) -> entities.CredentialAccount:
    """CredentialAccount: what the owner of the token sees of themself.

    `requests` is how many people wait to be let in as followers.
    """
    return {
        **account(site, owner),
        "source": {
            "privacy": VISIBILITY[member.default_visibility],
            "sensitive": bool(member.default_sensitive),
            "language": member.writes_in or None,
            "quote_policy": member.default_quote_policy,
            "note": owner.bio_source,
            "fields": _typed(owner),
            "follow_requests_count": requests,
            "hide_collections": bool(owner.hide_collections),
            "discoverable": bool(owner.discoverable),
            "indexable": bool(owner.indexable),
            "attribution_domains": json.loads(owner.attribution_domains),
        },
        "role": role(site, member),
    }


def role(site: Site, member: Member) -> entities.Role:
    """Role; its permissions are those of the reference that our roles have (`policy.roles`)."""
    ordinary = member.role == "member"
    invites = site.registrations == "invite"
    return {
        "id": roles.IDS[member.role],
        "name": "" if ordinary else member.role,
        "permissions": str(roles.permissions(member.role, invites=invites)),
        "color": "",
        "highlighted": not ordinary,
    }


def _badge(name: str) -> entities.AccountRole:
    """Of a role, what everybody sees."""
    return {"id": roles.IDS[name], "name": name, "color": ""}


def relationship(to: Relationship) -> entities.Relationship:
    """Relationship: how the viewer stands to an account."""
    return {
        "id": str(to.id),
        "following": to.following,
        "showing_reblogs": to.showing_reblogs,
        "notifying": to.notifying,
        "languages": list(to.languages) or None,
        "followed_by": to.followed_by,
        "blocking": to.blocking,
        "blocked_by": to.blocked_by,
        "muting": to.muting,
        "muting_notifications": to.muting_notifications,
        "muting_expires_at": when_or_none(to.muting_until_ms),
        "requested": to.requested,
        "requested_by": to.requested_by,
        "domain_blocking": to.domain_blocking,
        "endorsed": to.endorsed,
        "note": to.note,
    }


def mention(mentioned: Account) -> entities.Mention:
    """Status::Mention."""
    return {
        "id": str(mentioned.id),
        "username": mentioned.name,
        "url": mentioned.url,
        "acct": mentioned.acct,
    }


def _picture(site: Site, account: Account, name: str, kept: str) -> str:
    """A face or a wide picture: ours, a stranger's from here, or what those have who have none."""
    if kept and not account.local:
        kept = site.remote("avatar" if name == "avatar" else "picture", kept)
    return address(site, kept or f"/static/{name}.png")


def _inline(html: str) -> str:
    """A field's value without the paragraph around it: apps show it in one line of a table."""
    inner = html.removeprefix("<p>").removesuffix("</p>")
    return html if "<p" in inner else inner
