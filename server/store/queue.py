"""The operator's view of what waits for peers, and what an operator does about it."""

from typing import Final

from server.store import peers
from server.store.db import Read, Row, Write

_JOBS: Final = """
    SELECT 'jobs', '{0}', count(*), (SELECT min(id) FROM job WHERE state = '{0}')
    FROM job WHERE state = '{0}'
"""
"""Written out for each state, so that its own index is found."""


def lanes(db: Read) -> list[Row]:
    """Per busy or failing peer: its row, and how many deliveries are `waiting` and `parked`."""
    return db.all(
        """
        SELECT p.id, p.host, p.inbox, p.due_ms, p.attempts, p.failing_since_ms, p.last_error,
            (SELECT count(*) FROM delivery d WHERE d.peer_id = p.id) AS waiting,
            (SELECT count(*) FROM parked_delivery k WHERE k.peer_id = p.id) AS parked
        FROM peer p
        WHERE p.due_ms IS NOT NULL OR (p.failing_since_ms IS NOT NULL AND p.gone_ms IS NULL)
           OR p.id IN (SELECT peer_id FROM parked_delivery)
        ORDER BY p.host, p.inbox
        """
    )


def gone(db: Read, limit: int = 100) -> list[Row]:
    """host, inbox, gone_ms, last_error, followers: who gets nothing more though people follow."""
    return db.all(
        """
        SELECT p.host, p.inbox, p.gone_ms, p.last_error, count(*) AS followers
        FROM peer p JOIN account a ON a.peer_id = p.id
        JOIN follow f ON f.follower_id = a.id AND f.state = 'accepted'
        JOIN account t ON t.id = f.target_id AND t.domain = ''
        WHERE p.gone_ms IS NOT NULL
        GROUP BY p.id, p.host, p.inbox, p.gone_ms, p.last_error
        ORDER BY p.gone_ms DESC LIMIT :limit
        """,
        limit=limit,
    )


def knows(db: Read, host: str) -> bool:
    """Whether anything was ever sent, or to be sent, to a host."""
    return db.one("SELECT 1 FROM peer WHERE host = :host", host=host) is not None


def hosts(db: Read) -> list[str]:
    """Where something waits, fails, is parked or gone: what `retry` and `drop` are about."""
    found = db.all(
        """
        SELECT DISTINCT host FROM peer
        WHERE due_ms IS NOT NULL OR failing_since_ms IS NOT NULL OR gone_ms IS NOT NULL
           OR id IN (SELECT peer_id FROM parked_delivery)
        ORDER BY host
        """
    )
    return [str(row["host"]) for row in found]


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
    """Send everything for `host` ('' is every host) again now, parked too; how many were parked.

    A peer that was given up is one like others again, if it is named or something waits for it:
    new posts go there as long as somebody follows.
    """
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
    for name in _given_up(tx, host):
        peers.follow_again(tx, name)
    tx.run(
        """
        UPDATE peer SET attempts = 0, failing_since_ms = NULL, gone_ms = NULL,
            due_ms = CASE WHEN id IN (SELECT peer_id FROM delivery) THEN :now ELSE due_ms END
        WHERE host = :host OR (:host = '' AND id IN (SELECT peer_id FROM delivery))
        """,
        now=now_ms,
        **params,
    )
    return moved


def _given_up(db: Read, host: str) -> list[str]:
    found = db.all(
        """
        SELECT DISTINCT host FROM peer
        WHERE gone_ms IS NOT NULL
          AND (host = :host OR (:host = '' AND id IN (SELECT peer_id FROM delivery)))
        """,
        host=host,
    )
    return [str(row["host"]) for row in found]


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
