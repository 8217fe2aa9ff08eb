"""The promise table: work that a committed transaction owes. Jobs of one lane run in order.

Films and pushes take long, by the will of whoever sent the film or named the push service. They
are claimed apart from all else, so that nothing else waits for them.
"""

from typing import Any, Final, NamedTuple

import msgspec

from server.ids import new_id
from server.model import Job
from server.store.db import Read, Row, Write, struct, structs
from server.store.leases import FUTURE_MS, LEASE_MS, require

BEHIND_MS: Final = 2**62
"""`due_ms` of a job that waits behind another of its lane: it falls due when that one ends, so that
`due_ms` alone, in its index, says when there is something to do."""
FREE_TRIES: Final = 3
CRASHED_MS: Final = 10_000

_FILMS: Final = "kind = 'media'"
_PUSHES: Final = "kind = 'push'"
_ELSE: Final = "kind NOT IN ('media', 'push')"
"""Written out: each is the condition of an index, or of what is left over."""

_WAITS: Final = "SELECT 1 FROM job WHERE lane = :lane AND state = 'waiting' ORDER BY id LIMIT 1"

_LAST: Final = """
    coalesce((SELECT max(id) FROM job WHERE lane = :lane AND state = 'waiting'), 0)
"""
"""Another process may have another clock: what comes later to a lane has a larger id all the same,
or it would hold up the job behind which it waits."""

_ROOM: Final = """
    WHERE :most > (SELECT count(*) FROM (SELECT 1 FROM job
        WHERE lane = :lane AND state = 'waiting' LIMIT :most) AS few)
"""


def enqueue(
    tx: Write,
    kind: str,
    lane: str,
    payload: bytes,
    due_ms: int,
    *,
    wait_ms: int = 0,
    most: int | None = None,
    domain: str = "",
) -> bool:
    """Promise `kind`, to run at or after `due_ms`, if and only if `tx` commits.

    False where `most` wait in the lane already: then nothing is promised. `due_ms` is the present,
    of which the job's id is made; `wait_ms` puts it off. `domain`: to whose account it is put down,
    see `waiting_of`. On PostgreSQL the first of the lane is
    held until then: whoever ends it sees this one.
    """
    hold = "FOR UPDATE" if tx.dialect == "postgresql" else ""
    bounded = {} if most is None else {"most": most}
    return (
        tx.run(
            f"""
            INSERT INTO job (id, kind, lane, payload, domain, bytes, due_ms)
            SELECT CASE WHEN {_LAST} < :id THEN :id ELSE {_LAST} + 1 END,
                :kind, :lane, :payload, :domain, :bytes, coalesce((
                SELECT {BEHIND_MS} FROM job WHERE lane = :lane AND state = 'waiting'
                ORDER BY id LIMIT 1 {hold}), :due)
            {_ROOM if bounded else ""}
            """,  # noqa: S608
            id=new_id(due_ms),
            kind=kind,
            lane=lane,
            payload=payload,
            domain=domain,
            bytes=len(payload),
            due=due_ms + wait_ms,
            **bounded,
        )
        == 1
    )


def enqueue_once(
    tx: Write,
    kind: str,
    lane: str,
    payload: Any,  # noqa: ANN401
    due_ms: int,
    *,
    wait_ms: int = 0,
) -> None:
    """Promise it unless the same work waits already."""
    if not lane_waits(tx, lane):
        enqueue(tx, kind, lane, msgspec.json.encode(payload), due_ms, wait_ms=wait_ms)


def lane_waits(db: Read, lane: str) -> bool:
    """Whether earlier work of this lane is not done yet."""
    return db.one(_WAITS, lane=lane) is not None


def first_of(db: Read, lane: str) -> Job | None:
    """What is to be done first of a lane."""
    found = db.one(
        """
        SELECT id, kind, lane, payload, attempts, claimed_by FROM job
        WHERE lane = :lane AND state = 'waiting' ORDER BY id LIMIT 1
        """,
        lane=lane,
    )
    return struct(Job, found) if found else None


def lane_length(db: Read, lane: str, limit: int) -> int:
    """How many wait in this lane, at most `limit`."""
    found = db.one(
        """
        SELECT count(*) AS n FROM (SELECT 1 FROM job
            WHERE lane = :lane AND state = 'waiting' LIMIT :limit) AS few
        """,
        lane=lane,
        limit=limit,
    )
    return int(found["n"]) if found else 0


class Burden(NamedTuple):
    """How many jobs wait, and how many bytes they are."""

    jobs: int
    bytes: int


def waiting_of(db: Read, domain: str, lane: str = "", *, most: int) -> Burden:
    """What waits that was put down to a domain, or in one lane of it; counted up to `most` jobs."""
    only = "AND lane = :lane" if lane else ""
    found = db.one(
        f"""
        SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes FROM (SELECT bytes FROM job
            WHERE state = 'waiting' AND domain <> '' AND domain = :domain {only}
            LIMIT :most) AS few
        """,  # noqa: S608
        domain=domain,
        most=most,
        **({"lane": lane} if lane else {}),
    )
    return Burden(int(found["n"]), int(found["bytes"])) if found else Burden(0, 0)


def claim(tx: Write, now_ms: int, limit: int, by: int = 0) -> list[Job]:
    """Take up to `limit` due jobs for `LEASE_MS`, each the first of its lane: what is quick.

    `by`: the number of the worker.
    """
    return _claim(tx, _ELSE, now_ms, limit, by)


def claim_films(tx: Write, now_ms: int, limit: int, by: int = 0) -> list[Job]:
    """As `claim`, films and sounds alone. Those who waited longest for their turn come first."""
    return _claim(tx, _FILMS, now_ms, limit, by)


def claim_pushes(tx: Write, now_ms: int, limit: int, by: int = 0) -> list[Job]:
    """As `claim`, pushes alone."""
    return _claim(tx, _PUSHES, now_ms, limit, by)


def _claim(tx: Write, of: str, now_ms: int, limit: int, by: int) -> list[Job]:
    skip = "FOR UPDATE OF j SKIP LOCKED" if tx.dialect == "postgresql" else ""
    found = tx.all(
        f"""
        UPDATE job SET attempts = attempts + 1, claimed_by = :by,
            claimed_until_ms = :now + {LEASE_MS}, due_ms = :now + {LEASE_MS}
        WHERE id IN (
            SELECT j.id FROM job j
            WHERE j.state = 'waiting' AND j.due_ms <= :now AND j.claimed_until_ms <= :now
              AND j.{of}
              AND NOT EXISTS (SELECT 1 FROM job e
                              WHERE e.lane = j.lane AND e.id < j.id AND e.state = 'waiting')
            ORDER BY j.due_ms LIMIT :limit {skip})
        RETURNING id, kind, lane, payload, attempts, claimed_by
        """,  # noqa: S608
        now=now_ms,
        limit=limit,
        by=by,
    )
    # a database gives back in whatever order what it has changed
    return sorted(structs(Job, found), key=lambda job: job.id)


def next_due_ms(db: Read) -> int | None:
    """When the next of `claim` wants something; a claimed one does when its lease runs out."""
    return _next_due_ms(db, _ELSE)


def next_film_ms(db: Read) -> int | None:
    """As `next_due_ms`, of `claim_films`."""
    return _next_due_ms(db, _FILMS)


def next_push_ms(db: Read) -> int | None:
    """As `next_due_ms`, of `claim_pushes`."""
    return _next_due_ms(db, _PUSHES)


def _next_due_ms(db: Read, of: str) -> int | None:
    found = db.one(
        f"SELECT due_ms FROM job WHERE state = 'waiting' AND {of} ORDER BY due_ms LIMIT 1"  # noqa: S608
    )
    return int(found["due_ms"]) if found else None


def extend(tx: Write, job: Job, now_ms: int) -> None:
    """Still at work on it. Raises `ClaimLost`."""
    changed = tx.run(
        """
        UPDATE job SET due_ms = :until, claimed_until_ms = :until
        WHERE id = :id AND claimed_by = :claimed_by AND state = 'waiting' AND claimed_until_ms > 0
        """,
        until=now_ms + LEASE_MS,
        **_held(job),
    )
    require(changed, f"job {job.id}")


def release_all(tx: Write, now_ms: int) -> int:
    """Whoever held claims is gone: what they held is due now.

    What was begun more than `FREE_TRIES` times waits a little longer each time. It may be what
    kills whoever begins it; what was only under way then must not be parked with it.
    """
    return tx.run(
        f"""
        UPDATE job SET claimed_until_ms = 0, due_ms = :now + CASE
            WHEN attempts > {FREE_TRIES} THEN {CRASHED_MS} * (attempts - {FREE_TRIES}) ELSE 0 END
        WHERE state = 'waiting' AND claimed_until_ms > 0
        """,  # noqa: S608
        now=now_ms,
    )


def complete(tx: Write, job: Job, now_ms: int) -> None:
    """The promise is kept. Raises `ClaimLost` when somebody else keeps it, or has kept it."""
    changed = tx.run("DELETE FROM job WHERE id = :id AND claimed_by = :claimed_by", **_held(job))
    require(changed, f"job {job.id}")
    _call_next(tx, job.lane, now_ms)


def _held(job: Job) -> dict[str, int]:
    return {"id": job.id, "claimed_by": job.claimed_by}


def _call_next(tx: Write, lane: str, now_ms: int) -> None:
    """The first of a lane has ended: the one behind it is due."""
    tx.run(
        f"""
        UPDATE job SET due_ms = :now
        WHERE due_ms = {BEHIND_MS} AND id = (
            SELECT min(id) FROM job WHERE lane = :lane AND state = 'waiting')
        """,  # noqa: S608
        lane=lane,
        now=now_ms,
    )


def wake_forgotten(tx: Write, now_ms: int) -> int:
    """Jobs behind nobody, however that came about, are due now."""
    return tx.run(
        f"""
        UPDATE job SET due_ms = :now WHERE state = 'waiting' AND due_ms = {BEHIND_MS}
          AND id IN (SELECT min(id) FROM job WHERE state = 'waiting' GROUP BY lane)
        """,  # noqa: S608
        now=now_ms,
    )


def release_future(tx: Write, now_ms: int) -> int:
    """Claims that no clock can have made which was right are nobody's: the work is due now."""
    return tx.run(
        f"""
        UPDATE job SET claimed_until_ms = 0, due_ms = :now
        WHERE state = 'waiting' AND due_ms > :future AND due_ms < {BEHIND_MS}
          AND claimed_until_ms > :future
        """,  # noqa: S608
        now=now_ms,
        future=now_ms + FUTURE_MS,
    )


def clock_back(tx: Write, by_ms: int, now_ms: int) -> int:
    """The clock was put back by so much: what was put off is due so much earlier. Claims stay."""
    return tx.run(
        f"""
        UPDATE job SET due_ms = CASE WHEN due_ms - :by < :now THEN :now ELSE due_ms - :by END
        WHERE state = 'waiting' AND due_ms > :now AND due_ms < {BEHIND_MS} AND claimed_until_ms = 0
        """,  # noqa: S608
        by=by_ms,
        now=now_ms,
    )


def postpone(tx: Write, job: Job, due_ms: int, error: str) -> None:
    """Try again at `due_ms`. Raises `ClaimLost`."""
    changed = tx.run(
        """
        UPDATE job SET due_ms = :due, claimed_until_ms = 0, last_error = :error
        WHERE id = :id AND claimed_by = :claimed_by
        """,
        due=due_ms,
        error=error[:2000],
        **_held(job),
    )
    require(changed, f"job {job.id}")


def stand_back(tx: Write, job: Job, due_ms: int) -> None:
    """Let others go first: nothing was tried. Raises `ClaimLost`."""
    changed = tx.run(
        """
        UPDATE job SET due_ms = :due, claimed_until_ms = 0, attempts = attempts - 1
        WHERE id = :id AND claimed_by = :claimed_by
        """,
        due=due_ms,
        **_held(job),
    )
    require(changed, f"job {job.id}")


def park(tx: Write, job: Job, error: str, now_ms: int) -> None:
    """Keep it with its reason, out of the way of its lane. Raises `ClaimLost`."""
    changed = tx.run(
        """
        UPDATE job SET state = 'parked', last_error = :error
        WHERE id = :id AND claimed_by = :claimed_by
        """,
        error=error[:8000],
        **_held(job),
    )
    require(changed, f"job {job.id}")
    _call_next(tx, job.lane, now_ms)


def waiting(db: Read) -> int:
    """How many are not done."""
    found = db.one("SELECT count(*) AS n FROM job WHERE state = 'waiting'")
    return int(found["n"]) if found else 0


def kinds(db: Read) -> list[Row]:
    """kind, how many wait (n), first_id: what an index tells, however much waits."""
    return db.all(
        """
        SELECT kind, count(*) AS n, min(id) AS first_id
        FROM job WHERE state = 'waiting' GROUP BY kind
        """
    )


def by_kind(db: Read) -> list[Row]:
    """kind, how many wait (n), first_id and due_ms of the first, attempts of the unluckiest."""
    return db.all(
        """
        SELECT kind, count(*) AS n, min(id) AS first_id, min(due_ms) AS due_ms,
               max(attempts) AS attempts
        FROM job WHERE state = 'waiting' GROUP BY kind ORDER BY kind
        """
    )


def last_error(db: Read, kind: str) -> str:
    """Why the newest waiting job of a kind that failed before did so; often nothing."""
    found = db.one(
        """
        SELECT last_error FROM job
        WHERE state = 'waiting' AND kind = :kind AND last_error <> '' ORDER BY id DESC LIMIT 1
        """,
        kind=kind,
    )
    return str(found["last_error"]) if found else ""


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


def retry_put_off(tx: Write, now_ms: int) -> int:
    """What failed and waits for its next try is due now; how many."""
    return tx.run(
        f"""
        UPDATE job SET due_ms = :now
        WHERE state = 'waiting' AND due_ms > :now AND due_ms < {BEHIND_MS} AND claimed_until_ms = 0
          AND last_error <> ''
        """,  # noqa: S608
        now=now_ms,
    )


def drop_parked(tx: Write) -> int:
    """Forget every parked job; how many."""
    return tx.run("DELETE FROM job WHERE state = 'parked'")
