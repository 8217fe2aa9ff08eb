"""QuoteRequest, its answers, and the end of a stamp. FEP-044f."""

from typing import Final

from federation import policies
from federation.errors import NotPermitted
from federation.origin import host, normal, same_origin
from federation.readers import id_or_none
from server.errors import Invalid
from server.inbox import follow
from server.inbox.context import Arrival, instrument, undone
from server.model import Post
from server.services import arrivals, looks, permissions, quote_asking, quotes
from server.store import accounts, posts, tallies
from server.store import quotes as quotes_store
from server.store.db import Write

MOST_ASKED_AN_HOUR: Final = 300  # quotes that one server asks us for


def request(tx: Write, arrival: Arrival) -> None:
    """May the actor quote a post of ours? By its policy: at once, with a stamp, or not at all.

    Nobody of ours is asked, so what only they could allow is refused. A post that is not for
    everybody is not answered, as if it were not there, nor is a server that asks without end.
    """
    quoted = posts.by_uri(tx, arrival.activity.object_id or "")
    uri = id_or_none(arrival.activity.raw.get("instrument")) or ""
    if quoted is None or not quoted.local or quoted.deleted_ms is not None or not quoted.open:
        return
    author = accounts.by_id(tx, quoted.author_id)
    if author is None or author.state != "active" or undone(tx, arrival):
        return
    if not normal(uri) or not same_origin(uri, arrival.actor.uri):
        raise NotPermitted("QuoteRequest for somebody else's post")
    asker = host(arrival.actor.uri)
    if tallies.count(tx, f"quote requests of {asker}", arrival.now_ms) > MOST_ASKED_AN_HOUR:
        return  # each costs a post and an answer
    stamp = ""
    if quotes.judge(tx, arrival.actor, quoted) == "accepted":
        quoting = _quoting(tx, arrival, uri, quoted)
        stamp = quote_asking.stamp_for(tx, arrival.site, quoting) if quoting else ""
    asked = {
        "id": arrival.activity.id,
        "actor": arrival.actor.uri,
        "object": quoted.uri,
        "instrument": uri,
    }
    quote_asking.answer(tx, arrival.site, author, asked, arrival.now_ms, stamp=stamp)


def _quoting(tx: Write, arrival: Arrival, uri: str, quoted: Post) -> Post | None:
    """The actor's post that quotes this one; it may come with the request, before its Create."""
    known = posts.by_uri(tx, uri)
    if known is None:
        found = instrument(arrival, uri)
        if found is None or found.id != uri or found.attributed_to != arrival.actor.uri:
            return None
        if found.quote != quoted.uri or not arrivals.may_keep(tx, arrival.site, found):
            return None
        try:
            known = arrivals.keep_new_post(tx, arrival.site, found, arrival.actor, arrival.now_ms)
        except Invalid:
            return None
    own = known.author_id == arrival.actor.id and known.deleted_ms is None
    return known if own and known.quote_id == quoted.id else None


def accept(tx: Write, arrival: Arrival) -> None:
    """A quote or a follow of ours is allowed; a stamp that cannot be read now is read later."""
    post = _about(tx, arrival)
    if post is None:
        follow.accept(tx, arrival)
        return
    quoted = posts.by_id(tx, post.quote_id or 0)
    uri = id_or_none(arrival.activity.raw.get("result")) or ""
    if quoted is None or not permissions.may_stamp(tx, arrival.actor, uri):
        raise NotPermitted("Accept of a quote without a stamp of the actor's own")
    stamp = arrival.documents.get(uri)
    if stamp is None:
        looks.stamp_later(tx, "quote", uri, post.id, arrival.now_ms)
        return
    if not policies.proves(stamp, uri, quote_asking.claim(post, quoted, arrival.actor)):
        raise NotPermitted("the stamp is for something else")
    quote_asking.allowed(tx, arrival.site, post, uri, arrival.now_ms)


def reject(tx: Write, arrival: Arrival) -> None:
    """A quote or a follow of ours is not allowed, or no longer."""
    post = _about(tx, arrival)
    if post is None:
        follow.reject(tx, arrival)
    else:
        quote_asking.refused(tx, arrival.site, post, arrival.now_ms)


def _about(tx: Write, arrival: Arrival) -> Post | None:
    return quote_asking.asked_for(tx, arrival.actor, arrival.activity.object_id or "")


def revoke(tx: Write, arrival: Arrival, stamp_uri: str) -> None:
    """The actor takes back a stamp: only under what they themselves wrote."""
    for post in quotes_store.stamped(tx, stamp_uri, arrival.actor.id):
        quote_asking.refused(tx, arrival.site, post, arrival.now_ms)
