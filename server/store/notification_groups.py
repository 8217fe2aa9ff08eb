"""Notifications that belong together, one line for each group."""

from collections.abc import Sequence
from typing import Final

import msgspec

from server.model import Notification
from server.store.db import Read, Row, Write, struct, structs
from server.store.notifications import HEARD, SHOWN, WANTED, Wanted
from server.store.paging import LAST_ID, Page, among, listed, rows

SAMPLE: Final = 8  # people whom a group names
MOST_ACCOUNTS: Final = 400  # of one group
MOST: Final = 5_000  # notifications that are looked at to count groups
STEP: Final = 10  # notifications that are read at once to find groups
GROUPS_AT_ONCE: Final = 8


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

    Kinds that are not in `grouped` are not put together. Rows of groups that stand there already
    are passed over, so a post that thousands like costs little.
    """
    upwards = window.min_id is not None
    found: list[Notification] = []
    rest = msgspec.structs.replace(window, limit=STEP)
    while len(found) < window.limit:
        keys = [n.group_key for n in found if n.group_key and n.kind in grouped]
        rows_ = _beyond(db, account_id, rest, wanted, keys)
        for n in reversed(rows_) if upwards else rows_:
            if n.group_key not in keys or n.kind not in grouped:
                keys += [n.group_key] if n.group_key and n.kind in grouped else []
                found.append(n)
        if len(rows_) < STEP:
            break
        change = {"min_id": rows_[0].id} if upwards else {"max_id": rows_[-1].id}
        rest = msgspec.structs.replace(rest, **change)
    found = found[: window.limit]
    return found[::-1] if upwards else found


def _beyond(
    db: Read, account_id: int, window: Page, wanted: Wanted, keys: list[str]
) -> list[Notification]:
    """The next of the window that are of none of these groups."""
    sql, params = _listed_twice(
        f"""
        SELECT n.* FROM notification n JOIN account a ON a.id = n.from_id
        WHERE {SHOWN} AND {WANTED} AND n.id > :lower AND n.id < :upper
          AND n.group_key NOT IN (:keys)
        ORDER BY n.id DESC LIMIT :limit
        """,  # noqa: S608
        wanted.kinds,
        keys,
    )
    found = rows(db, window, sql, account=account_id, **wanted.params, **params)
    return structs(Notification, found)


def count_after(
    db: Read, account_id: int, id: int, limit: int, wanted: Wanted, grouped: tuple[str, ...]
) -> int:
    """How many groups have something newer than `id`, at most `limit`, among the newest `MOST`."""
    sql, params = _listed_twice(
        f"""
        SELECT count(*) AS n FROM (SELECT DISTINCT group_key, alone FROM (
            SELECT CASE WHEN n.kind IN (:keys) THEN n.group_key ELSE '' END AS group_key,
                CASE WHEN n.kind IN (:keys) AND n.group_key <> '' THEN 0 ELSE n.id END AS alone
            FROM notification n JOIN account a ON a.id = n.from_id
            WHERE {SHOWN} AND {WANTED} AND n.id > :lower
            ORDER BY n.id DESC LIMIT :most) AS latest LIMIT :limit) AS newer
        """,  # noqa: S608
        wanted.kinds,
        grouped,
    )
    params |= {"account": account_id, "lower": id, "most": MOST, "limit": limit}
    found = db.one(sql, **wanted.params, **params)
    return int(found["n"]) if found else 0


def _listed_twice(
    sql: str, kinds: tuple[str, ...], keys: Sequence[str]
) -> tuple[str, dict[str, str | int]]:
    """As `listed`, with the second list in the place of `(:keys)`."""
    sql, params = listed(sql, kinds)
    named = {f"g{n}": key for n, key in enumerate(keys)}
    names = ", ".join(f":{name}" for name in named) or "'none'"
    return sql.replace("(:keys)", f"({names})"), {**params, **named}


def facts(
    db: Read, account_id: int, keys: list[str], *, low_id: int = 0, top_id: int = LAST_ID
) -> dict[str, Facts]:
    """Of each of these groups, as far as it is not newer than `top_id`.

    Whether the post that a group is about may be read is for the caller to ask.
    """
    found = among(
        db,
        f"""
        SELECT n.group_key, count(*) AS many,
            min(CASE WHEN n.id >= :low THEN n.id END) AS low_id
        FROM notification n JOIN account a ON a.id = n.from_id
        WHERE {HEARD} AND n.group_key IN (:list) AND n.group_key <> '' AND n.id <= :top
        GROUP BY n.group_key
        """,  # noqa: S608
        dict.fromkeys(keys),
        account=account_id,
        low=low_id,
        top=top_id,
    )
    samples = _samples(db, account_id, [row["group_key"] for row in found], top_id)
    return {
        key: Facts(
            count=row["many"],
            top_id=samples[key][0]["id"],
            low_id=row["low_id"],
            latest_ms=samples[key][0]["created_ms"],
            from_ids=tuple(one["from_id"] for one in samples[key]),
        )
        for row in found
        for key in (row["group_key"],)
    }


def _samples(db: Read, account_id: int, keys: list[str], top_id: int) -> dict[str, list[Row]]:
    """The latest few of each group, newest first. Each is one step in the index by groups."""
    answer: dict[str, list[Row]] = {}
    for start in range(0, len(keys), GROUPS_AT_ONCE):
        named = {f"key{n}": key for n, key in enumerate(keys[start : start + GROUPS_AT_ONCE])}
        for row in db.all(
            f"{_SAMPLES} ORDER BY id DESC",
            account=account_id,
            top=top_id,
            sample=SAMPLE,
            **_NONE | named,
        ):
            answer.setdefault(row["group_key"], []).append(row)
    return answer


_NONE: Final = {f"key{n}": "" for n in range(GROUPS_AT_ONCE)}
_SAMPLE: Final = f"""
    SELECT * FROM (SELECT n.group_key, n.id, n.from_id, n.created_ms
        FROM notification n JOIN account a ON a.id = n.from_id
        WHERE {HEARD} AND n.group_key = :key AND n.group_key <> '' AND n.id <= :top
        ORDER BY n.id DESC LIMIT :sample) AS of_key
"""  # noqa: S608
_SAMPLES: Final = " UNION ALL ".join(
    _SAMPLE.replace(":key", f":{key}").replace("of_key", f"of_{key}") for key in _NONE
)


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
    return struct(Notification, found) if found else None


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
