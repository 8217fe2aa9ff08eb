"""Who is signed in, which apps have a token, who guessed wrong. Only hashes are stored."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from server.model import Account, Member
from server.store import accounts
from server.store.db import Read, Row, Write, cells
from server.store.paging import among

_WHO = ", ".join(
    [f"a.{name} AS a_{name}" for name in accounts.COLUMNS]
    + [f"m.{name} AS m_{name}" for name in accounts.MEMBER_COLUMNS]
)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """An access token, and whose it is: nobody's, where it is an app's alone."""

    id: int
    account_id: int | None
    scopes: str
    app: str
    app_id: int | None
    used_ms: int
    account: Account | None
    member: Member | None


def insert(
    tx: Write,
    *,
    token_hash: bytes,
    account_id: int,
    csrf: str,
    agent: str,
    address: str,
    now_ms: int,
) -> None:
    """Store a session."""
    tx.run(
        """
        INSERT INTO session (token_hash, account_id, csrf, agent, address, created_ms, seen_ms)
        VALUES (:hash, :account, :csrf, :agent, :address, :now, :now)
        """,
        hash=token_hash,
        account=account_id,
        csrf=csrf,
        agent=agent,
        address=address,
        now=now_ms,
    )


def by_hash(db: Read, token_hash: bytes) -> Row | None:
    """token_hash, account_id, csrf, agent, address, created_ms, seen_ms."""
    return db.one("SELECT * FROM session WHERE token_hash = :hash", hash=token_hash)


def of_account(db: Read, account_id: int) -> list[Row]:
    """An account's sessions, last seen first."""
    return db.all(
        "SELECT * FROM session WHERE account_id = :account ORDER BY seen_ms DESC",
        account=account_id,
    )


def addresses(db: Read, account_ids: Iterable[int]) -> list[Row]:
    """(account_id, address, seen_ms): from where these accounts were used, the latest first."""
    return among(
        db,
        """
        SELECT account_id, address, max(seen_ms) AS seen_ms FROM session
        WHERE account_id IN (:list) AND address <> '' GROUP BY account_id, address
        ORDER BY max(seen_ms) DESC
        """,
        account_ids,
    )


def touch(tx: Write, token_hash: bytes, now_ms: int) -> None:
    """The session was used."""
    tx.run(
        "UPDATE session SET seen_ms = :now WHERE token_hash = :hash", hash=token_hash, now=now_ms
    )


def remove(tx: Write, token_hash: bytes, account_id: int | None = None) -> bool:
    """End one session; only if it is the account's, where one is named."""
    return (
        tx.run(
            """
            DELETE FROM session
            WHERE token_hash = :hash AND (account_id = :account OR :account = 0)
            """,
            hash=token_hash,
            account=account_id or 0,
        )
        == 1
    )


def remove_of(tx: Write, account_id: int, keep: bytes = b"") -> None:
    """End all of an account's sessions, but `keep`."""
    tx.run(
        "DELETE FROM session WHERE account_id = :account AND token_hash <> :keep",
        account=account_id,
        keep=keep,
    )


def sweep(tx: Write, unused_since_ms: int) -> int:
    """End sessions that nobody used."""
    return tx.run("DELETE FROM session WHERE seen_ms < :before", before=unused_since_ms)


def insert_token(
    tx: Write, *, id: int, token_hash: bytes, account_id: int, scopes: str, app: str, now_ms: int
) -> None:
    """Store an access token of the client API."""
    tx.run(
        """
        INSERT INTO access_token (id, token_hash, account_id, scopes, app, created_ms, used_ms)
        VALUES (:id, :hash, :account, :scopes, :app, :now, :now)
        """,
        id=id,
        hash=token_hash,
        account=account_id,
        scopes=scopes,
        app=app,
        now=now_ms,
    )


def token(db: Read, token_hash: bytes) -> Row | None:
    """The token with this hash: whose it is (nobody's: an app's alone), which app's, its scopes."""
    return db.one("SELECT * FROM access_token WHERE token_hash = :hash", hash=token_hash)


def caller(db: Read, token_hash: bytes) -> Caller | None:
    """The token with this hash. One statement, because every request of an app asks this."""
    row = db.one(
        f"""
        SELECT {_WHO}, t.id, t.account_id, t.scopes, t.app, t.app_id, t.used_ms
        FROM access_token t LEFT JOIN account a ON a.id = t.account_id
        LEFT JOIN member m ON m.account_id = t.account_id
        WHERE t.token_hash = :hash
        """,  # noqa: S608
        hash=token_hash,
    )
    if row is None:
        return None
    values = iter(cells(row))
    account = dict(zip(accounts.COLUMNS, islice(values, len(accounts.COLUMNS)), strict=True))
    member = dict(
        zip(accounts.MEMBER_COLUMNS, islice(values, len(accounts.MEMBER_COLUMNS)), strict=True)
    )
    id, account_id, scopes, app, app_id, used_ms = values
    return Caller(
        id=id,
        account_id=account_id,
        scopes=scopes,
        app=app,
        app_id=app_id,
        used_ms=used_ms,
        account=Account(**account) if account["id"] is not None else None,
        member=Member(**member) if member["account_id"] is not None else None,
    )


def remove_tokens_of(tx: Write, account_id: int) -> None:
    """Revoke every token of an account, what is pushed to them, and codes not yet fetched."""
    tx.run("DELETE FROM push_subscription WHERE account_id = :account", account=account_id)
    tx.run("DELETE FROM access_token WHERE account_id = :account", account=account_id)
    tx.run("DELETE FROM authorization_code WHERE account_id = :account", account=account_id)


def failures(db: Read, subject: str, since_ms: int) -> int:
    """How often `subject` (an account or an address) was given a wrong password since then."""
    found = db.one(
        "SELECT count(*) AS n FROM login_failure WHERE subject = :subject AND at_ms > :since",
        subject=subject,
        since=since_ms,
    )
    return int(found["n"]) if found else 0


def record_failure(tx: Write, subject: str, now_ms: int, id: int) -> None:
    """One wrong password."""
    tx.run(
        "INSERT INTO login_failure (subject, at_ms, id) VALUES (:subject, :now, :id)",
        subject=subject,
        now=now_ms,
        id=id,
    )


def forget_failures(tx: Write, before_ms: int) -> int:
    """Old guesses do not count."""
    return tx.run("DELETE FROM login_failure WHERE at_ms < :before", before=before_ms)
