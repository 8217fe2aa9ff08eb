"""The operator's view of what waits for peers, and what an operator does about it."""

from typing import Final

from server.store.db import Read, Row, Write

_JOBS: Final = """
    SELECT 'jobs', '{0}', count(*), (SELECT min(id) FROM job WHERE state = '{0}')
    FROM job WHERE state = '{0}'
"""
"""Written out for each state, so that its own index is found."""


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


def failing(db: Read) -> int:
    """How many peers do not answer."""
    found = db.one("SELECT count(*) AS n FROM peer WHERE failing_since_ms IS NOT NULL")
    return int(found["n"]) if found else 0


def states(db: Read) -> list[Row]:
    """queue (deliveries | jobs), state, how many (n), first_id of them (None where there is none).

    Deliveries are `waiting` for a peer that is well, `resting` with one that fails, or `parked`.
    Their ids are those of what is sent, so that each tells since when.
    """
    return db.all(
        f"""
        WITH held AS MATERIALIZED (
            SELECT coalesce(sum((SELECT count(*) FROM delivery d WHERE d.peer_id = p.id)), 0) AS n,
                min((SELECT min(d.outbox_id) FROM delivery d WHERE d.peer_id = p.id)) AS first_id
            FROM peer p WHERE p.failing_since_ms IS NOT NULL)
        SELECT 'deliveries' AS queue, 'waiting' AS state,
            (SELECT count(*) FROM delivery) - held.n AS n,
            (SELECT min((SELECT min(d.outbox_id) FROM delivery d WHERE d.peer_id = p.id))
             FROM peer p WHERE p.due_ms IS NOT NULL AND p.failing_since_ms IS NULL) AS first_id
        FROM held
        UNION ALL
        SELECT 'deliveries', 'resting', n, first_id FROM held
        UNION ALL
        SELECT 'deliveries', 'parked', count(*), min(outbox_id) FROM parked_delivery
        UNION ALL {_JOBS.format("waiting")} UNION ALL {_JOBS.format("parked")}
        """  # noqa: S608
    )
