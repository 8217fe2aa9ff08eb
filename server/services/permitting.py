"""Who may answer, share and quote a post changes, and nothing else of it: peers are told again.

By its author, or by a lock of the thread that it begins. Other servers read it in the post itself.
"""

from typing import Final

import msgspec

from server.model import Account, Post, PostView, Site
from server.services import boosts, events, permissions, quotes, reading, telling
from server.store import accounts, deferred, posts, tallies
from server.store.db import Write

POLICY: Final = "policy"
"""The kind of what waits to be told, see `server.services.deferring`."""
MOST_LOCKS_AN_HOUR: Final = 6
"""Locks and unlocks of one thread that its author's followers hear of: each is a post to all."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Who may from now on: `permissions.REPLIES`, `permissions.BOOSTS` and `quotes.POLICIES`.

    What is empty stays; where nothing is said, quotes are for those whom the author always allows.
    """

    replies: str = ""
    boosts: str = ""
    quotes: str = ""


def change(
    tx: Write, site: Site, author: Account, post_id: int, wanted: Wanted, now_ms: int
) -> None:
    """Change who may; what was answered, shared and quoted until now stays.

    Of what is not for everybody nothing changes: its audience says enough. Raises `NotFound`,
    `Forbidden`, `Invalid`.
    """
    post = reading.own(tx, author, post_id)
    if not post.open:
        return
    said = post.quote_policy
    if wanted.quotes or wanted == Wanted():
        said = quotes.stated(tx, author, wanted.quotes, post.visibility)
    permits = permissions.edited(post, wanted.replies, wanted.boosts)
    if (permits, said) == (post.permits, post.quote_policy):
        return
    before = boosts.neighbourhoods(tx, post)
    posts.set_columns(tx, post.id, permits=permits, quote_policy=said)
    changed = reading.readable(tx, author.id, post.id)
    telling.again(tx, site, changed, author, now_ms)
    boosts.pass_on(tx, site, PostView(post=changed, author=author), now_ms, before=before)
    events.changed(tx, changed, now_ms)


def locked(tx: Write, site: Site, post: Post, now_ms: int) -> None:
    """A thread was locked or opened: where one of ours began it, its policy says so to others.

    The servers of its community hear of the lock itself. Beyond `MOST_LOCKS_AN_HOUR` the last state
    is told when the hour is over (`deferring`).
    """
    author, about = accounts.by_id(tx, post.author_id), f"{POLICY} {post.id}"
    if author is None or not author.local or author.state != "active" or not post.open:
        return
    deferred.forget(tx, about)
    if tallies.count(tx, f"locks of {post.id}", now_ms) > MOST_LOCKS_AN_HOUR:
        _tell_later(tx, post, about, now_ms)
        return
    now = posts.by_id(tx, post.id)
    if now is not None and now.deleted_ms is None:
        telling.again(tx, site, now, author, now_ms, grouped=False)


def _tell_later(tx: Write, post: Post, about: str, now_ms: int) -> None:
    if post.community_id is not None:
        deferred.put(
            tx,
            about=about,
            community_id=post.community_id,
            actor_id=post.author_id,
            post_id=post.id,
            kind=POLICY,
            body=b"",
            due_ms=tallies.next_hour(now_ms),
        )
