"""The operator's view of what waits for peers, and what an operator does about it."""

from typing import Final

from server.store.db import Read, Row, Write

_HELD_UP: Final = """
    SELECT coalesce({1}((SELECT {0} FROM delivery d WHERE d.peer_id = p.id)), 0)
    FROM peer p WHERE p.failing_since_ms IS NOT NULL
"""


def lanes(db: Read) -> list[Row]:
    """Per busy peer: its row, and how many deliveries are `waiting` and `parked`."""
    return db.all(
        """
        SELECT p.id, p.host, p.inbox, p.due_ms, p.attempts, p.failing_since_ms, p.last_error,
            (SELECT count(*) FROM delivery d WHERE d.peer_id = p.id) AS waiting,
            (SELECT count(*) FROM parked_delivery k WHERE k.peer_id = p.id) AS parked
        FROM peer p
        WHERE p.due_ms IS NOT NULL
           OR p.id IN (SELECT peer_id FROM parked_delivery)
        ORDER BY p.host, p.inbox
        """
    )


def parked(db: Read, limit: int = 100) -> list[Row]:
    """peer_id, outbox_id, host, reason, at_ms, body; newest first."""
    return db.all(
        """
        SELECT k.peer_id, k.outbox_id, p.host, k.reason, k.at_ms, o.body
        FROM parked_delivery k JOIN peer p ON p.id = k.peer_id JOIN outbox o ON o.id = k.outbox_id
        ORDER BY k.at_ms DESC LIMIT :limit
        """,
        limit=limit,
    )


def retry(tx: Write, host: str, now_ms: int) -> int:
    """Send everything for `host` ('' is every host) again now, parked too; how many were parked."""
    params = {"host": host}
    moved = tx.run(
        """
        INSERT INTO delivery (peer_id, outbox_id)
        SELECT k.peer_id, k.outbox_id FROM parked_delivery k JOIN peer p ON p.id = k.peer_id
        WHERE p.host = :host OR :host = '' ON CONFLICT DO NOTHING
        """,
        **params,
    )
    tx.run(
        """
        DELETE FROM parked_delivery
        WHERE peer_id IN (SELECT id FROM peer WHERE host = :host OR :host = '')
        """,
        **params,
    )
    tx.run(
        """
        UPDATE peer SET due_ms = :now, attempts = 0, failing_since_ms = NULL, gone_ms = NULL
        WHERE (host = :host OR :host = '') AND id IN (SELECT peer_id FROM delivery)
        """,
        now=now_ms,
        **params,
    )
    return moved


def drop(tx: Write, host: str) -> int:
    """Forget everything that waits or is parked for `host` ('' is every host); how many."""
    dropped = 0
    for table in ("delivery", "parked_delivery"):
        dropped += tx.run(
            f"""
            DELETE FROM {table}
            WHERE peer_id IN (SELECT id FROM peer WHERE host = :host OR :host = '')
            """,  # noqa: S608
            host=host,
        )
    tx.run("UPDATE peer SET due_ms = NULL WHERE host = :host OR :host = ''", host=host)
    return dropped


def depth(db: Read) -> Row:
    """waiting, parked, resting: how many deliveries wait and are parked, how many peers fail."""
    found = db.one(
        """
        SELECT (SELECT count(*) FROM delivery) AS waiting,
            (SELECT count(*) FROM parked_delivery) AS parked,
            (SELECT count(*) FROM peer WHERE failing_since_ms IS NOT NULL) AS resting
        """
    )
    assert found is not None  # noqa: S101  a row of counts
    return found


def states(db: Read) -> list[Row]:
    """queue (deliveries | jobs), state, how many (n), first_id of them (None where there is none).

    Deliveries are `waiting` for a peer that is well, `resting` with one that fails, or `parked`.
    Their ids are those of what is sent, so that each tells since when.
    """
    return db.all(
        f"""
        SELECT 'deliveries' AS queue, 'waiting' AS state,
            (SELECT count(*) FROM delivery) - ({_HELD_UP.format("count(*)", "sum")}) AS n,
            (SELECT min((SELECT min(d.outbox_id) FROM delivery d WHERE d.peer_id = p.id))
             FROM peer p WHERE p.due_ms IS NOT NULL AND p.failing_since_ms IS NULL) AS first_id
        UNION ALL
        SELECT 'deliveries', 'resting', ({_HELD_UP.format("count(*)", "sum")}),
            nullif(({_HELD_UP.format("min(d.outbox_id)", "min")}), 0)
        UNION ALL
        SELECT 'deliveries', 'parked', count(*), min(outbox_id) FROM parked_delivery
        UNION ALL
        SELECT 'jobs', s.state, (SELECT count(*) FROM job j WHERE j.state = s.state),
            (SELECT min(id) FROM job j WHERE j.state = s.state)
        FROM (SELECT 'waiting' AS state UNION ALL SELECT 'parked') AS s
        """  # noqa: S608
    )
