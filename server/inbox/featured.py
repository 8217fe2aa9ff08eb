"""Add and Remove: what a stranger pins to their profile, or moderators to a community."""

from server.inbox import steward
from server.inbox.context import Arrival, thing
from server.model import Post
from server.policy.authority import may
from server.services import arrivals
from server.store import follows, posts
from server.store.db import Write

MAX_FEATURED = 20  # pinned posts of one stranger


def add(tx: Write, arrival: Arrival) -> None:
    """A stranger pins one of their own posts, or a moderator a thread. AP §7.8."""
    if not _featured(arrival):
        steward.listed(tx, arrival, there=True)
        return
    post = _own_post(tx, arrival)
    if post is None or post.pinned_ms is not None or not may(arrival.actor, "pin", post):
        return
    if len(posts.pinned(tx, arrival.actor.id)) < MAX_FEATURED:
        posts.set_columns(tx, post.id, pinned_ms=arrival.now_ms)


def remove(tx: Write, arrival: Arrival) -> None:
    """A stranger lets a pinned post go, or a moderator a thread. AP §7.9."""
    if not _featured(arrival):
        steward.listed(tx, arrival, there=False)
        return
    post = posts.by_uri(tx, arrival.activity.object_id or "")
    if post is None or post.pinned_ms is None:
        return
    if may(arrival.actor, "unpin", post):
        posts.set_columns(tx, post.id, pinned_ms=None)


def _featured(arrival: Arrival) -> bool:
    """Whether it is about the actor's own pins; what a group pins are threads."""
    target = arrival.activity.target_id
    if arrival.actor.kind == "Group" or arrival.via is not None:
        return False
    return target is not None and target == arrival.actor.featured_uri


def _own_post(tx: Write, arrival: Arrival) -> Post | None:
    uri = arrival.activity.object_id or ""
    known = posts.by_uri(tx, uri)
    if known is not None or not follows.has_local_follower(tx, arrival.actor.id):
        return known
    found = thing(arrival, uri)
    if found is None or found.attributed_to != arrival.actor.uri:
        return None
    if not arrivals.may_keep(tx, arrival.site, found) or arrivals.hidden(found, arrival.actor):
        return None
    return arrivals.keep_post(tx, arrival.site, found, arrival.actor, arrival.now_ms, spread=False)
