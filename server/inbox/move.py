"""Move: a stranger lives elsewhere now, or a thread stands elsewhere."""

import msgspec

from federation import parse
from federation.errors import FederationError
from server.inbox import steward
from server.inbox.context import Arrival
from server.model import Account
from server.services import follows as service
from server.services import strangers
from server.store import accounts, follows
from server.store.db import Write


def move(tx: Write, arrival: Arrival) -> None:
    """Those of ours who follow the stranger follow them at their new place. FEP-7628.

    The new actor must name the old one in `alsoKnownAs`, as its own server serves it. Of anything
    but the actor it is the move of a thread.
    """
    activity, old = arrival.activity, arrival.actor
    uri = activity.target_id or ""
    if activity.object_id != old.uri:
        steward.move(tx, arrival)
        return
    if uri in ("", old.uri) or arrival.via is not None:
        return
    if not follows.has_local_follower(tx, old.id):
        return
    new = _moved_to(tx, arrival, uri)
    if new is None or old.uri not in msgspec.json.decode(new.also_known_as):
        return
    accounts.set_columns(tx, old.id, moved_to=new.uri)
    for follower_id in follows.local_follower_ids(tx, old.id):
        follower = accounts.by_id(tx, follower_id)
        if follower is None or follower.id == new.id:
            continue
        if not follows.apart(tx, follower.id, new.id):
            service.follow(tx, arrival.site, follower, new.id, arrival.now_ms)
        service.end(tx, arrival.site, follower, old, arrival.now_ms)


def _moved_to(tx: Write, arrival: Arrival, uri: str) -> Account | None:
    """The new account: one of ours, or a stranger as their own server describes them now."""
    if arrival.site.ours(uri):
        new = accounts.by_uri(tx, uri)
    else:
        raw = arrival.documents.get(uri)
        try:
            new = strangers.keep_actor(tx, parse.actor(raw), arrival.now_ms) if raw else None
        except FederationError:
            new = None
    return new if new and new.state == "active" else None
