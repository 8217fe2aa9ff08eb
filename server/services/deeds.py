"""What moderators did: who, what, when. Everything that they decide is written down here."""

from typing import Final

import msgspec

from server.ids import new_id
from server.model import Account
from server.store import accounts
from server.store import moderation as store
from server.store.db import Read, Write

MOST: Final = 50  # lines at once


class Moderator(msgspec.Struct, frozen=True):
    """Who decides."""

    account: Account
    role: str


class Deed(msgspec.Struct, frozen=True):
    """What was done, when, and by whom, if that is known."""

    action: str
    at_ms: int
    by: Account | None


def note(tx: Write, by: Moderator | None, action: str, target: str, now_ms: int) -> None:
    """Write it down. `target`: `account:ID`, `report:ID`, `domain:NAME` and such.

    `by` is None for the operator at the machine.
    """
    store.log(
        tx,
        id=new_id(now_ms),
        moderator_id=by.account.id if by else None,
        action=action,
        target=target,
        created_ms=now_ms,
    )


def history(db: Read, target: str) -> list[Deed]:
    """What was done to it, newest first."""
    found = store.history(db, target, MOST)
    who = accounts.by_ids(db, [row["moderator_id"] for row in found if row["moderator_id"]])
    return [Deed(row["action"], row["created_ms"], who.get(row["moderator_id"])) for row in found]
