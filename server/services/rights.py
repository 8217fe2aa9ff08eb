"""Who may read a post. One function decides; every door asks it."""

from collections.abc import Sequence

from server.model import Outline, Post
from server.store import accounts, follows, posts
from server.store.db import Read


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
    named = posts.mentioning(db, viewer_id, [p.id for p in others if not p.open])
    close = [p for p in others if p.visibility == "followers" and p.id not in named]
    followed = follows.followed_among(db, viewer_id, {p.author_id for p in close})
    return (
        own
        | named
        | {post.id for post in others if post.open}
        | {post.id for post in close if post.author_id in followed}
    )
