"""Follow, and the answers to ours. AP §7.5 to §7.7."""

from server.ids import new_id
from server.inbox import steward
from server.inbox.context import Arrival, undone
from server.model import Account
from server.policy.authority import Done, may
from server.services import follows as service
from server.services.notifications import notify
from server.store import accounts, follows
from server.store.db import Write


def follow(tx: Write, arrival: Arrival) -> None:
    """Accept at once, or ask a person who wants to be asked; refuse the blocked."""
    activity, actor = arrival.activity, arrival.actor
    target = accounts.by_uri(tx, activity.object_id or "")
    if target is None or not target.local or target.state != "active":
        return
    if undone(tx, arrival):
        return
    if target.kind == "Application" or follows.blocks(tx, target.id, actor.id):
        _answer(tx, arrival, target, yes=False)
        return
    known = follows.one(tx, actor.id, target.id)
    if known is None:
        follows.insert(
            tx,
            id=new_id(arrival.now_ms),
            uri=activity.id,
            follower=actor,
            target=target,
            now_ms=arrival.now_ms,
        )
    elif known["uri"] != activity.id:
        follows.set_uri(tx, actor.id, target.id, activity.id)
    if known is not None and known["state"] == "accepted":
        _answer(tx, arrival, target, yes=True)
    elif target.locked:
        notify(tx, target, "follow_request", actor, None, arrival.now_ms)
    else:
        service.begin(tx, actor, target, arrival.now_ms)
        _answer(tx, arrival, target, yes=True)


def _answer(tx: Write, arrival: Arrival, target: Account, *, yes: bool) -> None:
    uri, now_ms = arrival.activity.id, arrival.now_ms
    service.answer(tx, arrival.site, target, arrival.actor, uri, now_ms, yes=yes)


def accept(tx: Write, arrival: Arrival) -> None:
    """One of ours may follow the actor now. Only the followed actor can say so."""
    follower = _asker(tx, arrival, "accept")
    if follower is None:
        return
    first = not follows.has_local_follower(tx, arrival.actor.id)
    if service.begin(tx, follower, arrival.actor, arrival.now_ms) and first:
        service.backfill_later(tx, arrival.actor, arrival.now_ms)


def reject(tx: Write, arrival: Arrival) -> None:
    """One of ours may not, or may no longer, follow the actor."""
    follower = _asker(tx, arrival, "reject")
    if follower is not None:
        service.drop(tx, follower, arrival.actor)


def _asker(tx: Write, arrival: Arrival, verb: str) -> Account | None:
    """Who of ours asked to follow the actor, who alone may answer.

    From the Follow's id, or from the embedded Follow.
    """
    activity = arrival.activity
    known = follows.by_uri(tx, activity.object_id or "")
    if known is None and activity.object is not None:
        asker = accounts.by_uri(tx, _text(activity.object.get("actor")))
        known = follows.one(tx, asker.id, arrival.actor.id) if asker else None
    if known is None or not known["local"]:
        return None
    if not may(arrival.actor, verb, Done(known["follower_id"], asked=known["target_id"])):
        return None
    return accounts.by_id(tx, known["follower_id"])


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def block(tx: Write, arrival: Arrival) -> None:
    """The actor wants nothing to do with one of ours. AP §7.9.

    With a `target` it is a ban from a community, or from a server that is not ours.
    """
    if arrival.activity.target_id is not None:
        steward.block(tx, arrival)
        return
    target = accounts.by_uri(tx, arrival.activity.object_id or "")
    if target is None or not target.local or undone(tx, arrival):
        return
    follows.block(
        tx,
        id=new_id(arrival.now_ms),
        uri=arrival.activity.id,
        account_id=arrival.actor.id,
        target_id=target.id,
        now_ms=arrival.now_ms,
    )
    service.drop(tx, target, arrival.actor)
    service.drop(tx, arrival.actor, target)
    service.part(tx, target, arrival.actor)
