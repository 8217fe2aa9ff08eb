"""Plain answers of strangers, and whether who is answered wants them. GoToSocial."""

from federation import policies
from federation.vocab import Object
from server.inbox.context import Arrival
from server.model import WAITING, Post
from server.services import approving, permissions, reading
from server.store import posts
from server.store.db import Write


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
    if arrival.via is None:
        approving.turn_away(tx, arrival.site, about, arrival.actor, arrival.now_ms)
    return True


def came(tx: Write, arrival: Arrival, post: Post) -> None:
    """An answer to one of ours was let in for who wrote it: its server is told, with a stamp."""
    if post.reply_stamp and post.visibility != WAITING and arrival.via is None:
        target = posts.by_id(tx, post.reply_to_id or 0)
        if target is not None and target.local:
            approving.tell(tx, arrival.site, post, arrival.now_ms)
