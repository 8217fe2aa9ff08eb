"""How somebody stands here: waiting, in, out; and with which role."""

from server.errors import Conflict, Invalid
from server.model import ROLES, Account, Member
from server.services import accounts
from server.store import accounts as store
from server.store import notifications, sessions
from server.store.db import Read, Write


def pending(db: Read) -> list[tuple[Account, Member]]:
    """Who waits for approval, oldest first."""
    return store.members(db, "pending")


def approve(tx: Write, account_id: int, now_ms: int) -> Account:
    """Let somebody in who waited."""
    account, member = accounts.own(tx, account_id)
    if member.state != "pending":
        raise Conflict("This account does not wait for approval any more.")
    store.set_member(tx, account_id, state="active")
    store.set_columns(tx, account_id, state="active")
    return account


def refuse(tx: Write, account_id: int) -> None:
    """Turn somebody away who waited; their name is free again."""
    _, member = accounts.own(tx, account_id)
    if member.state != "pending":
        raise Conflict("This account does not wait for approval any more.")
    sessions.remove_of(tx, account_id)
    sessions.remove_tokens_of(tx, account_id)
    notifications.remove_all_from(tx, account_id)
    store.remove_member(tx, account_id)
    store.remove_local(tx, account_id)


def set_role(tx: Write, account_id: int, role: str) -> None:
    """Give a role. Raises `Invalid`."""
    if role not in ROLES:
        raise Invalid("There is no such role: %(role)s.", role=role)
    accounts.own(tx, account_id)
    store.set_member(tx, account_id, role=role)
    store.set_columns(tx, account_id, role=accounts.shown_role(role))


def suspend(tx: Write, account_id: int) -> None:
    """Keep somebody out and hide what they wrote, until restored."""
    accounts.own(tx, account_id)
    store.set_member(tx, account_id, state="suspended")
    store.set_columns(tx, account_id, state="suspended")
    sessions.remove_of(tx, account_id)
    sessions.remove_tokens_of(tx, account_id)


def restore(tx: Write, account_id: int) -> None:
    """Undo a suspension."""
    accounts.own(tx, account_id)
    store.set_member(tx, account_id, state="active")
    store.set_columns(tx, account_id, state="active")
