"""What many use of late, from the newest public posts; and what moderators said of it.

Only people who want to be found count, and each of them once. At most `NEWEST`
posts are looked at.
"""

from collections.abc import Iterable
from typing import Final

from server.clock import DAY_MS
from server.model import Entry, Preview
from server.store.conditions import SHOWN, WANTED, WRITTEN
from server.store.db import Read, Row, Write, structs
from server.store.paging import Page, among
from server.store.previews import DISCOVERABLE
from server.store.timelines import paged

NEWEST: Final = 20_000
ROWS: Final = 50_000

_LATEST: Final = """
    SELECT id, author_id, published_ms, likes + boosts AS liked FROM post
    WHERE id > :since AND visibility = 'public' AND deleted_ms IS NULL
    ORDER BY id DESC LIMIT :newest
"""
_DECENT: Final = "p.sensitive = 0 AND p.warning = '' AND a.sensitive_ms IS NULL"


def tags(db: Read, since_id: int) -> list[Row]:
    """(tag, author_id, day, liked): who used a hashtag, and when last; `day` counts from 1970."""
    return db.all(
        f"""
        SELECT t.tag, latest.author_id, max(latest.published_ms) / {DAY_MS} AS day,
            max(latest.liked) AS liked
        FROM ({_LATEST}) AS latest JOIN hashtag t ON t.post_id = latest.id
        JOIN account a ON a.id = latest.author_id
        WHERE {DISCOVERABLE} AND {WRITTEN} GROUP BY t.tag, latest.author_id LIMIT :rows
        """,  # noqa: S608
        since=since_id,
        newest=NEWEST,
        rows=ROWS,
    )


def posts(db: Read, since_id: int, least: int, limit: int) -> list[Row]:
    """(id, author_id, published_ms, liked) of what at least `least` liked or boosted."""
    return db.all(
        f"""
        SELECT p.id, p.author_id, p.published_ms, p.likes + p.boosts AS liked
        FROM (SELECT id FROM post WHERE id > :since AND visibility = 'public'
                AND reply_to_uri IS NULL AND deleted_ms IS NULL
              ORDER BY id DESC LIMIT :newest) AS latest
        JOIN post p ON p.id = latest.id JOIN account a ON a.id = p.author_id
        WHERE p.likes + p.boosts >= :least AND {DISCOVERABLE} AND {_DECENT}
        ORDER BY p.likes + p.boosts DESC, p.id DESC LIMIT :limit
        """,  # noqa: S608
        since=since_id,
        newest=NEWEST,
        least=least,
        limit=limit,
    )


def links(db: Read, since_id: int) -> list[Row]:
    """(preview_id, author_id, day, liked): who linked to a page, and how many liked that."""
    return db.all(
        f"""
        SELECT k.preview_id, latest.author_id, max(latest.published_ms) / {DAY_MS} AS day,
            max(latest.liked) AS liked
        FROM ({_LATEST}) AS latest JOIN post_link k ON k.post_id = latest.id
        JOIN account a ON a.id = latest.author_id
        WHERE {DISCOVERABLE} GROUP BY k.preview_id, latest.author_id LIMIT :rows
        """,  # noqa: S608
        since=since_id,
        newest=NEWEST,
        rows=ROWS,
    )


def previews(db: Read, ids: Iterable[int]) -> dict[int, Preview]:
    """Those of these pages that could be read."""
    found = among(db, "SELECT * FROM link_preview WHERE id IN (:list) AND state = 'ready'", ids)
    return {one.id: one for one in structs(Preview, found)}


def link_uses(db: Read, ids: Iterable[int], since_id: int) -> list[Row]:
    """(preview_id, day, uses, accounts) in public posts after `since_id`."""
    return among(
        db,
        f"""
        SELECT k.preview_id, p.published_ms / {DAY_MS} AS day, count(*) AS uses,
            count(DISTINCT p.author_id) AS accounts
        FROM post_link k JOIN post p ON p.id = k.post_id JOIN account a ON a.id = p.author_id
        WHERE k.preview_id IN (:list) AND k.post_id > :since AND p.visibility = 'public'
          AND p.deleted_ms IS NULL AND {DISCOVERABLE}
        GROUP BY k.preview_id, p.published_ms / {DAY_MS}
        """,  # noqa: S608
        ids,
        since=since_id,
    )


def shown(db: Read, viewer_id: int, post_ids: Iterable[int]) -> dict[int, Entry]:
    """Those of these posts that may still be shown to everybody, and that the viewer wants."""
    ids = list(post_ids)
    if not ids:
        return {}
    names = ", ".join(f":p{n}" for n in range(len(ids)))
    found = paged(
        db,
        Page(limit=len(ids)),
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.id IN ({names}) AND p.visibility = 'public' AND p.deleted_ms IS NULL
          AND {DISCOVERABLE} AND {_DECENT} AND {WANTED}
          AND p.id > :lower AND p.id < :upper ORDER BY p.id DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        **{f"p{n}": id for n, id in enumerate(ids)},
    )
    return {entry.id: entry for entry in found}


# --- what moderators said


def verdicts(db: Read, kind: str, allowed: bool) -> set[str]:
    """The keys of what moderators allowed, or what they hide. `kind`: tag | status | link."""
    found = db.all(
        "SELECT key FROM trend_verdict WHERE kind = :kind AND allowed = :allowed",
        kind=kind,
        allowed=int(allowed),
    )
    return {row["key"] for row in found}


def decide(tx: Write, kind: str, key: str, allowed: bool, now_ms: int) -> None:
    """Remember what moderators said of a hashtag, a post (its id) or a page (its address)."""
    tx.run(
        """
        INSERT INTO trend_verdict (kind, key, allowed, at_ms) VALUES (:kind, :key, :allowed, :now)
        ON CONFLICT (kind, key) DO UPDATE SET allowed = excluded.allowed, at_ms = excluded.at_ms
        """,
        kind=kind,
        key=key,
        allowed=int(allowed),
        now=now_ms,
    )
