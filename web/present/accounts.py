"""People: Account, CredentialAccount, Relationship, Role, Status::Mention."""

import json

from server import text
from server.clock import DAY_MS
from server.model import Account, Member, Relationship, Site
from web import entities
from web.present.values import VISIBILITY, address, day, emojis, when


def account(site: Site, account: Account) -> entities.Account:
    """Account: somebody, ours or a stranger."""
    avatar = _picture(site, account, "avatar", account.avatar)
    header = _picture(site, account, "header", account.header)
    entity: entities.Account = {
        "id": str(account.id),
        "username": account.name,
        "acct": account.acct,
        "display_name": account.display_name,
        "locked": bool(account.locked),
        "bot": bool(account.bot),
        "discoverable": bool(account.discoverable),
        "indexable": bool(account.indexable),
        "group": account.kind == "Group",
        "created_at": when(account.created_ms // DAY_MS * DAY_MS),
        "note": account.bio,
        "url": account.url,
        "uri": account.uri,
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": account.avatar_description,
        "header": header,
        "header_static": header,
        "header_description": account.header_description,
        "followers_count": account.followers_count,
        "following_count": account.following_count,
        "statuses_count": account.posts_count,
        "last_status_at": day(account.last_post_ms),
        "hide_collections": bool(account.hide_collections) if account.local else None,
        "noindex": not account.indexable,
        "emojis": emojis(site, account.emojis),
        "roles": [],
        "fields": [
            {"name": name, "value": _inline(value), "verified_at": None}
            for name, value in json.loads(account.fields)
        ],
    }
    if account.state == "suspended":
        entity["suspended"] = True
    if account.limited_ms is not None:
        entity["limited"] = True
    return entity


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
            "language": member.language or None,
            "quote_policy": member.default_quote_policy,
            "note": owner.bio_source,
            "fields": [
                {"name": name, "value": text.plain(value), "verified_at": None}
                for name, value in json.loads(owner.fields)
            ],
            "follow_requests_count": requests,
            "hide_collections": bool(owner.hide_collections),
            "discoverable": bool(owner.discoverable),
            "indexable": bool(owner.indexable),
            "attribution_domains": json.loads(owner.attribution_domains),
        },
        "role": role(member),
    }


def role(member: Member) -> entities.Role:
    """Role. No permission bits: the admin API that they stand for is not there."""
    ordinary = member.role == "member"
    return {
        "id": "-99" if ordinary else member.role,
        "name": "" if ordinary else member.role,
        "permissions": "0",
        "color": "",
        "highlighted": not ordinary,
    }


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
