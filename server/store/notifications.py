"""What happened to somebody."""

from server.model import Notification
from server.store.db import Read, Row, Write
from server.store.paging import LAST_ID, Page, listed, rows

KINDS = (
    "follow",
    "follow_request",
    "mention",
    "favourite",
    "reblog",
    "status",
    "update",
    "poll",
    "quote",
    "quoted_update",
)


def insert(tx: Write, notification: Notification) -> bool:
    """Tell once: the same kind from the same account about the same post is not told again."""
    return (
        tx.run(
            """
            INSERT INTO notification (id, account_id, kind, from_id, post_id, created_ms)
            SELECT :id, :account, :kind, :from, CAST(:post AS BIGINT), :now
            WHERE NOT EXISTS (SELECT 1 FROM notification WHERE from_id = :from
                AND account_id = :account AND kind = :kind
                AND coalesce(post_id, 0) = coalesce(CAST(:post AS BIGINT), 0))
            """,
            **{
                "id": notification.id,
                "account": notification.account_id,
                "kind": notification.kind,
                "from": notification.from_id,
                "post": notification.post_id,
                "now": notification.created_ms,
            },
        )
        == 1
    )


def page(
    db: Read, account_id: int, window: Page, kinds: tuple[str, ...] = KINDS
) -> list[Notification]:
    """Of these kinds, newest first."""
    sql, params = listed(
        """
        SELECT * FROM notification WHERE account_id = :account AND kind IN (:list)
          AND id > :lower AND id < :upper ORDER BY id DESC LIMIT :limit
        """,
        kinds,
    )
    return [Notification(**row) for row in rows(db, window, sql, account=account_id, **params)]


def by_id(db: Read, account_id: int, id: int) -> Notification | None:
    """One of the account's."""
    found = db.one(
        "SELECT * FROM notification WHERE id = :id AND account_id = :account",
        id=id,
        account=account_id,
    )
    return Notification(**found) if found else None


def count_after(db: Read, account_id: int, id: int, limit: int) -> int:
    """How many are newer than `id`, at most `limit`."""
    found = db.one(
        """
        SELECT count(*) AS n FROM (SELECT 1 FROM notification
            WHERE account_id = :account AND id > :id LIMIT :limit) AS newer
        """,
        account=account_id,
        id=id,
        limit=limit,
    )
    return int(found["n"]) if found else 0


def came_after(db: Read, id: int, limit: int) -> list[Row]:
    """(id, account_id, post_id, thread_id) of everybody's that are newer than `id`, by arrival.

    `thread_id` is that of a post which not everybody may read, but the account may.
    """
    return db.all(
        """
        SELECT n.id, n.account_id, n.post_id, p.thread_id FROM notification n
        LEFT JOIN post p ON p.id = n.post_id AND n.kind IN ('mention', 'status')
          AND p.visibility NOT IN ('public', 'unlisted') AND p.deleted_ms IS NULL
        WHERE n.id > :id ORDER BY n.id LIMIT :limit
        """,
        id=id,
        limit=limit,
    )


def remove(tx: Write, account_id: int, id: int) -> None:
    """Forget one."""
    tx.run(
        "DELETE FROM notification WHERE id = :id AND account_id = :account",
        id=id,
        account=account_id,
    )


def clear(tx: Write, account_id: int) -> None:
    """Forget all."""
    tx.run(
        "DELETE FROM notification WHERE account_id = :account AND id < :last",
        account=account_id,
        last=LAST_ID,
    )


def take_back(tx: Write, *, account_id: int, kind: str, from_id: int, post_id: int | None) -> None:
    """What was told did not stay true: the like, boost or follow was undone."""
    tx.run(
        """
        DELETE FROM notification WHERE account_id = :account AND kind = :kind AND from_id = :from
          AND coalesce(post_id, 0) = :post
        """,
        **{"account": account_id, "kind": kind, "from": from_id, "post": post_id or 0},
    )


def remove_all_from(tx: Write, from_id: int) -> None:
    """Forget everything that came from somebody, whoever was told."""
    tx.run("DELETE FROM notification WHERE from_id = :from", **{"from": from_id})


def remove_from(tx: Write, account_id: int, from_id: int) -> None:
    """Forget everything that came from somebody."""
    tx.run(
        "DELETE FROM notification WHERE from_id = :from AND account_id = :account",
        **{"account": account_id, "from": from_id},
    )
