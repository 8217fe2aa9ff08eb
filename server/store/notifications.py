"""What happened to somebody."""

from typing import Final

import msgspec

from server.clock import HOUR_MS
from server.model import NOTICES, Notification
from server.store.db import Read, Row, Write, struct, structs
from server.store.paging import LAST_ID, Page, listed, rows

KINDS: Final = NOTICES
DESK_KINDS: Final = (
    *("desk.submitted", "desk.revised", "desk.accepted", "desk.suggested", "desk.approved"),
    *("desk.published", "desk.coauthor", "desk.confirmed", "desk.cohort"),
    *("desk.book", "desk.answered", "desk.rebound", "desk.claim", "desk.claimed"),
)
TAKEN_BACK: Final = ("answer_revoked", "quote_revoked")
OWN_KINDS: Final = ("scheduled", "desk", *DESK_KINDS, "removed", *TAKEN_BACK, "linked")
"""Which apps do not know: a post could not be published; something of a team blog waits ("desk":
of before it was said what); a community's moderators took away what one wrote; somebody took their
yes to an answer or a quote back; pages elsewhere link to a story."""
GROUPED: Final = ("favourite", "reblog", "follow", "admin.sign_up")
GROUP_HOURS: Final = 12  # between the first and the last of a group
LATEST_MS: Final = 1 << 53
MOST_FILTERED: Final = 100  # of one sender that wait for the same account

# Nobody is told of what they may not read (any more), nor by whom they do not want to hear. The
# counts of groups and of what is unread must not tell of it either, so the rows themselves go.
HEARD: Final = """
    n.account_id = :account
    AND (a.state = 'active' OR (n.kind = 'admin.sign_up' AND a.state = 'pending'))
    AND NOT EXISTS (SELECT 1 FROM mute u WHERE u.account_id = :account AND u.target_id = n.from_id
                    AND u.notifications = 1)
"""
SHOWN: Final = f"""
    {HEARD} AND (n.post_id IS NULL OR EXISTS (
        SELECT 1 FROM post p JOIN account w ON w.id = p.author_id
        WHERE p.id = n.post_id AND p.deleted_ms IS NULL AND w.state IN ('active', 'gone')
          AND (p.visibility IN ('public', 'unlisted') OR p.author_id = :account
               OR (p.visibility <> 'waiting' AND EXISTS (SELECT 1 FROM mention m
                          WHERE m.post_id = p.id AND m.account_id = :account))
               OR (p.visibility = 'followers' AND EXISTS (
                   SELECT 1 FROM follow f WHERE f.follower_id = :account
                   AND f.target_id = p.author_id AND f.state = 'accepted')))))
"""  # noqa: S608
WANTED: Final = """
    n.kind IN (:list) AND (n.filtered = 0 OR :filtered = 1)
    AND (CAST(:from AS BIGINT) IS NULL OR n.from_id = :from)
"""


class Wanted(msgspec.Struct, frozen=True):
    """Which notifications: of these kinds, from this account alone, the filtered ones as well."""

    kinds: tuple[str, ...] = KINDS
    from_id: int | None = None
    filtered: bool = False

    @property
    def params(self) -> dict[str, int | None]:
        """What `WANTED` asks for beside its list of kinds."""
        return {"from": self.from_id, "filtered": int(self.filtered)}


EVERYTHING: Final = Wanted()


def insert(tx: Write, notification: Notification) -> bool:
    """Tell once: the same kind from the same account about the same thing is not told again.

    Those that belong together get one `group_key`; of one sender `MOST_FILTERED` wait at most.
    """
    keys = group_keys(notification)
    sql, params = listed(_INSERT if keys else _INSERT_ALONE, keys)
    if notification.post_id is None:
        sql = sql.replace("post_id = :post", "post_id IS NULL")
    return (
        tx.run(
            sql,
            **params,
            **{
                "id": notification.id,
                "account": notification.account_id,
                "kind": notification.kind,
                "from": notification.from_id,
                "post": notification.post_id,
                "about": notification.about_id,
                "filtered": notification.filtered,
                "now": notification.created_ms,
                "key": keys[0] if keys else "",
                "most": MOST_FILTERED,
            },
        )
        == 1
    )


_INSERT_ALONE: Final = """
    INSERT INTO notification (id, account_id, kind, from_id, post_id, created_ms, filtered,
                              about_id, group_key)
    SELECT :id, :account, :kind, :from, CAST(:post AS BIGINT), :now, :filtered,
           CAST(:about AS BIGINT), :key
    WHERE NOT EXISTS (SELECT 1 FROM notification WHERE from_id = :from
        AND account_id = :account AND kind = :kind
        AND post_id = :post
        AND coalesce(about_id, 0) = coalesce(CAST(:about AS BIGINT), 0))
      AND (:filtered = 0 OR :most > (SELECT count(*) FROM notification f
           WHERE f.account_id = :account AND f.from_id = :from AND f.filtered = 1))
"""
_INSERT: Final = _INSERT_ALONE.replace(
    ":key",
    """coalesce((SELECT g.group_key FROM notification g
        WHERE g.account_id = :account AND g.group_key IN (:list) AND g.group_key <> ''
        ORDER BY g.id DESC LIMIT 1), :key)""",
)


def group_keys(notification: Notification) -> list[str]:
    """The key of a new group, and before it those of groups that are still young enough to join.

    One per post and kind, or per kind, and `GROUP_HOURS`; nothing for what stands alone.
    """
    if notification.kind not in GROUPED or notification.filtered:
        return []
    about = "" if notification.post_id is None else f"-{notification.post_id}"
    hour = notification.created_ms // HOUR_MS
    return [f"{notification.kind}{about}-{hour - back}" for back in range(GROUP_HOURS)]


def page(
    db: Read, account_id: int, window: Page, wanted: Wanted = EVERYTHING
) -> list[Notification]:
    """Those that the account may see, newest first."""
    sql, params = listed(
        f"""
        SELECT n.* FROM notification n JOIN account a ON a.id = n.from_id
        WHERE {SHOWN} AND {WANTED} AND n.id > :lower AND n.id < :upper
        ORDER BY n.id DESC LIMIT :limit
        """,  # noqa: S608
        wanted.kinds,
    )
    found = rows(db, window, sql, account=account_id, **wanted.params, **params)
    return structs(Notification, found)


def by_id(db: Read, account_id: int, id: int) -> Notification | None:
    """One of the account's, if it may still see it."""
    found = db.one(
        f"""
        SELECT n.* FROM notification n JOIN account a ON a.id = n.from_id
        WHERE {SHOWN} AND n.id = :id
        """,  # noqa: S608
        id=id,
        account=account_id,
    )
    return struct(Notification, found) if found else None


def count_after(db: Read, account_id: int, id: int, limit: int, wanted: Wanted = EVERYTHING) -> int:
    """How many are newer than `id`, at most `limit`."""
    sql, params = listed(
        f"""
        SELECT count(*) AS n FROM (
            SELECT 1 FROM notification n JOIN account a ON a.id = n.from_id
            WHERE {SHOWN} AND {WANTED} AND n.id > :id LIMIT :limit) AS newer
        """,  # noqa: S608
        wanted.kinds,
    )
    found = db.one(sql, account=account_id, id=id, limit=limit, **wanted.params, **params)
    return int(found["n"]) if found else 0


def came_after(db: Read, id: int, limit: int) -> list[Row]:
    """(id, account_id, post_id, thread_id) of everybody's that are newer than `id`, by arrival.

    `thread_id` is that of a post which not everybody may read, but the account may. What is
    filtered is news to nobody.
    """
    return db.all(
        """
        SELECT n.id, n.account_id, n.post_id, p.thread_id FROM notification n
        LEFT JOIN post p ON p.id = n.post_id AND n.kind IN ('mention', 'status')
          AND p.visibility NOT IN ('public', 'unlisted') AND p.deleted_ms IS NULL
        WHERE n.id > :id AND n.filtered = 0 ORDER BY n.id LIMIT :limit
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


def take_back(
    tx: Write,
    *,
    account_id: int,
    kind: str,
    from_id: int,
    post_id: int | None,
    before_ms: int = LATEST_MS,
    about_id: int | None = None,
) -> None:
    """What was told did not stay true (the like, boost or follow was undone), or was told before
    `before_ms` and is to be told anew. With `about_id` of that alone.
    """
    tx.run(
        """
        DELETE FROM notification WHERE account_id = :account AND kind = :kind AND from_id = :from
          AND coalesce(post_id, 0) = :post AND created_ms < :before
          AND (CAST(:about AS BIGINT) IS NULL OR about_id = :about)
        """,
        **{"account": account_id, "kind": kind, "from": from_id, "post": post_id or 0},
        before=before_ms,
        about=about_id,
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
