"""Whether somebody is told, told later, or not at all, of what came from an account."""

from collections.abc import Iterator
from typing import Final, Literal

from server.clock import DAY_MS
from server.model import Account
from server.store.notification_policy import Stance

Verdict = Literal["accept", "filter", "drop"]

FILTERABLE: Final = frozenset(
    {"mention", "reblog", "follow", "follow_request", "favourite", "quote"}
)
TOLD_OF_ONESELF: Final = frozenset({"poll", "severed_relationships", "moderation_warning"})
NEW_ACCOUNT_MS: Final = 30 * DAY_MS
NEW_FOLLOWER_MS: Final = 3 * DAY_MS
"""Who follows only to be heard is heard after this long."""

_ORDER: Final = {"accept": 0, "filter": 1, "drop": 2}


def verdict(
    stance: Stance, sender: Account, kind: str, now_ms: int, *, answers: bool = False
) -> Verdict:
    """The strictest that the receiver's policy says of this sender.

    Nothing is said of a sender who was accepted once, and of whom the receiver follows (or has
    asked to) only what concerns followers. `answers`: it answers a private word of the receiver.
    """
    if stance.silenced:
        return "drop"
    if kind not in FILTERABLE or stance.allowed:
        return "accept"
    said = [*_said(stance, sender, now_ms)]
    if private(stance, kind) and not answers:
        said.append(stance.policy.for_private_mentions)
    strictest = max(said, key=lambda word: _ORDER.get(word, 0), default="accept")
    return "drop" if strictest == "drop" else "filter" if strictest == "filter" else "accept"


def _said(stance: Stance, sender: Account, now_ms: int) -> Iterator[str]:
    policy = stance.policy
    followed_ms = stance.followed_ms
    if followed_ms is None or now_ms - followed_ms < NEW_FOLLOWER_MS:
        yield policy.for_not_followers
    if stance.following:
        return
    yield policy.for_not_following
    if now_ms - sender.created_ms < NEW_ACCOUNT_MS:
        yield policy.for_new_accounts
    if sender.limited_ms is not None:
        yield policy.for_limited_accounts
    if sender.bot:
        yield policy.for_bots


def private(stance: Stance, kind: str) -> bool:
    """Whether this is a private mention of somebody who is not followed."""
    return kind == "mention" and stance.visibility == "direct" and not stance.following
