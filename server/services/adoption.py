"""Answers that came before what they answer find their place below it, if they may stand there."""

from typing import Final

from server.model import Account, Post
from server.services import forum_arrivals, looks, permissions
from server.store import accounts, posts, thread_mutes, walks
from server.store import conversations as conversation_store
from server.store import forum as forum_store
from server.store.db import Read, Write

MAX_ORPHANS: Final = 1000  # that one late parent may adopt


def adopt(tx: Write, post: Post, now_ms: int) -> bool:
    """Hang them into the thread of what they answer. False when there are none.

    What its author, or the community in which it stands, does not want stays by itself. An answer
    that needs a stamp does so until that was read.
    """
    group = accounts.by_id(tx, post.community_id) if post.community_id is not None else None
    found = False
    for child in posts.orphans(tx, post.uri, MAX_ORPHANS):
        verdict = _judge(tx, child, post, group, now_ms)
        if verdict == "ask" and not post.local and child.deleted_ms is None:
            looks.look_later(tx, "stamp-of-answer", child.uri, child.id, now_ms)
        elif verdict in ("yes", "member"):
            found = _hang(tx, child, post) or found
    return found


def stamped(tx: Write, child: Post, parent: Post, stamp: str, now_ms: int) -> bool:
    """The stamp that an answer needs was read: it finds its place after all. False if it cannot."""
    group = accounts.by_id(tx, parent.community_id) if parent.community_id is not None else None
    gone = child.deleted_ms is not None or parent.deleted_ms is not None
    if gone or child.reply_to_id is not None or child.reply_to_uri != parent.uri:
        return False
    if _judge(tx, child, parent, group, now_ms) == "no" or not _hang(tx, child, parent):
        return False
    posts.set_columns(tx, child.id, reply_stamp=stamp)
    if parent.community_id is not None:
        forum_store.settle(tx, parent.thread_id, parent.community_id)
        forum_store.recount(tx, parent.thread_id)
    return True


def _judge(
    db: Read, child: Post, parent: Post, group: Account | None, now_ms: int
) -> permissions.Verdict:
    if child.author_id == parent.author_id:
        return "yes"
    author = accounts.by_id(db, child.author_id)
    if author is None or forum_arrivals.silenced(db, group, parent, author, now_ms):
        return "no"
    return permissions.judge(db, author, parent, "reply")


def _hang(tx: Write, child: Post, post: Post) -> bool:
    current = posts.by_id(tx, post.id)
    if current is None or child.thread_id == current.thread_id:
        return False
    posts.adopt(tx, child, current)
    conversation_store.merge(tx, child.thread_id, current.thread_id)
    thread_mutes.move(tx, child.thread_id, current.thread_id)
    walks.move(tx, child.thread_id, current.thread_id)
    return True
