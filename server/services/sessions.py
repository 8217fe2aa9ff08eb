"""Signing in, staying signed in, and tokens for apps. Only hashes of them are stored."""

import hashlib
import secrets

import msgspec

from server.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.errors import Forbidden, NotFound, TooMany
from server.ids import new_id
from server.model import Account, Member
from server.store import accounts, apps
from server.store import sessions as store
from server.store.db import Read, Row, Write

UNUSED_MS = 60 * DAY_MS
GUESS_WINDOW_MS = 5 * MINUTE_MS
MAX_GUESSES = 5


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that is signed in. `key` is the hash by which it is known and revoked."""

    key: bytes
    account: Account
    member: Member
    csrf: str
    agent: str
    address: str
    created_ms: int
    seen_ms: int

    @property
    def shut_out(self) -> bool:
        """Whether it opens nothing but what moderators told its member, and an appeal."""
        return shut_out(self.member)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """An app that may act for an account, or, without one, for itself alone.

    `used_ms` is exact to a day.
    """

    id: int
    scopes: frozenset[str]
    app: str
    app_id: int | None = None
    account: Account | None = None
    member: Member | None = None
    used_ms: int = 0


def digest(token: str) -> bytes:
    """What we store of a token."""
    return hashlib.sha256(token.encode()).digest()


def sign_in(tx: Write, account_id: int, agent: str, address: str, now_ms: int) -> str:
    """A new session for the account; the token for its cookie. Raises `Forbidden`.

    Whoever is `shut_out` gets one too, to learn why and to appeal.
    """
    member = accounts.member(tx, account_id)
    if member is None:
        raise Forbidden("This account is suspended. Write to the moderators to appeal.")
    if member.state == "pending":
        raise Forbidden("This account waits for a moderator's approval. Please come back later.")
    token = secrets.token_urlsafe(32)
    store.insert(
        tx,
        token_hash=digest(token),
        account_id=account_id,
        csrf=secrets.token_urlsafe(24),
        agent=agent[:300].encode("utf-8", "replace").decode(),  # browsers may send any bytes
        address=address[:100],
        now_ms=now_ms,
    )
    return token


def by_token(db: Read, token: str, now_ms: int) -> Session | None:
    """The session of this cookie, if it still counts."""
    found = known(db, token, now_ms)
    return None if found is None or found.shut_out else found


def known(db: Read, token: str, now_ms: int) -> Session | None:
    """As `by_token`, and sessions of those who are `shut_out`."""
    row = store.by_hash(db, digest(token))
    if row is None or row["seen_ms"] < now_ms - UNUSED_MS:
        return None
    account, member = accounts.by_id(db, row["account_id"]), accounts.member(db, row["account_id"])
    if account is None or member is None or member.state == "pending":
        return None
    return _session(row, account, member)


def shut_out(member: Member) -> bool:
    """Whether moderators suspended or locked the account."""
    return member.state != "active" or member.disabled_ms is not None


def _session(row: Row, account: Account, member: Member) -> Session:
    return Session(
        key=row["token_hash"],
        account=account,
        member=member,
        csrf=row["csrf"],
        agent=row["agent"],
        address=row["address"],
        created_ms=row["created_ms"],
        seen_ms=row["seen_ms"],
    )


def stale(session: Session, now_ms: int) -> bool:
    """Whether it is time to note that the session is in use (once an hour)."""
    return session.seen_ms < now_ms - HOUR_MS


def touch(tx: Write, session: Session, now_ms: int) -> None:
    """Note that the session is in use."""
    store.touch(tx, session.key, now_ms)


def sign_out(tx: Write, token: str) -> None:
    """End the session of this cookie."""
    store.remove(tx, digest(token))


def all(db: Read, viewer_id: int, now_ms: int) -> list[Session]:
    """Where the viewer is signed in, last used first."""
    account, member = accounts.by_id(db, viewer_id), accounts.member(db, viewer_id)
    if account is None or member is None:
        return []
    return [
        _session(row, account, member)
        for row in store.of_account(db, viewer_id)
        if row["seen_ms"] >= now_ms - UNUSED_MS
    ]


def revoke(tx: Write, viewer_id: int, key: bytes) -> None:
    """End one of the viewer's own sessions. Raises `NotFound`."""
    if not store.remove(tx, key, viewer_id):
        raise NotFound("That session has ended already.")


def revoke_others(tx: Write, viewer_id: int, keep: str = "") -> tuple[int, ...]:
    """End all of the viewer's sessions but the one with the token `keep`, and all apps' access.

    The ids of the apps' tokens.
    """
    store.remove_of(tx, viewer_id, digest(keep) if keep else b"")
    ended = tuple(apps.tokens_of(tx, viewer_id))
    store.remove_tokens_of(tx, viewer_id)
    return ended


# --- guessing


def record_failure(tx: Write, subject: str, now_ms: int) -> None:
    """One wrong password."""
    store.record_failure(tx, subject, now_ms, new_id(now_ms))


def check_throttle(db: Read, subjects: tuple[str, ...], now_ms: int) -> None:
    """Raises `TooMany` when one of `subjects` (account, address) guessed too often lately."""
    if any(store.failures(db, s, now_ms - GUESS_WINDOW_MS) >= MAX_GUESSES for s in subjects):
        raise TooMany(
            "Too many wrong passwords. Please wait five minutes and try again.",
            retry_after_ms=GUESS_WINDOW_MS,
        )


# --- apps


def create_access_token(tx: Write, account_id: int, scopes: str, app: str, now_ms: int) -> str:
    """A token for the client API; shown once, never stored."""
    token = secrets.token_urlsafe(32)
    store.insert_token(
        tx,
        id=new_id(now_ms),
        token_hash=digest(token),
        account_id=account_id,
        scopes=" ".join(dict.fromkeys(scopes.split())),
        app=app,
        now_ms=now_ms,
    )
    return token


def by_access_token(db: Read, token: str) -> Token | None:
    """What this token may do, and for whom.

    Raises `Forbidden` for somebody who waits for approval or is locked out: it may count later.
    """
    found = store.caller(db, digest(token))
    if found is None:
        return None
    if found.account_id is not None:
        if found.account is None or found.member is None or found.member.state == "suspended":
            return None
        _refuse_for_now(found.member)
    return Token(
        id=found.id,
        account=found.account,
        member=found.member,
        scopes=frozenset(found.scopes.split()),
        app=found.app,
        app_id=found.app_id,
        used_ms=found.used_ms,
    )


def _refuse_for_now(member: Member) -> None:
    if member.state == "pending":
        raise Forbidden("Your login is currently pending approval")
    if member.disabled_ms is not None:
        raise Forbidden("Your login is currently disabled")
