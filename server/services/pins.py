"""Posts that somebody keeps at the top of their own page."""

from typing import Final

from federation import build
from server.errors import Invalid
from server.ids import new_id
from server.model import Account, Post, Site
from server.outbox import publish
from server.services import reading
from server.services.follows import activity_uri
from server.store import posts
from server.store.db import Write

MAX_PINS: Final = 5


def pin(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Keep a post of one's own at the top of one's page."""
    post = reading.own(tx, viewer, post_id)
    if not post.open:
        raise Invalid("Only public posts can be pinned.")
    if post.pinned_ms is not None:
        return
    if len(posts.pinned(tx, viewer.id)) >= MAX_PINS:
        raise Invalid("At most %(most)s posts can be pinned.", most=MAX_PINS)
    posts.set_columns(tx, post.id, pinned_ms=now_ms)
    _tell_featured(tx, site, viewer, post, now_ms, added=True)


def unpin(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Let it go from the top."""
    post = reading.own(tx, viewer, post_id)
    if post.pinned_ms is None:
        return
    posts.set_columns(tx, post.id, pinned_ms=None)
    _tell_featured(tx, site, viewer, post, now_ms, added=False)


def _tell_featured(
    tx: Write, site: Site, viewer: Account, post: Post, now_ms: int, *, added: bool
) -> None:
    make = build.add if added else build.remove
    uri = activity_uri(site, new_id(now_ms))
    activity = make(uri, viewer.uri, post.uri, target=viewer.featured_uri)
    publish(tx, viewer, activity, now_ms, followers=True)
