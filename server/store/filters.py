"""Filters: words and posts that somebody does not want to meet, and where."""

from collections.abc import Iterable
from typing import Any

import msgspec

from server.store.db import Read, Row, Write
from server.store.paging import among


class Keyword(msgspec.Struct, frozen=True, kw_only=True):
    """A word or phrase. `whole_word`: not as a part of a longer word."""

    id: int
    filter_id: int
    keyword: str
    whole_word: int = 0


class FilteredPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post that somebody does not want to meet again."""

    id: int
    filter_id: int
    post_id: int


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """`contexts`: names separated by spaces. `action`: warn | hide | blur."""

    id: int
    account_id: int
    title: str
    contexts: str
    action: str = "warn"
    expires_ms: int | None = None
    keywords: tuple[Keyword, ...] = ()
    posts: tuple[FilteredPost, ...] = ()


def touch(tx: Write, account_id: int) -> None:
    """The account's filters changed: `member.filters` is a new number, above 0 if there are any."""
    tx.run(
        """
        UPDATE member SET filters = (abs(filters) + 1) * CASE WHEN EXISTS (
            SELECT 1 FROM filter f WHERE f.account_id = :id) THEN 1 ELSE -1 END
        WHERE account_id = :id
        """,
        id=account_id,
    )


def version(db: Read, account_id: int) -> int:
    """What `member.filters` is now."""
    found = db.one("SELECT filters FROM member WHERE account_id = :id", id=account_id)
    return int(found["filters"]) if found else 0


def insert(tx: Write, new: Filter) -> None:
    """Store a new filter, without its keywords and posts."""
    tx.run(
        """
        INSERT INTO filter (id, account_id, title, contexts, action, expires_ms)
        VALUES (:id, :account_id, :title, :contexts, :action, :expires_ms)
        """,
        **_columns(new),
    )


def change(tx: Write, changed: Filter) -> None:
    """Everything but its keywords and posts."""
    tx.run(
        """
        UPDATE filter SET title = :title, contexts = :contexts, action = :action,
            expires_ms = :expires_ms
        WHERE id = :id AND account_id = :account_id
        """,
        **_columns(changed),
    )


def _columns(of: Filter) -> dict[str, Any]:
    columns = msgspec.structs.asdict(of)
    del columns["keywords"], columns["posts"]
    return columns


def remove(tx: Write, id: int) -> None:
    """Forget a filter with all that belongs to it."""
    tx.run("DELETE FROM filter_keyword WHERE filter_id = :id", id=id)
    tx.run("DELETE FROM filter_status WHERE filter_id = :id", id=id)
    tx.run("DELETE FROM filter WHERE id = :id", id=id)


def remove_of(tx: Write, account_id: int) -> None:
    """An account ends: its filters go."""
    for row in tx.all("SELECT id FROM filter WHERE account_id = :id", id=account_id):
        remove(tx, row["id"])


def of_account(db: Read, account_id: int) -> list[Filter]:
    """All filters of somebody, oldest first."""
    rows = db.all("SELECT * FROM filter WHERE account_id = :id ORDER BY id", id=account_id)
    return _whole(db, rows)


def one(db: Read, account_id: int, id: int) -> Filter | None:
    """The filter with this id, if it is the account's."""
    rows = db.all(
        "SELECT * FROM filter WHERE id = :id AND account_id = :account", id=id, account=account_id
    )
    return next(iter(_whole(db, rows)), None)


def _whole(db: Read, rows: list[Row]) -> list[Filter]:
    ids = [row["id"] for row in rows]
    keywords = among(db, "SELECT * FROM filter_keyword WHERE filter_id IN (:list) ORDER BY id", ids)
    posts = among(db, "SELECT * FROM filter_status WHERE filter_id IN (:list) ORDER BY id", ids)
    return [
        Filter(
            **row,
            keywords=tuple(Keyword(**k) for k in keywords if k["filter_id"] == row["id"]),
            posts=tuple(FilteredPost(**p) for p in posts if p["filter_id"] == row["id"]),
        )
        for row in rows
    ]


def count(db: Read, account_id: int) -> int:
    """How many filters somebody has."""
    found = db.one("SELECT count(*) AS n FROM filter WHERE account_id = :id", id=account_id)
    return int(found["n"]) if found else 0


# --- keywords


def keyword(db: Read, account_id: int, id: int) -> Keyword | None:
    """The keyword with this id, if its filter is the account's."""
    found = db.one(
        """
        SELECT k.* FROM filter_keyword k JOIN filter f ON f.id = k.filter_id
        WHERE k.id = :id AND f.account_id = :account
        """,
        id=id,
        account=account_id,
    )
    return Keyword(**found) if found else None


def keyword_count(db: Read, account_id: int) -> int:
    """How many keywords somebody's filters have together."""
    found = db.one(
        """
        SELECT count(*) AS n FROM filter f JOIN filter_keyword k ON k.filter_id = f.id
        WHERE f.account_id = :id
        """,
        id=account_id,
    )
    return int(found["n"]) if found else 0


def put_keyword(tx: Write, word: Keyword) -> None:
    """Store a keyword, or change the one with its id."""
    tx.run(
        """
        INSERT INTO filter_keyword (id, filter_id, keyword, whole_word)
        VALUES (:id, :filter_id, :keyword, :whole_word)
        ON CONFLICT (id) DO UPDATE SET keyword = excluded.keyword, whole_word = excluded.whole_word
        """,
        **msgspec.structs.asdict(word),
    )


def remove_keyword(tx: Write, id: int) -> None:
    """Forget a keyword."""
    tx.run("DELETE FROM filter_keyword WHERE id = :id", id=id)


# --- posts


def post(db: Read, account_id: int, id: int) -> FilteredPost | None:
    """What this id means, if its filter is the account's."""
    found = db.one(
        """
        SELECT s.* FROM filter_status s JOIN filter f ON f.id = s.filter_id
        WHERE s.id = :id AND f.account_id = :account
        """,
        id=id,
        account=account_id,
    )
    return FilteredPost(**found) if found else None


def add_post(tx: Write, new: FilteredPost) -> bool:
    """Put a post into a filter. False where it is there."""
    return (
        tx.run(
            """
            INSERT INTO filter_status (id, filter_id, post_id) VALUES (:id, :filter_id, :post_id)
            ON CONFLICT DO NOTHING
            """,
            **msgspec.structs.asdict(new),
        )
        == 1
    )


def remove_post(tx: Write, id: int) -> None:
    """Take a post out of its filter."""
    tx.run("DELETE FROM filter_status WHERE id = :id", id=id)


# --- what is looked through


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What of a post is looked through; `alts` describe its pictures."""

    id: int
    title: str
    lead: str
    content: str
    warning: str
    extra: str
    alts: tuple[str, ...] = ()


def said(db: Read, post_ids: Iterable[int]) -> list[Said]:
    """What these posts say."""
    ids = list(post_ids)
    alts = among(
        db,
        "SELECT post_id, alt FROM media WHERE post_id IN (:list) ORDER BY post_id, position",
        ids,
    )
    found = among(
        db, "SELECT id, title, lead, content, warning, extra FROM post WHERE id IN (:list)", ids
    )
    return [
        Said(**row, alts=tuple(one["alt"] for one in alts if one["post_id"] == row["id"]))
        for row in found
    ]
