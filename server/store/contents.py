"""What everybody may read in a community, from its beginning on: for exports and books."""

from collections.abc import Iterable
from typing import Final

from server.model import Account, Post
from server.store.db import Read, record, structs
from server.store.paging import among

_OPEN: Final = """
    p.visibility = 'public' AND p.deleted_ms IS NULL
    AND a.state = 'active' AND a.limited_ms IS NULL
"""
"""Of a thread's first post `p` by `a`: it counts for everybody, as in the lists of blogs."""
_BEGINS: Final = "p.thread_id = p.id AND p.reply_to_uri IS NULL"
_REMARK: Final = """
    p.visibility IN ('public', 'unlisted') AND p.deleted_ms IS NULL
    AND a.state = 'active' AND a.limited_ms IS NULL
"""
"""Of a comment: everybody may read it. Never secret ones, nor what moderators took away."""


def threads(db: Read, community_id: int, after_id: int, limit: int) -> list[Post]:
    """The threads of a community that began after an id, the oldest first."""
    found = db.all(
        f"""
        SELECT p.* FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.community_id = :community AND p.id > :after AND {_BEGINS} AND {_OPEN}
        ORDER BY p.id LIMIT :limit
        """,  # noqa: S608
        community=community_id,
        after=after_id,
        limit=limit,
    )
    return structs(Post, found)


def count(db: Read, community_id: int) -> int:
    """How many threads there are."""
    found = db.one(
        f"""
        SELECT count(*) AS n FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.community_id = :community AND {_BEGINS} AND {_OPEN}
        """,  # noqa: S608
        community=community_id,
    )
    return int(found["n"]) if found else 0


def comments(db: Read, thread_id: int, after_id: int, limit: int) -> list[Post]:
    """What everybody may read below a thread, after an id, the oldest first."""
    found = db.all(
        f"""
        SELECT p.* FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.thread_id = :thread AND p.id > :after AND p.reply_to_id IS NOT NULL AND {_REMARK}
        ORDER BY p.id LIMIT :limit
        """,  # noqa: S608
        thread=thread_id,
        after=after_id,
        limit=limit,
    )
    return structs(Post, found)


def open_posts(db: Read, ids: Iterable[int]) -> set[int]:
    """Which of these posts everybody may read: comments, or the first of their thread."""
    found = among(
        db,
        f"""
        SELECT p.id FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.id IN (:list) AND {_REMARK}
        """,  # noqa: S608
        ids,
    )
    return {int(row["id"]) for row in found}


def stories(db: Read, community_id: int, ids: Iterable[int]) -> dict[int, Post]:
    """Those of the posts that are stories of a blog by people of this city, for everybody."""
    found = among(
        db,
        f"""
        SELECT p.* FROM blog_story s JOIN post p ON p.id = s.post_id
        JOIN account a ON a.id = p.author_id
        WHERE s.post_id IN (:list) AND s.community_id = :community
          AND p.community_id = :community AND p.local = 1 AND {_OPEN}
        """,  # noqa: S608
        ids,
        community=community_id,
    )
    return {one.id: one for one in structs(Post, found)}


def authors(db: Read, post_ids: Iterable[int]) -> dict[int, list[Account]]:
    """Who wrote each of the stories: its author, then those who confirmed that they did too.

    Be they suspended: what is theirs is not given away without them.
    """
    ids = list(post_ids)
    found = among(
        db,
        """
        SELECT p.id AS story, 0 AS turn, a.* FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.id IN (:list)
        UNION ALL
        SELECT w.post_id AS story, w.id AS turn, a.* FROM blog_author w
        JOIN account a ON a.id = w.account_id
        WHERE w.post_id IN (:list) AND w.state = 'accepted'
        ORDER BY story, turn
        """,
        ids,
    )
    people: dict[int, list[Account]] = {}
    for row in found:
        fields = dict(record(row))
        story, _ = fields.pop("story"), fields.pop("turn")
        people.setdefault(int(story), []).append(Account(**fields))
    return people


def in_category(db: Read, category_ids: Iterable[int], limit: int) -> list[int]:
    """The stories of these categories, the oldest first."""
    found = among(
        db,
        f"""
        SELECT p.id FROM blog_story s JOIN post p ON p.id = s.post_id
        JOIN account a ON a.id = p.author_id
        WHERE s.category_id IN (:list) AND p.local = 1 AND {_OPEN} ORDER BY p.id LIMIT :limit
        """,  # noqa: S608
        category_ids,
        limit=limit,
    )
    return [int(row["id"]) for row in found]


def in_series(db: Read, series_id: int, limit: int) -> list[int]:
    """The parts of a series, the first one first."""
    found = db.all(
        f"""
        SELECT p.id FROM blog_story s JOIN post p ON p.id = s.post_id
        JOIN account a ON a.id = p.author_id
        WHERE s.series_id = :series AND p.local = 1 AND {_OPEN} ORDER BY s.part, p.id LIMIT :limit
        """,  # noqa: S608
        series=series_id,
        limit=limit,
    )
    return [int(row["id"]) for row in found]


def between(db: Read, community_id: int, from_ms: int, to_ms: int, limit: int) -> list[int]:
    """The stories of a blog that were published from `from_ms` on and before `to_ms`."""
    found = db.all(
        f"""
        SELECT p.id FROM blog_story s JOIN post p ON p.id = s.post_id
        JOIN account a ON a.id = p.author_id
        WHERE s.community_id = :community AND p.published_ms >= :from_ms AND p.published_ms < :to_ms
          AND p.local = 1 AND {_OPEN} ORDER BY p.id LIMIT :limit
        """,  # noqa: S608
        community=community_id,
        from_ms=from_ms,
        to_ms=to_ms,
        limit=limit,
    )
    return [int(row["id"]) for row in found]


def gone(db: Read, ids: Iterable[int]) -> bool:
    """Whether one of these posts is not for everybody any more."""
    wanted = list(ids)
    steps = (wanted[at : at + 500] for at in range(0, len(wanted), 500))
    return any(len(open_posts(db, step)) < len(step) for step in steps)
