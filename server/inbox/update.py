"""Update: a new version of something by the actor, or of the actor. AP §7.3."""

from federation import parse
from federation.vocab import Object
from server.inbox.context import Arrival
from server.inbox.create import create, look_up_quote, written
from server.model import Account, Post
from server.policy.authority import may
from server.services import arrivals, deferring, forum, forum_arrivals, strangers
from server.services.deferring import Doing
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
    group = forum.group_of(tx, known.community_id)
    if forum_arrivals.silenced(tx, group, known, arrival.actor, arrival.now_ms):
        _policy(tx, arrival, known)
        return
    found = _said(arrival, known)
    if found is not None and not _narrower(arrival, known, found):
        _change(tx, arrival, known, found)
        if group is not None and known.open and arrival.via is None:
            _pass_on(tx, arrival, group, known.id)


def _narrower(arrival: Arrival, known: Post, found: Object) -> bool:
    """Whether it is for fewer people than it was: what everybody reads here shows nobody words that
    are for some."""
    said = bool(found.to or found.cc)
    return said and known.open and arrivals.hidden(found, arrival.actor)


def _change(tx: Write, arrival: Arrival, known: Post, found: Object) -> None:
    arrivals.change_post(tx, arrival.site, known, found, arrival.now_ms)
    changed = posts.by_uri(tx, found.id)
    said = (known.quote_stamp, known.quote_uri)
    if changed is not None and (changed.quote_stamp, changed.quote_uri) != said:
        look_up_quote(tx, arrival, changed)


def _policy(tx: Write, arrival: Arrival, known: Post) -> None:
    """Who may answer, share and quote it is its author's to say wherever they are silenced.

    Else the policy of a lock would stay when the Undo of that lock came after it.
    """
    found = _said(arrival, known) if arrival.activity.object is not None else None
    if found is not None:
        arrivals.hear_policy(tx, known, found, arrival.actor)


def _said(arrival: Arrival, known: Post) -> Object | None:
    """The new version, where it is of this post, and its actor's. Raises `Need`."""
    found = written(arrival)
    if found is None or found.id != known.uri or found.attributed_to != arrival.actor.uri:
        return None
    return found


def _pass_on(tx: Write, arrival: Arrival, group: Account, id: int) -> None:
    """A community of ours tells of an edit; of somebody who edits without end, of the last."""
    doing = Doing(group=group, by=arrival.actor, kind="edits", about=f"edit {id}", post_id=id)
    deferring.pass_on(tx, arrival.site, doing, arrival.activity.raw, arrival.now_ms)


def actor(tx: Write, arrival: Arrival) -> None:
    """Take an actor's new description of itself; its keys count only from its own address.

    What moderators changed in a stranger's group its group announces: it is read there.
    """
    if arrival.via is not None:
        _group(tx, arrival, arrival.via)
        return
    raw = arrival.activity.object
    if arrival.activity.object_id != arrival.activity.actor:
        return
    if raw is None or "publicKey" in raw or "assertionMethod" in raw:
        raw = arrival.documents.get(arrival.activity.actor)
    if raw is not None:
        described = parse.actor(raw)
        if described.id == arrival.actor.uri:
            strangers.keep_actor(tx, described, arrival.now_ms)


def _group(tx: Write, arrival: Arrival, group: Account) -> None:
    raw = arrival.documents.get(group.uri) if arrival.activity.object_id == group.uri else None
    if raw is not None and raw.get("id") == group.uri:
        strangers.keep_actor(tx, parse.actor(raw), arrival.now_ms)
