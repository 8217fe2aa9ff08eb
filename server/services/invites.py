"""Invitations: where a city grows by them, each of its people may let others in."""

import secrets
from typing import Final

import msgspec

from server.clock import DAY_MS
from server.errors import Conflict, Invalid, NotFound
from server.model import Site
from server.store import invites as store
from server.store.db import Read, Write

DAYS: Final = 14
MAX_USES: Final = 10
MAX_USES_OF_OPERATOR: Final = 1000
MAX_DAYS: Final = 365
MAX_OPEN: Final = 10  # invitations that one person may have out at a time
CODE_BYTES: Final = 12  # of chance: nobody guesses one


class Invite(msgspec.Struct, frozen=True):
    """An invitation that still lets `uses_left` people in, until `expires_ms`."""

    code: str
    uses_left: int
    expires_ms: int


def make(tx: Write, viewer_id: int | None, uses: int, days: int, now_ms: int) -> str:
    """The code of a new invitation, by one of ours or, with None, by the operator.

    Raises `Invalid` for a number out of range, `Conflict` when the viewer has `MAX_OPEN` already.
    """
    most = MAX_USES if viewer_id else MAX_USES_OF_OPERATOR
    if not 1 <= uses <= most:
        raise Invalid("An invitation lets in 1 to %(most)s people.", most=most)
    if not 1 <= days <= MAX_DAYS:
        raise Invalid("An invitation counts for 1 to %(most)s days.", most=MAX_DAYS)
    if viewer_id and len(store.of_account(tx, viewer_id, now_ms)) >= MAX_OPEN:
        raise Conflict(
            "You have %(most)s open invitations already. Please take one back first.", most=MAX_OPEN
        )
    code = secrets.token_urlsafe(CODE_BYTES)
    store.insert(tx, code=code, account_id=viewer_id, uses=uses, expires_ms=now_ms + days * DAY_MS)
    return code


def all(db: Read, viewer_id: int, now_ms: int) -> list[Invite]:
    """The viewer's invitations that still work; the next to end first."""
    return [Invite(**row) for row in store.of_account(db, viewer_id, now_ms)]


def revoke(tx: Write, viewer_id: int, code: str) -> None:
    """End one of the viewer's own invitations. Raises `NotFound`."""
    if not store.remove(tx, viewer_id, code):
        raise NotFound("That invitation has ended already.")


def use(tx: Write, code: str, now_ms: int) -> None:
    """Let one person in. Raises `Invalid` for a code that does not work (any more)."""
    if not store.use(tx, code, now_ms):
        raise Invalid("This invitation is not valid any more. Please ask for a new one.")


def link(site: Site, code: str) -> str:
    """Where whoever has this code may join."""
    return f"{site.origin}/sign-up?invite={code}"
