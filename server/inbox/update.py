"""Update: a new version of something by the actor, or of the actor. AP §7.3."""

from federation import parse
from server.inbox.context import Arrival
from server.inbox.create import create, look_up_quote, written
from server.policy.authority import may
from server.services import strangers
from server.store import posts
from server.store.db import Write


def post(tx: Write, arrival: Arrival) -> None:
    """Change a post; one that we do not have comes in as if it were created now."""
    id = arrival.activity.object_id
    known = posts.by_uri(tx, id) if id else None
    if known is None:
        create(tx, arrival)
        return
    if known.deleted_ms is not None:
        return
    if not may(arrival.actor, "update", known):
        return
    found = written(arrival)
    if found is not None and found.id == known.uri and found.attributed_to == arrival.actor.uri:
        strangers.change_post(tx, arrival.site, known, found, arrival.now_ms)
        changed = posts.by_uri(tx, found.id)
        said = (known.quote_stamp, known.quote_uri)
        if changed is not None and (changed.quote_stamp, changed.quote_uri) != said:
            look_up_quote(tx, arrival, changed)


def actor(tx: Write, arrival: Arrival) -> None:
    """Take an actor's new description of itself; its keys count only from its own address."""
    raw = arrival.activity.object
    if arrival.activity.object_id != arrival.activity.actor:
        return
    if raw is None or "publicKey" in raw or "assertionMethod" in raw:
        raw = arrival.documents.get(arrival.activity.actor)
    if raw is not None:
        described = parse.actor(raw)
        if described.id == arrival.actor.uri:
            strangers.keep_actor(tx, described, arrival.now_ms)
