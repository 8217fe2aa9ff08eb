"""Threads that are looked at again for answers that did not reach us, and what was read of them."""

from typing import Final

from server.store.db import Read, Row, Write

_MEMBERS: Final = """
    FROM post p JOIN account a ON a.id = p.author_id
    WHERE p.thread_id = :thread AND p.visibility IN ('public', 'unlisted')
      AND p.deleted_ms IS NULL AND a.state = 'active'
"""


def expect(tx: Write, thread_id: int, due_ms: int) -> None:
    """Look at a thread at `due_ms`, or when it was to be looked at before that."""
    tx.run(
        """
        INSERT INTO walk (thread_id, due_ms) VALUES (:thread, :due)
        ON CONFLICT (thread_id) DO UPDATE SET due_ms = excluded.due_ms, step = 0
        WHERE walk.due_ms > excluded.due_ms
        """,
        thread=thread_id,
        due=due_ms,
    )


def next_due_ms(db: Read) -> int | None:
    """When the next thread is to be looked at."""
    found = db.one("SELECT due_ms FROM walk WHERE due_ms > 0 ORDER BY due_ms LIMIT 1")
    return int(found["due_ms"]) if found else None


def planned(db: Read) -> int:
    """How many threads are to be looked at again, now or later."""
    found = db.one("SELECT count(*) AS n FROM walk WHERE due_ms > 0")
    return int(found["n"]) if found else 0


def first_due(db: Read, now_ms: int) -> Row | None:
    """thread_id, step, due_ms of what is due first."""
    return db.one(
        "SELECT thread_id, step, due_ms FROM walk WHERE due_ms <= :now ORDER BY due_ms LIMIT 1",
        now=now_ms,
    )


def put_off(tx: Write, thread_id: int, due_ms: int, step: int, *, was_ms: int) -> bool:
    """Look at what was due at `was_ms` at `due_ms` again. False where another has put it off."""
    done = tx.run(
        """
        UPDATE walk SET due_ms = :due, step = :step WHERE thread_id = :thread AND due_ms = :was
        """,
        thread=thread_id,
        was=was_ms,
        due=due_ms,
        step=step,
    )
    return done > 0


def step_back(tx: Write, thread_id: int, due_ms: int) -> None:
    """Something new came of a look: the pauses are short again."""
    tx.run(
        """
        UPDATE walk SET step = 0, due_ms = :due WHERE thread_id = :thread AND due_ms > :due
        """,
        thread=thread_id,
        due=due_ms,
    )


def move(tx: Write, old_id: int, new_id: int) -> None:
    """A thread became part of another: who was to look at the one looks at the other."""
    due = tx.one("SELECT due_ms FROM walk WHERE thread_id = :old", old=old_id)
    if due is not None:
        expect(tx, new_id, due["due_ms"])
    tx.run("DELETE FROM walk WHERE thread_id = :old", old=old_id)
    tx.run("UPDATE walk_page SET thread_id = :new WHERE thread_id = :old", new=new_id, old=old_id)


def forget(tx: Write, thread_id: int) -> None:
    """Nobody here reads it any more, or nobody writes in it."""
    tx.run("DELETE FROM walk WHERE thread_id = :thread", thread=thread_id)
    tx.run("DELETE FROM walk_page WHERE thread_id = :thread", thread=thread_id)


def last_id(db: Read, thread_id: int) -> int:
    """The id of what came last in a thread; 0 where nothing is left."""
    found = db.one(
        "SELECT id FROM post WHERE thread_id = :thread ORDER BY id DESC LIMIT 1", thread=thread_id
    )
    return int(found["id"]) if found else 0


def somebody_cares(db: Read, thread_id: int) -> bool:
    """Whether one of ours wrote in a thread, or follows somebody who did, or where it stands."""
    found = db.one(
        """
        SELECT 1 FROM post p WHERE p.thread_id = :thread AND (
            p.local = 1
            OR EXISTS (SELECT 1 FROM follow f WHERE f.target_id = p.author_id
                       AND f.local = 1 AND f.state = 'accepted')
            OR EXISTS (SELECT 1 FROM follow f WHERE f.target_id = p.community_id
                       AND f.local = 1 AND f.state = 'accepted'))
        LIMIT 1
        """,
        thread=thread_id,
    )
    return found is not None


def strangers(db: Read, thread_id: int, limit: int) -> list[str]:
    """Ids of what strangers wrote in a thread for everybody: first what was not read lately."""
    found = db.all(
        """
        SELECT p.uri FROM post p LEFT JOIN walk_page w ON w.uri = p.uri
        WHERE p.thread_id = :thread AND p.local = 0 AND p.visibility IN ('public', 'unlisted')
          AND p.deleted_ms IS NULL
        ORDER BY coalesce(w.read_ms, 0), p.id DESC LIMIT :limit
        """,
        thread=thread_id,
        limit=limit,
    )
    return [row["uri"] for row in found]


def page(db: Read, uri: str) -> Row | None:
    """etag, next_uri of a page that was taken whole."""
    return db.one("SELECT etag, next_uri FROM walk_page WHERE uri = :uri", uri=uri)


def keep_page(
    tx: Write, uri: str, *, thread_id: int, etag: str, next_uri: str, read_ms: int
) -> None:
    """Everything of a page was taken."""
    tx.run(
        """
        INSERT INTO walk_page (uri, thread_id, etag, next_uri, read_ms)
        VALUES (:uri, :thread, :etag, :next, :now)
        ON CONFLICT (uri) DO UPDATE SET thread_id = excluded.thread_id, etag = excluded.etag,
            next_uri = excluded.next_uri, read_ms = excluded.read_ms
        """,
        uri=uri,
        thread=thread_id,
        etag=etag,
        next=next_uri,
        now=read_ms,
    )


def sweep_pages(tx: Write, after: str, read_before_ms: int, limit: int) -> str | None:
    """Forget pages of threads at which nobody looks again, of the next `limit` after one.

    The last that was looked at; None at the end. What was read lately stays: a walk may be under
    way that nobody had planned.
    """
    found = tx.all(
        "SELECT uri FROM walk_page WHERE uri > :after ORDER BY uri LIMIT :limit",
        after=after,
        limit=limit,
    )
    last = str(found[-1]["uri"]) if found else after
    tx.run(
        """
        DELETE FROM walk_page WHERE uri > :after AND uri <= :last AND read_ms < :before
          AND NOT EXISTS (SELECT 1 FROM walk w WHERE w.thread_id = walk_page.thread_id)
        """,
        after=after,
        last=last,
        before=read_before_ms,
    )
    return last if len(found) == limit else None


def context_size(db: Read, thread_id: int) -> int:
    """How many posts of a thread everybody may read."""
    found = db.one(
        f"SELECT count(*) AS n {_MEMBERS}",  # noqa: S608
        thread=thread_id,
    )
    return int(found["n"]) if found else 0


def context_page(db: Read, thread_id: int, first: int, limit: int) -> list[str]:
    """Ids of what everybody may read in a thread: its root, and the rest as it was written."""
    found = db.all(
        f"""
        SELECT p.uri {_MEMBERS}
        ORDER BY CASE WHEN p.id = :thread THEN 0 ELSE 1 END, p.published_ms, p.id
        LIMIT :limit OFFSET :first
        """,  # noqa: S608
        thread=thread_id,
        first=first,
        limit=limit,
    )
    return [row["uri"] for row in found]
