"""The promise table: work that a committed transaction owes. Jobs of one lane run in order."""

from typing import Any, Final

import msgspec

from server.ids import new_id
from server.model import Job
from server.store.db import Read, Row, Write

LEASE_MS: Final = 120_000


def enqueue(tx: Write, kind: str, lane: str, payload: bytes, due_ms: int) -> int:
    """Promise `kind`, to run at or after `due_ms`, if and only if `tx` commits."""
    id = new_id(due_ms)
    tx.run(
        """
        INSERT INTO job (id, kind, lane, payload, due_ms) VALUES (:id, :kind, :lane, :payload, :due)
        """,
        id=id,
        kind=kind,
        lane=lane,
        payload=payload,
        due=due_ms,
    )
    return id


def enqueue_once(tx: Write, kind: str, lane: str, payload: Any, due_ms: int) -> None:  # noqa: ANN401
    """Promise it unless the same work waits already."""
    if not lane_waits(tx, lane):
        enqueue(tx, kind, lane, msgspec.json.encode(payload), due_ms)


def lane_waits(db: Read, lane: str) -> bool:
    """Whether earlier work of this lane is not done yet."""
    return (
        db.one("SELECT 1 FROM job WHERE lane = :lane AND state = 'waiting' LIMIT 1", lane=lane)
        is not None
    )


def claim(tx: Write, now_ms: int, limit: int) -> list[Job]:
    """Take up to `limit` due jobs for `LEASE_MS`, each the first of its lane."""
    skip = "FOR UPDATE OF j SKIP LOCKED" if tx.dialect == "postgresql" else ""
    found = tx.all(
        f"""
        UPDATE job SET claimed_until_ms = :now + {LEASE_MS}, attempts = attempts + 1
        WHERE id IN (
            SELECT j.id FROM job j
            WHERE j.state = 'waiting' AND j.due_ms <= :now AND j.claimed_until_ms <= :now
              AND NOT EXISTS (SELECT 1 FROM job e
                              WHERE e.lane = j.lane AND e.id < j.id AND e.state = 'waiting')
            ORDER BY j.due_ms LIMIT :limit {skip})
        RETURNING id, kind, lane, payload, attempts
        """,  # noqa: S608
        now=now_ms,
        limit=limit,
    )
    return [Job(**row) for row in found]


def next_due_ms(db: Read) -> int | None:
    """When the next job wants something, claimed or not."""
    found = db.one(
        """
        SELECT CASE WHEN due_ms > claimed_until_ms THEN due_ms ELSE claimed_until_ms END AS at
        FROM job WHERE state = 'waiting' ORDER BY 1 LIMIT 1
        """
    )
    return int(found["at"]) if found else None


def complete(tx: Write, job: Job) -> None:
    """The promise is kept."""
    tx.run("DELETE FROM job WHERE id = :id", id=job.id)


def postpone(tx: Write, job: Job, due_ms: int, error: str) -> None:
    """Try again at `due_ms`."""
    tx.run(
        """
        UPDATE job SET due_ms = :due, claimed_until_ms = 0, last_error = :error WHERE id = :id
        """,
        id=job.id,
        due=due_ms,
        error=error[:2000],
    )


def park(tx: Write, job: Job, error: str) -> None:
    """Keep it with its reason, out of the way of its lane."""
    tx.run(
        "UPDATE job SET state = 'parked', last_error = :error WHERE id = :id",
        id=job.id,
        error=error[:8000],
    )


def waiting(db: Read) -> int:
    """How many are not done."""
    found = db.one("SELECT count(*) AS n FROM job WHERE state = 'waiting'")
    return int(found["n"]) if found else 0


def parked(db: Read, limit: int = 100) -> list[Row]:
    """id, kind, lane, last_error of what was given up, newest first."""
    return db.all(
        """
        SELECT id, kind, lane, last_error FROM job WHERE state = 'parked'
        ORDER BY id DESC LIMIT :limit
        """,
        limit=limit,
    )


def retry_parked(tx: Write, now_ms: int) -> int:
    """Try every parked job again; how many."""
    return tx.run(
        """
        UPDATE job SET state = 'waiting', due_ms = :now, claimed_until_ms = 0, attempts = 0
        WHERE state = 'parked'
        """,
        now=now_ms,
    )


def drop_parked(tx: Write) -> int:
    """Forget every parked job; how many."""
    return tx.run("DELETE FROM job WHERE state = 'parked'")
