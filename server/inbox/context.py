"""What every handler is given, and the questions that most of them ask."""

import msgspec

from federation import parse
from federation.errors import FederationError
from federation.readers import type_or_none
from federation.vocab import OBJECT_TYPES, Activity, Object
from server.inbox.documents import Documents
from server.model import Account, Site
from server.services import strangers
from server.store import accounts, activities
from server.store.db import Write


class Arrival(msgspec.Struct, frozen=True):
    """An activity, whose it is, and what was fetched for it.

    `via` is the stranger's group that announced it; without one the actor sent it. What a group
    announces is the actor's own word where it is `authentic`: proven, or of the group's origin.
    """

    site: Site
    activity: Activity
    actor: Account
    documents: Documents
    now_ms: int
    via: Account | None = None
    authentic: bool = True

    def speaks_for(self, community_id: int | None) -> bool:
        """Whether it can be about something there: a group announces its own community alone."""
        return self.via is None or self.via.id == community_id


def person(tx: Write, arrival: Arrival, uri: str) -> Account | None:
    """The account with this actor id; a stranger is fetched. None when there is none."""
    known = accounts.by_uri(tx, uri)
    if known is not None or arrival.site.ours(uri):
        return known
    raw = arrival.documents.get(uri)
    if raw is None or raw.get("id") != uri:  # an address that leads to somebody else is nobody's id
        return None
    try:
        return strangers.keep_actor(tx, parse.actor(raw), arrival.now_ms)
    except FederationError:
        return None


def thing(arrival: Arrival, uri: str) -> Object | None:
    """The object with this id, as its own server serves it. None when there is none for us."""
    raw = arrival.documents.get(uri)
    try:
        return parse.object_(raw) if raw else None
    except FederationError:
        return None


def instrument(arrival: Arrival, uri: str) -> Object | None:
    """As `thing`, for what a request is about; it may come with the request, before its Create."""
    raw = arrival.activity.raw.get("instrument")
    if isinstance(raw, dict) and type_or_none(raw.get("type"), OBJECT_TYPES) in OBJECT_TYPES:
        return parse.object_(raw)
    return thing(arrival, uri)


def undone(tx: Write, arrival: Arrival) -> bool:
    """Whether the actor's Undo of this activity came before it."""
    return activities.buried(tx, arrival.activity.id, by=arrival.actor.uri)
