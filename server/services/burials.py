"""The end of a post, ours or a stranger's."""

from typing import Final

import msgspec

from server.model import Post
from server.services import events, linking, placing, quotes
from server.store import activities, homes, jobs, media, posts
from server.store import conversations as conversation_store
from server.store.db import Write

JOB: Final = "clear"
QUIETLY: Final = 25  # home timelines of each of many posts that one transaction buries


def bury(tx: Write, post: Post, now_ms: int, *, quietly: bool = False) -> None:
    """The end of a post, ours or a stranger's: a tombstone, and counts that stay right.

    `quietly`: one of very many at once, of which open streams are not told.
    """
    now = posts.held(tx, post)
    if now is None:
        return
    post = now
    if not quietly:
        events.gone(tx, post, now_ms)
    media.release(tx, post.id)
    linking.withdraw(tx, post, now_ms)
    posts.bury(tx, post, now_ms)
    clear(tx, post.id, now_ms, many=QUIETLY if quietly else homes.CLEARED)
    if post.visibility == "direct":
        conversation_store.fall_back(tx, post.id)
    activities.bury(tx, post.uri, now_ms)
    posts.count(tx, post, -1)
    quotes.count(tx, post, -1)
    placing.buried(tx, post)


def clear(tx: Write, post_id: int, now_ms: int, *, many: int = homes.CLEARED) -> None:
    """Take a buried post out of `many` home timelines, and the others by jobs, one after the other.

    Who wants to write something meanwhile need not wait for ten thousand of them.
    """
    if homes.clear(tx, post_id, many):
        payload = msgspec.json.encode({"post": post_id})
        jobs.enqueue(tx, JOB, f"{JOB}:{post_id}", payload, now_ms)
