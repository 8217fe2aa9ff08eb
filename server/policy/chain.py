"""What we take from a peer we speak with: a chain of verdicts, the first refusal counts."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from federation.audience import recipients
from federation.readers import audience, ids, many
from federation.vocab import Activity
from server.clock import DAY_MS

MANY_RECIPIENTS: Final = 20
MOST_RECIPIENTS: Final = 500


class Peer(msgspec.Struct, frozen=True):
    """What a policy knows of the sender's host: since when we know it (0: since now)."""

    host: str
    age_ms: int


class Reject(msgspec.Struct, frozen=True):
    """The activity is dropped; the reason is for our log."""

    reason: str


Policy = Callable[[Activity, Peer], Reject | None]


def no_crowds(activity: Activity, peer: Peer) -> Reject | None:
    """Refuse what is addressed to more accounts than anyone can mean.

    From a peer known for less than a day, more than 20.
    """
    named = len(_recipients(activity))
    if named > MOST_RECIPIENTS:
        return Reject("too many recipients")
    if named > MANY_RECIPIENTS and peer.age_ms < DAY_MS:
        return Reject("mentions too many, known too little")
    return None


POLICIES: Final[tuple[Policy, ...]] = (no_crowds,)


def judge(activity: Activity, peer: Peer) -> Reject | None:
    """The first refusal, or nothing."""
    return next((verdict for policy in POLICIES if (verdict := policy(activity, peer))), None)


def _recipients(activity: Activity) -> tuple[str, ...]:
    """Whom the activity addresses, and whom the object inside it, or what somebody requests with
    it, addresses or mentions."""
    named = [*activity.to, *activity.cc]
    for inner in (activity.object, activity.raw.get("instrument")):
        if isinstance(inner, dict):
            named += [*audience(inner.get("to")), *audience(inner.get("cc")), *_mentioned(inner)]
    return recipients(named, ())


def _mentioned(raw: dict[str, Any]) -> tuple[str, ...]:
    tags = [tag for tag in many(raw.get("tag")) if isinstance(tag, dict)]
    return ids((t.get("href") for t in tags if t.get("type") == "Mention"), MOST_RECIPIENTS + 1)
