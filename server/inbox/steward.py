"""Order in communities: locks, pins, moderators, removals, bans and moves. FEP-1b12, Lemmy.

In one of ours those do it whom it made moderators, wherever they live. Of a stranger's community
its group announces it, and what it announces counts in that community alone.
"""

from typing import Final

from federation.origin import same_origin
from federation.readers import id_or_none, time_ms
from server.errors import AppError
from server.inbox import choosing, topics
from server.inbox.context import Arrival, person
from server.inbox.order import deed_of, may, tell
from server.model import Account, ForumThread, Post, PostView
from server.services import (
    boosts,
    communities,
    deferring,
    forum,
    linking,
    moving,
    permitting,
    relay,
)
from server.store import accounts, posts, tallies
from server.store import communities as store
from server.store import forum as forum_store
from server.store.db import Write

_LISTED: Final = {
    (True, True): "appoint",
    (True, False): "dismiss",
    (False, True): "feature",
    (False, False): "unfeature",
}
MOST_MOVES_AN_HOUR: Final = 30  # of one person elsewhere out of one board of ours


def lock(tx: Write, arrival: Arrival) -> None:
    """Nobody can answer in a thread any more, or below a comment."""
    _lock(tx, arrival, arrival.activity.object_id, locked=True)


def _lock(tx: Write, arrival: Arrival, uri: str | None, *, locked: bool) -> None:
    post = posts.by_uri(tx, uri or "")
    group = forum.group_of(tx, post.community_id) if post else None
    if post is None or post.deleted_ms is not None or group is None:
        return
    if not may(tx, arrival, "lock" if locked else "unlock", group):
        return
    thread, deed = forum_store.by_id(tx, post.id), deed_of(arrival, group)
    if thread is not None:
        done = forum.lock(tx, deed, thread, locked=locked)
        if done:
            permitting.locked(tx, arrival.site, post, arrival.now_ms)
    else:
        done = forum.lock_comment(tx, deed, post, locked=locked)
    if done:
        tell(tx, arrival, group, f"lock {post.id}", post.id)


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
    if not may(tx, arrival, _LISTED[people, there], group):
        return
    if people:
        _appoint(tx, arrival, group, there=there)
    elif target == group.featured_uri:
        _pin(tx, arrival, group, there=there)


def end(tx: Write, arrival: Arrival) -> None:
    """A group deletes the context of a thread: it stands there no more."""
    group, uri = arrival.actor, arrival.activity.object_id or ""
    thread = forum_store.by_context(tx, group.id, uri) if group.kind == "Group" else None
    if thread is not None and arrival.via is None and not group.local:
        forum.leave(tx, deed_of(arrival, group), thread)


def _left(tx: Write, arrival: Arrival) -> bool:
    """A thread leaves a stranger's community. False where it is about something else."""
    thread = topics.named(tx, arrival, "target")
    group = forum.group_of(tx, thread.community_id) if thread else None
    if thread is None or group is None or group.local:
        return False
    if may(tx, arrival, "move", group):
        forum.leave(tx, deed_of(arrival, group), thread)
    return True


def _owner(tx: Write, arrival: Arrival) -> Account | None:
    """The group whose collection is named."""
    if arrival.via is not None or arrival.actor.kind == "Group":
        return arrival.via or arrival.actor
    uri = (arrival.activity.target_id or "").rpartition("/")[0]
    group = accounts.by_uri(tx, uri) if arrival.site.ours(uri) else None
    return group if group is not None and group.kind == "Group" else None


def _pin(tx: Write, arrival: Arrival, group: Account, *, there: bool) -> None:
    thread = _thread(tx, arrival.activity.object_id)
    if thread is None or thread.community_id != group.id:
        return
    try:
        done = forum.pin(tx, deed_of(arrival, group), thread, pinned=there)
    except AppError:  # so many are pinned already
        return
    if done:
        tell(tx, arrival, group, f"pin {thread.post_id}", thread.post_id)


def _appoint(tx: Write, arrival: Arrival, group: Account, *, there: bool) -> None:
    uri, deed = arrival.activity.object_id or "", deed_of(arrival, group)
    if not there:
        who = accounts.by_uri(tx, uri)
        done = who is not None and forum.dismiss(tx, deed, who)
    else:
        who = _to_appoint(tx, arrival, group, uri)
        done = who is not None and forum.appoint(tx, deed, who)
    if done and who is not None:
        tell(tx, arrival, group, f"moderator {who.id} {group.id}")


def _to_appoint(tx: Write, arrival: Arrival, group: Account, uri: str) -> Account | None:
    if len(store.moderators(tx, group.id)) >= communities.MAX_MODERATORS:
        return None
    who = person(tx, arrival, uri)
    if who is None or who.state != "active" or who.kind in ("Group", "Application"):
        return None
    return who


def block(tx: Write, arrival: Arrival) -> None:
    """Somebody may not write in a community any more; with `removeData` what they wrote goes too.

    `target` names the community. A ban from a whole server is that server's own affair.
    """
    group = accounts.by_uri(tx, arrival.activity.target_id or "")
    if group is None or group.kind != "Group":
        return
    uri = arrival.activity.object_id or ""
    known = accounts.by_uri(tx, uri)
    if not may(tx, arrival, "ban", group, about=known):
        return
    who = person(tx, arrival, uri) if group.local else known
    if who is None or who.id == group.id:
        return
    raw, deed = arrival.activity.raw, deed_of(arrival, group)
    until_ms = time_ms(raw.get("endTime")) or time_ms(raw.get("expires"))
    own = arrival.activity.id
    id = own if arrival.authentic else f"{group.uri}#ban-{who.id}-{arrival.now_ms}"
    try:
        done = forum.ban(tx, deed, who, uri=id, until_ms=until_ms)
    except AppError:  # a moderator: to be dismissed first
        return
    if done and raw.get("removeData") is True:
        for post in forum.sweep(tx, deed, who):
            relay.taken_away(tx, arrival.site, group, post, arrival.now_ms)
    if done:
        tell(tx, arrival, group, f"ban {who.id} {group.id}")


def remove(tx: Write, arrival: Arrival, post: Post) -> bool:
    """Take somebody's post away. False where it is the author's own deletion.

    A moderator who takes their own away says so with a `summary`, which may be empty.
    """
    if post.author_id == arrival.actor.id and "summary" not in arrival.activity.raw:
        return False
    group = forum.group_of(tx, post.community_id)
    if group is None or not may(tx, arrival, "remove", group):
        return post.author_id != arrival.actor.id
    if forum.remove(tx, deed_of(arrival, group), post):
        relay.taken_away(tx, arrival.site, group, post, arrival.now_ms)
        tell(tx, arrival, group, f"removal {post.id}", post.id)
    return True


def _restore(tx: Write, arrival: Arrival, uri: str | None) -> None:
    post = posts.by_uri(tx, uri or "")
    group = forum.group_of(tx, post.community_id) if post else None
    if post is None or group is None or not may(tx, arrival, "restore", group):
        return
    if forum.restore(tx, deed_of(arrival, group), post):
        _give_back(tx, arrival, group, post.id)
        tell(tx, arrival, group, f"removal {post.id}", post.id)


def _give_back(tx: Write, arrival: Arrival, group: Account, id: int) -> None:
    back = posts.by_id(tx, id)
    author = accounts.by_id(tx, back.author_id) if back else None
    if back is not None and author is not None:
        view = PostView(post=back, author=author)
        deferring.give_back(tx, arrival.site, group, view, arrival.now_ms)
        if back.local:
            linking.note(tx, arrival.site, back, arrival.now_ms)


def _unban(tx: Write, arrival: Arrival, group: Account | None, who: Account | None) -> None:
    if group is None or who is None or group.kind != "Group":
        return
    if not may(tx, arrival, "unban", group, about=who):
        return
    if forum.unban(tx, deed_of(arrival, group), who):
        tell(tx, arrival, group, f"ban {who.id} {group.id}")


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
        return kind in ("Lock", "Delete", "ChooseAnswer")
    if kind == "Lock":
        _lock(tx, arrival, uri, locked=False)
    elif kind == "Delete":
        _restore(tx, arrival, uri)
    elif kind == "ChooseAnswer":
        choosing.take_back(tx, arrival, uri)
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
    if thread is None or group is None or not may(tx, arrival, "move", group):
        return
    to, post = topics.target(tx, arrival, group), posts.by_id(tx, thread.post_id)
    if to is None or post is None or not _takes(tx, arrival, to) or _restless(tx, arrival, group):
        return
    places = boosts.neighbourhoods(tx, post)
    if forum.move(tx, deed_of(arrival, group), thread, to):
        if arrival.via is None:
            for one in (group, to):
                relay.pass_on(tx, arrival.site, one, arrival.activity.raw, arrival.now_ms)
        moving.moved(tx, arrival.site, (post, places), (group, to), arrival.now_ms)


def _restless(tx: Write, arrival: Arrival, group: Account) -> bool:
    """Whether somebody moves threads out of a board of ours without end: they stay where they are,
    for nobody could follow a Move of which others did not hear."""
    moves = f"moves of {arrival.actor.id} in {group.id}"
    return group.local and tallies.count(tx, moves, arrival.now_ms) > MOST_MOVES_AN_HOUR


def _takes(tx: Write, arrival: Arrival, to: Account) -> bool:
    """Whether a thread may be put into this community by the actor, or by the group that says so,
    which is of the same server then."""
    if arrival.via is None:
        return may(tx, arrival, "take in", to)
    return not to.local and same_origin(arrival.via.uri, to.uri)


def _thread(tx: Write, uri: str | None) -> ForumThread | None:
    """The thread that begins with this post."""
    post = posts.by_uri(tx, uri or "")
    if post is None or post.deleted_ms is not None:
        return None
    return forum_store.by_id(tx, post.id)
