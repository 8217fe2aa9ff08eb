"""What a stranger's object says, in the columns of ours. Nothing is stored here."""

from typing import Any

import msgspec

from federation.audience import visibility
from federation.origin import normal, same_origin
from federation.vocab import PUBLIC, Attachment, Object
from server import text
from server.ids import new_id
from server.model import Account, Media, Post
from server.services import permissions, quotes
from server.services.media import About

MAX_TITLE = 300  # characters of a stranger's title that we keep
MAX_COUNT = 10**9  # votes in a stranger's poll


def post(
    found: Object, author: Account, parent: Post | None, group: Account | None, now_ms: int
) -> Post:
    """A new one, at the end of whatever it answers."""
    id = new_id(now_ms)
    published = min(found.published_ms or now_ms, now_ms)
    return Post(
        id=id,
        uri=found.id,
        author_id=author.id,
        local=0,
        visibility=visibility(found.to, found.cc, author.followers_uri),
        source="",
        reply_to_uri=found.in_reply_to,
        reply_to_id=parent.id if parent else None,
        thread_id=parent.thread_id if parent else id,
        replies=0,
        likes=0,
        boosts=0,
        pinned_ms=None,
        published_ms=published,
        edited_ms=found.updated_ms if (found.updated_ms or 0) > published else None,
        deleted_ms=None,
        version=1,
        quote_uri=found.quote or "",
        quote_state="pending" if found.quote else "",
        quote_policy=quote_policy(found, author),
        community_id=group.id if group else None,
        quote_stamp=quote_stamp(found),
        permits=permissions.heard(found, author),
        **columns(found),
    )


def quote_policy(found: Object, author: Account) -> str:
    """Who may quote it unasked, in our words; empty where the peer does not say."""
    if found.quotable is None:
        return quotes.UNKNOWN
    if PUBLIC in found.quotable:
        return "public"
    if author.followers_uri in found.quotable:
        return "followers"
    asked = {PUBLIC, author.followers_uri, author.following_uri} & set(found.askable)
    return "manual" if asked else "nobody"


def quote_stamp(found: Object) -> str:
    """The stamp that a quote says it has, if the quoted post's server can have made it."""
    if not found.quote or not found.authorization:
        return ""
    own = normal(found.authorization) and same_origin(found.authorization, found.quote)
    return found.authorization if own else ""


def columns(found: Object) -> dict[str, Any]:
    """The columns that an Update can change."""
    titled = found.type not in ("Note", "Question")
    clean = text.sanitise_story if titled else text.sanitise
    return {
        "url": found.url or found.id,
        "kind": found.type.lower(),
        "title": text.plain(found.name)[:MAX_TITLE] if titled or _asks(found) else "",
        "lead": text.sanitise(found.lead),
        "content": clean(found.content),
        "warning": text.plain(found.warning)[:MAX_TITLE],
        "sensitive": int(found.sensitive or bool(found.warning)),
        "language": found.language[:35],
        "tags": msgspec.json.encode(found.hashtags).decode(),
        "emojis": msgspec.json.encode([(e.shortcode, e.url) for e in found.emojis]).decode(),
        "extra": msgspec.json.encode(of_its_kind(found)).decode(),
    }


def _asks(found: Object) -> bool:
    """Whether it is the thread of a forum that asks something: PieFed's, and ours, have a title."""
    return found.type == "Question" and found.in_reply_to is None and found.audience is not None


def of_its_kind(found: Object) -> dict[str, Any]:
    """What only its kind has: the options of a poll, the times of an event."""
    if found.type == "Question":
        return {
            "options": [[option.name, _number(option.votes)] for option in found.options],
            "multiple": found.multiple,
            "ends_ms": found.ends_ms,
            "voters": _number(found.voters),
        }
    if found.type == "Event":
        return {
            "starts_ms": found.starts_ms,
            "ends_ms": found.ends_ms,
            "location": text.plain(found.location),
        }
    return {}


def _number(claimed: int | None) -> int | None:
    """A count of which nothing overflows, whatever was claimed."""
    return None if claimed is None else min(claimed, MAX_COUNT)


def medium(post: Post, attachment: Attachment, position: int, now_ms: int) -> Media:
    """A picture, film or sound that stays where it is."""
    return Media(
        id=new_id(now_ms),
        account_id=post.author_id,
        post_id=post.id,
        position=position,
        kind=attachment.kind,
        media_type=attachment.media_type,
        large="",
        small="",
        remote_url=attachment.url,
        alt=text.plain(attachment.alt)[:1500],
        width=attachment.width or 0,
        height=attachment.height or 0,
        small_width=0,
        small_height=0,
        bytes=0,
        blurhash=attachment.blurhash,
        focus_x=attachment.focus[0] if attachment.focus else 0.0,
        focus_y=attachment.focus[1] if attachment.focus else 0.0,
        created_ms=now_ms,
        meta=msgspec.json.encode(
            About(
                seconds=attachment.seconds,
                preview=attachment.preview.url if attachment.preview else "",
            )
        ).decode(),
    )
