"""Add and Remove (featured), Flag, Move."""

import msgspec

from federation import parse
from federation.errors import FederationError
from server.ids import new_id
from server.inbox.context import Arrival, thing
from server.model import Account, Post
from server.policy.authority import may
from server.services import follows as service
from server.services import strangers
from server.store import accounts, follows, posts, reports
from server.store.db import Write

MAX_FEATURED = 20  # pinned posts of one stranger


def add(tx: Write, arrival: Arrival) -> None:
    """A stranger pins one of their own posts. AP §7.8."""
    if not _featured(arrival):
        return
    post = _own_post(tx, arrival)
    if post is None or post.pinned_ms is not None or not may(arrival.actor, "pin", post):
        return
    if len(posts.pinned(tx, arrival.actor.id)) < MAX_FEATURED:
        posts.set_columns(tx, post.id, pinned_ms=arrival.now_ms)


def remove(tx: Write, arrival: Arrival) -> None:
    """A stranger lets a pinned post go. AP §7.9."""
    post = posts.by_uri(tx, arrival.activity.object_id or "")
    if not _featured(arrival) or post is None or post.pinned_ms is None:
        return
    if may(arrival.actor, "unpin", post):
        posts.set_columns(tx, post.id, pinned_ms=None)


def _featured(arrival: Arrival) -> bool:
    target = arrival.activity.target_id
    return target is not None and target == arrival.actor.featured_uri


def _own_post(tx: Write, arrival: Arrival) -> Post | None:
    uri = arrival.activity.object_id or ""
    known = posts.by_uri(tx, uri)
    if known is not None or not follows.has_local_follower(tx, arrival.actor.id):
        return known
    found = thing(arrival, uri)
    if found is None or found.attributed_to != arrival.actor.uri:
        return None
    if not strangers.may_keep(tx, arrival.site, found) or strangers.hidden(found, arrival.actor):
        return None
    return strangers.keep_post(tx, arrival.site, found, arrival.actor, arrival.now_ms, spread=False)


def flag(tx: Write, arrival: Arrival) -> None:
    """Keep a report about ours for the moderators. AP has none; Mastodon's shape."""
    uris = [uri for uri in arrival.activity.objects if arrival.site.ours(uri)]
    if not uris:
        return
    people = accounts.by_uris(tx, uris)
    about = [post for uri in uris if (post := posts.by_uri(tx, uri))]
    target = people[0].id if people else about[0].author_id if about else None
    if target is None:
        return
    reports.insert(
        tx,
        id=new_id(arrival.now_ms),
        uri=arrival.activity.id,
        reporter_id=arrival.actor.id,
        target_id=target,
        objects=msgspec.json.encode(uris).decode(),
        comment=(arrival.activity.content or "")[:5000],
        now_ms=arrival.now_ms,
    )


def move(tx: Write, arrival: Arrival) -> None:
    """A stranger lives elsewhere now: those of ours who follow them follow them there. FEP-7628.

    The new actor must name the old one in `alsoKnownAs`, as its own server serves it.
    """
    activity, old = arrival.activity, arrival.actor
    uri = activity.target_id or ""
    if activity.object_id != old.uri or uri in ("", old.uri):
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
