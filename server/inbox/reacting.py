"""LikeRequest and AnnounceRequest, and the Reject of a like or boost of ours. GoToSocial."""

from typing import Final

import msgspec

from federation import parse
from federation.errors import NotPermitted
from federation.origin import host, normal, same_origin
from federation.policies import Claim
from federation.readers import type_or_none
from federation.vocab import Activity
from server.inbox import announce, votes
from server.inbox.context import Arrival, undone
from server.model import Post, PostView
from server.services import boosts, reaction_control, reading
from server.store import accounts, posts, reactions, tallies
from server.store.db import Write

_ASKED: Final = {"LikeRequest": ("Like", "like"), "AnnounceRequest": ("Announce", "announce")}
MOST_ASKED_AN_HOUR: Final = 600  # likes and boosts that one server asks us for


def request(tx: Write, arrival: Arrival) -> None:
    """May the actor like or share a post of ours? It is done at once, or refused, and answered.

    What the actor cannot have read is answered as if it were not there, and so is a server that
    asks without end.
    """
    post = posts.by_uri(tx, arrival.activity.object_id or "")
    if post is None or not post.local or post.deleted_ms is not None or undone(tx, arrival):
        return
    if not reading.may_read(tx, arrival.actor.id, post):
        return
    kind, act = _ASKED[arrival.activity.type]
    plain = _instrument(arrival, kind)
    if plain is None or _enough(tx, arrival):
        return
    done = msgspec.structs.replace(arrival, activity=plain)
    votes.like(tx, done) if kind == "Like" else announce.announce(tx, done)
    _answer(tx, arrival, post, act, plain)


def _enough(tx: Write, arrival: Arrival) -> bool:
    """Whether a server has asked often enough in this hour: each time costs an answer."""
    asked = f"reactions of {host(arrival.actor.uri)}"
    return tallies.count(tx, asked, arrival.now_ms) > MOST_ASKED_AN_HOUR


def _instrument(arrival: Arrival, kind: str) -> Activity | None:
    """The Like or Announce that comes with its request. Raises `NotPermitted`.

    GoToSocial describes it with `attributedTo`, and writes `actor`.
    """
    raw = arrival.activity.raw.get("instrument")
    if not isinstance(raw, dict) or type_or_none(raw.get("type")) != kind:
        return None
    plain = parse.activity({"actor": raw.get("attributedTo"), **raw})
    own = plain.actor == arrival.actor.uri and same_origin(plain.id, plain.actor)
    if not own or not normal(plain.id) or plain.object_id != arrival.activity.object_id:
        raise NotPermitted(f"{arrival.activity.type} for somebody else's {kind}")
    return plain


def _answer(tx: Write, arrival: Arrival, post: Post, act: str, plain: Activity) -> None:
    author = accounts.by_id(tx, post.author_id)
    if author is not None:
        reaction_control.answer(
            tx,
            arrival.site,
            post,
            arrival.actor,
            claim=Claim(act=act, interacting=plain.id, target=post.uri, author=author.uri),
            request=arrival.activity.id,
            now_ms=arrival.now_ms,
        )


def turned_down(tx: Write, arrival: Arrival, uri: str) -> bool:
    """A like or a boost of ours that the author of a post does not want is over, here and for all
    whom we told of it."""
    liked, boosted = reactions.like_by_uri(tx, uri), reactions.boost_by_uri(tx, uri)
    row = liked or boosted
    post = posts.by_id(tx, row["post_id"]) if row else None
    if row is None or post is None or not arrival.site.ours(uri):
        return False
    if post.author_id != arrival.actor.id:
        return False
    booster = accounts.by_id(tx, row["account_id"])
    if liked:
        reactions.unlike(tx, post.id, row["account_id"])
    elif booster is not None:
        view = PostView(post=post, author=arrival.actor)
        boosts.take_back(tx, arrival.site, booster, view, arrival.now_ms)
    return True
