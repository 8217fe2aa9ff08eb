"""Emoji by which people reacted to posts. How many there are stands in the post's own row.

Each comes and goes by itself: `emoji_count` has a row for each different one of a post, so that no
reaction has to be counted again.
"""

from typing import Final

import msgspec

from server.store import posts
from server.store.db import Read, Row, Write

SHOWN = 20  # different emoji of a post
RECOUNTED = 2_000  # posts to which somebody reacted who is gone


def of_one(db: Read, post_id: int, account_id: int) -> int:
    """How many different ones somebody chose for a post."""
    found = db.one(
        """
        SELECT COUNT(*) AS n FROM emoji_reaction WHERE post_id = :post AND account_id = :account
        """,
        post=post_id,
        account=account_id,
    )
    return int(found["n"]) if found else 0


def kinds(db: Read, post_id: int, emoji: str, url: str, most: int) -> int:
    """How many different ones a post has beside this one; no further than `most` is counted."""
    found = db.one(
        """
        SELECT COUNT(*) AS n FROM (
            SELECT 1 FROM emoji_count WHERE post_id = :post AND NOT (emoji = :emoji AND url = :url)
            LIMIT :most) AS few
        """,
        post=post_id,
        emoji=emoji,
        url=url,
        most=most,
    )
    return int(found["n"]) if found else 0


def add(
    tx: Write, *, post_id: int, account_id: int, emoji: str, url: str, uri: str, now_ms: int
) -> bool:
    """Count it once. True when it is new."""
    _hold(tx, post_id)
    changed = tx.run(
        """
        INSERT INTO emoji_reaction (post_id, account_id, emoji, url, uri, created_ms)
        VALUES (:post, :account, :emoji, :url, :uri, :now) ON CONFLICT DO NOTHING
        """,
        post=post_id,
        account=account_id,
        emoji=emoji,
        url=url,
        uri=uri,
        now=now_ms,
    )
    if changed:
        tx.run(
            """
            INSERT INTO emoji_count (post_id, emoji, url, times, first_ms)
            VALUES (:post, :emoji, :url, 1, :now)
            ON CONFLICT (post_id, emoji, url) DO UPDATE SET times = emoji_count.times + 1
            """,
            post=post_id,
            emoji=emoji,
            url=url,
            now=now_ms,
        )
        _show(tx, post_id)
    return changed == 1


def by_uri(db: Read, uri: str) -> Row | None:
    """post_id, account_id of the reaction whose activity had this id."""
    return db.one("SELECT post_id, account_id FROM emoji_reaction WHERE uri = :uri", uri=uri)


def remove(tx: Write, post_id: int, account_id: int, *, uri: str = "", emoji: str = "") -> bool:
    """Take one back, by the id of its activity or by its emoji. False where there was none."""
    _hold(tx, post_id)
    found = tx.one(
        """
        SELECT emoji, url FROM emoji_reaction WHERE post_id = :post AND account_id = :account
          AND (uri = :uri OR emoji = :emoji)
        """,
        post=post_id,
        account=account_id,
        uri=uri,
        emoji=emoji,
    )
    if found is None:
        return False
    tx.run(
        """
        DELETE FROM emoji_reaction
        WHERE post_id = :post AND account_id = :account AND emoji = :emoji
        """,
        post=post_id,
        account=account_id,
        emoji=found["emoji"],
    )
    which = {"post": post_id, "emoji": found["emoji"], "url": found["url"]}
    tx.run(
        """
        UPDATE emoji_count SET times = times - 1
        WHERE post_id = :post AND emoji = :emoji AND url = :url
        """,
        **which,
    )
    tx.run(
        """
        DELETE FROM emoji_count
        WHERE post_id = :post AND emoji = :emoji AND url = :url AND times <= 0
        """,
        **which,
    )
    _show(tx, post_id)
    return True


_OF_ONE: Final = """
    (post_id, emoji, url) IN (SELECT r.post_id, r.emoji, r.url FROM emoji_reaction r
                              WHERE r.account_id = :id)
"""


def withdraw(tx: Write, account_id: int) -> None:
    """Somebody is gone, and their reactions with them."""
    found = tx.all(
        "SELECT DISTINCT post_id FROM emoji_reaction WHERE account_id = :id LIMIT :limit",
        id=account_id,
        limit=RECOUNTED,
    )
    tx.run(f"UPDATE emoji_count SET times = times - 1 WHERE {_OF_ONE}", id=account_id)  # noqa: S608
    tx.run(f"DELETE FROM emoji_count WHERE times <= 0 AND {_OF_ONE}", id=account_id)  # noqa: S608
    tx.run("DELETE FROM emoji_reaction WHERE account_id = :id", id=account_id)
    for row in found:
        _show(tx, row["post_id"])


def _hold(tx: Write, post_id: int) -> None:
    """On PostgreSQL whoever reacts to the same post at the same moment waits: no count is lost."""
    if tx.dialect == "postgresql":
        tx.one("SELECT id FROM post WHERE id = :post FOR UPDATE", post=post_id)


def _show(tx: Write, post_id: int) -> None:
    """Write the most frequent into the post's own row: of a bounded number of counts."""
    found = tx.all(
        """
        SELECT emoji, url, times FROM emoji_count
        WHERE post_id = :post ORDER BY times DESC, first_ms, emoji, url LIMIT :limit
        """,
        post=post_id,
        limit=SHOWN,
    )
    listed = [(row["emoji"], row["url"], row["times"]) for row in found]
    said = msgspec.json.encode(listed).decode() if listed else ""
    posts.set_columns(tx, post_id, reactions=said)
