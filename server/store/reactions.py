"""Likes and boosts: one of each account for each post, counted with it."""

from typing import Final

from server.model import Account
from server.store import accounts
from server.store.conditions import UNWANTED
from server.store.db import Read, Row, Write, structs
from server.store.paging import Page, rows

COUNTED: Final = 5000  # likes, boosts and replies of one post that are counted by server


def like(tx: Write, *, post_id: int, account_id: int, id: int, uri: str, now_ms: int) -> bool:
    """Count a like once. True when it is new."""
    changed = tx.run(
        """
        INSERT INTO favourite (post_id, account_id, id, uri, created_ms)
        VALUES (:post, :account, :id, :uri, :now) ON CONFLICT DO NOTHING
        """,
        post=post_id,
        account=account_id,
        id=id,
        uri=uri,
        now=now_ms,
    )
    if changed:
        tx.run("UPDATE post SET likes = likes + 1 WHERE id = :id", id=post_id)
    return changed == 1


def unlike(tx: Write, post_id: int, account_id: int) -> str | None:
    """The id of the Like that was taken back, or nothing."""
    found = tx.one(
        "DELETE FROM favourite WHERE post_id = :post AND account_id = :account RETURNING uri",
        post=post_id,
        account=account_id,
    )
    if found is None:
        return None
    tx.run("UPDATE post SET likes = likes - 1 WHERE id = :id", id=post_id)
    return str(found["uri"])


def likes(db: Read, post_id: int, account_id: int) -> bool:
    """Whether somebody likes a post."""
    found = db.one(
        "SELECT 1 AS one FROM favourite WHERE post_id = :post AND account_id = :account",
        post=post_id,
        account=account_id,
    )
    return found is not None


def like_by_uri(db: Read, uri: str) -> Row | None:
    """post_id, account_id of the like whose activity had this id."""
    return db.one("SELECT post_id, account_id FROM favourite WHERE uri = :uri", uri=uri)


def like_by_id(db: Read, id: int) -> Row | None:
    """The like with this id of ours."""
    return db.one("SELECT * FROM favourite WHERE id = :id", id=id)


def like_of(db: Read, post_id: int, account_id: int) -> Row | None:
    """id, uri of the account's like of the post."""
    return db.one(
        "SELECT id, uri FROM favourite WHERE post_id = :post AND account_id = :account",
        post=post_id,
        account=account_id,
    )


def liked_by(db: Read, post_id: int, me: int, page: Page) -> list[tuple[int, Account]]:
    """(like id, who), newest first, without those whom `me` is spared: `timelines.unwanted`."""
    found = rows(
        db,
        page,
        f"""
        SELECT f.id AS of_id, a.* FROM favourite f JOIN account a ON a.id = f.account_id
        WHERE f.post_id = :post AND f.id > :lower AND f.id < :upper
          AND a.state = 'active' AND a.id NOT IN ({UNWANTED})
        ORDER BY f.id DESC LIMIT :limit
        """,  # noqa: S608
        post=post_id,
        me=me,
    )
    return [accounts.keyed(row) for row in found]


def boost(tx: Write, *, post_id: int, account_id: int, id: int, uri: str, now_ms: int) -> bool:
    """Keep a boost once, and count it if it is a person's. True when it is new."""
    changed = tx.run(
        """
        INSERT INTO boost (id, post_id, account_id, uri, created_ms, counted)
        VALUES (:id, :post, :account, :uri, :now,
            (SELECT CASE WHEN kind = 'Group' THEN 0 ELSE 1 END FROM account WHERE id = :account))
        ON CONFLICT DO NOTHING
        """,
        id=id,
        post=post_id,
        account=account_id,
        uri=uri,
        now=now_ms,
    )
    if changed:
        tx.run(
            """
            UPDATE post SET boosts = boosts + (SELECT counted FROM boost WHERE id = :boost)
            WHERE id = :id
            """,
            id=post_id,
            boost=id,
        )
    return changed == 1


def unboost(tx: Write, post_id: int, account_id: int) -> Row | None:
    """id, uri, created_ms, counted of the boost that was taken back, or nothing."""
    found = tx.one(
        """
        DELETE FROM boost WHERE post_id = :post AND account_id = :account
        RETURNING id, uri, created_ms, counted
        """,
        post=post_id,
        account=account_id,
    )
    if found is not None:
        tx.run(
            "UPDATE post SET boosts = boosts - :counted WHERE id = :id",
            id=post_id,
            counted=found["counted"],
        )
        tx.run("DELETE FROM home WHERE post_id = :post AND id = :id", post=post_id, id=found["id"])
    return found


def boost_of(db: Read, post_id: int, account_id: int) -> Row | None:
    """id, uri, created_ms of the account's boost of the post."""
    return db.one(
        "SELECT * FROM boost WHERE post_id = :post AND account_id = :account",
        post=post_id,
        account=account_id,
    )


def boost_by_uri(db: Read, uri: str) -> Row | None:
    """The boost whose activity had this id."""
    return db.one("SELECT * FROM boost WHERE uri = :uri", uri=uri)


def boost_by_id(db: Read, id: int) -> Row | None:
    """The boost with this id of ours."""
    return db.one("SELECT * FROM boost WHERE id = :id", id=id)


def boosted_by(db: Read, post_id: int, me: int, page: Page) -> list[tuple[int, Account]]:
    """(boost id, who) of people, newest first, without those whom `me` is spared.

    Communities that pass the post on are not among them: see `passed_on_by`.
    """
    found = rows(
        db,
        page,
        f"""
        SELECT b.id AS of_id, a.* FROM boost b JOIN account a ON a.id = b.account_id
        WHERE b.post_id = :post AND b.id > :lower AND b.id < :upper AND b.counted = 1
          AND a.state = 'active' AND a.id NOT IN ({UNWANTED})
        ORDER BY b.id DESC LIMIT :limit
        """,  # noqa: S608
        post=post_id,
        me=me,
    )
    return [accounts.keyed(row) for row in found]


def passed_on_by(db: Read, post_id: int, limit: int) -> list[tuple[int, int]]:
    """(boost id, account id) of people and of communities, newest first."""
    found = db.all(
        "SELECT id, account_id FROM boost WHERE post_id = :post ORDER BY id DESC LIMIT :limit",
        post=post_id,
        limit=limit,
    )
    return [(row["id"], row["account_id"]) for row in found]


def newest_likers(db: Read, post_id: int, me: int, limit: int) -> list[Account]:
    """Who liked last, without those whom `me` is spared (see `timelines.unwanted`)."""
    return _newest(db, "favourite r", post_id, me, limit)


def newest_boosters(db: Read, post_id: int, me: int, limit: int) -> list[Account]:
    """Which people boosted last, without those whom `me` is spared."""
    counted = "(SELECT * FROM boost WHERE post_id = :post AND counted = 1) r"
    return _newest(db, counted, post_id, me, limit)


def _newest(db: Read, table: str, post_id: int, me: int, limit: int) -> list[Account]:
    found = db.all(
        f"""
        SELECT a.* FROM {table} JOIN account a ON a.id = r.account_id
        WHERE r.post_id = :post AND a.state = 'active' AND a.id NOT IN ({UNWANTED})
        ORDER BY r.id DESC LIMIT :limit
        """,  # noqa: S608  words of ours
        post=post_id,
        me=me,
        limit=limit,
    )
    return structs(Account, found)


def servers(db: Read, post_id: int, limit: int) -> list[Row]:
    """domain (empty: ours) and people of the servers from which most liked, boosted or replied.

    Each person counts once, the author never, and a reply only where everybody may read it. Of
    each kind `COUNTED` are looked at.
    """
    return db.all(
        """
        SELECT a.domain, count(*) AS people
        FROM (SELECT account_id FROM (
                SELECT account_id FROM favourite WHERE post_id = :post LIMIT :most) AS few
            UNION SELECT account_id FROM (
                SELECT account_id FROM boost
                WHERE post_id = :post AND counted = 1 LIMIT :most) AS few
            UNION SELECT account_id FROM (
                SELECT author_id AS account_id FROM post WHERE reply_to_id = :post
                  AND visibility IN ('public', 'unlisted') AND deleted_ms IS NULL
                LIMIT :most) AS few) AS responded
        JOIN account a ON a.id = responded.account_id
        WHERE a.state = 'active'
          AND a.id <> (SELECT author_id FROM post WHERE id = :post)
        GROUP BY a.domain ORDER BY people DESC, a.domain LIMIT :limit
        """,
        post=post_id,
        most=COUNTED,
        limit=limit,
    )


def booster_ids(db: Read, post_id: int) -> list[int]:
    """Those of ours who boosted the post."""
    found = db.all(
        """
        SELECT b.account_id FROM boost b JOIN account a ON a.id = b.account_id
        WHERE b.post_id = :id AND a.domain = ''
        """,
        id=post_id,
    )
    return [row["account_id"] for row in found]


def boosts_by(db: Read, account_id: int, page: Page) -> list[Row]:
    """id, uri, created_ms, post_uri, author_uri of the account's boosts, newest first."""
    return rows(
        db,
        page,
        """
        SELECT b.id, b.uri, b.created_ms, p.uri AS post_uri, a.uri AS author_uri
        FROM boost b JOIN post p ON p.id = b.post_id JOIN account a ON a.id = p.author_id
        WHERE b.account_id = :account AND b.id > :lower AND b.id < :upper
          AND p.deleted_ms IS NULL AND a.state = 'active'
        ORDER BY b.id DESC LIMIT :limit
        """,
        account=account_id,
    )


def count_boosts_by(db: Read, account_id: int) -> int:
    """How many boosts the account has made."""
    found = db.one("SELECT count(*) AS n FROM boost WHERE account_id = :id", id=account_id)
    return int(found["n"]) if found else 0


def withdraw(tx: Write, account_id: int) -> None:
    """Take back every like and boost of an account that is gone; the counts stay right."""
    tx.run(
        """
        UPDATE post SET likes = likes - 1
        WHERE id IN (SELECT post_id FROM favourite WHERE account_id = :id)
        """,
        id=account_id,
    )
    tx.run(
        """
        UPDATE post SET boosts = boosts - 1
        WHERE id IN (SELECT post_id FROM boost WHERE account_id = :id AND counted = 1)
        """,
        id=account_id,
    )
    tx.run(
        """
        DELETE FROM home WHERE booster_id = :id
          AND post_id IN (SELECT post_id FROM boost WHERE account_id = :id)
        """,
        id=account_id,
    )
    for table in ("favourite", "boost"):
        tx.run(f"DELETE FROM {table} WHERE account_id = :id", id=account_id)  # noqa: S608
