"""Entities of the Mastodon client API, as the dicts that become JSON.

Ids are strings, times are `2026-01-31T09:00:00.000Z`, and our `followers` is their `private`.
docs.joinmastodon.org/entities
"""

import json
from datetime import UTC, datetime, tzinfo
from html import escape
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from server import text
from server.clock import DAY_MS
from server.ids import created_ms
from server.model import (
    Account,
    Media,
    Member,
    Notification,
    Post,
    PostView,
    Relationship,
    Revision,
    Site,
)

EXCERPT_CHARS: Final = 500
"""Of a story without a lead; the rest is behind its link."""

LAST_MS: Final = 253_370_764_800_000  # 9999-01-01T00:00:00Z

VISIBILITY: Final = {
    "public": "public",
    "unlisted": "unlisted",
    "followers": "private",
    "direct": "direct",
}
VISIBILITIES: Final = {theirs: ours for ours, theirs in VISIBILITY.items()}
MEDIA_TYPES: Final = frozenset({"image", "video", "audio"})
_FOCUSED: Final = frozenset({"image", "video"})


def when(at_ms: int) -> str:
    """`at_ms` as `2026-01-31T09:00:00.000Z`."""
    at = _moment(at_ms, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def when_or_none(at_ms: int | None) -> str | None:
    """As `when`; what did not happen has no time."""
    return None if at_ms is None else when(at_ms)


def id_or_none(id: int | None) -> str | None:
    """As a string, which a client compares by length and then by letters."""
    return None if id is None else str(id)


def address(site: Site, kept: str) -> str:
    """Where a picture is, whether an address, a path or the name of a file of ours was kept."""
    if "://" in kept:
        return kept
    return f"{site.origin}{kept}" if kept.startswith("/") else f"{site.origin}/media/{kept}"


def account(site: Site, account: Account) -> dict[str, Any]:
    """Account: somebody, ours or a stranger."""
    avatar = address(site, account.avatar or "/static/avatar.png")
    header = address(site, account.header or "/static/header.png")
    return {
        "id": str(account.id),
        "username": account.name,
        "acct": account.acct,
        "display_name": account.display_name,
        "locked": bool(account.locked),
        "bot": bool(account.bot),
        "discoverable": bool(account.discoverable),
        "indexable": bool(account.discoverable),
        "group": account.kind == "Group",
        "created_at": when(account.created_ms // DAY_MS * DAY_MS),
        "note": account.bio,
        "url": account.url,
        "uri": account.uri,
        "avatar": avatar,
        "avatar_static": avatar,
        "header": header,
        "header_static": header,
        "followers_count": account.followers_count,
        "following_count": account.following_count,
        "statuses_count": account.posts_count,
        "last_status_at": _day(account.last_post_ms),
        "hide_collections": None,
        "noindex": not account.discoverable,
        "emojis": _emojis(account.emojis),
        "roles": [],
        "fields": [
            {"name": name, "value": value, "verified_at": None}
            for name, value in json.loads(account.fields)
        ],
        **_standing(account),
    }


def credential_account(site: Site, owner: Account, member: Member, requests: int) -> dict[str, Any]:
    """CredentialAccount: what the owner of the token sees of themself.

    `requests` is how many people wait to be let in as followers.
    """
    return {
        **account(site, owner),
        "source": {
            "privacy": VISIBILITY[member.default_visibility],
            "sensitive": False,
            "language": member.language or None,
            "note": owner.bio_source,
            "fields": [
                {"name": name, "value": text.plain(value), "verified_at": None}
                for name, value in json.loads(owner.fields)
            ],
            "follow_requests_count": requests,
            "hide_collections": None,
            "discoverable": bool(owner.discoverable),
            "indexable": bool(owner.discoverable),
            "attribution_domains": [],
        },
        "role": role(member),
    }


def role(member: Member) -> dict[str, Any]:
    """Role. No permission bits: the admin API that they stand for is not there."""
    ordinary = member.role == "member"
    return {
        "id": "-99" if ordinary else member.role,
        "name": "" if ordinary else member.role,
        "permissions": "0",
        "color": "",
        "highlighted": not ordinary,
    }


def relationship(to: Relationship) -> dict[str, Any]:
    """Relationship: how the viewer stands to an account."""
    return {
        "id": str(to.id),
        "following": to.following,
        "showing_reblogs": to.showing_reblogs,
        "notifying": False,
        "languages": None,
        "followed_by": to.followed_by,
        "blocking": to.blocking,
        "blocked_by": to.blocked_by,
        "muting": to.muting,
        "muting_notifications": to.muting_notifications,
        "requested": to.requested,
        "requested_by": to.requested_by,
        "domain_blocking": False,
        "endorsed": False,
        "note": "",
    }


def status(site: Site, view: PostView, *, viewer_id: int | None, now_ms: int) -> dict[str, Any]:
    """Status, or the Status that wraps the boosted one."""
    inner = {
        **shared_status(site, view, now_ms),
        **counts(view.post.replies, view.post.likes, view.post.boosts),
        **opinions(liked=view.liked, boosted=view.boosted),
    }
    if viewer_id is not None and view.post.author_id == viewer_id:
        inner["pinned"] = view.post.pinned_ms is not None
    if view.booster is None:
        return inner
    return {
        **boost(site, view.post, view.entry_id),
        "account": account(site, view.booster),
        **{key: inner[key] for key in inner if key in _SHARED_WITH_BOOST},
        "reblog": inner,
    }


def shared_status(site: Site, view: PostView, now_ms: int) -> dict[str, Any]:
    """Of a Status all that is the same for every viewer, and changes with its version alone."""
    post = view.post
    pictures = [one for one in view.media if one.kind != "link"]
    reply_to = view.reply_to_author
    return {
        "id": str(post.id),
        "uri": post.uri,
        "url": post.url or post.uri,
        "created_at": when(post.published_ms),
        "edited_at": when_or_none(post.edited_ms),
        "in_reply_to_id": id_or_none(post.reply_to_id),
        "in_reply_to_account_id": id_or_none(reply_to.id if reply_to else None),
        "sensitive": bool(post.sensitive),
        "spoiler_text": post.warning,
        "visibility": VISIBILITY[post.visibility],
        "language": post.language or None,
        "content": content(site, post),
        "reblog": None,
        "application": None,
        "account": account(site, view.author),
        "media_attachments": [media(site, one) for one in pictures],
        "mentions": [mention(one) for one in view.mentions],
        "tags": [tag(site, name) for name in json.loads(post.tags)],
        "emojis": _emojis(post.emojis),
        "card": next((card(one) for one in view.media if one.kind == "link"), None),
        "poll": poll(post, now_ms),
        "quote": None,
    }


def counts(replies: int, likes: int, boosts: int) -> dict[str, Any]:
    """The part of a Status that changes without a new version."""
    return {
        "replies_count": replies,
        "reblogs_count": boosts,
        "favourites_count": likes,
        "quotes_count": 0,
    }


def opinions(*, liked: bool, boosted: bool) -> dict[str, Any]:
    """The part of a Status that differs from viewer to viewer."""
    return {
        "favourited": liked,
        "reblogged": boosted,
        "muted": False,
        "bookmarked": False,
        "filtered": [],
    }


_SHARED_WITH_BOOST: Final = frozenset({*counts(0, 0, 0), *opinions(liked=False, boosted=False)})


def boost(site: Site, post: Post, entry_id: int) -> dict[str, Any]:
    """The Status around a boosted one, without its account, counts and `reblog`.

    Its `uri` is the Announce's where the boost is ours, and only a name where it is a stranger's.
    """
    return {
        "id": str(entry_id),
        "uri": f"{site.origin}/activities/{entry_id}",
        "url": post.url or post.uri,
        "created_at": when(created_ms(entry_id)),
        "edited_at": None,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": bool(post.sensitive),
        "spoiler_text": post.warning,
        "visibility": VISIBILITY[post.visibility],
        "language": post.language or None,
        "content": "",
        "application": None,
        "media_attachments": [],
        "mentions": [],
        "tags": [],
        "emojis": [],
        "card": None,
        "poll": None,
        "quote": None,
    }


def content(site: Site, post: Post) -> str:
    """The HTML that an app shows. A story is its title, its lead or beginning, and its link."""
    if not post.title or post.kind == "note":
        return post.content
    parts = [f"<p><strong>{escape(post.title)}</strong></p>"]
    if post.kind == "event":
        parts.append(_time_and_place(site, json.loads(post.extra)))
    parts.append(post.lead or _beginning(post.content))
    if post.url:
        parts.append(f'<p><a href="{escape(post.url)}">{escape(post.url)}</a></p>')
    return "".join(parts)


def _time_and_place(site: Site, extra: dict[str, Any]) -> str:
    """When an event begins, in the city's time, and where it is."""
    starts_ms, facts = extra.get("starts_ms"), [extra.get("location")]
    if starts_ms is not None:
        facts.insert(0, f"{_moment(starts_ms, ZoneInfo(site.timezone)):%Y-%m-%d %H:%M}")
    known = [escape(fact) for fact in facts if fact]
    return f"<p>{'<br>'.join(known)}</p>" if known else ""


def _beginning(html: str) -> str:
    """`html` where it is short, else its first words."""
    if len(text.plain(html)) <= EXCERPT_CHARS:
        return html
    return f"<p>{escape(text.excerpt(html, EXCERPT_CHARS))}</p>"


def media(site: Site, kept: Media) -> dict[str, Any]:
    """MediaAttachment. Ours has two files, a stranger's is where they keep it."""
    url = address(site, kept.large) if kept.large else kept.remote_url
    preview = address(site, kept.small) if kept.small else url
    meta: dict[str, Any] = {}
    if kept.width and kept.height:
        meta["original"] = _size(kept.width, kept.height)
    if kept.small_width and kept.small_height:
        meta["small"] = _size(kept.small_width, kept.small_height)
    if kept.kind in _FOCUSED:
        meta["focus"] = {"x": kept.focus_x, "y": kept.focus_y}
    return {
        "id": str(kept.id),
        "type": kept.kind if kept.kind in MEDIA_TYPES else "unknown",
        "url": url,
        "preview_url": preview if kept.kind == "image" or kept.small else None,
        "remote_url": kept.remote_url or None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": meta,
        "description": kept.alt or None,
        "blurhash": kept.blurhash or None,
    }


def card(link: Media) -> dict[str, Any]:
    """PreviewCard of a link that a peer attached (a Lemmy page does)."""
    return {
        "url": link.remote_url,
        "title": link.alt or link.remote_url,
        "description": "",
        "type": "link",
        "authors": [],
        "author_name": "",
        "author_url": "",
        "provider_name": "",
        "provider_url": "",
        "html": "",
        "width": 0,
        "height": 0,
        "image": None,
        "embed_url": "",
        "blurhash": None,
        "language": None,
        "published_at": None,
    }


def poll(post: Post, now_ms: int) -> dict[str, Any] | None:
    """Poll of a question, as last heard from its author; read only."""
    extra = json.loads(post.extra)
    options = extra.get("options")
    if not options:
        return None
    ends_ms = extra.get("ends_ms")
    votes = [votes for _, votes in options if votes is not None]
    return {
        "id": str(post.id),
        "expires_at": when_or_none(ends_ms),
        "expired": ends_ms is not None and ends_ms <= now_ms,
        "multiple": bool(extra.get("multiple")),
        "votes_count": sum(votes),
        "voters_count": extra.get("voters"),
        "options": [{"title": title, "votes_count": votes} for title, votes in options],
        "emojis": [],
        "voted": False,
        "own_votes": [],
    }


def mention(mentioned: Account) -> dict[str, Any]:
    """Status::Mention."""
    return {
        "id": str(mentioned.id),
        "username": mentioned.name,
        "url": mentioned.url,
        "acct": mentioned.acct,
    }


def tag(site: Site, name: str) -> dict[str, Any]:
    """Status::Tag: the hashtag without its sign, and its page here."""
    return {"name": name, "url": f"{site.origin}/tags/{quote(name)}"}


def found_tag(site: Site, name: str) -> dict[str, Any]:
    """Tag, as a search returns it."""
    return {**tag(site, name), "history": [], "following": False}


def source(post: Post) -> dict[str, Any]:
    """StatusSource: what the author typed. `title` and `lead` are ours, empty for a note."""
    return {
        "id": str(post.id),
        "text": post.source,
        "spoiler_text": post.warning,
        "title": post.title,
        "lead": text.plain(post.lead),
    }


def edit(site: Site, view: PostView, said: Revision) -> dict[str, Any]:
    """StatusEdit: what a post said at one time; pictures are the ones it has now."""
    post = msgspec.structs.replace(
        view.post, title=said.title, lead=said.lead, content=said.content
    )
    return {
        "content": content(site, post),
        "spoiler_text": said.warning,
        "sensitive": bool(post.sensitive),
        "created_at": when(said.written_ms),
        "account": account(site, view.author),
        "media_attachments": [media(site, one) for one in view.media if one.kind != "link"],
        "emojis": _emojis(post.emojis),
    }


def notification(
    site: Site, noted: Notification, by: Account, status: dict[str, Any] | None
) -> dict[str, Any]:
    """Notification; `status` where it is about one."""
    result = {
        "id": str(noted.id),
        "type": noted.kind,
        "group_key": f"ungrouped-{noted.id}",
        "created_at": when(noted.created_ms),
        "account": account(site, by),
    }
    return result if status is None else {**result, "status": status}


def _standing(account: Account) -> dict[str, Any]:
    """What is said only of the suspended."""
    return {"suspended": True} if account.state == "suspended" else {}


def _size(width: int, height: int) -> dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "size": f"{width}x{height}",
        "aspect": width / height,
    }


def _emojis(kept: str) -> list[dict[str, Any]]:
    """CustomEmoji of each [shortcode, address]."""
    if kept == "[]":
        return []
    return [
        {"shortcode": code, "url": url, "static_url": url, "visible_in_picker": False}
        for code, url in json.loads(kept)
    ]


def _day(at_ms: int | None) -> str | None:
    return None if at_ms is None else f"{_moment(at_ms, UTC):%Y-%m-%d}"


def _moment(at_ms: int, zone: tzinfo) -> datetime:
    """A date of this era: strangers write others, and Python has no year 10,000."""
    return datetime.fromtimestamp(max(0, min(at_ms, LAST_MS)) // 1000, zone)
