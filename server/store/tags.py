"""Hashtags: what carries them, who follows them, who shows them on their page."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from server.clock import DAY_MS
from server.model import Entry
from server.store.conditions import FOUND, SHOWN, pictured
from server.store.db import Read, Row, Write
from server.store.homes import CHUNK
from server.store.paging import Page, among, rows
from server.store.timelines import paged

COUNTED: Final = 5_000  # newest posts of somebody, among which the use of a hashtag is counted


class Tagged(msgspec.Struct, frozen=True):
    """Posts with a hashtag (lower-case, without #), and of those only some.

    `any`: with this hashtag or one of these. `all`: with each of these too. `none`: with none of
    these. `local` is None where it does not matter who wrote them.
    """

    name: str
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    local: bool | None = None
    media_only: bool = False


def tag(db: Read, viewer_id: int, wanted: Tagged, page: Page) -> list[Entry]:
    """Public posts with a hashtag."""
    sides = {True: "p.local = 1 AND", False: "p.local = 0 AND", None: ""}
    which = sides[wanted.local] + pictured(wanted.media_only)
    params: dict[str, Any] = {}
    for kind, names in (("all", wanted.all), ("none", wanted.none)):
        for n, name in enumerate(names):
            params[f"{kind}{n}"] = name
            which += (
                f" {'NOT ' if kind == 'none' else ''}EXISTS (SELECT 1 FROM hashtag x"  # noqa: S608
                f" WHERE x.tag = :{kind}{n} AND x.post_id = t.post_id) AND"
            )
    # each part is cut before they are merged, so that none is read whole
    parts = []
    for n, name in enumerate((wanted.name, *wanted.any)):
        params[f"tag{n}"] = name
        parts.append(
            f"""
            SELECT * FROM (
                SELECT p.id, CAST(NULL AS BIGINT) AS booster_id, {SHOWN}
                FROM hashtag t JOIN post p ON p.id = t.post_id JOIN account a ON a.id = p.author_id
                WHERE t.tag = :tag{n} AND {which} p.visibility = 'public' AND p.deleted_ms IS NULL
                  AND t.post_id > :lower AND t.post_id < :upper AND {FOUND}
                ORDER BY t.post_id DESC LIMIT :limit) AS h{n}
            """  # noqa: S608
        )
    sql = " UNION ".join(parts) + " ORDER BY 1 DESC LIMIT :limit"
    return paged(db, page, sql, me=viewer_id, **params)


def spread_tags(tx: Write, *, post_id: int, author_id: int, after_id: int) -> int | None:
    """Show a post to those who follow one of its hashtags and lack it, `CHUNK` of them.

    Who keeps apart from its author, or from whom it names, is spared. As `spread_post` goes on.
    """
    found = tx.all(
        """
        SELECT DISTINCT t.account_id FROM hashtag h JOIN followed_tag t ON t.tag = h.tag
        WHERE h.post_id = :post AND t.account_id > :after ORDER BY t.account_id LIMIT :chunk
        """,
        post=post_id,
        after=after_id,
        chunk=CHUNK,
    )
    if not found:
        return None
    last = int(found[-1]["account_id"])
    tx.run(
        """
        INSERT INTO home (owner_id, id, post_id)
        SELECT DISTINCT t.account_id, h.post_id, h.post_id
        FROM hashtag h JOIN followed_tag t ON t.tag = h.tag
        WHERE h.post_id = :post AND t.account_id > :after AND t.account_id <= :last
          AND t.account_id <> :author
          AND NOT EXISTS (SELECT 1 FROM block b
                          WHERE b.account_id = :author AND b.target_id = t.account_id)
          AND NOT EXISTS (SELECT 1 FROM (
                SELECT CAST(:author AS BIGINT) AS id
                UNION ALL SELECT account_id FROM mention WHERE post_id = :post) AS few
              WHERE EXISTS (SELECT 1 FROM block c
                            WHERE c.account_id = t.account_id AND c.target_id = few.id)
                 OR EXISTS (SELECT 1 FROM mute m
                            WHERE m.account_id = t.account_id AND m.target_id = few.id))
        ON CONFLICT DO NOTHING
        """,
        post=post_id,
        author=author_id,
        after=after_id,
        last=last,
    )
    return last if len(found) == CHUNK else None


def leave_tag(tx: Write, owner_id: int, tag: str) -> None:
    """Take out of a home timeline what was there for this hashtag alone."""
    tx.run(
        """
        DELETE FROM home WHERE owner_id = :owner AND booster_id IS NULL
          AND EXISTS (SELECT 1 FROM hashtag h WHERE h.tag = :tag AND h.post_id = home.post_id)
          AND NOT EXISTS (SELECT 1 FROM hashtag h JOIN followed_tag t
                          ON t.tag = h.tag AND t.account_id = :owner
                          WHERE h.post_id = home.post_id)
          AND NOT EXISTS (
              SELECT 1 FROM post p WHERE p.id = home.post_id AND (p.author_id = :owner
                OR EXISTS (SELECT 1 FROM follow f WHERE f.follower_id = :owner
                           AND f.target_id = p.author_id AND f.state = 'accepted')))
        """,
        owner=owner_id,
        tag=tag,
    )


# --- how much they are used


def used(db: Read, tags: Iterable[str], since_id: int) -> list[Row]:
    """(tag, day, uses, accounts) in public posts after `since_id`; `day` counts from 1970."""
    return among(
        db,
        f"""
        SELECT t.tag, p.published_ms / {DAY_MS} AS day, count(*) AS uses,
            count(DISTINCT p.author_id) AS accounts
        FROM hashtag t JOIN post p ON p.id = t.post_id JOIN account a ON a.id = p.author_id
        WHERE t.tag IN (:list) AND t.post_id > :since AND p.visibility = 'public'
          AND p.deleted_ms IS NULL AND a.state = 'active' AND a.limited_ms IS NULL
        GROUP BY t.tag, p.published_ms / {DAY_MS}
        """,  # noqa: S608
        tags,
        since=since_id,
    )


# --- followed


def follow(tx: Write, account_id: int, tag: str, id: int) -> None:
    """Follow a hashtag, once."""
    tx.run(
        """
        INSERT INTO followed_tag (account_id, tag, id) VALUES (:account, :tag, :id)
        ON CONFLICT DO NOTHING
        """,
        account=account_id,
        tag=tag,
        id=id,
    )


def unfollow(tx: Write, account_id: int, tag: str) -> bool:
    """Follow it no more. False where it was not followed."""
    return (
        tx.run(
            "DELETE FROM followed_tag WHERE account_id = :account AND tag = :tag",
            account=account_id,
            tag=tag,
        )
        > 0
    )


def followed(db: Read, account_id: int, page: Page) -> list[Row]:
    """(id, tag) of what somebody follows, newest first."""
    return rows(
        db,
        page,
        """
        SELECT id, tag FROM followed_tag
        WHERE account_id = :account AND id > :lower AND id < :upper ORDER BY id DESC LIMIT :limit
        """,
        account=account_id,
    )


def followed_count(db: Read, account_id: int) -> int:
    """How many hashtags somebody follows."""
    found = db.one("SELECT count(*) AS n FROM followed_tag WHERE account_id = :id", id=account_id)
    return int(found["n"]) if found else 0


def followed_among(db: Read, account_id: int, tags: Iterable[str]) -> set[str]:
    """Those of `tags` that somebody follows."""
    found = among(
        db,
        "SELECT tag FROM followed_tag WHERE account_id = :account AND tag IN (:list)",
        tags,
        account=account_id,
    )
    return {row["tag"] for row in found}


# --- featured


class Featured(msgspec.Struct, frozen=True, kw_only=True):
    """A hashtag on somebody's page, as they wrote it, and their public posts with it."""

    id: int
    account_id: int
    tag: str
    name: str
    posts: int = 0
    last_ms: int | None = None


def feature(tx: Write, account_id: int, tag: str, name: str, id: int) -> bool:
    """Show a hashtag on somebody's page. False where it is there already."""
    return (
        tx.run(
            """
            INSERT INTO featured_tag (id, account_id, tag, name)
            VALUES (:id, :account, :tag, :name) ON CONFLICT DO NOTHING
            """,
            id=id,
            account=account_id,
            tag=tag,
            name=name,
        )
        == 1
    )


def unfeature(tx: Write, account_id: int, id: int) -> bool:
    """Take it off the page. False where somebody has no such hashtag there."""
    return (
        tx.run(
            "DELETE FROM featured_tag WHERE id = :id AND account_id = :account",
            id=id,
            account=account_id,
        )
        > 0
    )


def featured(db: Read, account_id: int) -> list[Featured]:
    """What somebody shows on their page, most used first."""
    found = db.all("SELECT * FROM featured_tag WHERE account_id = :account", account=account_id)
    counted = {
        row["tag"]: row
        for row in among(
            db,
            """
            SELECT t.tag, count(*) AS posts, max(latest.published_ms) AS last_ms
            FROM (SELECT id, published_ms FROM post WHERE author_id = :account
                    AND visibility IN ('public', 'unlisted') AND deleted_ms IS NULL
                  ORDER BY id DESC LIMIT :most) AS latest
            JOIN hashtag t ON t.post_id = latest.id
            WHERE t.tag IN (:list) GROUP BY t.tag
            """,
            [row["tag"] for row in found],
            account=account_id,
            most=COUNTED,
        )
    }
    shown = []
    for row in found:
        of = counted.get(row["tag"])
        shown.append(
            Featured(**row, posts=of["posts"] if of else 0, last_ms=of["last_ms"] if of else None)
        )
    return sorted(shown, key=lambda one: (-one.posts, one.id))


def used_by(db: Read, account_id: int, since_id: int, limit: int) -> list[str]:
    """The hashtags of somebody's public posts after `since_id`, most used first."""
    found = db.all(
        """
        SELECT t.tag FROM post p JOIN hashtag t ON t.post_id = p.id
        WHERE p.author_id = :account AND p.id > :since AND p.deleted_ms IS NULL
          AND p.visibility IN ('public', 'unlisted') AND t.stem = 0
        GROUP BY t.tag ORDER BY count(*) DESC, t.tag LIMIT :limit
        """,
        account=account_id,
        since=since_id,
        limit=limit,
    )
    return [row["tag"] for row in found]


def remove_of(tx: Write, account_id: int) -> None:
    """An account ends: it follows and shows no hashtag."""
    tx.run("DELETE FROM followed_tag WHERE account_id = :id", id=account_id)
    tx.run("DELETE FROM featured_tag WHERE account_id = :id", id=account_id)
