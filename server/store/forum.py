"""Threads of communities, votes against them, and what moderators took away."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from server.model import Entry, ForumThread, Post
from server.store.conditions import FOUND, SHOWN, entry
from server.store.db import Read, Row, Write, record, struct, structs
from server.store.paging import Page, among, rows

COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(ForumThread))
_INSERT: Final = f"INSERT INTO forum_thread ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})"  # noqa: S608
ORDERS: Final = ("active", "new", "top", "hot")


def insert(tx: Write, thread: ForumThread) -> None:
    """A thread begins."""
    tx.run(_INSERT, **msgspec.structs.asdict(thread))


def by_id(db: Read, post_id: int) -> ForumThread | None:
    """The thread whose first post this is."""
    found = db.one("SELECT * FROM forum_thread WHERE post_id = :id", id=post_id)
    return ForumThread(**record(found)) if found else None


def by_ids(db: Read, post_ids: Iterable[int]) -> dict[int, ForumThread]:
    """Those of the posts that begin a thread."""
    found = among(db, "SELECT * FROM forum_thread WHERE post_id IN (:list)", post_ids)
    return {row["post_id"]: ForumThread(**record(row)) for row in found}


def set_columns(tx: Write, post_id: int, **columns: Any) -> None:  # noqa: ANN401
    """Change what the community knows of a thread."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(
        f"UPDATE forum_thread SET {names} WHERE post_id = :post_id",  # noqa: S608
        post_id=post_id,
        **columns,
    )


def commented(tx: Write, post_id: int, change: int, at_ms: int) -> None:
    """A comment that everybody may read came (1) below a thread, or went (-1)."""
    tx.run(
        """
        UPDATE forum_thread SET comments = comments + :change,
            active_ms = CASE WHEN :change > 0 AND :at > active_ms THEN :at ELSE active_ms END
        WHERE post_id = :id
        """,
        id=post_id,
        change=change,
        at=at_ms,
    )


def placed(db: Read, uri: str) -> Post | None:
    """The post with this id, if it stands in a community."""
    found = db.one("SELECT * FROM post WHERE uri = :uri AND community_id IS NOT NULL", uri=uri)
    return struct(Post, found) if found else None


def place(tx: Write, post_id: int, community_id: int) -> None:
    """A post that stood in no community stands in one."""
    tx.run(
        "UPDATE post SET community_id = :community, version = version + 1 WHERE id = :id",
        community=community_id,
        id=post_id,
    )


def settle(tx: Write, thread_id: int, community_id: int) -> None:
    """What came before the post that it answers stands in the community of its thread too."""
    tx.run(
        """
        UPDATE post SET community_id = :community
        WHERE thread_id = :thread AND community_id IS NULL AND reply_to_id IS NOT NULL
        """,
        community=community_id,
        thread=thread_id,
    )


def recount(tx: Write, thread_id: int) -> None:
    """Count the comments of a thread anew, after some came or went at once."""
    tx.run(
        """
        UPDATE forum_thread SET comments = (
            SELECT count(*) FROM post p WHERE p.thread_id = :id AND p.reply_to_id IS NOT NULL
              AND p.community_id IS NOT NULL AND p.deleted_ms IS NULL
              AND p.visibility IN ('public', 'unlisted'))
        WHERE post_id = :id
        """,
        id=thread_id,
    )


def takes_part(db: Read, community_id: int) -> bool:
    """Whether one of ours wrote something that stands in a stranger's group."""
    found = db.one(
        """
        SELECT 1 FROM (SELECT local FROM post WHERE community_id = :community
                       ORDER BY id DESC LIMIT 500) AS few
        WHERE local = 1 LIMIT 1
        """,
        community=community_id,
    )
    return found is not None


def wrote_since(db: Read, community_id: int, author_id: int, after_id: int) -> int:
    """How many posts of an author, threads and comments, came into a community after an id."""
    found = db.one(
        """
        SELECT count(*) AS n FROM post
        WHERE community_id = :community AND id > :after AND author_id = :author
        """,
        community=community_id,
        after=after_id,
        author=author_id,
    )
    return int(found["n"]) if found else 0


def written_by(db: Read, community_id: int, author_id: int, limit: int) -> list[Post]:
    """What somebody wrote in a community and everybody may read, newest first."""
    found = db.all(
        """
        SELECT * FROM post WHERE author_id = :author AND community_id = :community
          AND visibility IN ('public', 'unlisted') AND deleted_ms IS NULL
        ORDER BY id DESC LIMIT :limit
        """,
        author=author_id,
        community=community_id,
        limit=limit,
    )
    return structs(Post, found)


def bury(tx: Write, post_id: int) -> None:
    """A post is gone: so are its thread, votes against it, and its place as an answer."""
    tx.run("UPDATE forum_thread SET answer_id = NULL WHERE answer_id = :id", id=post_id)
    for table in ("forum_thread", "dislike", "removal", "comment_lock"):
        tx.run(f"DELETE FROM {table} WHERE post_id = :id", id=post_id)  # noqa: S608


def by_context(db: Read, community_id: int, uri: str) -> ForumThread | None:
    """The thread there whose first post, a stranger's, names this context."""
    found = db.one(
        """
        SELECT t.* FROM post p JOIN forum_thread t ON t.post_id = p.id
        WHERE p.context_uri = :uri AND p.context_uri <> '' AND p.reply_to_uri IS NULL
          AND t.community_id = :community ORDER BY p.id LIMIT 1
        """,
        uri=uri,
        community=community_id,
    )
    return ForumThread(**record(found)) if found else None


def forget(tx: Write, post_id: int) -> None:
    """What this post begins is a thread of a community no more."""
    tx.run("DELETE FROM forum_thread WHERE post_id = :id", id=post_id)


# --- lists


_KEYS: Final = {"active": "t.active_ms", "top": "t.score", "hot": "t.hot"}


def newest(db: Read, viewer_id: int, community_id: int, page: Page) -> list[Entry]:
    """Threads of a community, newest first."""
    found = rows(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN}
        FROM forum_thread t JOIN post p ON p.id = t.post_id JOIN account a ON a.id = p.author_id
        WHERE t.community_id = :community AND p.visibility = 'public' AND p.deleted_ms IS NULL
          AND {FOUND} AND t.post_id > :lower AND t.post_id < :upper
        ORDER BY t.post_id DESC LIMIT :limit
        """,  # noqa: S608
        community=community_id,
        me=viewer_id,
    )
    return [entry(row) for row in found]


def ordered(
    db: Read, viewer_id: int, community_id: int, order: str, limit: int, offset: int
) -> list[Entry]:
    """Threads of a community by their last comment, score or heat; what is pinned is among them."""
    key = _KEYS[order]
    found = db.all(
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN}
        FROM forum_thread t JOIN post p ON p.id = t.post_id JOIN account a ON a.id = p.author_id
        WHERE t.community_id = :community AND p.visibility = 'public' AND p.deleted_ms IS NULL
          AND {FOUND}
        ORDER BY {key} DESC, t.post_id DESC LIMIT :limit OFFSET :offset
        """,  # noqa: S608
        community=community_id,
        me=viewer_id,
        limit=limit,
        offset=offset,
    )
    return [entry(row) for row in found]


def pinned(db: Read, community_id: int, limit: int) -> list[int]:
    """The first posts of pinned threads, the last pinned first."""
    found = db.all(
        """
        SELECT post_id FROM forum_thread WHERE community_id = :community AND pinned_ms IS NOT NULL
        ORDER BY pinned_ms DESC LIMIT :limit
        """,
        community=community_id,
        limit=limit,
    )
    return [int(row["post_id"]) for row in found]


def on_top(db: Read, viewer_id: int, community_id: int, limit: int) -> list[Entry]:
    """Pinned threads as far as the viewer wants to see them, the last pinned first."""
    found = db.all(
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN}
        FROM forum_thread t JOIN post p ON p.id = t.post_id JOIN account a ON a.id = p.author_id
        WHERE t.community_id = :community AND t.pinned_ms IS NOT NULL
          AND p.visibility = 'public' AND p.deleted_ms IS NULL AND {FOUND}
        ORDER BY t.pinned_ms DESC LIMIT :limit
        """,  # noqa: S608
        community=community_id,
        me=viewer_id,
        limit=limit,
    )
    return [entry(row) for row in found]


def last_active(db: Read, community_ids: Iterable[int]) -> dict[int, int]:
    """When somebody last wrote in each of these communities, as far as there are threads."""
    found = among(
        db,
        """
        SELECT community_id AS id, max(active_ms) AS last_ms FROM forum_thread
        WHERE community_id IN (:list) GROUP BY community_id
        """,
        community_ids,
    )
    return {int(row["id"]): int(row["last_ms"]) for row in found}


def has_threads(db: Read, community_id: int) -> bool:
    """Whether anything was begun there."""
    found = db.one(
        "SELECT 1 FROM forum_thread WHERE community_id = :community LIMIT 1",
        community=community_id,
    )
    return found is not None


# --- votes


def dislike(tx: Write, *, post_id: int, account_id: int, id: int, uri: str, now_ms: int) -> bool:
    """A vote against a post. False when there was one."""
    if (
        tx.run(
            """
            INSERT INTO dislike (post_id, account_id, id, uri, created_ms)
            VALUES (:post, :account, :id, :uri, :now) ON CONFLICT DO NOTHING
            """,
            post=post_id,
            account=account_id,
            id=id,
            uri=uri,
            now=now_ms,
        )
        == 0
    ):
        return False
    tx.run("UPDATE post SET dislikes = dislikes + 1 WHERE id = :id", id=post_id)
    return True


def undislike(tx: Write, post_id: int, account_id: int) -> Row | None:
    """The vote that was taken back; None where there was none."""
    found = disliked(tx, post_id, account_id)
    if found is not None:
        tx.run(
            "DELETE FROM dislike WHERE post_id = :post AND account_id = :account",
            post=post_id,
            account=account_id,
        )
        tx.run("UPDATE post SET dislikes = dislikes - 1 WHERE id = :id", id=post_id)
    return found


def disliked(db: Read, post_id: int, account_id: int) -> Row | None:
    """The vote of an account against a post."""
    return db.one(
        "SELECT * FROM dislike WHERE post_id = :post AND account_id = :account",
        post=post_id,
        account=account_id,
    )


def dislike_by_uri(db: Read, uri: str) -> Row | None:
    """The vote that an activity with this id was."""
    return db.one("SELECT * FROM dislike WHERE uri = :uri", uri=uri)


def disliked_among(db: Read, account_id: int, post_ids: Iterable[int]) -> set[int]:
    """Those of the posts against which an account voted."""
    found = among(
        db,
        "SELECT post_id FROM dislike WHERE account_id = :account AND post_id IN (:list)",
        post_ids,
        account=account_id,
    )
    return {int(row["post_id"]) for row in found}


def unscore(tx: Write, account_id: int) -> None:
    """An account is about to end, and its votes with it: threads have their scores without them."""
    for table, change in (("favourite", -1), ("dislike", 1)):
        tx.run(
            f"""
            UPDATE forum_thread SET score = score + :change
            WHERE post_id IN (SELECT post_id FROM {table} WHERE account_id = :account)
            """,  # noqa: S608  two names of ours
            change=change,
            account=account_id,
        )


def withdraw(tx: Write, account_id: int) -> None:
    """Every vote of an account against something ends."""
    tx.run(
        """
        UPDATE post SET dislikes = dislikes - 1
        WHERE id IN (SELECT post_id FROM dislike WHERE account_id = :account)
        """,
        account=account_id,
    )
    tx.run("DELETE FROM dislike WHERE account_id = :account", account=account_id)


# --- what moderators took away


def remove(tx: Write, post: Post, *, by_id: int, reason: str, now_ms: int) -> None:
    """Take a post out of every list; what it was is remembered."""
    tx.run(
        """
        INSERT INTO removal (post_id, community_id, by_id, visibility, reason, created_ms)
        VALUES (:post, :community, :by, :visibility, :reason, :now)
        """,
        post=post.id,
        community=post.community_id,
        by=by_id,
        visibility=post.visibility,
        reason=reason,
        now=now_ms,
    )
    for table in ("home", "notification"):
        tx.run(f"DELETE FROM {table} WHERE post_id = :id", id=post.id)  # noqa: S608


def removal(db: Read, post_id: int) -> Row | None:
    """Who took a post away, when and why, and for whom it was."""
    return db.one("SELECT * FROM removal WHERE post_id = :id", id=post_id)


def restore(tx: Write, post_id: int) -> bool:
    """It was given back. False where it was so meanwhile, by another process."""
    return tx.run("DELETE FROM removal WHERE post_id = :id", id=post_id) == 1


def removed(db: Read, community_id: int, page: Page) -> list[Row]:
    """What was taken away in a community, the newest post first."""
    return rows(
        db,
        page,
        """
        SELECT post_id AS id, by_id, visibility, reason, created_ms FROM removal
        WHERE community_id = :community AND post_id > :lower AND post_id < :upper
        ORDER BY post_id DESC LIMIT :limit
        """,
        community=community_id,
    )
