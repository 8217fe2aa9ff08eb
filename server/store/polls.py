"""Votes in polls, and when polls end. What is counted is in the post's own row."""

from collections.abc import Iterable

from server.model import Post
from server.store.db import Read, Write, struct
from server.store.paging import among


def held(tx: Write, post_id: int) -> Post | None:
    """The post, which nobody else changes until this transaction ends: counts are read to be set.

    SQLite has one writer at a time anyway.
    """
    lock = " FOR UPDATE" if tx.dialect == "postgresql" else ""
    found = tx.one(f"SELECT * FROM post WHERE id = :id{lock}", id=post_id)  # noqa: S608
    return struct(Post, found) if found else None


def own_votes(db: Read, account_id: int, post_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """What the account chose in these polls, in the order of the answers."""
    chosen: dict[int, tuple[int, ...]] = {}
    for row in among(
        db,
        """
        SELECT post_id, choice FROM poll_vote WHERE account_id = :account AND post_id IN (:list)
        ORDER BY post_id, choice
        """,
        post_ids,
        account=account_id,
    ):
        chosen[row["post_id"]] = (*chosen.get(row["post_id"], ()), row["choice"])
    return chosen


def cast(tx: Write, *, post_id: int, account_id: int, choice: int, id: int, uri: str) -> bool:
    """Note a vote, once. False when it was noted before, or its `uri` was that of another."""
    return (
        tx.run(
            """
            INSERT INTO poll_vote (post_id, account_id, choice, id, uri)
            VALUES (:post, :account, :choice, :id, :uri) ON CONFLICT DO NOTHING
            """,
            post=post_id,
            account=account_id,
            choice=choice,
            id=id,
            uri=uri,
        )
        == 1
    )


def local_voters(db: Read, post_id: int, after_id: int, limit: int) -> list[int]:
    """Those of ours who voted, by their ids, above `after_id`."""
    found = db.all(
        """
        SELECT DISTINCT v.account_id FROM poll_vote v JOIN account a ON a.id = v.account_id
        WHERE v.post_id = :post AND v.account_id > :after AND a.domain = ''
        ORDER BY v.account_id LIMIT :limit
        """,
        post=post_id,
        after=after_id,
        limit=limit,
    )
    return [row["account_id"] for row in found]


def remove_votes(tx: Write, post_id: int) -> None:
    """Nobody has voted."""
    tx.run("DELETE FROM poll_vote WHERE post_id = :post", post=post_id)


def remove_votes_of(tx: Write, account_id: int) -> None:
    """Forget what an account that is gone chose. What was counted stays counted."""
    tx.run("DELETE FROM poll_vote WHERE account_id = :account", account=account_id)


# --- ends


def expect_end(tx: Write, post_id: int, ends_ms: int) -> None:
    """At this time its end is to be told."""
    tx.run(
        """
        INSERT INTO poll_end (post_id, ends_ms) VALUES (:post, :at)
        ON CONFLICT (post_id) DO UPDATE SET ends_ms = excluded.ends_ms
        """,
        post=post_id,
        at=ends_ms,
    )


def move_end(tx: Write, post_id: int, ends_ms: int) -> None:
    """Where its end is awaited, it comes at this time."""
    tx.run("UPDATE poll_end SET ends_ms = :at WHERE post_id = :post", post=post_id, at=ends_ms)


def remove_end(tx: Write, post_id: int) -> bool:
    """Its end need not be told any more. False when somebody else has told it."""
    return tx.run("DELETE FROM poll_end WHERE post_id = :post", post=post_id) == 1


def next_end_ms(db: Read) -> int | None:
    """When the next poll ends."""
    found = db.one("SELECT ends_ms FROM poll_end WHERE ends_ms > 0 ORDER BY ends_ms LIMIT 1")
    return int(found["ends_ms"]) if found else None


def ended(tx: Write, now_ms: int) -> int | None:
    """A poll whose end is to be told now and that no other process tells."""
    skip = "FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    found = tx.one(
        f"""
        SELECT post_id FROM poll_end WHERE ends_ms <= :now ORDER BY ends_ms LIMIT 1 {skip}
        """,  # noqa: S608
        now=now_ms,
    )
    return int(found["post_id"]) if found else None
