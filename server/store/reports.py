"""What was reported, until a moderator puts it away."""

from collections.abc import Iterable

from server.store.db import Read, Row, Write
from server.store.paging import among


def insert(
    tx: Write,
    *,
    id: int,
    uri: str,
    reporter_id: int,
    target_id: int | None,
    objects: str,
    comment: str,
    now_ms: int,
) -> bool:
    """Store a Flag. `objects` is a JSON list of ids. False when we have it."""
    return (
        tx.run(
            """
            INSERT INTO report (id, uri, reporter_id, target_id, objects, comment, created_ms)
            VALUES (:id, :uri, :reporter, :target, :objects, :comment, :now) ON CONFLICT DO NOTHING
            """,
            id=id,
            uri=uri,
            reporter=reporter_id,
            target=target_id,
            objects=objects,
            comment=comment,
            now=now_ms,
        )
        == 1
    )


def waiting(db: Read) -> list[Row]:
    """id, reporter_id, target_id, objects, comment, created_ms of the 100 newest open ones."""
    return db.all("SELECT * FROM report WHERE state = 'open' ORDER BY id DESC LIMIT 100")


def close(tx: Write, id: int) -> bool:
    """Put one away. False when it is not open."""
    return (
        tx.run("UPDATE report SET state = 'closed' WHERE id = :id AND state = 'open'", id=id) == 1
    )


def by_ids(db: Read, ids: Iterable[int]) -> dict[int, Row]:
    """Those of `ids` that exist, with all their columns."""
    found = among(db, "SELECT * FROM report WHERE id IN (:list)", ids)
    return {row["id"]: row for row in found}
