"""What was reported, and what became of it."""

from collections.abc import Iterable
from typing import Any

from server.store.db import Read, Row, Write
from server.store.paging import Page, among, rows


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
    category: str = "other",
    rule_ids: str = "[]",
    forwarded: bool = False,
) -> bool:
    """Store a report. `objects` and `rule_ids` are JSON lists of ids. False when we have it."""
    return (
        tx.run(
            """
            INSERT INTO report (id, uri, reporter_id, target_id, objects, comment, created_ms,
                updated_ms, category, rule_ids, forwarded)
            VALUES (:id, :uri, :reporter, :target, :objects, :comment, :now, :now, :category,
                :rules, :forwarded) ON CONFLICT DO NOTHING
            """,
            id=id,
            uri=uri,
            reporter=reporter_id,
            target=target_id,
            objects=objects,
            comment=comment,
            now=now_ms,
            category=category,
            rules=rule_ids,
            forwarded=int(forwarded),
        )
        == 1
    )


def page(
    db: Read,
    window: Page,
    *,
    closed: bool = False,
    reporter_id: int | None = None,
    target_id: int | None = None,
    most: int = 80,
) -> list[Row]:
    """Open ones, or those that were put away, newest first: of one reporter, about one account."""
    wanted = "state <> 'open'" if closed else "state = 'open'"
    if reporter_id is not None:
        wanted += " AND reporter_id = :reporter"
    if target_id is not None:
        wanted += " AND target_id = :target"
    return rows(
        db,
        window,
        f"""
        SELECT * FROM report WHERE {wanted} AND id > :lower AND id < :upper
        ORDER BY id DESC LIMIT :limit
        """,  # noqa: S608
        most,
        **({} if reporter_id is None else {"reporter": reporter_id}),
        **({} if target_id is None else {"target": target_id}),
    )


def count_from(db: Read, reporter_id: int, since_id: int, target_id: int | None = None) -> int:
    """How many somebody sent since then: all, or those about one account that are still open."""
    found = db.one(
        """
        SELECT count(*) AS n FROM report WHERE reporter_id = :reporter AND id > :since
          AND (CAST(:target AS BIGINT) IS NULL OR (target_id = :target AND state = 'open'))
        """,
        reporter=reporter_id,
        since=since_id,
        target=target_id,
    )
    return int(found["n"]) if found else 0


def count_of(db: Read, domain: str, since_id: int) -> int:
    """How many came from a server since then."""
    found = db.one(
        """
        SELECT count(*) AS n FROM report r JOIN account a ON a.id = r.reporter_id
        WHERE r.id > :since AND a.domain = :domain
        """,
        since=since_id,
        domain=domain,
    )
    return int(found["n"]) if found else 0


def set_columns(tx: Write, id: int, **columns: Any) -> None:  # noqa: ANN401
    """Change columns of one."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(f"UPDATE report SET {names} WHERE id = :id", id=id, **columns)  # noqa: S608


def close(tx: Write, id: int, by_id: int, now_ms: int) -> bool:
    """Put one away. False when it is not open."""
    return (
        tx.run(
            """
            UPDATE report SET state = 'closed', closed_by_id = :by, closed_ms = :now,
                updated_ms = :now
            WHERE id = :id AND state = 'open'
            """,
            id=id,
            by=by_id,
            now=now_ms,
        )
        == 1
    )


def close_about(tx: Write, target_id: int, by_id: int, now_ms: int) -> int:
    """Put away all that is open about an account; how many."""
    return tx.run(
        """
        UPDATE report SET state = 'closed', closed_by_id = :by, closed_ms = :now, updated_ms = :now
        WHERE target_id = :target AND state = 'open'
        """,
        target=target_id,
        by=by_id,
        now=now_ms,
    )


def by_ids(db: Read, ids: Iterable[int]) -> dict[int, Row]:
    """Those of `ids` that exist, with all their columns."""
    found = among(db, "SELECT * FROM report WHERE id IN (:list)", ids)
    return {row["id"]: row for row in found}
