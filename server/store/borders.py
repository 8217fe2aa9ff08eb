"""What a rule about a domain does to those who are known from there, some at a time."""

from collections.abc import Iterable

from server.store.db import Read, Row, Write
from server.store.paging import listed


def peers(db: Read) -> list[Row]:
    """(id, host) of every inbox that we know."""
    return db.all("SELECT id, host FROM peer ORDER BY id")


def people(db: Read, peer_id: int, after_id: int, limit: int) -> list[Row]:
    """(id, state, limited_ms) of those whose inbox it is, from `after_id` on."""
    return db.all(
        """
        SELECT id, state, limited_ms FROM account
        WHERE peer_id = :peer AND id > :after ORDER BY id LIMIT :limit
        """,
        peer=peer_id,
        after=after_id,
        limit=limit,
    )


def mark(tx: Write, ids: Iterable[int], state: str, limited_ms: int | None) -> None:
    """Give these accounts another state; their renderings are out of date."""
    sql, params = listed(
        """
        UPDATE account SET state = :state, limited_ms = :limited, version = version + 1
        WHERE id IN (:list)
        """,
        ids,
    )
    tx.run(sql, state=state, limited=limited_ms, **params)


def ties(db: Read, peer_id: int, limit: int) -> list[Row]:
    """(follower_id, target_id, state) of follows between ours and those whose inbox it is."""
    return db.all(
        """
        SELECT * FROM (SELECT f.follower_id, f.target_id, f.state FROM account a
            JOIN follow f ON f.target_id = a.id WHERE a.peer_id = :peer LIMIT :limit) AS h1
        UNION ALL
        SELECT * FROM (SELECT f.follower_id, f.target_id, f.state FROM account a
            JOIN follow f ON f.follower_id = a.id WHERE a.peer_id = :peer LIMIT :limit) AS h2
        LIMIT :limit
        """,
        peer=peer_id,
        limit=limit,
    )


def follows_of(db: Read, account_id: int, limit: int) -> list[Row]:
    """(follower_id, target_id, state) of whom somebody follows, or asks to."""
    return db.all(
        """
        SELECT follower_id, target_id, state FROM follow WHERE follower_id = :account LIMIT :limit
        """,
        account=account_id,
        limit=limit,
    )
