"""Who may read a post: decided here, for one viewer and many posts, or one post and many viewers.

Timelines say the same in SQL (`store.conditions.READABLE`); tests hold them together.
"""

from collections.abc import Sequence
from typing import Final

from server.model import REMOVED, WAITING, Outline, Post
from server.store import accounts, follows, posts, streams
from server.store.db import Read

FOR_NOBODY: Final = (REMOVED, WAITING)
"""What its author alone reads, whomever it names."""


def may_read(db: Read, viewer_id: int | None, post: Post) -> bool:
    """Whether the viewer (None: a visitor) may know of this post."""
    return bool(readable_among(db, viewer_id, [post]))


def readable_among(db: Read, viewer_id: int | None, asked: Sequence[Post | Outline]) -> set[int]:
    """The ids of those posts that the viewer may know of, in four statements at most."""
    shown = by_somebody(db, asked)
    return meant_for(db, viewer_id, [post for post in asked if post.author_id in shown])


def by_somebody(db: Read, asked: Sequence[Post | Outline]) -> set[int]:
    """Authors that may be shown: the suspended are not, nor what they wrote."""
    states = accounts.states(db, [post.author_id for post in asked])
    return {id for id, state in states.items() if state in ("active", "gone")}


def meant_for(db: Read, viewer_id: int | None, asked: Sequence[Post | Outline]) -> set[int]:
    """The ids of those posts whose authors wrote for the viewer, among others."""
    there = [post for post in asked if post.deleted_ms is None]
    if not viewer_id:
        return {post.id for post in there if post.open}
    own = {post.id for post in there if post.author_id == viewer_id}
    authors = {post.author_id for post in there if post.id not in own}
    blockers = follows.blockers_among(db, viewer_id, authors)
    others = [p for p in there if p.id not in own and p.author_id not in blockers]
    named = posts.mentioning(
        db, viewer_id, [p.id for p in others if not p.open and p.visibility not in FOR_NOBODY]
    )
    close = [p for p in others if p.visibility == "followers" and p.id not in named]
    followed = follows.followed_among(db, viewer_id, {p.author_id for p in close})
    return (
        own
        | named
        | {post.id for post in others if post.open}
        | {post.id for post in close if post.author_id in followed}
    )


def readers_among(db: Read, post: Post, viewer_ids: list[int]) -> set[int]:
    """Those of the viewers who may know of this post: as `readable_among`, the other way round."""
    if post.deleted_ms is not None or not by_somebody(db, [post]):
        return set()
    own = {post.author_id} & set(viewer_ids)
    blocked = streams.blocked_by(db, post.author_id, viewer_ids)
    others = [id for id in viewer_ids if id not in own and id not in blocked]
    if post.open:
        return own | set(others)
    if post.visibility in FOR_NOBODY:
        return own
    readers = own | {viewer for viewer, _ in streams.named(db, others, [post.id])}
    if post.visibility == "followers":
        close = streams.followers(db, others, [post.author_id])
        readers |= {row["follower_id"] for row in close}
    return readers
