"""Plain answers of strangers, and whether who is answered wants them. GoToSocial."""

from typing import Final

from federation import policies
from federation.origin import host
from federation.vocab import Object
from server.inbox.context import Arrival
from server.model import WAITING, Post
from server.services import answer_control, permissions, reading
from server.store import posts, tallies
from server.store.db import Write

MOST_TOLD_AN_HOUR: Final = 300  # answers of one server that it is told about at once


def enough(tx: Write, arrival: Arrival) -> bool:
    """Whether a server was told often enough in this hour what becomes of its answers.

    Each time costs a delivery, or one to every server of the followers.
    """
    told = f"answers of {host(arrival.actor.uri)}"
    return tallies.count(tx, told, arrival.now_ms) > MOST_TOLD_AN_HOUR


def stamp_of(tx: Write, arrival: Arrival, found: Object) -> str:
    """The stamp that an answer to a stranger needs and has, once it was read. Raises `Need`."""
    wanted = permissions.stamp_to_read(tx, found, arrival.actor)
    if wanted is None:
        return ""
    uri, claim = wanted
    return uri if policies.proves(arrival.documents.get(uri), uri, claim) else ""


def turned_away(tx: Write, arrival: Arrival, found: Object) -> bool:
    """Whether an answer to a post of ours is not wanted; who wrote it is told so then."""
    target = posts.by_uri(tx, found.in_reply_to) if found.in_reply_to else None
    if target is None or not target.local or not reading.may_read(tx, arrival.actor.id, target):
        return False
    if permissions.judge(tx, arrival.actor, target, "reply") != "no":
        return False
    about = (found.id, target)
    if arrival.via is None and not enough(tx, arrival):
        answer_control.turn_away(tx, arrival.site, about, arrival.actor, arrival.now_ms)
    return True


def came(tx: Write, arrival: Arrival, post: Post) -> None:
    """An answer to one of ours was let in for who wrote it: its server is told, with a stamp."""
    if post.reply_stamp and post.visibility != WAITING and arrival.via is None:
        target = posts.by_id(tx, post.reply_to_id or 0)
        if target is not None and target.local and not enough(tx, arrival):
            answer_control.tell(tx, arrival.site, post, arrival.now_ms)
