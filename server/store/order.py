"""The order of what arrives: ids go on after those that are there, whatever the clock says."""

from server.store.db import Read


def newest_id(db: Read, below: int) -> int:
    """The largest id below `below` of what is done in the order of its id."""
    found = db.one(
        """
        SELECT max(id) AS id FROM (
            SELECT max(id) AS id FROM outbox WHERE id < :below
            UNION ALL SELECT max(id) FROM job WHERE id < :below
            UNION ALL SELECT max(id) FROM post WHERE id < :below) AS each
        """,
        below=below,
    )
    return int(found["id"] or 0) if found else 0
