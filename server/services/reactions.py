"""Likes and boosts of our people."""

from federation import build
from server.errors import Forbidden
from server.ids import new_id
from server.model import Account, Post, PostView, Site
from server.outbox import publish
from server.services import boosts, reading
from server.services.follows import activity_uri
from server.services.notifications import notify
from server.store import accounts, follows, notifications, reactions
from server.store.db import Read, Write


def like(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Like a post, once."""
    post, author = _target(tx, viewer, post_id)
    id = new_id(now_ms)
    uri = activity_uri(site, id)
    if not reactions.like(tx, post_id=post.id, account_id=viewer.id, id=id, uri=uri, now_ms=now_ms):
        return
    notify(tx, author, "favourite", viewer, post.id, now_ms)
    if not author.local:
        activity = build.like(uri, viewer.uri, post.uri, author=author.uri)
        publish(tx, viewer, activity, now_ms, to=[author])


def unlike(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Take a like back."""
    post, author = _target(tx, viewer, post_id)
    uri = reactions.unlike(tx, post.id, viewer.id)
    if uri is None:
        return
    notifications.take_back(
        tx, account_id=author.id, kind="favourite", from_id=viewer.id, post_id=post.id
    )
    if not author.local:
        undone = build.like(uri, viewer.uri, post.uri, author=author.uri)
        activity = build.undo(activity_uri(site, new_id(now_ms)), undone)
        publish(tx, viewer, activity, now_ms, to=[author])


def boost(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> int:
    """Pass a post on to one's followers, once; the boost's id. Raises `Forbidden`."""
    post, author = _target(tx, viewer, post_id)
    if not post.open:
        raise Forbidden("Only public posts can be boosted.")
    id = boosts.boost(tx, site, viewer, PostView(post=post, author=author), now_ms)
    if id is not None:
        notify(tx, author, "reblog", viewer, post.id, now_ms)
        return id
    known = reactions.boost_of(tx, post.id, viewer.id)
    assert known is not None  # noqa: S101  it was there, or came from a tap at the same moment
    return int(known["id"])


def unboost(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Take a boost back."""
    post, author = _target(tx, viewer, post_id)
    if not boosts.take_back(tx, site, viewer, PostView(post=post, author=author), now_ms):
        return
    notifications.take_back(
        tx, account_id=author.id, kind="reblog", from_id=viewer.id, post_id=post.id
    )


def _target(db: Read, viewer: Account, post_id: int) -> tuple[Post, Account]:
    """A post that the viewer may like or boost, and its author. Raises `NotFound`, `Forbidden`."""
    post = reading.readable(db, viewer.id, post_id)
    author = accounts.by_id(db, post.author_id)
    if author is None or follows.apart(db, viewer.id, author.id):
        raise Forbidden("You cannot do this with a post of this account.")
    return post, author
