"""Servers that one of ours wants nothing to do with."""

from server.store.db import Read, Write
from server.store.paging import Page, rows


def insert(tx: Write, *, account_id: int, domain: str, id: int) -> bool:
    """Shut a server out. False when it was already."""
    return (
        tx.run(
            """
            INSERT INTO domain_mute (account_id, domain, id) VALUES (:account, :domain, :id)
            ON CONFLICT DO NOTHING
            """,
            account=account_id,
            domain=domain,
            id=id,
        )
        == 1
    )


def remove(tx: Write, account_id: int, domain: str) -> None:
    """Let it in again."""
    tx.run(
        "DELETE FROM domain_mute WHERE account_id = :account AND domain = :domain",
        account=account_id,
        domain=domain,
    )


def holds(db: Read, account_id: int, domain: str) -> bool:
    """Whether the account shuts this server out."""
    return (
        db.one(
            "SELECT 1 FROM domain_mute WHERE account_id = :account AND domain = :domain",
            account=account_id,
            domain=domain,
        )
        is not None
    )


def count(db: Read, account_id: int) -> int:
    """How many servers the account shuts out."""
    found = db.one(
        "SELECT count(*) AS n FROM domain_mute WHERE account_id = :account", account=account_id
    )
    return int(found["n"]) if found else 0


def page(db: Read, account_id: int, window: Page) -> list[tuple[int, str]]:
    """(id, domain), newest first."""
    found = rows(
        db,
        window,
        """
        SELECT id, domain FROM domain_mute
        WHERE account_id = :account AND id > :lower AND id < :upper ORDER BY id DESC LIMIT :limit
        """,
        account=account_id,
    )
    return [(row["id"], row["domain"]) for row in found]


def count_ties(db: Read, account_id: int, domain: str) -> tuple[int, int]:
    """How many from there follow the account, and how many there it follows."""
    found = db.one(
        """
        SELECT
            (SELECT count(*) FROM follow f JOIN account a ON a.id = f.follower_id
                WHERE f.target_id = :account AND f.state = 'accepted' AND a.domain = :domain)
                AS followers,
            (SELECT count(*) FROM follow f JOIN account a ON a.id = f.target_id
                WHERE f.follower_id = :account AND f.state = 'accepted' AND a.domain = :domain)
                AS following
        """,
        account=account_id,
        domain=domain,
    )
    return (int(found["followers"]), int(found["following"])) if found else (0, 0)


def ties(db: Read, account_id: int, domain: str, limit: int) -> list[tuple[int, int]]:
    """(follower, target) of follows, or requests, between the account and people of the server."""
    found = db.all(
        """
        SELECT * FROM (SELECT f.follower_id, f.target_id FROM follow f
            JOIN account a ON a.id = f.target_id
            WHERE f.follower_id = :account AND a.domain = :domain
            ORDER BY f.target_id LIMIT :limit) AS h1
        UNION ALL
        SELECT * FROM (SELECT f.follower_id, f.target_id FROM follow f
            JOIN account a ON a.id = f.follower_id
            WHERE f.target_id = :account AND a.domain = :domain LIMIT :limit) AS h2
        LIMIT :limit
        """,
        account=account_id,
        domain=domain,
        limit=limit,
    )
    return [(row["follower_id"], row["target_id"]) for row in found]


def remove_notifications(tx: Write, account_id: int, domain: str) -> None:
    """Forget what people of the server did to the account."""
    tx.run(
        """
        DELETE FROM notification WHERE account_id = :account AND EXISTS (
            SELECT 1 FROM account a WHERE a.id = notification.from_id AND a.domain = :domain)
        """,
        account=account_id,
        domain=domain,
    )
