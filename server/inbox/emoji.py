"""EmojiReact, and a Like that carries an emoji. Pleroma, Akkoma, Misskey

An EmojiReact is no like. A Like with an emoji is both, as Misskey means it.
"""

from typing import Final

from federation import emoji
from federation.origin import host
from federation.readers import id_or_none
from federation.vocab import Emoji
from server.errors import Forbidden
from server.inbox.context import Arrival, undone
from server.model import Account, Post
from server.policy.authority import Done, may
from server.services import borders, communities, forum, reading
from server.services.notifications import notify
from server.store import accounts, notifications, posts, reactions
from server.store import emoji as store
from server.store.db import Write

MAX_OF_ONE: Final = 5  # different emoji of one person for one post
MAX_KINDS: Final = 50  # different emoji of a post; two pictures of one name are two
MAX_URL: Final = 500  # characters of a picture's address: those of a post stand in its own row


def react(tx: Write, arrival: Arrival) -> None:
    """Count an emoji once for each actor; its author is told of the first one of somebody's."""
    post = posts.by_uri(tx, arrival.activity.object_id or "")
    found = emoji.reaction(arrival.activity.raw)
    if post is None or found is None or undone(tx, arrival):
        return
    if post.deleted_ms is not None or not reading.may_read(tx, arrival.actor.id, post):
        return
    if not _welcome(tx, arrival, post):
        return
    author = accounts.by_id(tx, post.author_id)
    if _add(tx, arrival, post, found) and author is not None:
        notify(tx, author, "favourite", arrival.actor, post.id, arrival.now_ms)


def _welcome(tx: Write, arrival: Arrival, post: Post) -> bool:
    """Whether the community in which a post stands, if it is ours, does not keep the actor out."""
    group = forum.group_of(tx, post.community_id)
    if group is None or not group.local:
        return True
    try:
        communities.check_welcome(tx, group, arrival.actor, arrival.now_ms)
    except Forbidden:
        return False
    return True


def with_like(tx: Write, arrival: Arrival, post: Post) -> None:
    """The emoji of a Like; a heart says no more than the Like itself."""
    found = emoji.reaction(arrival.activity.raw)
    if found is not None and found.shortcode not in emoji.HEARTS and arrival.authentic:
        _add(tx, arrival, post, found)


def _add(tx: Write, arrival: Arrival, post: Post, found: Emoji) -> bool:
    actor = arrival.actor
    if len(found.url) > MAX_URL or found.url and borders.refuses(tx, host(actor.uri), "media"):
        return False
    if store.of_one(tx, post.id, actor.id) >= MAX_OF_ONE:
        return False
    if store.kinds(tx, post.id, found.shortcode, found.url, MAX_KINDS) >= MAX_KINDS:
        return False
    return store.add(
        tx,
        post_id=post.id,
        account_id=actor.id,
        emoji=found.shortcode,
        url=found.url,
        uri=arrival.activity.id,
        now_ms=arrival.now_ms,
    )


def take_back(tx: Write, arrival: Arrival, uri: str) -> bool:
    """Undo of a reaction: by its id, or by the post and the emoji. False where there was none."""
    actor, inner = arrival.actor, arrival.activity.object
    row = store.by_uri(tx, uri)
    if row is not None and may(actor, "undo", Done(row["account_id"])):
        post_id, done = row["post_id"], store.remove(tx, row["post_id"], actor.id, uri=uri)
    elif inner is not None and arrival.activity.object_type == "EmojiReact":
        post = posts.by_uri(tx, id_or_none(inner.get("object")) or "")
        found = emoji.reaction(inner)
        if post is None or found is None or id_or_none(inner.get("actor")) != actor.uri:
            return False
        post_id, done = post.id, store.remove(tx, post.id, actor.id, emoji=found.shortcode)
    else:
        return False
    if done:
        _forget_notice(tx, post_id, actor)
    return done


def _forget_notice(tx: Write, post_id: int, actor: Account) -> None:
    """Nobody is told any longer of somebody who neither likes a post nor reacts to it."""
    post = posts.by_id(tx, post_id)
    still = store.of_one(tx, post_id, actor.id) or reactions.likes(tx, post_id, actor.id)
    if post is None or still:
        return
    notifications.take_back(
        tx, account_id=post.author_id, kind="favourite", from_id=actor.id, post_id=post_id
    )
