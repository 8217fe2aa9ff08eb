"""Which activities have arrived, and what must never come back."""

from typing import NamedTuple

from server.store.db import Read, Write, cells


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


class Standing(NamedTuple):
    """What we know of an object: it was deleted, it is here, one of ours follows its author."""

    buried: int
    here: int
    followed: int


def standing(db: Read, uri: str, *, by: str, author_id: int) -> Standing:
    """How an object stands with us that comes from the account `author_id`; `by` as in `buried`."""
    found = db.all(
        """
        SELECT EXISTS (SELECT 1 FROM tombstone WHERE uri = :uri OR uri = :theirs) AS buried,
            EXISTS (SELECT 1 FROM post WHERE uri = :uri) AS here,
            EXISTS (SELECT 1 FROM follow
                    WHERE target_id = :author AND local = 1 AND state = 'accepted') AS followed
        """,
        uri=uri,
        theirs=_grave(uri, by),
        author=author_id,
    )
    return Standing(*cells(found[0]))


def _grave(uri: str, by: str) -> str:
    return f"{by} {uri}" if by else uri  # no id contains a space
