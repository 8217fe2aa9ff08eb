"""How somebody joins: what both doors, the page and the API, ask of them, and the one commit."""

from typing import Final, Literal

import msgspec

from server import passwords
from server.errors import AppError, Forbidden, Invalid
from server.model import Account, Site
from server.services import accounts, admissions, invites, notifications
from server.services.accounts import NewAccount
from server.store.db import Read, Write

MAX_EMAIL: Final = 254  # characters; RFC 5321 §4.5.3.1.3

Wrong = Literal["blank", "invalid", "reserved", "short", "refused"]


class Applicant(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody typed who wants to join. `mode`: of `registrations` in the configuration."""

    name: str
    email: str
    password: str
    reason: str = ""
    mode: str = "open"


class Fault(msgspec.Struct, frozen=True):
    """A field of `Applicant` that cannot be used, and the sentence for the person."""

    field: str
    wrong: Wrong
    error: AppError


def faults(db: Read, typed: Applicant) -> list[Fault]:
    """Everything that cannot be used, each field once. That something is taken `join` finds."""
    found = [_name(typed), _email(db, typed), _password(typed), _reason(typed)]
    return [fault for fault in found if fault is not None]


def _name(typed: Applicant) -> Fault | None:
    try:
        accounts.check_name(typed.name)
    except AppError as error:
        name = typed.name.strip().lower()
        reserved = name in accounts.RESERVED
        return Fault("name", "reserved" if reserved else "invalid" if name else "blank", error)
    return None


def _email(db: Read, typed: Applicant) -> Fault | None:
    email = typed.email.strip()
    if "@" not in email.strip("@") or len(email) > MAX_EMAIL:
        shape = Invalid("Please give an e-mail address, such as name@example.org.")
        return Fault("email", "invalid" if email else "blank", shape)
    try:
        admissions.check_email(db, email)
    except AppError as error:
        return Fault("email", "refused", error)
    return None


def _password(typed: Applicant) -> Fault | None:
    try:
        passwords.check(typed.password, typed.name, typed.email)
    except AppError as error:
        if not typed.password:
            return Fault("password", "blank", error)
        short = len(typed.password) < passwords.MIN_CHARACTERS
        return Fault("password", "short" if short else "invalid", error)
    return None


def _reason(typed: Applicant) -> Fault | None:
    if typed.mode != "approval" or typed.reason.strip():
        return None
    needed = Invalid("Please tell the moderators in a sentence who you are.")
    return Fault("reason", "blank", needed)


def join(tx: Write, site: Site, new: NewAccount, invite: str | None, now_ms: int) -> Account:
    """Make an account for somebody who asks, and tell the moderators.

    An invitation is used only if the account is made. Where they come from may mean that a
    moderator looks first. Raises `Invalid` for an e-mail address that is not taken here,
    `Forbidden` for a place from which nobody joins, `Conflict` for what is taken.
    """
    if invite is not None:
        invites.use(tx, invite, now_ms)
    admissions.check_email(tx, new.email)
    found = admissions.severities(tx, new.address, now_ms)
    if "sign_up_block" in found or "no_access" in found:
        raise Forbidden("Nobody can join from where you are. Please write to the moderators.")
    if "sign_up_requires_approval" in found:
        new = msgspec.structs.replace(new, state="pending")
    account = accounts.create(tx, site, new, now_ms)
    notifications.notify_moderators(tx, "admin.sign_up", account, now_ms)
    return account


def state(mode: str) -> str:
    """As what an account begins."""
    return "pending" if mode == "approval" else "active"
