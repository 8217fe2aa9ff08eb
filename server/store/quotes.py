"""Which posts quote a post, and how many everybody may see."""

from collections.abc import Iterable

from server.model import Entry, Post
from server.store.conditions import READABLE, SHOWN, entry
from server.store.db import Read, Write, structs
from server.store.paging import Page, among, rows

STAMPED = 10  # a stamp is for one quote; others only claim it
TOLD = 1000  # quotes of one post whose authors hear of its edit


def page(db: Read, viewer_id: int, post_id: int, page: Page) -> list[Entry]:
    """Posts that quote this one and that the viewer may read and wants to, the latest first."""
    found = rows(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.quote_id = :post AND p.quote_state = 'accepted' AND {READABLE}
          AND p.id > :lower AND p.id < :upper
        ORDER BY p.id DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        post=post_id,
    )
    return [entry(row) for row in found]


def count(tx: Write, post_id: int, change: int) -> None:
    """One quote that everybody may read more or less."""
    tx.run("UPDATE post SET quotes = quotes + :c WHERE id = :id", id=post_id, c=change)


def revoke(tx: Write, post: Post) -> bool:
    """This quote is over for good. False where it was so meanwhile, by another process."""
    changed = tx.run(
        """
        UPDATE post SET quote_state = 'revoked', version = version + 1
        WHERE id = :id AND quote_state = 'accepted'
        """,
        id=post.id,
    )
    tx.run(
        """
        INSERT INTO quote_revoked (post_id, quoted_id) VALUES (:post, :quoted)
        ON CONFLICT DO NOTHING
        """,
        post=post.id,
        quoted=post.quote_id,
    )
    return changed == 1


def revoked(db: Read, post_id: int, quoted_id: int) -> bool:
    """Whether this one may not quote that one any more."""
    found = db.one(
        "SELECT 1 AS one FROM quote_revoked WHERE post_id = :post AND quoted_id = :quoted",
        post=post_id,
        quoted=quoted_id,
    )
    return found is not None


def stamped(db: Read, stamp: str, quoted_author_id: int) -> list[Post]:
    """Quotes of what this author wrote that a stamp of this id allows, at most `STAMPED`."""
    found = db.all(
        """
        SELECT p.* FROM post p JOIN post q ON q.id = p.quote_id
        WHERE p.quote_stamp = :stamp AND p.quote_stamp <> '' AND q.author_id = :author
          AND p.quote_state IN ('pending', 'accepted') LIMIT :limit
        """,
        stamp=stamp,
        author=quoted_author_id,
        limit=STAMPED,
    )
    return structs(Post, found)


def by_ours(db: Read, post_id: int) -> list[Post]:
    """Accepted quotes of a post that our people wrote, at most `TOLD`."""
    found = db.all(
        """
        SELECT * FROM post WHERE quote_id = :post AND local = 1 AND quote_state = 'accepted'
          AND deleted_ms IS NULL ORDER BY id LIMIT :limit
        """,
        post=post_id,
        limit=TOLD,
    )
    return structs(Post, found)


def spared(db: Read, viewer_id: int, author_ids: Iterable[int]) -> dict[int, str]:
    """Why the viewer does not want to see what these wrote: `Quoted.state` by account."""
    found = among(
        db,
        """
        SELECT target_id AS id, 'muted_account' AS state FROM mute
        WHERE account_id = :me AND target_id IN (:list)
        UNION ALL SELECT a.id, 'blocked_domain' FROM account a
            JOIN domain_mute d ON d.account_id = :me AND d.domain = a.domain
            WHERE a.id IN (:list)
        UNION ALL SELECT target_id, 'blocked_account' FROM block
        WHERE account_id = :me AND target_id IN (:list)
        """,
        author_ids,
        me=viewer_id,
    )
    return {row["id"]: row["state"] for row in found}
