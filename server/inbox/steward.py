"""Order in communities: locks, pins, moderators, removals, bans and moves. FEP-1b12, Lemmy.

In one of ours those do it whom it made moderators, wherever they live. Of a stranger's community
its group announces it, and what it announces counts in that community alone.
"""

from typing import Final

from federation import parse
from federation.errors import FederationError
from federation.origin import same_origin
from federation.readers import id_or_none, time_ms
from server.errors import AppError
from server.inbox import topics
from server.inbox.context import Arrival, person
from server.model import Account, ForumThread, Post
from server.policy.authority import may
from server.services import communities, forum, relay
from server.store import accounts, posts
from server.store import communities as store
from server.store import forum as forum_store
from server.store.db import Read, Write

_LISTED: Final = {
    (True, True): "appoint",
    (True, False): "dismiss",
    (False, True): "feature",
    (False, False): "unfeature",
}


def lock(tx: Write, arrival: Arrival) -> None:
    """Nobody can answer in a thread any more, or below a comment."""
    _lock(tx, arrival, arrival.activity.object_id, locked=True)


def _lock(tx: Write, arrival: Arrival, uri: str | None, *, locked: bool) -> None:
    post = posts.by_uri(tx, uri or "")
    group = forum.group_of(tx, post.community_id) if post else None
    if post is None or post.deleted_ms is not None or group is None:
        return
    if not _may(tx, arrival, "lock" if locked else "unlock", group):
        return
    thread, deed = forum_store.by_id(tx, post.id), _deed(arrival, group)
    if thread is not None:
        done = forum.lock(tx, deed, thread, locked=locked)
    else:
        done = forum.lock_comment(tx, deed, post, locked=locked)
    if done:
        _tell(tx, arrival, group)


def listed(tx: Write, arrival: Arrival, *, there: bool) -> None:
    """Add to or Remove from a group's collections: what is pinned, and who keeps it.

    NodeBB removes a topic from the category itself.
    """
    target, group = arrival.activity.target_id or "", _owner(tx, arrival)
    if not there and _left(tx, arrival):
        return
    if group is None or not target:
        return
    people = target == communities.moderators_uri(group)
    if not _may(tx, arrival, _LISTED[people, there], group):
        return
    if people:
        done = _appoint(tx, arrival, group, there=there)
    else:
        done = target == group.featured_uri and _pin(tx, arrival, group, there=there)
    if done:
        _tell(tx, arrival, group)


def end(tx: Write, arrival: Arrival) -> None:
    """A group deletes the context of a thread: it stands there no more."""
    group, uri = arrival.actor, arrival.activity.object_id or ""
    thread = forum_store.by_context(tx, group.id, uri) if group.kind == "Group" else None
    if thread is not None and arrival.via is None and not group.local:
        forum.leave(tx, _deed(arrival, group), thread)


def _left(tx: Write, arrival: Arrival) -> bool:
    """A thread leaves a stranger's community. False where it is about something else."""
    thread = topics.named(tx, arrival, "target")
    group = forum.group_of(tx, thread.community_id) if thread else None
    if thread is None or group is None or group.local:
        return False
    if _may(tx, arrival, "move", group):
        forum.leave(tx, _deed(arrival, group), thread)
    return True


def _owner(tx: Write, arrival: Arrival) -> Account | None:
    """The group whose collection is named."""
    if arrival.via is not None or arrival.actor.kind == "Group":
        return arrival.via or arrival.actor
    uri = (arrival.activity.target_id or "").rpartition("/")[0]
    group = accounts.by_uri(tx, uri) if arrival.site.ours(uri) else None
    return group if group is not None and group.kind == "Group" else None


def _pin(tx: Write, arrival: Arrival, group: Account, *, there: bool) -> bool:
    thread = _thread(tx, arrival.activity.object_id)
    if thread is None or thread.community_id != group.id:
        return False
    try:
        return forum.pin(tx, _deed(arrival, group), thread, pinned=there)
    except AppError:  # so many are pinned already
        return False


def _appoint(tx: Write, arrival: Arrival, group: Account, *, there: bool) -> bool:
    uri, deed = arrival.activity.object_id or "", _deed(arrival, group)
    if not there:
        who = accounts.by_uri(tx, uri)
        return who is not None and forum.dismiss(tx, deed, who)
    if len(store.moderators(tx, group.id)) >= communities.MAX_MODERATORS:
        return False
    who = person(tx, arrival, uri)
    if who is None or who.state != "active" or who.kind in ("Group", "Application"):
        return False
    return forum.appoint(tx, deed, who)


def block(tx: Write, arrival: Arrival) -> None:
    """Somebody may not write in a community any more; with `removeData` what they wrote goes too.

    `target` names the community. A ban from a whole server is that server's own affair.
    """
    group = accounts.by_uri(tx, arrival.activity.target_id or "")
    if group is None or group.kind != "Group" or not _may(tx, arrival, "ban", group):
        return
    uri = arrival.activity.object_id or ""
    who = person(tx, arrival, uri) if group.local else accounts.by_uri(tx, uri)
    if who is None or who.id == group.id:
        return
    raw, deed = arrival.activity.raw, _deed(arrival, group)
    until_ms = time_ms(raw.get("endTime")) or time_ms(raw.get("expires"))
    own = arrival.activity.id
    id = own if arrival.authentic else f"{group.uri}#ban-{who.id}-{arrival.now_ms}"
    try:
        done = forum.ban(tx, deed, who, uri=id, until_ms=until_ms)
    except AppError:  # a moderator: to be dismissed first
        return
    if done and raw.get("removeData") is True:
        forum.sweep(tx, deed, who)
    if done:
        _tell(tx, arrival, group)


def remove(tx: Write, arrival: Arrival, post: Post) -> bool:
    """Take somebody's post away. False where it is the author's own deletion.

    A moderator who takes their own away says so with a `summary`, which may be empty.
    """
    if post.author_id == arrival.actor.id and "summary" not in arrival.activity.raw:
        return False
    group = forum.group_of(tx, post.community_id)
    if group is None or not _may(tx, arrival, "remove", group):
        return post.author_id != arrival.actor.id
    if forum.remove(tx, _deed(arrival, group), post):
        _tell(tx, arrival, group)
    return True


def _restore(tx: Write, arrival: Arrival, uri: str | None) -> None:
    post = posts.by_uri(tx, uri or "")
    group = forum.group_of(tx, post.community_id) if post else None
    if post is None or group is None or not _may(tx, arrival, "restore", group):
        return
    if forum.restore(tx, _deed(arrival, group), post):
        _tell(tx, arrival, group)


def _unban(tx: Write, arrival: Arrival, group: Account | None, who: Account | None) -> None:
    if group is None or who is None or group.kind != "Group":
        return
    if not _may(tx, arrival, "unban", group):
        return
    if forum.unban(tx, _deed(arrival, group), who):
        _tell(tx, arrival, group)


def undo(tx: Write, arrival: Arrival) -> bool:
    """Take a Lock, a removal or a ban back. False where the Undo is of something else."""
    inner = arrival.activity.object
    if inner is None:
        row = store.banned_by_uri(tx, arrival.activity.object_id or "")
        if row is not None:
            group = forum.group_of(tx, row["community_id"])
            _unban(tx, arrival, group, accounts.by_id(tx, row["account_id"]))
        return row is not None
    kind, uri = arrival.activity.object_type, id_or_none(inner.get("object"))
    target = id_or_none(inner.get("target"))
    if id_or_none(inner.get("actor")) not in (None, arrival.actor.uri):
        return kind in ("Lock", "Delete")
    if kind == "Lock":
        _lock(tx, arrival, uri, locked=False)
    elif kind == "Delete":
        _restore(tx, arrival, uri)
    elif kind == "Block" and target is not None:
        group = accounts.by_uri(tx, target)
        _unban(tx, arrival, group, accounts.by_uri(tx, uri or ""))
    else:
        return False
    return True


def move(tx: Write, arrival: Arrival) -> None:
    """A thread goes from one community into another; who moves it keeps both. PieFed, NodeBB."""
    thread = _thread(tx, arrival.activity.object_id) or topics.named(tx, arrival, "origin")
    group = forum.group_of(tx, thread.community_id) if thread else None
    if thread is None or group is None or not _may(tx, arrival, "move", group):
        return
    to = topics.target(tx, arrival, group)
    if to is None or not _takes(tx, arrival, to):
        return
    if forum.move(tx, _deed(arrival, group), thread, to):
        _tell(tx, arrival, group)
        _tell(tx, arrival, to)


def _takes(tx: Write, arrival: Arrival, to: Account) -> bool:
    """Whether a thread may be put into this community by the actor, or by the group that says so,
    which is of the same server then."""
    if arrival.via is None:
        return _may(tx, arrival, "take in", to)
    return not to.local and same_origin(arrival.via.uri, to.uri)


def _thread(tx: Write, uri: str | None) -> ForumThread | None:
    """The thread that begins with this post."""
    post = posts.by_uri(tx, uri or "")
    if post is None or post.deleted_ms is not None:
        return None
    return forum_store.by_id(tx, post.id)


def _deed(arrival: Arrival, group: Account) -> forum.Deed:
    return forum.Deed(
        community_id=group.id,
        by=arrival.actor,
        now_ms=arrival.now_ms,
        reason=arrival.activity.content or "",
    )


def _tell(tx: Write, arrival: Arrival, group: Account) -> None:
    if arrival.via is None:
        relay.pass_on(tx, arrival.site, group, arrival.activity.raw, arrival.now_ms)


def _may(tx: Write, arrival: Arrival, verb: str, group: Account) -> bool:
    """Whether the actor may do this in the community, as far as who says so can know.

    A stranger's group may have made somebody a moderator without our hearing of it: then its own
    list is read. Raises `Need`.
    """
    if not arrival.speaks_for(group.id):
        return False
    if _trusted(tx, verb, group, arrival.actor):
        return True
    if arrival.via is None or group.local or not group.moderators_uri:
        return False
    raw = arrival.documents.get(group.moderators_uri)
    try:
        named = parse.collection(raw).items if raw else ()
    except FederationError:
        return False
    if arrival.actor.uri not in [id_or_none(item) for item in named]:
        return False
    store.appoint(tx, group.id, arrival.actor.id, arrival.now_ms)
    return may(arrival.actor, verb, group, appointed=True)


def _trusted(db: Read, verb: str, group: Account, actor: Account) -> bool:
    keeps = communities.keeps if group.local else _appointed
    return may(actor, verb, group, appointed=keeps(db, group.id, actor))


def _appointed(db: Read, group_id: int, actor: Account) -> bool:
    return store.moderates(db, group_id, actor.id)
