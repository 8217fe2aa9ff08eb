"""Emoji by which people reacted to posts. How many there are stands in the post's own row."""

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


def kinds(db: Read, post_id: int, emoji: str) -> int:
    """How many different ones a post has beside this one."""
    found = db.one(
        """
        SELECT COUNT(DISTINCT emoji) AS n FROM emoji_reaction
        WHERE post_id = :post AND emoji <> :emoji
        """,
        post=post_id,
        emoji=emoji,
    )
    return int(found["n"]) if found else 0


def add(
    tx: Write, *, post_id: int, account_id: int, emoji: str, url: str, uri: str, now_ms: int
) -> bool:
    """Count it once. True when it is new."""
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
        _count(tx, post_id)
    return changed == 1


def by_uri(db: Read, uri: str) -> Row | None:
    """post_id, account_id of the reaction whose activity had this id."""
    return db.one("SELECT post_id, account_id FROM emoji_reaction WHERE uri = :uri", uri=uri)


def remove(tx: Write, post_id: int, account_id: int, *, uri: str = "", emoji: str = "") -> bool:
    """Take one back, by the id of its activity or by its emoji. False where there was none."""
    changed = tx.run(
        """
        DELETE FROM emoji_reaction WHERE post_id = :post AND account_id = :account
          AND (uri = :uri OR emoji = :emoji)
        """,
        post=post_id,
        account=account_id,
        uri=uri,
        emoji=emoji,
    )
    if changed:
        _count(tx, post_id)
    return changed > 0


def withdraw(tx: Write, account_id: int) -> None:
    """Somebody is gone, and their reactions with them."""
    found = tx.all(
        "SELECT DISTINCT post_id FROM emoji_reaction WHERE account_id = :id LIMIT :limit",
        id=account_id,
        limit=RECOUNTED,
    )
    tx.run("DELETE FROM emoji_reaction WHERE account_id = :id", id=account_id)
    for row in found:
        _count(tx, row["post_id"])


def _count(tx: Write, post_id: int) -> None:
    found = tx.all(
        """
        SELECT emoji, url, COUNT(*) AS n, MIN(created_ms) AS first FROM emoji_reaction
        WHERE post_id = :post GROUP BY emoji, url ORDER BY n DESC, first, emoji LIMIT :limit
        """,
        post=post_id,
        limit=SHOWN,
    )
    listed = [(row["emoji"], row["url"], row["n"]) for row in found]
    said = msgspec.json.encode(listed).decode() if listed else ""
    posts.set_columns(tx, post_id, reactions=said)
