"""What happened here in a time, counted day by day. For moderators alone.

Every count reads the rows of its time by an index; an id tells when its row was made.
"""

from typing import Any, Final

from server.clock import DAY_MS
from server.ids import EPOCH_MS, first_id
from server.store.db import Read, Row

MOST_ROWS: Final = 100_000
_DAY_OF_ID: Final = f"(({{id}} / 4194304 + {EPOCH_MS}) / {DAY_MS})"
_DAY_OF_TIME: Final = f"({{id}} / {DAY_MS})"
_TAGGED: Final = "hashtag h JOIN post p ON p.id = h.post_id JOIN account a ON a.id = p.author_id"
_TAG: Final = "h.tag = :of AND p.visibility = 'public' AND p.deleted_ms IS NULL"

_BY_ID: Final[dict[str, tuple[str, str, str, str]]] = {
    "active_users": ("count(DISTINCT p.author_id)", "p.id", "post p", "p.local = 1"),
    "likes": ("count(*)", "f.id", "favourite f JOIN post p ON p.id = f.post_id", "p.local = 1"),
    "boosts": ("count(*)", "b.id", "boost b JOIN post p ON p.id = b.post_id", "p.local = 1"),
    "replies": ("count(*)", "q.id", "post q JOIN post p ON p.id = q.reply_to_id", "p.local = 1"),
    "opened_reports": ("count(*)", "r.id", "report r", "0 = 0"),
    "tag_uses": ("count(*)", "h.post_id", _TAGGED, _TAG),
    "tag_accounts": ("count(DISTINCT p.author_id)", "h.post_id", _TAGGED, _TAG),
    "tag_servers": ("count(DISTINCT a.domain)", "h.post_id", _TAGGED, f"{_TAG} AND a.domain <> ''"),
    "instance_accounts": ("count(*)", "a.id", "account a", "a.domain = :of"),
    "instance_statuses": (
        "count(*)",
        "p.id",
        "account a JOIN post p ON p.author_id = a.id",
        "a.domain = :of AND p.deleted_ms IS NULL",
    ),
    "instance_reports": (
        "count(*)",
        "r.id",
        "account a JOIN report r ON r.target_id = a.id",
        "a.domain = :of",
    ),
    "instance_follows": (
        "count(*)",
        "f.id",
        "account a JOIN follow f ON f.target_id = a.id",
        "a.domain = :of AND f.local = 1 AND f.state = 'accepted'",
    ),
    "instance_followers": (
        "count(*)",
        "f.id",
        "account a JOIN follow f ON f.follower_id = a.id",
        "a.domain = :of AND f.state = 'accepted'",
    ),
}
_BY_TIME: Final[dict[str, tuple[str, str, str, str]]] = {
    "new_users": ("count(*)", "m.created_ms", "member m", "0 = 0"),
    "resolved_reports": ("count(*)", "r.closed_ms", "report r", "r.closed_ms IS NOT NULL"),
}
COUNTS: Final = (*_BY_ID, *_BY_TIME)
_PLACES: Final[dict[str, tuple[str, str, str, str]]] = {
    "languages": ("p.language", "p.id", "post p", "p.local = 1 AND p.language <> ''"),
    "sources": (
        "coalesce(o.name, 'web')",
        "p.id",
        "post p LEFT JOIN app o ON o.id = p.app_id",
        "p.local = 1",
    ),
    "servers": (
        "a.domain",
        "p.id",
        "post p JOIN account a ON a.id = p.author_id",
        "p.local = 0 AND a.domain <> ''",
    ),
    "tag_servers": ("a.domain", "h.post_id", _TAGGED, f"{_TAG} AND a.domain <> ''"),
    "tag_languages": ("p.language", "h.post_id", _TAGGED, f"{_TAG} AND p.language <> ''"),
    "instance_languages": (
        "p.language",
        "p.id",
        "account a JOIN post p ON p.author_id = a.id",
        "a.domain = :of AND p.deleted_ms IS NULL AND p.language <> ''",
    ),
}
PLACES: Final = tuple(_PLACES)


def count(
    db: Read, figure: str, from_ms: int, to_ms: int, of: str = ""
) -> tuple[int, dict[int, int]]:
    """(in all, by day since 1970) of one of `COUNTS`; `of` is a hashtag or a domain."""
    by_time = figure in _BY_TIME
    what, column, source, wanted = (_BY_TIME if by_time else _BY_ID)[figure]
    day = (_DAY_OF_TIME if by_time else _DAY_OF_ID).format(id=column)
    params: dict[str, Any] = {
        "lower": from_ms if by_time else first_id(from_ms),
        "upper": to_ms if by_time else first_id(to_ms),
    }
    if ":of" in wanted:
        params["of"] = of
    rest = f"FROM {source} WHERE {column} >= :lower AND {column} < :upper AND {wanted}"
    total = db.all(f"SELECT {what} AS n {rest}", **params)[0]["n"]
    days = db.all(f"SELECT {day} AS day, {what} AS n {rest} GROUP BY {day}", **params)
    return int(total), {int(row["day"]): int(row["n"]) for row in days}


def shares(
    db: Read, place: str, from_ms: int, to_ms: int, limit: int, *, of: str = ""
) -> list[Row]:
    """(name, n) of one of `PLACES`, the most first; `of` is a hashtag or a domain."""
    name, column, source, wanted = _PLACES[place]
    params: dict[str, Any] = {"lower": first_id(from_ms), "upper": first_id(to_ms), "most": limit}
    if ":of" in wanted:
        params["of"] = of
    return db.all(
        f"""
        SELECT {name} AS name, count(*) AS n FROM {source}
        WHERE {column} >= :lower AND {column} < :upper AND {wanted}
        GROUP BY {name} ORDER BY count(*) DESC, {name} LIMIT :most
        """,  # noqa: S608
        **params,
    )


def followed_most(db: Read, domain: str, limit: int) -> list[Row]:
    """(name, n) of people of a server, those with the most followers that are known first."""
    return db.all(
        """
        SELECT name, followers_count AS n FROM account WHERE domain = :domain AND state = 'active'
        ORDER BY followers_count DESC, id LIMIT :most
        """,
        domain=domain,
        most=limit,
    )


def joined(db: Read, from_ms: int, to_ms: int) -> list[Row]:
    """(account_id, at_ms) of who came in this time."""
    return db.all(
        """
        SELECT account_id, created_ms AS at_ms FROM member
        WHERE created_ms >= :lower AND created_ms < :upper LIMIT :most
        """,
        lower=from_ms,
        upper=to_ms,
        most=MOST_ROWS,
    )


def wrote(db: Read, from_ms: int, to_ms: int) -> list[Row]:
    """(account_id, day): on which days those who came in this time wrote something in it."""
    day = _DAY_OF_ID.format(id="p.id")
    return db.all(
        f"""
        SELECT p.author_id AS account_id, {day} AS day FROM member m
        JOIN post p ON p.author_id = m.account_id
        WHERE m.created_ms >= :since AND m.created_ms < :until AND p.deleted_ms IS NULL
          AND p.id >= :lower AND p.id < :upper GROUP BY p.author_id, {day} LIMIT :most
        """,  # noqa: S608
        since=from_ms,
        until=to_ms,
        lower=first_id(from_ms),
        upper=first_id(to_ms),
        most=MOST_ROWS,
    )
