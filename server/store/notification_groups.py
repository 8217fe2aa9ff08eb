"""Notifications that belong together, one line for each group."""

from typing import Final

import msgspec

from server.model import Notification
from server.store.db import Read, Write
from server.store.notifications import SHOWN, WANTED, Wanted
from server.store.paging import LAST_ID, Page, among, listed, rows

SAMPLE: Final = 8  # people whom a group names
MOST_ACCOUNTS: Final = 400  # of one group


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a group has at one time. `low_id` is the oldest that the page reaches.

    `from_ids` are the latest people, newest first.
    """

    count: int
    top_id: int
    low_id: int | None
    latest_ms: int
    from_ids: tuple[int, ...]


def page(
    db: Read, account_id: int, window: Page, wanted: Wanted, grouped: tuple[str, ...]
) -> list[Notification]:
    """One of each group in the window, newest first: its newest, or with `min_id` its oldest.

    Kinds that are not in `grouped` are not put together.
    """
    beyond = "o.id < n.id AND o.id > :lower" if window.min_id is not None else _NEWER
    sql, params = _listed_twice(
        f"""
        SELECT n.* FROM notification n JOIN account a ON a.id = n.from_id
        WHERE {SHOWN} AND {WANTED} AND n.id > :lower AND n.id < :upper
          AND {_alone(beyond)}
        ORDER BY n.id DESC LIMIT :limit
        """,  # noqa: S608
        wanted.kinds,
        grouped,
    )
    found = rows(db, window, sql, account=account_id, **wanted.params, **params)
    return [Notification(**row) for row in found]


def count_after(
    db: Read, account_id: int, id: int, limit: int, wanted: Wanted, grouped: tuple[str, ...]
) -> int:
    """How many groups have something newer than `id`, at most `limit`."""
    sql, params = _listed_twice(
        f"""
        SELECT count(*) AS n FROM (
            SELECT 1 FROM notification n JOIN account a ON a.id = n.from_id
            WHERE {SHOWN} AND {WANTED} AND n.id > :lower AND {_alone(_NEWER)}
            LIMIT :limit) AS newer
        """,  # noqa: S608
        wanted.kinds,
        grouped,
    )
    params |= {"account": account_id, "lower": id, "upper": LAST_ID, "limit": limit}
    found = db.one(sql, **wanted.params, **params)
    return int(found["n"]) if found else 0


_NEWER: Final = "o.id > n.id AND o.id < :upper"


def _alone(beyond: str) -> str:
    """The condition that `n` stands for its group: none of the group is further on."""
    shown = SHOWN.replace("n.", "o.").replace("a.state", "b.state")
    return f"""(n.group_key = '' OR n.kind NOT IN (:grouped) OR NOT EXISTS (
        SELECT 1 FROM notification o JOIN account b ON b.id = o.from_id
        WHERE {shown} AND o.group_key = n.group_key AND o.group_key <> '' AND {beyond}
          AND (CAST(:from AS BIGINT) IS NULL OR o.from_id = :from)))"""  # noqa: S608


def _listed_twice(
    sql: str, kinds: tuple[str, ...], grouped: tuple[str, ...]
) -> tuple[str, dict[str, str | int]]:
    sql, params = listed(sql, kinds)
    named = {f"g{n}": kind for n, kind in enumerate(grouped)}
    names = ", ".join(f":{name}" for name in named) or "''"
    return sql.replace("(:grouped)", f"({names})"), {**params, **named}


def facts(
    db: Read, account_id: int, keys: list[str], *, low_id: int = 0, top_id: int = LAST_ID
) -> dict[str, Facts]:
    """Of each of these groups, as far as it is not newer than `top_id`."""
    found = among(
        db,
        f"""
        SELECT * FROM (
            SELECT n.group_key, n.from_id, n.id, n.created_ms,
                row_number() OVER (PARTITION BY n.group_key ORDER BY n.id DESC) AS place,
                count(*) OVER (PARTITION BY n.group_key) AS many,
                min(CASE WHEN n.id >= :low THEN n.id END) OVER (PARTITION BY n.group_key) AS low_id
            FROM notification n JOIN account a ON a.id = n.from_id
            WHERE {SHOWN} AND n.group_key IN (:list) AND n.group_key <> '' AND n.id <= :top
        ) AS h1 WHERE place <= :sample ORDER BY id DESC
        """,  # noqa: S608
        dict.fromkeys(keys),
        account=account_id,
        low=low_id,
        top=top_id,
        sample=SAMPLE,
    )
    answer: dict[str, Facts] = {}
    for row in found:
        known = answer.get(row["group_key"])
        answer[row["group_key"]] = Facts(
            count=row["many"],
            top_id=known.top_id if known else row["id"],
            low_id=row["low_id"],
            latest_ms=known.latest_ms if known else row["created_ms"],
            from_ids=(*(known.from_ids if known else ()), row["from_id"]),
        )
    return answer


def latest(db: Read, account_id: int, key: str) -> Notification | None:
    """The newest of a group."""
    found = db.one(
        f"""
        SELECT n.* FROM notification n JOIN account a ON a.id = n.from_id
        WHERE {SHOWN} AND n.group_key = :key AND n.group_key <> '' ORDER BY n.id DESC LIMIT 1
        """,  # noqa: S608
        account=account_id,
        key=key,
    )
    return Notification(**found) if found else None


def account_ids(db: Read, account_id: int, key: str) -> list[int]:
    """From whom a group came, newest first: the last `MOST_ACCOUNTS`."""
    found = db.all(
        f"""
        SELECT n.from_id FROM notification n JOIN account a ON a.id = n.from_id
        WHERE {SHOWN} AND n.group_key = :key AND n.group_key <> ''
        ORDER BY n.id DESC LIMIT :most
        """,  # noqa: S608
        account=account_id,
        key=key,
        most=MOST_ACCOUNTS,
    )
    return list(dict.fromkeys(row["from_id"] for row in found))


def remove(tx: Write, account_id: int, key: str) -> None:
    """Forget a whole group."""
    tx.run(
        """
        DELETE FROM notification
        WHERE account_id = :account AND group_key = :key AND group_key <> ''
        """,
        account=account_id,
        key=key,
    )
