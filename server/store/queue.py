"""The operator's view of what waits for peers, and what an operator does about it."""

from server.store.db import Read, Row, Write


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
