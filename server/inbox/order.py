"""Who keeps order in a community, as far as what arrives can show it, and who hears of it."""

from federation import parse
from federation.errors import FederationError
from federation.readers import id_or_none
from server.inbox.context import Arrival
from server.model import Account
from server.policy import authority
from server.services import communities, deferring, forum
from server.services.deferring import Doing
from server.store import communities as store
from server.store.db import Read, Write


def deed_of(arrival: Arrival, group: Account) -> forum.Deed:
    """What is done in the name of order, with its reason."""
    return forum.Deed(
        community_id=group.id,
        by=arrival.actor,
        now_ms=arrival.now_ms,
        reason=arrival.activity.content or "",
    )


def tell(
    tx: Write, arrival: Arrival, group: Account, about: str, post_id: int | None = None
) -> None:
    """A community of ours tells its followers; of what is done without end, the last."""
    if arrival.via is None:
        doing = Doing(group=group, by=arrival.actor, kind="deeds", about=about, post_id=post_id)
        deferring.pass_on(tx, arrival.site, doing, arrival.activity.raw, arrival.now_ms)


def may(
    tx: Write, arrival: Arrival, verb: str, group: Account, *, about: Account | None = None
) -> bool:
    """Whether the actor may do this in the community, as far as who says so can know.

    `about`: who is banned or let in again. A stranger's group may have made somebody a moderator
    without our hearing of it: then its own list is read. Raises `Need`.
    """
    if not arrival.speaks_for(group.id):
        return False
    if _may(tx, arrival, verb, group, about):
        return True
    if arrival.via is None or group.local or not group.moderators_uri:
        return False
    raw = arrival.documents.get(group.moderators_uri)
    try:
        named = parse.collection(raw).items if raw else ()
    except FederationError:
        return False
    if arrival.actor.uri not in [id_or_none(item) for item in named]:
        return False
    store.appoint(tx, group.id, arrival.actor.id, arrival.now_ms)
    return authority.may(arrival.actor, verb, group, appointed=True)


def _may(db: Read, arrival: Arrival, verb: str, group: Account, about: Account | None) -> bool:
    """In ours those may whom it made moderators; in a stranger's those whom it lists.

    Others of its own server, as the admins of Lemmy and PieFed, who stand in no list, where the
    group announces what they did. Where it lists nobody (NodeBB) its server is all there is to go
    by. And whom of ours it shuts out the server says to us alone, if nobody here follows the group
    (Lemmy).
    """
    keeps = communities.keeps if group.local else _listed
    ours = about is not None and about.local
    return authority.may(
        arrival.actor,
        verb,
        group,
        appointed=keeps(db, group.id, arrival.actor),
        vouched=arrival.via is not None or not group.moderators_uri or ours,
    )


def _listed(db: Read, group_id: int, actor: Account) -> bool:
    return store.moderates(db, group_id, actor.id)
