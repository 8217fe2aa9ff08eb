"""What the city says to all its people."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from server.store.db import Read, Write
from server.store.paging import among

MOST: Final = 100


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is Markdown, `content` its HTML. What it is about lasts from `starts_ms` to `ends_ms`,
    with `all_day` from the first day to the last; it is shown until it ends.
    """

    id: int
    text: str
    content: str
    all_day: int = 0
    starts_ms: int | None = None
    ends_ms: int | None = None
    published_ms: int
    updated_ms: int


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """How many answered an announcement with the emoji `name`, and whether the viewer did."""

    announcement_id: int
    name: str
    count: int
    me: bool


def insert(tx: Write, announcement: Announcement) -> None:
    """Publish one."""
    tx.run(
        """
        INSERT INTO announcement
            (id, text, content, all_day, starts_ms, ends_ms, published_ms, updated_ms)
        VALUES
            (:id, :text, :content, :all_day, :starts_ms, :ends_ms, :published_ms, :updated_ms)
        """,
        **msgspec.structs.asdict(announcement),
    )


def all(db: Read) -> list[Announcement]:
    """The newest `MOST`, those that are over as well, in the order of what they are about."""
    found = db.all(
        """
        SELECT * FROM (SELECT * FROM announcement ORDER BY id DESC LIMIT :most) AS latest
        ORDER BY coalesce(starts_ms, published_ms), id
        """,
        most=MOST,
    )
    return [Announcement(**row) for row in found]


def current(db: Read, now_ms: int) -> list[Announcement]:
    """Those that are not over."""
    return [one for one in all(db) if one.ends_ms is None or one.ends_ms > now_ms]


def by_id(db: Read, id: int) -> Announcement | None:
    """One of them."""
    found = db.one("SELECT * FROM announcement WHERE id = :id", id=id)
    return Announcement(**found) if found else None


def remove(tx: Write, id: int) -> bool:
    """Take one back, with what people did with it. False when there was none."""
    for table in ("announcement_read", "announcement_reaction"):
        tx.run(f"DELETE FROM {table} WHERE announcement_id = :id", id=id)  # noqa: S608
    return tx.run("DELETE FROM announcement WHERE id = :id", id=id) == 1


def read_by(db: Read, account_id: int, ids: Iterable[int]) -> set[int]:
    """Those of `ids` that the account has put away."""
    found = among(
        db,
        """
        SELECT announcement_id FROM announcement_read
        WHERE account_id = :account AND announcement_id IN (:list)
        """,
        ids,
        account=account_id,
    )
    return {row["announcement_id"] for row in found}


def dismiss(tx: Write, account_id: int, id: int) -> None:
    """The account has read it."""
    tx.run(
        """
        INSERT INTO announcement_read (account_id, announcement_id) VALUES (:account, :id)
        ON CONFLICT DO NOTHING
        """,
        account=account_id,
        id=id,
    )


def reactions(db: Read, account_id: int, ids: Iterable[int]) -> list[Reaction]:
    """Of these announcements, each in the order in which its emoji first came."""
    found = among(
        db,
        """
        SELECT announcement_id, name, count(*) AS count,
            max(CASE WHEN account_id = :account THEN 1 ELSE 0 END) AS me
        FROM announcement_reaction WHERE announcement_id IN (:list)
        GROUP BY announcement_id, name ORDER BY min(id)
        """,
        ids,
        account=account_id,
    )
    return [_reaction(**row) for row in found]


def _reaction(*, me: int, **columns: Any) -> Reaction:  # noqa: ANN401
    return Reaction(me=bool(me), **columns)


def react(tx: Write, announcement_id: int, account_id: int, name: str, id: int) -> None:
    """Answer with an emoji, once."""
    tx.run(
        """
        INSERT INTO announcement_reaction (announcement_id, name, account_id, id)
        VALUES (:announcement, :name, :account, :id) ON CONFLICT DO NOTHING
        """,
        announcement=announcement_id,
        name=name,
        account=account_id,
        id=id,
    )


def unreact(tx: Write, announcement_id: int, account_id: int, name: str) -> None:
    """Take an emoji back."""
    tx.run(
        """
        DELETE FROM announcement_reaction
        WHERE announcement_id = :announcement AND name = :name AND account_id = :account
        """,
        announcement=announcement_id,
        name=name,
        account=account_id,
    )


def remove_of(tx: Write, account_id: int) -> None:
    """An account of ours ends: what it did with announcements goes."""
    tx.run("DELETE FROM announcement_read WHERE account_id = :account", account=account_id)
    tx.run("DELETE FROM announcement_reaction WHERE account_id = :account", account=account_id)
