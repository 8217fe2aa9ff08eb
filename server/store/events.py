"""What happened that no new row shows: written for open streams, and kept for minutes."""

from server.store.db import Read, Row, Write


def insert(tx: Write, id: int, data: str) -> None:
    """Keep what happened, as JSON."""
    tx.run("INSERT INTO event (id, data) VALUES (:id, :data)", id=id, data=data)


def after(db: Read, id: int, limit: int) -> list[Row]:
    """(id, data) of what is newer than `id`, by arrival."""
    return db.all(
        "SELECT id, data FROM event WHERE id > :id ORDER BY id LIMIT :limit", id=id, limit=limit
    )


def forget(tx: Write, before_id: int) -> int:
    """Whoever was to hear of it has heard."""
    return tx.run("DELETE FROM event WHERE id < :before", before=before_id)
