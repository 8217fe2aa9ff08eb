"""Private threads as each of ours who takes part in one has them in their list."""

from collections.abc import Iterable

import msgspec

from server.model import Post
from server.store.conditions import OF_A_THREAD
from server.store.db import Read, Row, Write
from server.store.paging import Page, rows


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A thread in somebody's list; it stands where its last post does (`last_id`).

    `shown_id`: the newest of its private posts that its owner may read and wants to.
    """

    id: int
    thread_id: int
    last_id: int
    unread: int
    shown_id: int


def put(tx: Write, account_id: int, post: Post, *, id: int, unread: bool) -> None:
    """Move a thread to the top of somebody's list, for a new private post in it."""
    tx.run(
        """
        INSERT INTO conversation (id, account_id, thread_id, last_id, unread)
        VALUES (:id, :account, :thread, :last, :unread)
        ON CONFLICT (account_id, thread_id) DO UPDATE SET unread = excluded.unread,
            last_id = CASE WHEN excluded.last_id > conversation.last_id
                      THEN excluded.last_id ELSE conversation.last_id END
        """,
        id=id,
        account=account_id,
        thread=post.thread_id,
        last=post.id,
        unread=int(unread),
    )


_SHOWN = f"""
    SELECT p.id FROM post p JOIN account a ON a.id = p.author_id
    WHERE {OF_A_THREAD.replace(":thread", "c.thread_id")} AND p.visibility = 'direct'
    ORDER BY p.id desc LIMIT 1
"""  # noqa: S608  `rows` turns DESC around, and must not turn this


def _some(found: Iterable[Row]) -> list[Conversation]:
    return [Conversation(**row) for row in found if row["shown_id"] is not None]


def page(db: Read, account_id: int, window: Page) -> list[Conversation]:
    """By their last posts, newest first; those of which nothing can be read are left out."""
    found = rows(
        db,
        window,
        f"""
        SELECT c.id, c.thread_id, c.last_id, c.unread, ({_SHOWN}) AS shown_id FROM conversation c
        WHERE c.account_id = :me AND c.last_id > :lower AND c.last_id < :upper
        ORDER BY c.last_id DESC LIMIT :limit
        """,  # noqa: S608
        me=account_id,
    )
    return _some(found)


def by_id(db: Read, account_id: int, id: int) -> Conversation | None:
    """One of somebody's, if anything of it can be read."""
    found = db.all(
        f"""
        SELECT c.id, c.thread_id, c.last_id, c.unread, ({_SHOWN}) AS shown_id FROM conversation c
        WHERE c.id = :id AND c.account_id = :me
        """,  # noqa: S608
        id=id,
        me=account_id,
    )
    return next(iter(_some(found)), None)


def set_unread(tx: Write, account_id: int, id: int, *, unread: bool) -> None:
    """Whether the owner has something to read in it."""
    tx.run(
        "UPDATE conversation SET unread = :unread WHERE id = :id AND account_id = :me",
        id=id,
        me=account_id,
        unread=int(unread),
    )


def read_thread(tx: Write, account_id: int, thread_id: int) -> None:
    """Somebody has opened a thread."""
    tx.run(
        """
        UPDATE conversation SET unread = 0
        WHERE account_id = :me AND thread_id = :thread AND unread = 1
        """,
        me=account_id,
        thread=thread_id,
    )


def remove(tx: Write, account_id: int, id: int) -> None:
    """Take one out of the list; the next post in it brings it back."""
    tx.run("DELETE FROM conversation WHERE id = :id AND account_id = :me", id=id, me=account_id)


def remove_of(tx: Write, account_id: int) -> None:
    """An account of ours ends: its list goes."""
    tx.run("DELETE FROM conversation WHERE account_id = :me", me=account_id)


def fall_back(tx: Write, post_id: int) -> None:
    """A post is buried: lists in which it stood last show what came before it, or nothing."""
    for row in tx.all("SELECT * FROM conversation WHERE last_id = :post", post=post_id):
        before = tx.one(
            """
            SELECT max(p.id) AS id FROM post p
            WHERE p.thread_id = :thread AND p.id <> :post AND p.visibility = 'direct'
              AND p.deleted_ms IS NULL
              AND (p.author_id = :me OR EXISTS (SELECT 1 FROM mention m
                                                WHERE m.post_id = p.id AND m.account_id = :me))
            """,
            thread=row["thread_id"],
            post=post_id,
            me=row["account_id"],
        )
        if before is None or before["id"] is None:
            tx.run("DELETE FROM conversation WHERE id = :id", id=row["id"])
        else:
            tx.run(
                "UPDATE conversation SET last_id = :last WHERE id = :id",
                id=row["id"],
                last=before["id"],
            )


def merge(tx: Write, old_thread: int, new_thread: int) -> None:
    """Two threads turned out to be one: whoever has both in their list keeps the newer."""
    for row in tx.all("SELECT * FROM conversation WHERE thread_id = :old", old=old_thread):
        known = tx.one(
            "SELECT * FROM conversation WHERE account_id = :me AND thread_id = :new",
            me=row["account_id"],
            new=new_thread,
        )
        if known is None:
            tx.run(
                "UPDATE conversation SET thread_id = :new WHERE id = :id",
                id=row["id"],
                new=new_thread,
            )
            continue
        tx.run("DELETE FROM conversation WHERE id = :id", id=row["id"])
        tx.run(
            "UPDATE conversation SET last_id = :last, unread = :unread WHERE id = :id",
            id=known["id"],
            last=max(known["last_id"], row["last_id"]),
            unread=max(known["unread"], row["unread"]),
        )
