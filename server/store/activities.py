"""Which activities have arrived, and what must never come back."""

from server.store.db import Read, Write


def record(tx: Write, uri: str, now_ms: int) -> bool:
    """True the first time this id is seen; afterwards False, and nothing should happen."""
    return (
        tx.run(
            "INSERT INTO activity (uri, received_ms) VALUES (:uri, :now) ON CONFLICT DO NOTHING",
            uri=uri,
            now=now_ms,
        )
        == 1
    )


def forget(tx: Write, before_ms: int, limit: int = 5000) -> int:
    """An id older than any retry need not be remembered."""
    return tx.run(
        """
        DELETE FROM activity WHERE uri IN (
            SELECT uri FROM activity WHERE received_ms < :before LIMIT :limit)
        """,
        before=before_ms,
        limit=limit,
    )


def forget_graves(tx: Write, before_ms: int, limit: int = 5000) -> int:
    """What was deleted so long ago comes no more; our rows of deleted posts stay in any case."""
    return tx.run(
        """
        DELETE FROM tombstone WHERE uri IN (
            SELECT uri FROM tombstone WHERE at_ms < :before LIMIT :limit)
        """,
        before=before_ms,
        limit=limit,
    )


def bury(tx: Write, uri: str, now_ms: int, *, by: str = "") -> None:
    """This id was deleted: whatever comes later under it changes nothing.

    What we never had may be somebody else's: with `by`, an actor's id, it is buried for what comes
    from that actor alone.
    """
    tx.run(
        "INSERT INTO tombstone (uri, at_ms) VALUES (:uri, :now) ON CONFLICT DO NOTHING",
        uri=_grave(uri, by),
        now=now_ms,
    )


def buried(db: Read, uri: str, *, by: str) -> bool:
    """Whether this id was deleted, for everybody or for what comes from the actor `by`."""
    return (
        db.one(
            "SELECT 1 FROM tombstone WHERE uri = :uri OR uri = :theirs LIMIT 1",
            uri=uri,
            theirs=_grave(uri, by),
        )
        is not None
    )


def _grave(uri: str, by: str) -> str:
    return f"{by} {uri}" if by else uri  # no id contains a space
