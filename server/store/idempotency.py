"""Requests that come twice: the Idempotency-Key of a post, and the post that it made."""

from server.store.db import Read, Write


def post_of(db: Read, account_id: int, key: str) -> int | None:
    """The post that this Idempotency-Key made."""
    found = db.one(
        "SELECT post_id FROM idempotency WHERE account_id = :account AND key = :key",
        account=account_id,
        key=key,
    )
    return int(found["post_id"]) if found else None


def remember(tx: Write, account_id: int, key: str, post_id: int, now_ms: int) -> None:
    """The next request with this key gets this post."""
    tx.run(
        """
        INSERT INTO idempotency (account_id, key, post_id, created_ms)
        VALUES (:account, :key, :post, :now)
        """,
        account=account_id,
        key=key,
        post=post_id,
        now=now_ms,
    )


def forget(tx: Write, before_ms: int) -> int:
    """Keys count for a while only."""
    return tx.run("DELETE FROM idempotency WHERE created_ms < :before", before=before_ms)
