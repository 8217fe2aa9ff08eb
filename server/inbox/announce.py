"""Announce: a boost of what somebody wrote, or a group's word of what somebody did. AP §7.11.

Groups that speak FEP-1b12 announce activities. What they say of others is believed as far as it can
be seen: proven by the actor's key, of the group's own origin, or read where it lives. Order in its
own community, and votes there, are the group's to tell.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from federation import groups, parse, proof
from federation.errors import FederationError, NotAuthentic
from federation.origin import host, normal, same_origin
from federation.readers import id_or_none, text_or_none, type_or_none
from federation.vocab import ACTOR_TYPES, OBJECT_TYPES, Activity, Key
from server.clock import DAY_MS
from server.errors import AppError
from server.ids import new_id
from server.inbox import choosing, create, delete, featured, move, steward, undo, update, votes
from server.inbox.context import Arrival, person, thing, undone
from server.inbox.documents import PART_OF, Need
from server.model import Account, Post, PostView
from server.policy import chain
from server.policy.hosts import registered_domain
from server.services import arrivals, boosts, forum_arrivals, permissions, strangers
from server.services.notifications import notify
from server.services.spreading import spread_boost, spread_found
from server.store import (
    accounts,
    activities,
    follows,
    forum,
    hosts,
    jobs,
    peers,
    posts,
    reactions,
)
from server.store.db import Write

_TOLD: Final[dict[str, Callable[[Write, Arrival], None]]] = {
    "Create": create.create,
    "Update": update.post,
    "Delete": delete.delete,
    "Like": votes.like,
    "Dislike": votes.dislike,
    "Undo": undo.undo,
    "Lock": steward.lock,
    "Add": featured.add,
    "Remove": featured.remove,
    "Block": steward.block,
    "Move": move.move,
    "ChooseAnswer": choosing.choose,
}
"""What a group tells that somebody did, and what then happens: as if they had told us, but for what
`Arrival.via` forbids."""


_ENVELOPE: Final = ("@context", "type", "actor", "to", "cc", "published")
AT_ONCE: Final = 50  # of what a group tells at once

_ORDER: Final = frozenset({"Lock", "Add", "Remove", "Block", "Move", "ChooseAnswer"})
_AGAIN: Final = frozenset({"Create", "Update", "Delete"}) | _ORDER
"""What may have come before, straight from its author, and concerned nobody here: it has its effect
once in any case. Lemmy tells whom it is about of a ban and of a new moderator in both ways, and
what a group says of order in itself counts where its moderator alone would not be believed."""


def announce(tx: Write, arrival: Arrival) -> None:
    """Show a boost to those who follow the booster; or do what a group tells.

    Of a Create that a group announces the created object counts: a thread is shown as a boost, and
    an answer comes into its thread.
    """
    if undone(tx, arrival):
        return
    if groups.several(arrival.activity):
        _told_at_once(tx, arrival)
        return
    if arrival.actor.kind == "Group" and groups.wraps(arrival.activity):
        _told(tx, arrival, arrival.activity.object or {})
        return
    uri = _announced(arrival)
    post = posts.by_uri(tx, uri) if uri else None
    if uri is None or (post is None and not follows.has_local_follower(tx, arrival.actor.id)):
        return
    if post is None and (named := _named(arrival, uri)) is not None:
        _told(tx, arrival, named, read=True)
        return
    post = _fetched(tx, arrival, uri) if post is None else _known(tx, arrival, post)
    if post is not None:
        _boost(tx, arrival, post)


def _named(arrival: Arrival, uri: str) -> dict[str, Any] | None:
    """The activity that a group announces by its id alone, as its own server has it."""
    if arrival.actor.kind != "Group" or arrival.site.ours(uri):
        return None
    raw = arrival.documents.get(uri)
    return raw if raw is not None and type_or_none(raw.get("type")) in groups.WRAPPED else None


def _announced(arrival: Arrival) -> str | None:
    """The id of the object that an Announce is about."""
    inner = arrival.activity.object
    if inner is None or arrival.activity.object_type in OBJECT_TYPES:
        return arrival.activity.object_id
    return id_or_none(inner.get("object")) if arrival.activity.object_type == "Create" else None


def _fetched(tx: Write, arrival: Arrival, uri: str) -> Post | None:
    """A post that we did not have, from its own server, if everybody may read it."""
    if arrival.site.ours(uri):
        return None
    found = thing(arrival, uri)
    if found is None:
        arrival.documents.require(uri)
        return None
    if not arrivals.may_keep(tx, arrival.site, found):
        return None
    author = person(tx, arrival, found.attributed_to)
    if author is None:
        arrival.documents.require(found.attributed_to)
        return None
    if author.local or author.state != "active":
        return None
    if arrivals.hidden(found, author) or forum_arrivals.refuses(tx, found, author, arrival.now_ms):
        return None
    by = arrival.actor if arrival.actor.kind == "Group" else None
    post = arrivals.keep_post(tx, arrival.site, found, author, arrival.now_ms, spread=False, by=by)
    spread_found(tx, post, author, arrival.now_ms)
    return post


def _known(tx: Write, arrival: Arrival, post: Post) -> Post:
    """A post that we have, in its place where it came before we knew the group that tells of it.

    What came later had its place then, if it has one: it is not read again at every boost.
    """
    group = arrival.actor
    early = group.kind == "Group" and post.id < group.id
    return _placed(tx, arrival, post) if early and _heard(tx, group) else post


def _boost(tx: Write, arrival: Arrival, post: Post) -> None:
    """Once for each booster and post, however it was announced. No boost of a group's comments."""
    author = accounts.by_id(tx, post.author_id)
    if author is None or follows.blocks(tx, author.id, arrival.actor.id):
        return
    if post.deleted_ms is not None or not post.open:
        return
    if post.local and permissions.judge(tx, arrival.actor, post, "boost") != "yes":
        return
    if arrival.actor.kind == "Group" and post.reply_to_uri:
        return
    id = new_id(arrival.now_ms)
    if not reactions.boost(
        tx,
        post_id=post.id,
        account_id=arrival.actor.id,
        id=id,
        uri=arrival.activity.id,
        now_ms=arrival.now_ms,
    ):
        return
    if post.community_id != arrival.actor.id:  # that a thread stands in its group is no news
        notify(tx, author, "reblog", arrival.actor, post.id, arrival.now_ms)
    spread_boost(tx, id, post, arrival.actor, arrival.now_ms)
    _share(tx, arrival, post, author)


def _share(tx: Write, arrival: Arrival, post: Post, author: Account) -> None:
    """Boards of ours that follow another board pass its threads on.

    Its own alone, never what it has from a third: so no two boards, and no ring of them, can send
    each other anything twice.
    """
    if arrival.actor.kind != "Group" or post.community_id != arrival.actor.id:
        return
    view = PostView(post=post, author=author)
    for board in follows.local_groups(tx, arrival.actor.id):
        if board.state == "active" and not follows.apart(tx, board.id, author.id):
            boosts.boost(tx, arrival.site, board, view, arrival.now_ms)


# --- what a group tells


def _told_at_once(tx: Write, arrival: Arrival) -> None:
    """Do what a group tells of many at once, mostly votes, in their order. PieFed

    A few have their effect here and now; the rest is left to jobs, one after the other, and so is
    what needs a document, with all that comes behind it.
    """
    if arrival.actor.kind != "Group" or not _heard(tx, arrival.actor):
        return
    parts = groups.batch(arrival.activity)
    for number, part in enumerate(parts[:AT_ONCE]):
        activity = msgspec.structs.replace(arrival.activity, id=f"{arrival.activity.id}#{number}")
        try:
            with tx.savepoint():
                _told(tx, msgspec.structs.replace(arrival, activity=activity), part)
        except Need:
            for nth in range(number, len(parts)):  # each alone: none is written down again
                _later(tx, arrival, nth, parts[nth : nth + 1])
            return
        except FederationError:  # the others are no worse for it
            continue
    _later(tx, arrival, AT_ONCE, parts[AT_ONCE:])


def _later(tx: Write, arrival: Arrival, number: int, parts: tuple[dict[str, Any], ...]) -> None:
    raw = arrival.activity.raw
    if parts:
        id = f"{arrival.activity.id}#{number}"
        said = {name: raw[name] for name in _ENVELOPE if name in raw}
        batch = text_or_none(raw.get(PART_OF)) or arrival.activity.id
        body = msgspec.json.encode({**said, "id": id, "object": parts, PART_OF: batch})
        uri, domain = arrival.actor.uri, registered_domain(host(arrival.actor.uri))
        jobs.enqueue(tx, "receive", uri, body, arrival.now_ms, domain=domain)


def _told(tx: Write, arrival: Arrival, raw: dict[str, Any], *, read: bool = False) -> None:
    """Do what a group tells that somebody did, if it concerns us and can be believed.

    `read`: it was read at its own address.
    """
    group = arrival.actor
    hosts.speaks_groups(tx, host(group.uri), arrival.now_ms)
    inner = _inner(arrival, raw)
    if inner is None or not _heard(tx, group):
        return
    if not arrival.site.ours(inner.actor):  # what ours did has had its effect
        told = _as_told(tx, arrival, inner, read=read)
        if told is not None:
            _do(tx, told)
    post = posts.by_uri(tx, inner.object_id or "") if inner.type == "Create" else None
    if post is not None:
        _boost(tx, arrival, _placed(tx, arrival, post))


def _inner(arrival: Arrival, raw: dict[str, Any]) -> Activity | None:
    """What is announced, as far as anybody could have done it."""
    try:
        inner = parse.activity(raw)
    except FederationError:
        return None
    one_origin = normal(inner.id) and normal(inner.actor) and same_origin(inner.id, inner.actor)
    crowded = chain.judge(inner, chain.Peer(host(arrival.actor.uri), DAY_MS)) is not None
    return inner if one_origin and not crowded else None


def _heard(tx: Write, group: Account) -> bool:
    """Whether anybody here listens to a group, or writes in it."""
    return follows.has_local_follower(tx, group.id) or forum.takes_part(tx, group.id)


def _as_told(tx: Write, arrival: Arrival, inner: Activity, *, read: bool) -> Arrival | None:
    """The activity as its actor's; None where nothing is known of them, or it came before.

    An id that nobody vouches for is not remembered: it might be that of something to come.
    """
    if not _possible(tx, arrival, inner):
        return None
    own = same_origin(inner.actor, arrival.actor.uri)
    authentic = read or own or _proven(tx, arrival, inner)
    actor = person(tx, arrival, inner.actor)
    if actor is None or actor.local or actor.state != "active":
        return None
    new = not authentic or activities.record(tx, inner.id, arrival.now_ms)
    if not new and not _again(inner):
        return None
    return Arrival(
        site=arrival.site,
        activity=inner,
        actor=actor,
        documents=arrival.documents,
        now_ms=arrival.now_ms,
        via=arrival.actor,
        authentic=authentic,
    )


def _again(inner: Activity) -> bool:
    kind = inner.object_type if inner.type == "Undo" else inner.type
    return kind in _AGAIN


def _possible(tx: Write, arrival: Arrival, inner: Activity) -> bool:
    """Whether it can have an effect: nobody is asked about votes on what we do not have.

    Nor is a server that does not answer, about somebody who did no more than vote.
    """
    if inner.type in ("Like", "Dislike"):
        post = posts.by_uri(tx, inner.object_id or "")
        if post is None or post.community_id != arrival.actor.id:
            return False
        known = accounts.by_uri(tx, inner.actor) is not None
        return known or not peers.failing(tx, host(inner.actor))
    if inner.type in ("Undo", "Delete") and accounts.by_uri(tx, inner.actor) is None:
        return inner.type == "Delete" and posts.by_uri(tx, inner.object_id or "") is not None
    return True


def _proven(tx: Write, arrival: Arrival, inner: Activity) -> bool:
    """Whether a key of the actor made a proof of the activity. FEP-8b32. Raises `Need`."""
    try:
        offered = proof.read(inner.raw)
        if offered is None or not same_origin(offered.method, inner.actor):
            return False
        key = _key(tx, offered.method, inner.actor) or _fresh_key(
            tx, arrival, offered.method, inner.actor
        )
        if key is not None:
            proof.verify(inner.raw, key, arrival.now_ms)
    except NotAuthentic:
        return False
    return key is not None


def _key(tx: Write, id: str, owner: str) -> Key | None:
    row = accounts.remote_key(tx, id)
    if row is None or row["state"] != "active" or row["owner"] != owner:
        return None
    return Key(row["uri"], row["owner"], pem=row["pem"], multibase=row["multibase"])


def _fresh_key(tx: Write, arrival: Arrival, id: str, owner: str) -> Key | None:
    """The key as the actor's own document lists it now."""
    raw = arrival.documents.get(owner)
    if raw is None or raw.get("id") != owner:
        return None
    try:
        strangers.keep_actor(tx, parse.actor(raw), arrival.now_ms)
    except FederationError:
        return None
    return _key(tx, id, owner)


def _do(tx: Write, told: Arrival) -> None:
    """The effect; what cannot have one has none, and is no fault of the group that told it."""
    kind = told.activity.type
    described = kind == "Update" and told.activity.object_type in ACTOR_TYPES
    handle = update.actor if described else _TOLD[kind]
    try:
        with tx.savepoint():
            handle(tx, told)
    except (FederationError, AppError):
        return


def _placed(tx: Write, arrival: Arrival, post: Post) -> Post:
    """A thread that we had before its group told of it takes its place there."""
    found = thing(arrival, post.uri) if forum_arrivals.placeless(post) else None
    if found is None:
        return post
    return forum_arrivals.late(tx, post, found, arrival.actor, arrival.now_ms)
