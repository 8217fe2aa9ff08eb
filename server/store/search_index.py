"""What can be found by its words, as it is written: posts to look at, new ones, whole stretches.

A commit that changes a post only notes that it did (`search_waiting`); the worker reads it soon.
Until then a search looks at the post itself, so that what was written is found at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from server.store.bitmaps import packed, packed_ids, unpacked_ids
from server.store.db import Read, Row, Write
from server.store.paging import LAST_ID, among, padded

PART: Final = 128  # ids in one row

CHANGING: Final = frozenset(
    ("title", "content", "warning", "tags", "visibility", "language", "kind", "community_id")
)
"""Columns of a post that change under what it is found."""

_AGAIN: Final = "ON CONFLICT (post_id) DO UPDATE SET times = search_waiting.times + 1"


# --- posts to look at


def note(tx: Write, post_id: int, author_id: int) -> None:
    """A public post is new; it can be found if its author lets everybody find it."""
    tx.run(
        f"""
        INSERT INTO search_waiting (post_id)
        SELECT :post FROM account WHERE id = :author AND indexable = 1 {_AGAIN}
        """,  # noqa: S608
        post=post_id,
        author=author_id,
    )


def note_changed(tx: Write, post_id: int) -> None:
    """Something has changed by which a post is found, or not found any more."""
    tx.run(
        f"""
        INSERT INTO search_waiting (post_id) SELECT p.id FROM post p
        WHERE p.id = :post AND (p.visibility = 'public'
          OR EXISTS (SELECT 1 FROM search_recent r WHERE r.post_id = p.id)) {_AGAIN}
        """,  # noqa: S608
        post=post_id,
    )


def note_thread(tx: Write, thread_id: int) -> None:
    """The public posts of a thread are found in another place."""
    tx.run(
        f"""
        INSERT INTO search_waiting (post_id) SELECT p.id FROM post p
        WHERE p.thread_id = :thread AND p.visibility = 'public' AND p.deleted_ms IS NULL {_AGAIN}
        """,  # noqa: S608
        thread=thread_id,
    )


def note_category(tx: Write, category_id: int) -> None:
    """The stories of a category, of which there are some hundreds, stand in another."""
    tx.run(
        f"""
        INSERT INTO search_waiting (post_id) SELECT p.id
        FROM blog_story s JOIN post p ON p.id = s.post_id
        WHERE s.category_id = :category AND p.visibility = 'public' AND p.deleted_ms IS NULL
        {_AGAIN}
        """,  # noqa: S608
        category=category_id,
    )


def note_author(tx: Write, account_id: int) -> None:
    """Somebody lets everybody find their posts from now on: the old ones have to be looked at.

    To be called before it is written down: who let them be found already changes nothing.
    """
    tx.run(
        f"""
        INSERT INTO search_old (author_id, before_id)
        SELECT id, {LAST_ID} FROM account WHERE id = :id AND indexable = 0
        ON CONFLICT (author_id) DO UPDATE SET before_id = {LAST_ID}
        """,  # noqa: S608
        id=account_id,
    )


def waiting(db: Read, limit: int) -> dict[int, int]:
    """Posts to look at, the newest first, and how often each was noted."""
    found = db.all(
        """
        SELECT post_id, times FROM search_waiting WHERE post_id > 0
        ORDER BY post_id DESC LIMIT :limit
        """,
        limit=limit,
    )
    return {row["post_id"]: row["times"] for row in found}


def planned(db: Read) -> int:
    """How many posts are to be looked at."""
    found = db.one("SELECT count(*) AS n FROM search_waiting WHERE post_id > 0")
    return int(found["n"]) if found else 0


def looked_at(tx: Write, post_id: int, times: int, words: str | None) -> None:
    """Where a post that was noted `times` can be found: under `words`, or (None) nowhere.

    One that was noted again meanwhile waits on.
    """
    if words is None:
        tx.run("DELETE FROM search_recent WHERE post_id = :post", post=post_id)
    else:
        put(tx, {post_id: words})
    tx.run(
        "DELETE FROM search_waiting WHERE post_id = :post AND times = :times",
        post=post_id,
        times=times,
    )


def put(tx: Write, found: Mapping[int, str]) -> None:
    """Posts that can be found under these words (`spelled`)."""
    tx.many(
        """
        INSERT INTO search_recent (post_id, words, characters) VALUES (:post, :words, :characters)
        ON CONFLICT (post_id) DO UPDATE
            SET words = excluded.words, characters = excluded.characters
        """,
        [{"post": id, "words": words, "characters": len(words)} for id, words in found.items()],
    )


# --- old posts


def old(db: Read) -> Row | None:
    """(author_id, before_id) of old posts that have not been looked at; None when all have."""
    return db.one(
        """
        SELECT author_id, before_id FROM search_old WHERE author_id >= 0 ORDER BY author_id LIMIT 1
        """
    )


def before(db: Read, author_id: int, before_id: int, limit: int) -> list[int]:
    """Older public posts, of anybody (0) or of one author, the newest first."""
    by = "" if author_id == 0 else "author_id = :author AND deleted_ms IS NULL AND"
    found = db.all(
        f"SELECT id, visibility FROM post WHERE {by} id < :before ORDER BY id DESC LIMIT :limit",  # noqa: S608
        before=before_id,
        limit=limit,
        **({"author": author_id} if author_id else {}),
    )
    return [row["id"] for row in found]


def go_on(tx: Write, author_id: int, seen_id: int, before_id: int | None) -> None:
    """Old posts were looked at down to `before_id`; None: to the last.

    Where that began anew since `seen_id` nothing is changed.
    """
    if before_id is None:
        tx.run(
            "DELETE FROM search_old WHERE author_id = :author AND before_id = :seen",
            author=author_id,
            seen=seen_id,
        )
        return
    tx.run(
        """
        UPDATE search_old SET before_id = :before WHERE author_id = :author AND before_id = :seen
        """,
        author=author_id,
        seen=seen_id,
        before=before_id,
    )


def contained(db: Read, post_ids: Sequence[int]) -> set[int]:
    """Those of the posts that stand in a stretch."""
    if not post_ids:
        return set()
    wanted = set(post_ids)
    found: set[int] = set()
    for row in db.all(
        """
        SELECT s.id FROM search_stretch s WHERE s.last_id >= :least AND s.first_id <= :most
        """,
        least=min(wanted),
        most=max(wanted),
    ):
        found |= wanted.intersection(ids_of(db, row["id"]))
    return found


# --- stretches


def recent(db: Read, limit: int, after_id: int = 0) -> dict[int, str]:
    """The oldest posts after an id that stand in no stretch yet, and their words."""
    found = db.all(
        """
        SELECT post_id, words FROM search_recent WHERE post_id > :after
        ORDER BY post_id LIMIT :limit
        """,
        after=after_id,
        limit=limit,
    )
    return {row["post_id"]: row["words"] for row in found}


def many_recent(db: Read, many: int, characters: int) -> bool:
    """Whether at least so many posts, or so many characters, stand in no stretch yet."""
    found = db.one(
        """
        SELECT count(*) AS n, coalesce(sum(characters), 0) AS characters FROM (
            SELECT characters FROM search_recent WHERE post_id > 0 ORDER BY post_id LIMIT :many
        ) AS few
        """,
        many=many,
    )
    return found is not None and (found["n"] >= many or found["characters"] >= characters)


def next_stretch(tx: Write) -> int:
    """The id of the next one, with nothing of an earlier attempt in it."""
    found = tx.one("SELECT max(id) AS id FROM search_stretch")
    id = int(found["id"] or 0) + 1 if found else 1
    empty(tx, id)
    return id


def empty(tx: Write, stretch_id: int) -> None:
    """Take everything out of a stretch."""
    tx.run("DELETE FROM search_term WHERE stretch_id = :id", id=stretch_id)
    tx.run("DELETE FROM search_part WHERE stretch_id = :id", id=stretch_id)


def write_terms(tx: Write, stretch_id: int, found: Iterable[tuple[str, Sequence[int]]]) -> None:
    """At which places of a stretch these terms are; nobody looks before it is finished."""
    tx.many(
        "INSERT INTO search_term (stretch_id, term, places) VALUES (:stretch, :term, :places)",
        [{"stretch": stretch_id, "term": term, "places": packed(places)} for term, places in found],
    )


def finish(tx: Write, stretch_id: int, words: Mapping[int, str], now_ms: int) -> None:
    """The stretch of these posts (by ascending ids) can be searched; they are recent no more.

    What was changed meanwhile stays recent too.
    """
    ids = list(words)
    tx.many(
        "INSERT INTO search_part (stretch_id, part, post_ids) VALUES (:stretch, :part, :ids)",
        [
            {"stretch": stretch_id, "part": at // PART, "ids": packed_ids(ids[at : at + PART])}
            for at in range(0, len(ids), PART)
        ],
    )
    tx.run(
        """
        INSERT INTO search_stretch (id, first_id, last_id, checked_ms)
        VALUES (:id, :first, :last, :now)
        """,
        id=stretch_id,
        first=ids[0],
        last=ids[-1],
        now=now_ms,
    )
    tx.many(
        "DELETE FROM search_recent WHERE post_id = :post AND words = :words",
        [{"post": id, "words": text} for id, text in words.items()],
    )


def ids_of(db: Read, stretch_id: int) -> list[int]:
    """The posts of a stretch, by their places."""
    found = db.all(
        "SELECT post_ids FROM search_part WHERE stretch_id = :id ORDER BY part", id=stretch_id
    )
    return [id for row in found for id in unpacked_ids(row["post_ids"])]


# --- what is in a stretch and should not be


def next_to_check(db: Read) -> Row | None:
    """(id, checked_ms) of the stretch at which nobody looked for the longest time."""
    return db.one(
        """
        SELECT id, checked_ms FROM search_stretch WHERE last_id > 0 ORDER BY checked_ms LIMIT 1
        """
    )


def changed(db: Read, post_ids: Iterable[int], since_ms: int) -> set[int]:
    """Those of the posts that say something else than they did at `since_ms`."""
    found = among(
        db,
        """
        SELECT p.id FROM post p WHERE p.id IN (:list) AND (p.edited_ms >= :since
            OR EXISTS (SELECT 1 FROM search_recent r WHERE r.post_id = p.id))
        """,
        post_ids,
        since=since_ms,
    )
    return {row["id"] for row in found}


def checked(tx: Write, stretch_id: int, now_ms: int) -> None:
    """All of a stretch is as it should be."""
    tx.run("UPDATE search_stretch SET checked_ms = :now WHERE id = :id", id=stretch_id, now=now_ms)


def retire(tx: Write, stretch_id: int) -> None:
    """Nobody looks into a stretch from now on; it is `clear`ed later."""
    tx.run("UPDATE search_stretch SET first_id = 0, last_id = 0 WHERE id = :id", id=stretch_id)


def retired(db: Read) -> int | None:
    """A stretch that has to be cleared."""
    found = db.one("SELECT id FROM search_stretch WHERE last_id = 0 LIMIT 1")
    return int(found["id"]) if found else None


def clear(tx: Write, stretch_id: int, many: int) -> None:
    """Forget some of the terms of a retired stretch, and it with the last of them."""
    gone = tx.run(
        """
        DELETE FROM search_term WHERE stretch_id = :id AND term IN (
            SELECT term FROM search_term WHERE stretch_id = :id ORDER BY term LIMIT :many)
        """,
        id=stretch_id,
        many=many,
    )
    if gone < many:
        empty(tx, stretch_id)
        tx.run("DELETE FROM search_stretch WHERE id = :id", id=stretch_id)


# --- what posts say


def about(db: Read, post_ids: Iterable[int]) -> list[Row]:
    """What posts are found by beside their words; not those that are deleted.

    `community_kind` is None where a post stands in no community of ours.
    """
    return among(
        db,
        """
        SELECT p.id, p.author_id, p.kind, p.language, p.tags,
            p.reply_to_uri, p.community_id, p.published_ms, c.kind AS community_kind,
            s.neighbourhood_id, s.category_id, g.parent_id AS category_above_id
        FROM post p LEFT JOIN community c ON c.account_id = p.community_id
        LEFT JOIN blog_story s ON s.post_id = p.id LEFT JOIN blog_category g ON g.id = s.category_id
        WHERE p.id IN (:list) AND p.deleted_ms IS NULL
        """,
        post_ids,
    )


def findable(db: Read, post_ids: Iterable[int]) -> set[int]:
    """Those of the posts that are for everybody, by authors who let them be found."""
    found = among(
        db,
        """
        SELECT p.id FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.id IN (:list) AND p.visibility = 'public' AND p.deleted_ms IS NULL
          AND a.indexable = 1
        """,
        post_ids,
    )
    return {row["id"] for row in found}


def characters(db: Read, post_ids: Iterable[int]) -> dict[int, int]:
    """How long the posts are, as they are stored."""
    found = among(
        db, "SELECT id, length(content) AS n FROM post WHERE id IN (:list)", padded(post_ids)
    )
    return {row["id"]: row["n"] for row in found}


def said(db: Read, post_ids: Iterable[int]) -> list[Row]:
    """What the posts say, and what may have answers to choose from; not those that are deleted."""
    return among(
        db,
        """
        SELECT id, title, content, warning, kind, extra FROM post
        WHERE id IN (:list) AND deleted_ms IS NULL
        """,
        padded(post_ids),
    )


def pictured(db: Read, post_ids: Iterable[int]) -> list[Row]:
    """(post_id, kind, alt) of what the posts have to look at or to listen to."""
    return among(
        db,
        """
        SELECT post_id, kind, alt FROM media WHERE post_id IN (:list) AND kind <> 'link'
        ORDER BY post_id, position
        """,
        post_ids,
    )
