"""Pages elsewhere that link to a story of ours, with the posts that quote it: 엮인글."""

from typing import Final

import msgspec

from server.store.conditions import READABLE
from server.store.db import Read, Row, Write, record
from server.store.paging import Page, among, rows

MOST_COUNTED: Final = 1_000

_ITS_PAGE: Final = """
    (q.uri = b.source OR (q.url = b.source
        AND (substr(q.uri, 1, length(b.host) + 9) = 'https://' || b.host || '/'
             OR substr(q.uri, 1, length(b.host) + 8) = 'http://' || b.host || '/')))
"""
"""A post is at the page `b`. What it says of its page counts at its own host alone: else anybody
could hide a page by a post that claims to be there."""

_COUNTED_ALREADY: Final = f"""
    EXISTS (SELECT 1 FROM post q WHERE q.quote_id = b.post_id AND {_ITS_PAGE}
            AND q.visibility IN ('public', 'unlisted')
            AND q.quote_state = 'accepted' AND q.deleted_ms IS NULL)
    OR EXISTS (SELECT 1 FROM post q WHERE q.thread_id = b.post_id AND {_ITS_PAGE}
               AND q.visibility IN ('public', 'unlisted') AND q.deleted_ms IS NULL)
"""  # noqa: S608
"""The page `b` is a post that quotes or answers the story, and is shown as such."""


class Backlink(msgspec.Struct, frozen=True, kw_only=True):
    """A page that was read and links to a story. All plain text; `kind`: webmention | trackback.

    Of one that was `removed` only the address is known, and nobody sees it.
    """

    id: int
    post_id: int
    source: str
    host: str
    kind: str
    title: str = ""
    excerpt: str = ""
    author: str = ""
    published_ms: int | None = None
    verified_ms: int = 0
    hidden_ms: int | None = None
    removed: int = 0


COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(Backlink))


def by_id(db: Read, id: int) -> Backlink | None:
    """The one with this id."""
    found = db.one("SELECT * FROM backlink WHERE id = :id", id=id)
    return Backlink(**record(found)) if found else None


def by_source(db: Read, post_id: int, source: str) -> Backlink | None:
    """That of this page."""
    found = db.one(
        "SELECT * FROM backlink WHERE post_id = :post AND source = :source",
        post=post_id,
        source=source,
    )
    return Backlink(**record(found)) if found else None


def by_ids(db: Read, ids: list[int]) -> dict[int, Backlink]:
    """Those of `ids` that exist."""
    found = among(db, "SELECT * FROM backlink WHERE id IN (:list)", ids)
    return {row["id"]: Backlink(**record(row)) for row in found}


def put(tx: Write, link: Backlink) -> None:
    """Store it, or what its page says now; what was hidden stays hidden, and removed, removed."""
    tx.run(
        f"""
        INSERT INTO backlink ({", ".join(COLUMNS)}) VALUES (:{", :".join(COLUMNS)})
        ON CONFLICT (post_id, source) DO UPDATE SET kind = excluded.kind, title = excluded.title,
            excerpt = excluded.excerpt, author = excluded.author,
            published_ms = excluded.published_ms, verified_ms = excluded.verified_ms
            WHERE backlink.removed = 0
        """,  # noqa: S608
        **msgspec.structs.asdict(link),
    )


def remove(tx: Write, post_id: int, source: str) -> bool:
    """The page does not link any more. False when it was not known to.

    What is hidden stays, or it would come back, and be seen, when the page links again.
    """
    return bool(
        tx.run(
            """
            DELETE FROM backlink
            WHERE post_id = :post AND source = :source AND hidden_ms IS NULL
            """,
            post=post_id,
            source=source,
        )
    )


def set_hidden(tx: Write, id: int, hidden_ms: int | None) -> None:
    """Show it no longer, or again."""
    tx.run("UPDATE backlink SET hidden_ms = :hidden WHERE id = :id", id=id, hidden=hidden_ms)


def strike(tx: Write, id: int, now_ms: int) -> None:
    """Take it away for good: its address alone is kept."""
    tx.run(
        """
        UPDATE backlink SET title = '', excerpt = '', author = '', published_ms = NULL,
            hidden_ms = :now, removed = 1
        WHERE id = :id
        """,
        id=id,
        now=now_ms,
    )


def close(tx: Write, post_id: int, now_ms: int) -> None:
    """No more links to this story are noted."""
    tx.run(
        """
        INSERT INTO links_closed (post_id, closed_ms) VALUES (:post, :now)
        ON CONFLICT (post_id) DO NOTHING
        """,
        post=post_id,
        now=now_ms,
    )


def reopen(tx: Write, post_id: int) -> None:
    """They are again."""
    tx.run("DELETE FROM links_closed WHERE post_id = :post", post=post_id)


def closed(db: Read, post_id: int) -> bool:
    """Whether no more links to this story are noted."""
    return db.one("SELECT 1 FROM links_closed WHERE post_id = :post", post=post_id) is not None


def seen(db: Read, id: int) -> bool:
    """Whether everybody sees this one: it is neither hidden nor a quote or an answer here."""
    found = db.one(
        f"""
        SELECT 1 FROM backlink b
        WHERE b.id = :id AND b.hidden_ms IS NULL AND NOT ({_COUNTED_ALREADY})
        """,  # noqa: S608
        id=id,
    )
    return found is not None


def room(db: Read, post_id: int, host: str, *, most: int, most_of_host: int) -> bool:
    """Whether a story can have one more link, and one more from this host."""
    found = db.one(
        """
        SELECT coalesce(sum(1 - removed), 0) AS n,
            coalesce(sum(CASE WHEN host = :host THEN 1 ELSE 0 END), 0) AS theirs
        FROM backlink WHERE post_id = :post
        """,
        post=post_id,
        host=host,
    )
    return found is None or (found["n"] < most and found["theirs"] < most_of_host)


def count(db: Read, post_id: int) -> int:
    """How many pages everybody sees, up to `MOST_COUNTED`."""
    found = db.one(
        f"""
        SELECT count(*) AS n FROM (SELECT 1 FROM backlink b
            WHERE b.post_id = :post AND b.hidden_ms IS NULL AND NOT ({_COUNTED_ALREADY})
            LIMIT :most) AS few
        """,  # noqa: S608
        post=post_id,
        most=MOST_COUNTED,
    )
    return int(found["n"]) if found else 0


def shown(db: Read, post_id: int, limit: int) -> list[Backlink]:
    """The pages that everybody sees, the first one first, at most `limit`."""
    found = db.all(
        f"""
        SELECT b.* FROM backlink b
        WHERE b.post_id = :post AND b.hidden_ms IS NULL AND NOT ({_COUNTED_ALREADY})
        ORDER BY b.id LIMIT :limit
        """,  # noqa: S608
        post=post_id,
        limit=limit,
    )
    return [Backlink(**record(row)) for row in found]


def page(db: Read, viewer_id: int, post_id: int, window: Page, *, hidden: bool) -> list[Row]:
    """id and kind (webmention | trackback | quote), newest first; with the `hidden` ones or not."""
    return rows(
        db,
        window,
        f"""
        SELECT id, kind FROM (
            SELECT id, kind FROM (
                SELECT b.id, b.kind FROM backlink b
                WHERE b.post_id = :post AND b.removed = 0 AND (b.hidden_ms IS NULL OR :hidden = 1)
                  AND NOT ({_COUNTED_ALREADY}) AND b.id > :lower AND b.id < :upper
                ORDER BY b.id DESC LIMIT :limit) AS few
            UNION ALL
            SELECT id, kind FROM (
                SELECT p.id, 'quote' AS kind FROM post p JOIN account a ON a.id = p.author_id
                WHERE p.quote_id = :post AND p.quote_state = 'accepted'
                  AND p.visibility IN ('public', 'unlisted') AND {READABLE}
                  AND p.id > :lower AND p.id < :upper
                ORDER BY p.id DESC LIMIT :limit) AS few
        ) AS few
        ORDER BY id DESC LIMIT :limit
        """,  # noqa: S608
        post=post_id,
        me=viewer_id,
        hidden=int(hidden),
    )


def hosts_after(db: Read, host: str, limit: int) -> list[str]:
    """Hosts of pages that link to us, in order, after `host`."""
    found = db.all(
        """
        SELECT DISTINCT host FROM backlink WHERE host > :after ORDER BY host LIMIT :limit
        """,
        after=host,
        limit=limit,
    )
    return [str(row["host"]) for row in found]


def remove_of_host(tx: Write, host: str) -> None:
    """Nothing of this host is shown any more."""
    tx.run("DELETE FROM backlink WHERE host = :host", host=host)
