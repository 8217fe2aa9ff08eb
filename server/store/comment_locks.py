"""Comments below which nobody answers any more."""

from typing import Final

from server.store.db import Read, Write

MAX_DEPTH: Final = 1_000  # answers above one another that are looked at


def lock(tx: Write, post_id: int, now_ms: int) -> bool:
    """Nobody answers below it any more. False when it was so."""
    return (
        tx.run(
            """
            INSERT INTO comment_lock (post_id, locked_ms) VALUES (:id, :now)
            ON CONFLICT DO NOTHING
            """,
            id=post_id,
            now=now_ms,
        )
        == 1
    )


def unlock(tx: Write, post_id: int) -> bool:
    """It can be answered again. False when it could."""
    return tx.run("DELETE FROM comment_lock WHERE post_id = :id", id=post_id) == 1


def locked(db: Read, post_id: int) -> bool:
    """Whether this very comment is locked."""
    return db.one("SELECT 1 FROM comment_lock WHERE post_id = :id", id=post_id) is not None


def locked_above(db: Read, post_id: int) -> bool:
    """Whether it, or one of those that it answers in turn, is locked."""
    found = db.one(
        """
        WITH RECURSIVE above (id, up, depth) AS (
            SELECT p.id, p.reply_to_id, 0 FROM post p WHERE p.id = :id
            UNION ALL
            SELECT p.id, p.reply_to_id, above.depth + 1 FROM above JOIN post p ON p.id = above.up
            WHERE above.depth < :most
        )
        SELECT 1 FROM above JOIN comment_lock l ON l.post_id = above.id LIMIT 1
        """,
        id=post_id,
        most=MAX_DEPTH,
    )
    return found is not None
