"""Undo: what the actor followed, liked, boosted or blocked. AP §7.12."""

from federation.origin import same_origin
from federation.readers import id_or_none
from server.inbox import emoji, steward, votes
from server.inbox.context import Arrival
from server.policy.authority import Done, may
from server.services import answer_asking, events
from server.services import follows as service
from server.store import accounts, activities, follows, forum, notifications, posts, reactions
from server.store.db import Row, Write


def undo(tx: Write, arrival: Arrival) -> None:
    """Take back what the actor did: by the id of the activity, or by what it was about."""
    uri = arrival.activity.object_id
    if steward.undo(tx, arrival):
        return
    if arrival.via is not None:
        _announced(tx, arrival)
        return
    if uri and emoji.take_back(tx, arrival, uri) and reactions.like_by_uri(tx, uri) is None:
        return
    if uri and (_undo_by_id(tx, arrival, uri) or _unstamped(tx, arrival, uri)):
        return
    if not _undo_by_content(tx, arrival) and uri and uri != arrival.actor.uri:
        _bury(tx, arrival, uri)


def _announced(tx: Write, arrival: Arrival) -> None:
    """A group tells of votes that were taken back, and of nothing else."""
    inner = arrival.activity.object
    votes_alone = arrival.activity.object_type in ("Like", "Dislike")
    if inner is None or not votes_alone or id_or_none(inner.get("actor")) != arrival.actor.uri:
        return
    votes.take_back_announced(tx, arrival, id_or_none(inner.get("object")) or "")


def _undo_by_id(tx: Write, arrival: Arrival, uri: str) -> bool:
    if row := reactions.like_by_uri(tx, uri):
        votes.take_back(tx, arrival, row)
    elif row := reactions.boost_by_uri(tx, uri):
        _unboost(tx, arrival, row)
    elif row := follows.by_uri(tx, uri):
        _unfollow(tx, arrival, row)
    elif row := follows.block_by_uri(tx, uri):
        _unblock(tx, arrival, row)
    elif row := forum.dislike_by_uri(tx, uri):
        votes.take_back(tx, arrival, row)
    else:
        return False
    return True


def _unstamped(tx: Write, arrival: Arrival, uri: str) -> bool:
    """What a stamp of the actor's allowed is over, and the stamp counts no more. GoToSocial"""
    own = same_origin(uri, arrival.actor.uri)
    if not own or not answer_asking.revoked(tx, arrival.site, arrival.actor, uri, arrival.now_ms):
        return False
    activities.bury(tx, uri, arrival.now_ms, by=arrival.actor.uri)
    return True


def _undo_by_content(tx: Write, arrival: Arrival) -> bool:
    """Some forget the ids they gave and repeat the activity; snac2 names just whom it followed.

    False when there was nothing to take back.
    """
    inner = arrival.activity.object
    uri = id_or_none(inner.get("object")) if inner else arrival.activity.object_id
    if inner is not None and id_or_none(inner.get("actor")) not in (None, arrival.actor.uri):
        return True
    post = posts.by_uri(tx, uri or "")
    target = accounts.by_uri(tx, uri or "")
    kind = arrival.activity.object_type
    me = {"account_id": arrival.actor.id}
    if kind in ("Like", "Dislike") and post:
        return votes.take_back(tx, arrival, {"post_id": post.id, **me})
    if kind == "Announce" and post:
        return _unboost(tx, arrival, {"post_id": post.id, **me})
    if kind == "Block" and target:
        return follows.unblock(tx, arrival.actor.id, target.id) is not None
    if (
        kind in ("Follow", None)
        and target
        and (row := follows.one(tx, arrival.actor.id, target.id))
    ):
        _unfollow(tx, arrival, row)
        return True
    return False


def _unfollow(tx: Write, arrival: Arrival, known: Row) -> None:
    """The actor does not follow one of ours any more."""
    target = accounts.by_id(tx, known["target_id"])
    mine = may(arrival.actor, "undo", Done(known["follower_id"]))
    if target is not None and mine:
        service.forget(tx, arrival.actor, target)


def _unblock(tx: Write, arrival: Arrival, known: Row) -> None:
    """The actor blocks one of ours no longer."""
    if may(arrival.actor, "undo", Done(known["account_id"])):
        follows.unblock(tx, arrival.actor.id, known["target_id"])


def _unboost(tx: Write, arrival: Arrival, row: Row | dict[str, int]) -> bool:
    actor = arrival.actor
    own = may(actor, "undo", Done(row["account_id"]))
    known = reactions.unboost(tx, row["post_id"], actor.id) if own else None
    if known is None:
        return False
    events.unboosted(tx, known["id"], actor.id, arrival.now_ms)
    if post := posts.by_id(tx, row["post_id"]):
        notifications.take_back(
            tx, account_id=post.author_id, kind="reblog", from_id=actor.id, post_id=post.id
        )
    return True


def _bury(tx: Write, arrival: Arrival, uri: str) -> None:
    """An Undo that came before what it undoes: that may come, but must have no effect."""
    if same_origin(uri, arrival.actor.uri):
        activities.bury(tx, uri, arrival.now_ms, by=arrival.actor.uri)
