"""The end of a post, ours or a stranger's."""

from server.model import Post
from server.services import events, linking, placing, quotes
from server.store import activities, media, posts
from server.store import conversations as conversation_store
from server.store.db import Write


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
    if post.visibility == "direct":
        conversation_store.fall_back(tx, post.id)
    activities.bury(tx, post.uri, now_ms)
    posts.count(tx, post, -1)
    quotes.count(tx, post, -1)
    placing.buried(tx, post)
