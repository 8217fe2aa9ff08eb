"""Like, Announce, and their undoing. AP §7.10, §7.11, §7.12."""

from typing import Final

from federation.readers import id_or_none
from federation.vocab import OBJECT_TYPES
from server.ids import new_id
from server.inbox.context import Arrival, person, thing
from server.inbox.follow import bury_undone, undo_block, undo_follow, undone
from server.model import Account, Post
from server.services import reading, strangers
from server.services.notifications import notify
from server.services.spreading import spread_boost
from server.store import accounts, follows, notifications, posts
from server.store.db import Row, Write

OPEN: Final = ("public", "unlisted")


def like(tx: Write, arrival: Arrival) -> None:
    """Count the actor's like once; a post that we do not have is not our business.

    Nor is one that the actor cannot have read: its author would hear of a stranger's guess.
    """
    post = posts.by_uri(tx, arrival.activity.object_id or "")
    if post is None or undone(tx, arrival):
        return
    author = accounts.by_id(tx, post.author_id)
    if author is None or not reading.may_read(tx, arrival.actor.id, post):
        return
    if posts.like(
        tx,
        post_id=post.id,
        account_id=arrival.actor.id,
        id=new_id(arrival.now_ms),
        uri=arrival.activity.id,
        now_ms=arrival.now_ms,
    ):
        notify(tx, author, "favourite", arrival.actor, post.id, arrival.now_ms)


def announce(tx: Write, arrival: Arrival) -> None:
    """Show a boost to those who follow the booster.

    Groups that speak FEP-1b12 announce activities: of a Create the created object counts, and an
    answer comes into its thread without being shown as a boost; other activities pass by.
    """
    uri = _announced(arrival)
    if uri is None or undone(tx, arrival):
        return
    post = posts.by_uri(tx, uri)
    if post is None and not follows.has_local_follower(tx, arrival.actor.id):
        return
    post = post or _fetched(tx, arrival, uri)
    if post is None or post.deleted_ms is not None or post.visibility not in OPEN:
        return
    if arrival.actor.kind == "Group" and post.reply_to_uri:
        return
    _boost(tx, arrival, post)


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
    if found is None or not strangers.may_keep(tx, arrival.site, found):
        return None
    author = person(tx, arrival, found.attributed_to)
    if author is None or author.local or author.state != "active":
        return None
    if strangers.hidden(found, author):
        return None
    return strangers.keep_post(tx, arrival.site, found, author, arrival.now_ms, spread=False)


def _boost(tx: Write, arrival: Arrival, post: Post) -> None:
    author = accounts.by_id(tx, post.author_id)
    if author is None or follows.blocks(tx, author.id, arrival.actor.id):
        return
    id = new_id(arrival.now_ms)
    if posts.boost(
        tx,
        post_id=post.id,
        account_id=arrival.actor.id,
        id=id,
        uri=arrival.activity.id,
        now_ms=arrival.now_ms,
    ):
        notify(tx, author, "reblog", arrival.actor, post.id, arrival.now_ms)
        spread_boost(tx, id, post, arrival.actor, arrival.now_ms)


def undo(tx: Write, arrival: Arrival) -> None:
    """Take back what the actor did: by the id of the activity, or by what it was about."""
    uri = arrival.activity.object_id
    if uri and _undo_by_id(tx, arrival, uri):
        return
    if not _undo_by_content(tx, arrival) and uri and uri != arrival.actor.uri:
        bury_undone(tx, arrival, uri)


def _undo_by_id(tx: Write, arrival: Arrival, uri: str) -> bool:
    if row := posts.like_by_uri(tx, uri):
        _unlike(tx, arrival.actor, row)
    elif row := posts.boost_by_uri(tx, uri):
        _unboost(tx, arrival.actor, row)
    elif row := follows.by_uri(tx, uri):
        undo_follow(tx, arrival, row)
    elif row := follows.block_by_uri(tx, uri):
        undo_block(tx, arrival, row)
    else:
        return False
    return True


def _undo_by_content(tx: Write, arrival: Arrival) -> bool:
    """Some forget the ids they gave and repeat the activity; snac2 names just whom it followed.

    False when there was nothing to take back.
    """
    inner = arrival.activity.object
    uri = id_or_none(inner.get("object")) if inner else arrival.activity.object_id
    if inner is not None and id_or_none(inner.get("actor")) not in (None, arrival.actor.uri):
        return True
    post = posts.by_uri(tx, uri or "")
    target = accounts.by_uri(tx, uri or "")
    kind = arrival.activity.object_type
    me = {"account_id": arrival.actor.id}
    if kind == "Like" and post:
        return _unlike(tx, arrival.actor, {"post_id": post.id, **me})
    if kind == "Announce" and post:
        return _unboost(tx, arrival.actor, {"post_id": post.id, **me})
    if kind == "Block" and target:
        return follows.unblock(tx, arrival.actor.id, target.id) is not None
    if (
        kind in ("Follow", None)
        and target
        and (row := follows.one(tx, arrival.actor.id, target.id))
    ):
        undo_follow(tx, arrival, row)
        return True
    return False


def _unlike(tx: Write, actor: Account, row: Row | dict[str, int]) -> bool:
    if row["account_id"] != actor.id or not posts.unlike(tx, row["post_id"], actor.id):
        return False
    _take_back(tx, actor, row["post_id"], "favourite")
    return True


def _unboost(tx: Write, actor: Account, row: Row | dict[str, int]) -> bool:
    if row["account_id"] != actor.id or not posts.unboost(tx, row["post_id"], actor.id):
        return False
    _take_back(tx, actor, row["post_id"], "reblog")
    return True


def _take_back(tx: Write, actor: Account, post_id: int, kind: str) -> None:
    if post := posts.by_id(tx, post_id):
        notifications.take_back(
            tx, account_id=post.author_id, kind=kind, from_id=actor.id, post_id=post.id
        )
