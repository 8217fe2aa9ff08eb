"""Delete: of something by the actor, or of the actor. AP §7.4."""

import msgspec

from federation.origin import same_origin
from server.inbox import quoting
from server.inbox.context import Arrival
from server.policy.authority import may
from server.services import strangers
from server.services.posts import bury
from server.store import activities, jobs, posts
from server.store.db import Write


def delete(tx: Write, arrival: Arrival) -> None:
    """Leave a tombstone. What arrives later under this id changes nothing, whatever its order."""
    uri = arrival.activity.object_id
    if uri is None:
        return
    if uri == arrival.actor.uri:
        strangers.end_actor(tx, arrival.actor, arrival.now_ms)
        payload = msgspec.json.encode({"account": arrival.actor.id})
        jobs.enqueue(tx, "bury", f"bury:{arrival.actor.id}", payload, arrival.now_ms)
        return
    known = posts.by_uri(tx, uri)
    if known is None:
        if same_origin(uri, arrival.actor.uri):
            quoting.revoke(tx, arrival, uri)
            activities.bury(tx, uri, arrival.now_ms, by=arrival.actor.uri)
        return
    if known.deleted_ms is None and may(arrival.actor, "delete", known):
        bury(tx, known, arrival.now_ms)
