"""Posts that wait for their time."""

from typing import Final

import msgspec

from server.store.db import Read, Write
from server.store.paging import Page, rows


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """What its author wants published at `due_ms`: `params` is a NewPost as JSON.

    `failure` is empty, or says as JSON why it could not be published: then it waits for its author.
    """

    id: int
    account_id: int
    due_ms: int
    params: str
    app_id: int | None
    idempotency_key: str | None
    failure: str
    created_ms: int


COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(Scheduled))
INSERT: Final = f"INSERT INTO scheduled_post ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})"  # noqa: S608


def insert(tx: Write, scheduled: Scheduled) -> None:
    """Store a new one."""
    tx.run(INSERT, **msgspec.structs.asdict(scheduled))


def by_id(db: Read, account_id: int, id: int) -> Scheduled | None:
    """One of the account's."""
    found = db.one(
        "SELECT * FROM scheduled_post WHERE id = :id AND account_id = :account",
        id=id,
        account=account_id,
    )
    return Scheduled(**found) if found else None


def by_key(db: Read, account_id: int, key: str) -> Scheduled | None:
    """The one that the account made with this Idempotency-Key."""
    found = db.one(
        "SELECT * FROM scheduled_post WHERE account_id = :account AND idempotency_key = :key",
        account=account_id,
        key=key,
    )
    return Scheduled(**found) if found else None


def page(db: Read, account_id: int, window: Page) -> list[Scheduled]:
    """The account's, newest first."""
    found = rows(
        db,
        window,
        """
        SELECT * FROM scheduled_post WHERE account_id = :account AND id > :lower AND id < :upper
        ORDER BY id DESC LIMIT :limit
        """,
        account=account_id,
    )
    return [Scheduled(**row) for row in found]


def count(db: Read, account_id: int, from_ms: int, to_ms: int, but_id: int) -> tuple[int, int]:
    """How many the account has, and how many of them are due in this span; one does not count."""
    found = db.one(
        """
        SELECT count(*) AS n, coalesce(sum(CASE WHEN due_ms >= :start AND due_ms < :stop
                                           THEN 1 ELSE 0 END), 0) AS then_due
        FROM scheduled_post WHERE account_id = :account AND id <> :but
        """,
        account=account_id,
        start=from_ms,
        stop=to_ms,
        but=but_id,
    )
    return (int(found["n"]), int(found["then_due"])) if found else (0, 0)


def set_due(tx: Write, id: int, due_ms: int) -> None:
    """Another time; what failed before is tried then."""
    tx.run("UPDATE scheduled_post SET due_ms = :at, failure = '' WHERE id = :id", at=due_ms, id=id)


def fail(tx: Write, id: int, failure: str) -> None:
    """It cannot be published: keep it with the reason."""
    tx.run("UPDATE scheduled_post SET failure = :why WHERE id = :id", why=failure, id=id)


def remove(tx: Write, id: int) -> None:
    """Forget one, whose pictures were let go."""
    tx.run("DELETE FROM scheduled_post WHERE id = :id", id=id)


def remove_of(tx: Write, account_id: int) -> None:
    """Forget all of an account, and let their pictures go."""
    tx.run(
        """
        UPDATE media SET scheduled_id = NULL WHERE scheduled_id IN (
            SELECT id FROM scheduled_post WHERE account_id = :account)
        """,
        account=account_id,
    )
    tx.run("DELETE FROM scheduled_post WHERE account_id = :account", account=account_id)


def count_due(db: Read, before_ms: int) -> int:
    """How many should have been published before then, and can be."""
    found = db.one(
        """
        SELECT count(*) AS n FROM scheduled_post
        WHERE failure = '' AND due_ms > 0 AND due_ms <= :before
        """,
        before=before_ms,
    )
    return int(found["n"]) if found else 0


def next_due_ms(db: Read) -> int | None:
    """When the next is to be published."""
    found = db.one(
        """
        SELECT due_ms FROM scheduled_post WHERE failure = '' AND due_ms > 0
        ORDER BY due_ms LIMIT 1
        """
    )
    return int(found["due_ms"]) if found else None


def due(tx: Write, now_ms: int) -> Scheduled | None:
    """One that is to be published now and that no other process publishes."""
    skip = "FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    found = tx.one(
        f"""
        SELECT * FROM scheduled_post WHERE failure = '' AND due_ms <= :now
        ORDER BY due_ms LIMIT 1 {skip}
        """,  # noqa: S608
        now=now_ms,
    )
    return Scheduled(**found) if found else None
