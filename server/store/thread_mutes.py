"""Threads of which somebody wants to hear no more."""

from server.store.db import Read, Write


def add(tx: Write, account_id: int, thread_id: int) -> None:
    """Tell the account nothing of this thread any more."""
    tx.run(
        """
        INSERT INTO thread_mute (account_id, thread_id) VALUES (:account, :thread)
        ON CONFLICT DO NOTHING
        """,
        account=account_id,
        thread=thread_id,
    )


def remove(tx: Write, account_id: int, thread_id: int) -> None:
    """Tell the account of it again."""
    tx.run(
        "DELETE FROM thread_mute WHERE account_id = :account AND thread_id = :thread",
        account=account_id,
        thread=thread_id,
    )


def count(db: Read, account_id: int, limit: int) -> int:
    """How many threads the account has muted, at most `limit`."""
    found = db.one(
        """
        SELECT count(*) AS n FROM (SELECT 1 FROM thread_mute
            WHERE account_id = :account LIMIT :limit) AS few
        """,
        account=account_id,
        limit=limit,
    )
    return int(found["n"]) if found else 0


def move(tx: Write, old_id: int, new_id: int) -> None:
    """A thread became part of another: who muted the one has muted the other."""
    tx.run(
        """
        INSERT INTO thread_mute (account_id, thread_id)
        SELECT account_id, :new FROM thread_mute WHERE thread_id = :old
        ON CONFLICT DO NOTHING
        """,
        old=old_id,
        new=new_id,
    )
    tx.run("DELETE FROM thread_mute WHERE thread_id = :old", old=old_id)


def remove_of(tx: Write, account_id: int) -> None:
    """Forget what an account has muted."""
    tx.run("DELETE FROM thread_mute WHERE account_id = :account", account=account_id)
