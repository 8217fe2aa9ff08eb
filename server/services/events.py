"""What open streams are told beside new posts and notifications, which they find by themselves.

Whoever changes something says so here, in the same transaction; every process that serves streams
reads it after the commit. Housekeeping forgets it after `KEPT_MS`.

    tell(tx, "filters_changed", mine(account_id), now_ms)
    tell(tx, "notifications_merged", notified(account_id), now_ms, payload="1")
    tell(tx, "announcement", ANNOUNCED, now_ms, of=announcement_id)
    tell(tx, "announcement.reaction", ANNOUNCED, now_ms, payload=JSON of name, count, id)
    tell(tx, "announcement.delete", ANNOUNCED, now_ms, payload=str(announcement_id))
    changed(tx, post, now_ms)        "status.update"
    gone(tx, post, now_ms)           "delete"
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from server.clock import MINUTE_MS
from server.ids import new_id
from server.model import Post
from server.services import reading
from server.store import accounts, media, posts, reactions
from server.store import events as store
from server.store.db import Read, Write
from server.store.paging import MAX_LIMIT

KEPT_MS: Final = 10 * MINUTE_MS
ANNOUNCED: Final = ("announcements",)


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Told to who listens to `topics`, and to the followers and lists of each of `by`.

    `of`: the post or thing that it is about; `payload`: what it says, where that is said already.
    `by`: (account, what its followers are told in place of `payload`).
    """

    event: str
    topics: tuple[str, ...] = ()
    of: int = 0
    payload: str = ""
    by: tuple[tuple[int, str], ...] = ()


def mine(account_id: int) -> tuple[str, ...]:
    """What one member's apps hear."""
    return (f"home:{account_id}",)


def notified(account_id: int) -> tuple[str, ...]:
    """What one member's apps hear of notifications."""
    return (f"notifications:{account_id}",)


def tell(
    tx: Write,
    event: str,
    topics: tuple[str, ...],
    now_ms: int,
    *,
    of: int = 0,
    payload: str = "",
    by: tuple[tuple[int, str], ...] = (),
) -> None:
    """Say it to who listens, if `tx` commits."""
    said = Event(event=event, topics=topics, of=of, payload=payload, by=by)
    store.insert(tx, new_id(now_ms), msgspec.json.encode(said).decode())


def changed(tx: Write, post: Post, now_ms: int) -> None:
    """A post says something else now."""
    by = () if post.private else ((post.author_id, ""),)
    tell(tx, "status.update", tuple(_topics(tx, post)), now_ms, of=post.id, by=by)


def gone(tx: Write, post: Post, now_ms: int) -> None:
    """A post is about to be emptied: say it first, while it is known who has it."""
    id = str(post.id)
    by = [] if post.private else [(post.author_id, id)]
    if post.open:
        boosts = reactions.passed_on_by(tx, post.id, MAX_LIMIT)
        by += [(booster_id, str(boost_id)) for boost_id, booster_id in boosts]
    tell(tx, "delete", tuple(_topics(tx, post)), now_ms, payload=id, by=tuple(by))


def unboosted(tx: Write, boost_id: int, booster_id: int, now_ms: int) -> None:
    """A boost was taken back."""
    id = str(boost_id)
    tell(tx, "delete", mine(booster_id), now_ms, payload=id, by=((booster_id, id),))


def _topics(db: Read, post: Post) -> Iterator[str]:
    yield f"home:{post.author_id}"
    named = [one.id for one in posts.mentioned(db, [post.id]).get(post.id, ()) if one.local]
    # not whom the author blocks: they never had it
    yield from (f"home:{id}" for id in sorted(reading.readers_among(db, post, named)))
    author = accounts.by_id(db, post.author_id)
    if post.visibility == "public" and author is not None and author.limited_ms is None:
        pictured = any(one.kind != "link" for one in media.of_posts(db, [post.id]).get(post.id, ()))
        tags = msgspec.json.decode(post.tags, type=list[str])
        whole = post.reply_to_uri is None
        yield from public_topics(tags, local=bool(post.local), whole=whole, pictured=pictured)


def public_topics(tags: list[str], *, local: bool, whole: bool, pictured: bool) -> Iterator[str]:
    """The streams in which everybody hears of a public post; a reply (not `whole`) by its tags."""
    for tag in tags:
        yield f"hashtag:{tag}"
        if local:
            yield f"hashtag:local:{tag}"
    if whole:
        for kind in ("public", "public:local" if local else "public:remote"):
            yield kind
            if pictured:
                yield f"{kind}:media"
