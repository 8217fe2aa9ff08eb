"""Create: something new by the actor. AP §7.2."""

from federation import parse
from federation.errors import NotPermitted
from federation.origin import host, normal, same_origin
from federation.vocab import OBJECT_TYPES, Object
from server.inbox import answers
from server.inbox.context import Arrival, thing
from server.model import Post, PostView
from server.services import arrivals, forum, forum_arrivals, looks, relay, votes
from server.store import activities
from server.store.db import Write


def create(tx: Write, arrival: Arrival) -> None:
    """Store what the actor wrote, if it concerns anyone here.

    An embedded object counts only when it is the actor's own and of the actor's host; else the
    object is read where it lives. FEP-fe34.
    """
    found = written(arrival)
    if found is not None and votes.looks_like_vote(found):
        _vote(tx, arrival, found)
        return
    if found is None or not _wanted(tx, arrival, found) or answers.turned_away(tx, arrival, found):
        return
    stamp = answers.stamp_of(tx, arrival, found)
    post = arrivals.keep_new_post(
        tx, arrival.site, found, arrival.actor, arrival.now_ms, by=arrival.via, stamp=stamp
    )
    answers.came(tx, arrival, post)
    _tell_community(tx, arrival, post)
    look_up_quote(tx, arrival, post)
    if post.reply_to_uri and not post.reply_to_id and not arrival.site.ours(post.reply_to_uri):
        looks.look_later(tx, "ancestors", post.reply_to_uri, post.id, arrival.now_ms)


def look_up_quote(tx: Write, arrival: Arrival, post: Post) -> None:
    """Read what a post quotes, and the stamp that it says it has, after this."""
    if not post.quote_uri or arrival.site.ours(post.quote_uri):
        return
    if post.quote_stamp and post.quote_state in ("pending", "accepted"):
        looks.look_later(tx, "stamped", post.quote_stamp, post.id, arrival.now_ms)
    elif not post.quote_id:
        looks.look_later(tx, "quoted", post.quote_uri, post.id, arrival.now_ms)


def _wanted(tx: Write, arrival: Arrival, found: Object) -> bool:
    """Whether an object is new here and can be stored, and concerns anyone.

    No community of ours keeps it out. What a group announced somebody here follows already.
    """
    if not arrivals.at_home(arrival.site, found):
        return False
    known = activities.standing(tx, found.id, by=found.attributed_to, author_id=arrival.actor.id)
    if known.buried:
        return False
    if found.attributed_to != arrival.actor.uri:
        raise NotPermitted("Create of somebody else's object")
    if known.here or forum_arrivals.refuses(tx, found, arrival.actor, arrival.now_ms):
        return False
    return (
        arrival.via is not None
        or bool(known.followed)
        or arrivals.related(tx, arrival.site, found, arrival.actor, arrival.now_ms)
    )


def _tell_community(tx: Write, arrival: Arrival, post: Post) -> None:
    """The community in which a post came to stand passes it on, if it is one of ours."""
    group = forum.group_of(tx, post.community_id)
    if group is None or not post.open or arrival.via is not None:
        return
    begun = PostView(post=post, author=arrival.actor) if post.reply_to_uri is None else None
    relay.pass_on(tx, arrival.site, group, arrival.activity.raw, arrival.now_ms, begun)


def _vote(tx: Write, arrival: Arrival, found: Object) -> None:
    """A vote is no post: it is counted where it counts, and shown to nobody."""
    own = found.attributed_to == arrival.actor.uri and host(found.id) == host(arrival.actor.uri)
    if own and normal(found.id) and not activities.buried(tx, found.id, by=arrival.actor.uri):
        votes.receive(tx, arrival.actor, found, arrival.now_ms)


def written(arrival: Arrival) -> Object | None:
    """The object of a Create or Update, from a source that may speak for it."""
    activity = arrival.activity
    raw = activity.object
    if raw is not None and activity.object_type not in OBJECT_TYPES:
        return None
    own = bool(activity.object_id) and same_origin(activity.object_id or "", activity.actor)
    if raw is not None and own and arrival.authentic:
        found = parse.object_(raw)
        if found.attributed_to == activity.actor:
            return found
    return thing(arrival, activity.object_id) if activity.object_id else None
