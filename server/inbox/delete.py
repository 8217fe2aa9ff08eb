"""Delete: of something by the actor, or of the actor. AP §7.4.

Of somebody else's it is what moderators take away, who give a `summary` of why. Lemmy
"""

import msgspec

from federation.errors import FederationError, Gone
from federation.origin import same_origin
from federation.parse import object_
from server.inbox import quoting, steward
from server.inbox.context import Arrival
from server.model import REMOVED, Post
from server.policy.authority import may
from server.services import answer_asking, forum, relay, strangers
from server.services.burials import bury
from server.store import activities, jobs, posts
from server.store.db import Write


def delete(tx: Write, arrival: Arrival) -> None:
    """Leave a tombstone. What arrives later under this id changes nothing, whatever its order."""
    uri = arrival.activity.object_id
    if uri is None:
        return
    if uri == arrival.actor.uri:
        _end(tx, arrival)
        return
    known = posts.by_uri(tx, uri)
    if known is None:
        if same_origin(uri, arrival.actor.uri) and arrival.authentic:
            quoting.revoke(tx, arrival, uri)
            answer_asking.revoked(tx, arrival.site, arrival.actor, uri, arrival.now_ms)
            activities.bury(tx, uri, arrival.now_ms, by=arrival.actor.uri)
            steward.end(tx, arrival)
        return
    if known.deleted_ms is not None or steward.remove(tx, arrival, known):
        return
    if may(arrival.actor, "delete", known) and (arrival.authentic or _ended(arrival, uri)):
        _bury(tx, arrival, known)


def _end(tx: Write, arrival: Arrival) -> None:
    """The actor is gone. A group does not tell of that: their own server does."""
    if arrival.via is not None:
        return
    strangers.end_actor(tx, arrival.actor, arrival.now_ms)
    payload = msgspec.json.encode({"account": arrival.actor.id})
    jobs.enqueue(tx, "bury", f"bury:{arrival.actor.id}", payload, arrival.now_ms)


def _bury(tx: Write, arrival: Arrival, post: Post) -> None:
    """Those to whom a community of ours boosted it hear that the boost is over: the Delete went to
    the author's followers alone."""
    group = forum.group_of(tx, post.community_id)
    if group is not None:
        relay.taken_away(tx, arrival.site, group, post, arrival.now_ms)
    bury(tx, post, arrival.now_ms)
    heard = post.open or post.visibility == REMOVED
    if group is not None and heard and arrival.via is None:
        relay.pass_on(tx, arrival.site, group, arrival.activity.raw, arrival.now_ms)


def _ended(arrival: Arrival, uri: str) -> bool:
    """Whether its own server says that it is gone; one that cannot be reached says nothing."""
    raw = arrival.documents.get(uri)
    if raw is None:
        return False
    try:
        object_(raw)
    except Gone:
        return True
    except FederationError:
        pass
    return False
