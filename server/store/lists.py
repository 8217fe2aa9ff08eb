"""Lists: some of those whom somebody follows, with a timeline of their own.

What members write comes into the owner's home timeline as everything does, and the list's timeline
reads it there. Where a list is `exclusive`, its members' entries lie `aside` in the home timeline.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from server.model import Account, Entry
from server.store import accounts
from server.store.conditions import SHOWN, UNWANTED, WANTED
from server.store.db import Read, Write, structs
from server.store.paging import Page, among, rows
from server.store.timelines import paged

IN_LIST: Final = """
    EXISTS (SELECT 1 FROM list_member e WHERE e.list_id = l.id
            AND e.account_id = COALESCE(h.booster_id, p.author_id))
    AND (h.booster_id IS NOT NULL OR p.reply_to_uri IS NULL OR l.replies_policy = 'followed'
         OR EXISTS (SELECT 1 FROM post q WHERE q.id = p.reply_to_id
                    AND (q.author_id IN (p.author_id, l.account_id)
                         OR (l.replies_policy = 'list' AND EXISTS (
                             SELECT 1 FROM list_member r WHERE r.list_id = l.id
                             AND r.account_id = q.author_id)))))
"""
"""Of an entry `h` of the home timeline of the owner of a list `l`, with its post `p`: a member of
the list wrote or boosted it, and it is no answer that the list does not show. Answers to the owner
and to oneself are always there."""


def of_list(db: Read, owner_id: int, list_id: int, page: Page) -> list[Entry]:
    """What of the owner's home timeline members of a list wrote or boosted."""
    return paged(
        db,
        page,
        f"""
        SELECT h.id, h.booster_id, {SHOWN}
        FROM list l JOIN home h ON h.owner_id = l.account_id
        JOIN post p ON p.id = h.post_id JOIN account a ON a.id = p.author_id
        WHERE l.id = :list_id AND l.account_id = :me AND h.owner_id = :me
          AND h.id > :lower AND h.id < :upper AND p.deleted_ms IS NULL AND a.state = 'active'
          AND {IN_LIST} AND {WANTED}
          AND (h.booster_id IS NULL OR h.booster_id NOT IN ({UNWANTED}))
        ORDER BY h.id DESC LIMIT :limit
        """,  # noqa: S608
        me=owner_id,
        list_id=list_id,
    )


def set_aside(tx: Write, owner_id: int) -> None:
    """The owner's lists changed: what belongs into the home timeline, and what only into lists."""
    tx.run(
        """
        UPDATE home SET aside = 1 - aside WHERE owner_id = :owner AND aside <> (
            SELECT CASE WHEN p.author_id <> :owner OR home.booster_id IS NOT NULL
                THEN CASE WHEN EXISTS (
                    SELECT 1 FROM list l JOIN list_member e ON e.list_id = l.id
                    WHERE l.account_id = :owner AND l.exclusive = 1
                      AND e.account_id = COALESCE(home.booster_id, p.author_id))
                    THEN 1 ELSE 0 END
                ELSE 0 END
            FROM post p WHERE p.id = home.post_id)
        """,
        owner=owner_id,
    )


class List(msgspec.Struct, frozen=True, kw_only=True):
    """`replies_policy`: followed | list | none, the answers to whom its timeline shows."""

    id: int
    account_id: int
    title: str
    replies_policy: str = "list"
    exclusive: int = 0


def insert(tx: Write, new: List) -> None:
    """Store a new list."""
    tx.run(
        """
        INSERT INTO list (id, account_id, title, replies_policy, exclusive)
        VALUES (:id, :account_id, :title, :replies_policy, :exclusive)
        """,
        **msgspec.structs.asdict(new),
    )


def change(tx: Write, changed: List) -> None:
    """Its title and what it shows."""
    tx.run(
        """
        UPDATE list SET title = :title, replies_policy = :replies_policy, exclusive = :exclusive
        WHERE id = :id AND account_id = :account_id
        """,
        **msgspec.structs.asdict(changed),
    )


def remove(tx: Write, owner_id: int, id: int) -> None:
    """Forget a list of this owner."""
    tx.run(
        """
        DELETE FROM list_member WHERE list_id = (
            SELECT id FROM list WHERE id = :id AND account_id = :owner)
        """,
        id=id,
        owner=owner_id,
    )
    tx.run("DELETE FROM list WHERE id = :id AND account_id = :owner", id=id, owner=owner_id)


def one(db: Read, owner_id: int, id: int) -> List | None:
    """The list with this id, if it is the owner's."""
    found = db.one(
        "SELECT * FROM list WHERE id = :id AND account_id = :owner", id=id, owner=owner_id
    )
    return List(**found) if found else None


def owner(db: Read, id: int) -> int | None:
    """Whose list it is."""
    found = db.one("SELECT account_id FROM list WHERE id = :id", id=id)
    return int(found["account_id"]) if found else None


def of_owner(db: Read, owner_id: int) -> list[List]:
    """All lists of somebody, oldest first."""
    found = db.all("SELECT * FROM list WHERE account_id = :owner ORDER BY id", owner=owner_id)
    return [List(**row) for row in found]


def with_member(db: Read, owner_id: int, account_id: int) -> list[List]:
    """Those of the owner's lists in which an account is, oldest first."""
    found = db.all(
        """
        SELECT l.* FROM list l JOIN list_member m ON m.list_id = l.id
        WHERE m.account_id = :account AND l.account_id = :owner ORDER BY l.id
        """,
        account=account_id,
        owner=owner_id,
    )
    return [List(**row) for row in found]


def members(db: Read, id: int, page: Page) -> list[tuple[int, Account]]:
    """(place in the list, who), who came last first."""
    found = rows(
        db,
        page,
        """
        SELECT m.id AS of_id, a.* FROM list_member m JOIN account a ON a.id = m.account_id
        WHERE m.list_id = :list_id AND m.id > :lower AND m.id < :upper
        ORDER BY m.id DESC LIMIT :limit
        """,
        list_id=id,
    )
    return [accounts.keyed(row) for row in found]


def all_members(db: Read, id: int, limit: int) -> list[Account]:
    """Everybody in a list, who came last first."""
    found = db.all(
        """
        SELECT a.* FROM list_member m JOIN account a ON a.id = m.account_id
        WHERE m.list_id = :list_id ORDER BY m.id DESC LIMIT :limit
        """,
        list_id=id,
        limit=limit,
    )
    return structs(Account, found)


def size(db: Read, id: int) -> int:
    """How many are in a list."""
    found = db.one("SELECT count(*) AS n FROM list_member WHERE list_id = :id", id=id)
    return int(found["n"]) if found else 0


def members_among(db: Read, id: int, ids: Iterable[int]) -> set[int]:
    """Those of `ids` who are in the list."""
    found = among(
        db,
        """
        SELECT account_id FROM list_member WHERE list_id = :list_id AND account_id IN (:list)
        """,
        ids,
        list_id=id,
    )
    return {row["account_id"] for row in found}


def add(tx: Write, id: int, account_id: int, place: int) -> None:
    """Put somebody into a list; `place` orders its members."""
    tx.run(
        """
        INSERT INTO list_member (list_id, account_id, id) VALUES (:list_id, :account, :place)
        ON CONFLICT DO NOTHING
        """,
        list_id=id,
        account=account_id,
        place=place,
    )


def take_out(tx: Write, id: int, account_id: int) -> None:
    """Take somebody out of a list."""
    tx.run(
        "DELETE FROM list_member WHERE list_id = :list_id AND account_id = :account",
        list_id=id,
        account=account_id,
    )


def leave(tx: Write, owner_id: int, account_id: int) -> None:
    """Take somebody out of every list of the owner: they are not followed any more."""
    tx.run(
        """
        DELETE FROM list_member WHERE account_id = :account
          AND list_id IN (SELECT id FROM list WHERE account_id = :owner)
        """,
        account=account_id,
        owner=owner_id,
    )


def remove_of(tx: Write, owner_id: int) -> None:
    """An account ends: its lists go, and it leaves those of others."""
    tx.run(
        "DELETE FROM list_member WHERE list_id IN (SELECT id FROM list WHERE account_id = :owner)",
        owner=owner_id,
    )
    tx.run("DELETE FROM list WHERE account_id = :owner", owner=owner_id)
    tx.run("DELETE FROM list_member WHERE account_id = :owner", owner=owner_id)
