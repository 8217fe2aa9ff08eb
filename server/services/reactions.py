"""Likes and boosts of our people, and votes against posts of communities."""

from typing import Any

from federation import build, build_group
from server.errors import Forbidden
from server.ids import new_id
from server.model import Account, Post, PostView, Site
from server.outbox import publish
from server.services import boosts, forum, permissions, proofs, reading, relay
from server.services.follows import activity_uri
from server.services.notifications import notify
from server.services.telling import in_which
from server.store import accounts, communities, follows, notifications, reactions
from server.store import forum as forum_store
from server.store.db import Read, Write


def like(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Like a post, once."""
    post, author = _target(tx, viewer, post_id)
    permissions.check_like(tx, viewer, post)
    id = new_id(now_ms)
    uri = activity_uri(site, id)
    if not reactions.like(tx, post_id=post.id, account_id=viewer.id, id=id, uri=uri, now_ms=now_ms):
        return
    notify(tx, author, "favourite", viewer, post.id, now_ms)
    if post.community_id is not None:
        undislike(tx, site, viewer, post_id, now_ms)
    _tell_vote(tx, site, viewer, (post, author), _like(tx, uri, viewer, post, author), now_ms)


def _like(db: Read, uri: str, viewer: Account, post: Post, author: Account) -> dict[str, Any]:
    """A like, as the author's server or the community in which the post stands reads it."""
    group = in_which(db, post)
    if group is None:
        return build.like(uri, viewer.uri, post.uri, author=author.uri)
    return build_group.like(uri, viewer.uri, post.uri, group=group.uri)


def _tell_vote(
    tx: Write,
    site: Site,
    viewer: Account,
    of: tuple[Post, Account],
    activity: dict[str, Any],
    now_ms: int,
) -> None:
    """The author's server hears of a vote, and the community in which the post stands."""
    post, author = of
    if post.community_id is not None:
        forum.voted(tx, post.id)
    group = in_which(tx, post)
    told = [one for one in (author, group) if one is not None and not one.local]
    if group is not None and not group.local:
        activity = proofs.proven(tx, site, viewer, activity, now_ms)
    if told:
        publish(tx, viewer, activity, now_ms, to=told)
    if group is not None and group.local:
        relay.tell(tx, site, group, activity, now_ms)


def dislike(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Vote against a post of a community, once. Raises `Forbidden` where that is not wanted."""
    post, author = _target(tx, viewer, post_id)
    group = in_which(tx, post)
    if group is None or not takes_dislikes(tx, group):
        raise Forbidden("Nobody votes against posts here.")
    unlike(tx, site, viewer, post_id, now_ms)
    id = new_id(now_ms)
    uri = activity_uri(site, id)
    if forum_store.dislike(
        tx, post_id=post.id, account_id=viewer.id, id=id, uri=uri, now_ms=now_ms
    ):
        activity = build_group.dislike(uri, viewer.uri, post.uri, group=group.uri)
        _tell_vote(tx, site, viewer, (post, author), activity, now_ms)


def takes_dislikes(db: Read, group: Account) -> bool:
    """Whether a community counts votes against something; strangers' communities do."""
    ours = communities.by_id(db, group.id)
    return ours is None or ours.votes == "both"


def undislike(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Take a vote against a post back."""
    post, author = _target(tx, viewer, post_id)
    group = in_which(tx, post)
    known = forum_store.undislike(tx, post.id, viewer.id) if group else None
    if known is None or group is None:
        return
    undone = build_group.dislike(known["uri"], viewer.uri, post.uri, group=group.uri)
    activity = build_group.undo(activity_uri(site, new_id(now_ms)), undone)
    _tell_vote(tx, site, viewer, (post, author), activity, now_ms)


def unlike(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Take a like back."""
    post, author = _target(tx, viewer, post_id)
    uri = reactions.unlike(tx, post.id, viewer.id)
    if uri is None:
        return
    notifications.take_back(
        tx, account_id=author.id, kind="favourite", from_id=viewer.id, post_id=post.id
    )
    undone = _like(tx, uri, viewer, post, author)
    activity = build.undo(activity_uri(site, new_id(now_ms)), undone)
    if "audience" in undone:
        activity["audience"] = undone["audience"]
    _tell_vote(tx, site, viewer, (post, author), activity, now_ms)


def boost(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> int:
    """Pass a post on to one's followers, once; the boost's id. Raises `Forbidden`."""
    post, author = _target(tx, viewer, post_id)
    if not post.open:
        raise Forbidden("Only public posts can be boosted.")
    permissions.check_boost(tx, viewer, post)
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
