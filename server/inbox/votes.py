"""Like and Dislike, and taking them back. AP §7.10.

A Dislike counts in communities alone, where they want it. Nobody has both: the later one counts.
"""

from server.errors import Forbidden
from server.ids import new_id
from server.inbox import emoji
from server.inbox.context import Arrival, undone
from server.model import Account, Post
from server.policy.authority import Done, may
from server.services import communities, deferring, forum, reading
from server.services.deferring import Doing
from server.services.notifications import notify
from server.store import accounts, notifications, posts, reactions
from server.store import communities as community_store
from server.store import forum as store
from server.store.db import Row, Write


def like(tx: Write, arrival: Arrival) -> None:
    """Count the actor's like once; a post that we do not have is not our business.

    Nor is one that the actor cannot have read: its author would hear of a stranger's guess.
    """
    post = _voted(tx, arrival, up=True)
    author = accounts.by_id(tx, post.author_id) if post else None
    if post is None or author is None:
        return
    if post.community_id is not None:
        store.undislike(tx, post.id, arrival.actor.id)
    emoji.with_like(tx, arrival, post)
    if reactions.like(
        tx,
        post_id=post.id,
        account_id=arrival.actor.id,
        id=new_id(arrival.now_ms),
        uri=_uri(arrival, post),
        now_ms=arrival.now_ms,
    ):
        notify(tx, author, "favourite", arrival.actor, post.id, arrival.now_ms)
        _count(tx, arrival, post)


def dislike(tx: Write, arrival: Arrival) -> None:
    """Count the actor's vote against something in a community once."""
    post = _voted(tx, arrival, up=False)
    if post is None:
        return
    if reactions.unlike(tx, post.id, arrival.actor.id):
        _forget_notice(tx, arrival.actor, post)
    if store.dislike(
        tx,
        post_id=post.id,
        account_id=arrival.actor.id,
        id=new_id(arrival.now_ms),
        uri=_uri(arrival, post),
        now_ms=arrival.now_ms,
    ):
        _count(tx, arrival, post)


def wanted(tx: Write, arrival: Arrival, post: Post, *, up: bool) -> bool:
    """Whether a vote can count: votes against in communities alone, in ours as they want it.

    A group tells of votes in its own community alone.
    """
    if not arrival.speaks_for(post.community_id):
        return False
    group = forum.group_of(tx, post.community_id)
    if group is None or not group.local:
        return up or group is not None
    ours = community_store.by_id(tx, group.id)
    if ours is None or ours.votes == "none" or (ours.votes == "up" and not up):
        return False
    try:
        communities.check_welcome(tx, group, arrival.actor, arrival.now_ms)
    except Forbidden:
        return False
    return True


def _voted(tx: Write, arrival: Arrival, *, up: bool) -> Post | None:
    """The post that is voted on, if this vote counts."""
    post = posts.by_uri(tx, arrival.activity.object_id or "")
    if post is None or undone(tx, arrival):
        return None
    if not reading.may_read(tx, arrival.actor.id, post):
        return None
    return post if wanted(tx, arrival, post, up=up) else None


def _uri(arrival: Arrival, post: Post) -> str:
    """The id of the vote. One that a group alone tells of might be the id of another vote."""
    if arrival.authentic or arrival.via is None:
        return arrival.activity.id
    return f"{arrival.via.uri}#votes/{arrival.actor.id}/{post.id}/{arrival.now_ms}"


def _count(tx: Write, arrival: Arrival, post: Post) -> None:
    """The thread is sorted anew, and a community of ours tells its followers.

    Of those of somebody who votes and takes it back without end, of the last.
    """
    forum.voted(tx, post.id)
    group = forum.group_of(tx, post.community_id)
    if group is None or not group.local or not post.open or arrival.via is not None:
        return
    about = f"vote {arrival.actor.id} {post.id}"
    doing = Doing(group=group, by=arrival.actor, kind="votes", about=about, post_id=post.id)
    deferring.pass_on(tx, arrival.site, doing, arrival.activity.raw, arrival.now_ms)


def take_back(tx: Write, arrival: Arrival, row: Row | dict[str, int]) -> bool:
    """The actor's vote, for or against, counts no more. False where there was none of theirs.

    Lemmy takes a Dislike back with the Undo of a Like.
    """
    post, actor = posts.by_id(tx, row["post_id"]), arrival.actor
    if post is None or not may(actor, "undo", Done(row["account_id"])):
        return False
    if reactions.unlike(tx, post.id, actor.id):
        _forget_notice(tx, actor, post)
    elif store.undislike(tx, post.id, actor.id) is None:
        return False
    _count(tx, arrival, post)
    return True


def take_back_announced(tx: Write, arrival: Arrival, about: str) -> None:
    """A group tells that somebody took back their vote on what stands in its community."""
    post = posts.by_uri(tx, about)
    if post is not None and arrival.speaks_for(post.community_id):
        take_back(tx, arrival, {"post_id": post.id, "account_id": arrival.actor.id})


def _forget_notice(tx: Write, actor: Account, post: Post) -> None:
    notifications.take_back(
        tx, account_id=post.author_id, kind="favourite", from_id=actor.id, post_id=post.id
    )
