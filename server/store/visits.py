"""What our people have seen of a thread."""

from server.store.db import Read, Write


def seen(db: Read, account_id: int, thread_id: int) -> int | None:
    """The newest post of the thread that was there when the account last looked."""
    found = db.one(
        "SELECT seen_id FROM visit WHERE account_id = :account AND thread_id = :thread",
        account=account_id,
        thread=thread_id,
    )
    return int(found["seen_id"]) if found else None


def record(tx: Write, *, account_id: int, thread_id: int, seen_id: int, now_ms: int) -> bool:
    """Remember the newest post that was there; never an older one. False when nothing is new."""
    changed = tx.run(
        """
        INSERT INTO visit (account_id, thread_id, seen_id, at_ms)
        VALUES (:account, :thread, :seen, :now)
        ON CONFLICT (account_id, thread_id)
        DO UPDATE SET seen_id = excluded.seen_id, at_ms = excluded.at_ms
        WHERE visit.seen_id < excluded.seen_id
        """,
        account=account_id,
        thread=thread_id,
        seen=seen_id,
        now=now_ms,
    )
    return changed == 1


def forget(tx: Write, before_ms: int) -> int:
    """Forget visits from before a time; how many there were."""
    return tx.run("DELETE FROM visit WHERE at_ms < :before", before=before_ms)


def remove_of(tx: Write, account_id: int) -> None:
    """Forget all visits of an account."""
    tx.run("DELETE FROM visit WHERE account_id = :account", account=account_id)
