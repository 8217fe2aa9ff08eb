"""Posts that somebody saved to find them again; nobody else learns of it."""

from server.store.db import Read, Write


def add(tx: Write, *, account_id: int, post_id: int, id: int) -> None:
    """Save a post, once; `id` is its place among what the account saved."""
    tx.run(
        """
        INSERT INTO bookmark (account_id, post_id, id) VALUES (:account, :post, :id)
        ON CONFLICT DO NOTHING
        """,
        account=account_id,
        post=post_id,
        id=id,
    )


def remove(tx: Write, account_id: int, post_id: int) -> None:
    """Save it no longer."""
    tx.run(
        "DELETE FROM bookmark WHERE account_id = :account AND post_id = :post",
        account=account_id,
        post=post_id,
    )


def count(db: Read, account_id: int, limit: int) -> int:
    """How many posts the account has saved, at most `limit`."""
    found = db.one(
        """
        SELECT count(*) AS n FROM (SELECT 1 FROM bookmark
            WHERE account_id = :account LIMIT :limit) AS few
        """,
        account=account_id,
        limit=limit,
    )
    return int(found["n"]) if found else 0


def remove_of(tx: Write, account_id: int) -> None:
    """Forget everything that an account has saved."""
    tx.run("DELETE FROM bookmark WHERE account_id = :account", account=account_id)
