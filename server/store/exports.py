"""Exports of communities that somebody ordered: how far they are, and where their files lie."""

from typing import Final

import msgspec

from server.store.db import Read, Write, record

MOST_LISTED: Final = 20


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A zip that a worker makes. `state`: waiting | ready | failed | gone.

    `done` of `total` threads are in it; `file` is its name in the store.
    """

    id: int
    community_id: int
    ordered_by: int | None
    state: str = "waiting"
    done: int = 0
    total: int = 0
    file: str = ""
    bytes: int = 0
    failure: str = ""
    created_ms: int
    ended_ms: int | None = None


COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(Export))
_INSERT: Final = f"INSERT INTO blog_export ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})"  # noqa: S608


def insert(tx: Write, export: Export) -> None:
    """A new one. Raises `UniqueViolation` while another of its community is under way."""
    tx.run(_INSERT, **msgspec.structs.asdict(export))


def by_id(db: Read, id: int) -> Export | None:
    """One of any community's."""
    found = db.one("SELECT * FROM blog_export WHERE id = :id", id=id)
    return Export(**record(found)) if found else None


def of_community(db: Read, community_id: int) -> list[Export]:
    """Those of a community that are there or were tried, the latest first."""
    found = db.all(
        """
        SELECT * FROM blog_export WHERE community_id = :community AND state <> 'gone'
        ORDER BY id DESC LIMIT :limit
        """,
        community=community_id,
        limit=MOST_LISTED,
    )
    return [Export(**record(row)) for row in found]


def under_way(db: Read, community_id: int) -> bool:
    """Whether one is being made."""
    found = db.one(
        "SELECT 1 FROM blog_export WHERE community_id = :community AND state = 'waiting'",
        community=community_id,
    )
    return found is not None


def ordered_since(db: Read, community_id: int, after_id: int) -> int:
    """How many were ordered after an id, those that are gone among them."""
    found = db.one(
        "SELECT count(*) AS n FROM blog_export WHERE community_id = :community AND id > :after",
        community=community_id,
        after=after_id,
    )
    return int(found["n"]) if found else 0


def fail(tx: Write, id: int, reason: str, now_ms: int) -> None:
    """It cannot be made, for a `reason` that people read."""
    tx.run(
        """
        UPDATE blog_export SET state = 'failed', failure = :reason, ended_ms = :now
        WHERE id = :id AND state = 'waiting'
        """,
        id=id,
        reason=reason,
        now=now_ms,
    )


def remove(tx: Write, id: int) -> None:
    """Its file is nobody's any more; that it was ordered stays known for a while."""
    tx.run("UPDATE blog_export SET state = 'gone', file = '', bytes = 0 WHERE id = :id", id=id)


def expire(tx: Write, before_id: int) -> list[str]:
    """Forget those that were ordered before; the names of their files."""
    found = tx.all("DELETE FROM blog_export WHERE id < :before RETURNING file", before=before_id)
    return [str(row["file"]) for row in found if row["file"]]


def files(db: Read) -> set[str]:
    """The names of their files: no backup has them, for they can be made anew."""
    return {str(row["file"]) for row in db.all("SELECT file FROM blog_export WHERE file <> ''")}


def lose_files(tx: Write) -> None:
    """After a restore: their files were in no backup."""
    tx.run("UPDATE blog_export SET state = 'gone', file = '', bytes = 0 WHERE file <> ''")


def forget_account(tx: Write, account_id: int) -> None:
    """Who ordered leaves; what is made stays with those who keep the community."""
    tx.run("UPDATE blog_export SET ordered_by = NULL WHERE ordered_by = :id", id=account_id)
