"""Like and Announce. AP §7.10, §7.11."""

from federation.readers import id_or_none
from federation.vocab import OBJECT_TYPES
from server.ids import new_id
from server.inbox.context import Arrival, person, thing, undone
from server.model import Post
from server.services import reading, strangers
from server.services.notifications import notify
from server.services.spreading import spread_boost, spread_found
from server.store import accounts, follows, posts, reactions
from server.store.db import Write


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
    if reactions.like(
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
    if post is None or post.deleted_ms is not None or not post.open:
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
    post = strangers.keep_post(tx, arrival.site, found, author, arrival.now_ms, spread=False)
    spread_found(tx, post, author, arrival.now_ms)
    return post


def _boost(tx: Write, arrival: Arrival, post: Post) -> None:
    author = accounts.by_id(tx, post.author_id)
    if author is None or follows.blocks(tx, author.id, arrival.actor.id):
        return
    id = new_id(arrival.now_ms)
    if reactions.boost(
        tx,
        post_id=post.id,
        account_id=arrival.actor.id,
        id=id,
        uri=arrival.activity.id,
        now_ms=arrival.now_ms,
    ):
        notify(tx, author, "reblog", arrival.actor, post.id, arrival.now_ms)
        spread_boost(tx, id, post, arrival.actor, arrival.now_ms)
