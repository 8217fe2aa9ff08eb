"""Timelines: narrow rows that name posts. The home timeline is written at arrival (`homes`)."""

from typing import Any, Final

import msgspec

from server.model import Entry, Outline
from server.store.conditions import (
    FOUND,
    KNOWN,
    NO_ANSWER,
    OF_A_THREAD,
    SHOWN,
    TAGGED,
    UNWANTED,
    WANTED,
    WITH_MEDIA,
    entry,
    pictured,
)
from server.store.db import Read, cells, structs
from server.store.paging import Page, among, rows


def paged(db: Read, page: Page, sql: str, /, **params: Any) -> list[Entry]:  # noqa: ANN401
    """A timeline: `sql` as `rows` wants it, with the columns of `SHOWN`."""
    return [entry(row) for row in rows(db, page, sql, **params)]


def home(db: Read, owner_id: int, page: Page) -> list[Entry]:
    """What the people whom the owner follows wrote and boosted."""
    return paged(db, page, _HOME, me=owner_id)


_HOME: Final = f"""
    SELECT h.id, h.booster_id, {SHOWN}
    FROM home h JOIN post p ON p.id = h.post_id JOIN account a ON a.id = p.author_id
    WHERE h.owner_id = :me AND h.id > :lower AND h.id < :upper AND h.aside = 0
      AND p.deleted_ms IS NULL AND a.state = 'active' AND {WANTED}
      AND (h.booster_id IS NULL OR h.booster_id NOT IN ({UNWANTED}))
    ORDER BY h.id DESC LIMIT :limit
"""  # noqa: S608


def local(db: Read, viewer_id: int, page: Page, *, media_only: bool = False) -> list[Entry]:
    """What our people say in public."""
    return paged(db, page, _public("p.local = 1 AND" + pictured(media_only)), me=viewer_id)


def federated(db: Read, viewer_id: int, page: Page, *, media_only: bool = False) -> list[Entry]:
    """Everything public that we know."""
    return paged(db, page, _public(pictured(media_only)), me=viewer_id)


def remote(db: Read, viewer_id: int, page: Page, *, media_only: bool = False) -> list[Entry]:
    """What strangers say in public."""
    return paged(db, page, _public("p.local = 0 AND" + pictured(media_only)), me=viewer_id)


def stories(db: Read, viewer_id: int, page: Page) -> list[Entry]:
    """Our people's public stories."""
    return paged(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.local = 1 AND p.visibility = 'public' AND p.kind = 'article'
          AND p.deleted_ms IS NULL AND p.id > :lower AND p.id < :upper
          AND {FOUND}
        ORDER BY p.id DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
    )


def _public(which: str) -> str:
    return f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE {which} p.visibility = 'public' AND p.reply_to_uri IS NULL
          AND p.deleted_ms IS NULL AND p.id > :lower AND p.id < :upper
          AND {FOUND}
        ORDER BY p.id DESC LIMIT :limit
        """  # noqa: S608


def direct(db: Read, viewer_id: int, page: Page) -> list[Entry]:
    """What the viewer wrote to some alone, and what was written to them alone."""
    wanted = f"""
        p.visibility = 'direct' AND p.deleted_ms IS NULL AND a.state = 'active'
        AND p.id > :lower AND p.id < :upper AND p.author_id NOT IN ({UNWANTED})
        ORDER BY p.id DESC LIMIT :limit
    """  # noqa: S608
    return paged(
        db,
        page,
        f"""
        SELECT * FROM (
            SELECT p.id, CAST(NULL AS BIGINT) AS booster_id, {SHOWN}
            FROM post p JOIN account a ON a.id = p.author_id
            WHERE p.author_id = :me AND {wanted}) AS h0
        UNION SELECT * FROM (
            SELECT p.id, CAST(NULL AS BIGINT) AS booster_id, {SHOWN}
            FROM mention n JOIN post p ON p.id = n.post_id JOIN account a ON a.id = p.author_id
            WHERE n.account_id = :me AND {wanted}) AS h1
        ORDER BY 1 DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
    )


def thread(db: Read, viewer_id: int, thread_id: int, page: Page) -> list[Entry]:
    """Posts of a conversation that the viewer may read and wants to."""
    return paged(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE {OF_A_THREAD} AND p.id > :lower AND p.id < :upper
        ORDER BY p.id DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        thread=thread_id,
    )


_OUTLINE: Final = ", ".join(f"p.{field.name}" for field in msgspec.structs.fields(Outline))


def outlines(db: Read, viewer_id: int, thread_id: int, limit: int) -> list[Outline]:
    """As `thread`, the shape alone, by arrival: the first `limit` posts."""
    found = db.all(
        f"""
        SELECT {_OUTLINE} FROM post p JOIN account a ON a.id = p.author_id
        WHERE {OF_A_THREAD} ORDER BY p.id LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        thread=thread_id,
        limit=limit,
    )
    return structs(Outline, found)


def account(
    db: Read,
    viewer_id: int,
    account_id: int,
    page: Page,
    *,
    allowed: str,
    replies: bool = True,
    boosts: bool = True,
    media_only: bool = False,
    direct: bool = True,
    tag: str = "",
) -> list[Entry]:
    """What an account wrote (and boosted). `allowed` names the widest circle the viewer is in:

    'everybody', 'followers' or 'self'; posts that name the viewer are always there. Without
    `replies`, what answers somebody else is left out. `tag` is a hashtag in its normal form.
    """
    conditions = {
        "everybody": "p.visibility IN ('public', 'unlisted')",
        "followers": "p.visibility IN ('public', 'unlisted', 'followers')",
        "self": "1 = 1",
    }[allowed]
    own = f"""
        SELECT p.id, CAST(NULL AS BIGINT) AS booster_id, {SHOWN}
        FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.author_id = :account AND p.deleted_ms IS NULL AND p.id > :lower AND p.id < :upper
          AND ({conditions} OR EXISTS (SELECT 1 FROM mention m WHERE m.post_id = p.id
                                       AND m.account_id = :me))
          {"" if replies else f"AND {NO_ANSWER}"}
          {"" if direct else "AND p.visibility NOT IN ('direct', 'secret', 'removed', 'waiting')"}
          {f"AND {WITH_MEDIA}" if media_only else ""}
          {f"AND {TAGGED}" if tag else ""}
    """  # noqa: S608
    boosted = f"""
        SELECT b.id, b.account_id AS booster_id, {SHOWN}
        FROM boost b JOIN post p ON p.id = b.post_id JOIN account a ON a.id = p.author_id
        WHERE b.account_id = :account AND p.deleted_ms IS NULL AND b.id > :lower AND b.id < :upper
          AND p.visibility IN ('public', 'unlisted') AND a.state = 'active'
          AND {WANTED} AND {KNOWN}
    """  # noqa: S608
    parts = [own] if media_only or tag or not boosts else [own, boosted]
    # each half is cut before they are merged, so that neither is read whole
    halves = [
        f"SELECT * FROM ({part} ORDER BY 1 DESC LIMIT :limit) AS h{n}"  # noqa: S608
        for n, part in enumerate(parts)
    ]
    sql = " UNION ALL ".join(halves) + " ORDER BY 1 DESC LIMIT :limit"
    return paged(db, page, sql, me=viewer_id, account=account_id, tag=tag)


def entries(db: Read, viewer_id: int, post_ids: list[int]) -> list[Entry]:
    """These posts as entries, in this order; those that are deleted or unknown are left out."""
    found = among(
        db,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.id IN (:list) AND p.deleted_ms IS NULL
        """,  # noqa: S608
        post_ids,
        me=viewer_id,
    )
    by_id = {one.id: one for one in map(entry, found)}
    return [by_id[id] for id in post_ids if id in by_id]


def saved(db: Read, viewer_id: int, page: Page) -> list[tuple[int, Entry]]:
    """(place, entry) of what the viewer saved, the latest first, readable or not."""
    return _marked(db, viewer_id, "bookmark", page)


def liked(db: Read, viewer_id: int, page: Page) -> list[tuple[int, Entry]]:
    """(like id, entry) of what the viewer likes, the latest first, readable or not."""
    return _marked(db, viewer_id, "favourite", page)


def _marked(db: Read, viewer_id: int, table: str, page: Page) -> list[tuple[int, Entry]]:
    found = rows(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN}, s.id AS place
        FROM {table} s JOIN post p ON p.id = s.post_id JOIN account a ON a.id = p.author_id
        WHERE s.account_id = :me AND s.id > :lower AND s.id < :upper AND p.deleted_ms IS NULL
        ORDER BY s.id DESC LIMIT :limit
        """,  # noqa: S608  a name of ours
        me=viewer_id,
    )
    return [(place, Entry(*columns)) for *columns, place in map(cells, found)]
