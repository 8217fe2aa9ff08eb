"""What pages say of themselves, and which posts link to them."""

from collections.abc import Iterable
from typing import Any

from server.model import Entry, Preview
from server.store.conditions import SHOWN, WANTED
from server.store.db import Read, Write, struct
from server.store.paging import Page, among
from server.store.timelines import paged

TOLD = 500  # posts that link to a page, whose renderings are out of date when it is read anew

DISCOVERABLE = "a.state = 'active' AND a.limited_ms IS NULL AND a.discoverable = 1"


def by_id(db: Read, id: int) -> Preview | None:
    """The preview with this id."""
    found = db.one("SELECT * FROM link_preview WHERE id = :id", id=id)
    return struct(Preview, found) if found else None


def by_url(db: Read, url: str) -> Preview | None:
    """The preview of this address."""
    found = db.one("SELECT * FROM link_preview WHERE url = :url", url=url)
    return struct(Preview, found) if found else None


def insert(tx: Write, id: int, url: str, asked_ms: int) -> None:
    """Make room for the preview of an address that has none; `asked_ms`: 0 if not asked for."""
    tx.run(
        "INSERT INTO link_preview (id, url, fetched_ms) VALUES (:id, :url, :asked)",
        id=id,
        url=url,
        asked=asked_ms,
    )


def set_state(tx: Write, id: int, state: str, now_ms: int) -> None:
    """Note that it was asked for, or could not be had."""
    tx.run(
        "UPDATE link_preview SET state = :state, fetched_ms = :now WHERE id = :id",
        id=id,
        state=state,
        now=now_ms,
    )


def set_columns(tx: Write, id: int, **columns: Any) -> None:  # noqa: ANN401
    """Store what a page says."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(f"UPDATE link_preview SET {names} WHERE id = :id", id=id, **columns)  # noqa: S608


def link(tx: Write, post_id: int, preview_id: int) -> None:
    """Say to which page a post links that links to none so far."""
    tx.run(
        "INSERT INTO post_link (post_id, preview_id) VALUES (:post, :preview)",
        post=post_id,
        preview=preview_id,
    )


def unlink(tx: Write, post_id: int) -> None:
    """A post links to no page any more, or to another one."""
    tx.run("DELETE FROM post_link WHERE post_id = :post", post=post_id)


def tell_posts(tx: Write, preview_id: int) -> None:
    """The newest posts that link to a page look different from now on."""
    tx.run(
        """
        UPDATE post SET version = version + 1 WHERE id IN (
            SELECT post_id FROM post_link WHERE preview_id = :preview
            ORDER BY post_id DESC LIMIT :most)
        """,
        preview=preview_id,
        most=TOLD,
    )


def of_posts(db: Read, post_ids: Iterable[int]) -> dict[int, Preview]:
    """The pages to which these posts link, as far as they have been read."""
    found = among(
        db,
        """
        SELECT k.post_id, v.* FROM post_link k JOIN link_preview v ON v.id = k.preview_id
        WHERE k.post_id IN (:list) AND v.state = 'ready'
        """,
        post_ids,
    )
    previews = {}
    for row in found:
        columns = dict(row)
        post_id = columns.pop("post_id")
        previews[post_id] = Preview(**columns)
    return previews


def posts(db: Read, viewer_id: int, preview_id: int, page: Page) -> list[Entry]:
    """Public posts that link to a page, by people who want to be found."""
    return paged(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN}
        FROM post_link k JOIN post p ON p.id = k.post_id JOIN account a ON a.id = p.author_id
        WHERE k.preview_id = :preview AND k.post_id > :lower AND k.post_id < :upper
          AND p.visibility = 'public' AND p.deleted_ms IS NULL AND {DISCOVERABLE}
          AND {WANTED}
        ORDER BY k.post_id DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        preview=preview_id,
    )


def forget(tx: Write, before_ms: int, many: int) -> int:
    """Forget up to `many` pages to which no post links, read before `before_ms`."""
    return tx.run(
        """
        DELETE FROM link_preview WHERE id IN (
            SELECT id FROM link_preview WHERE fetched_ms < :before AND NOT EXISTS (
                SELECT 1 FROM post_link k WHERE k.preview_id = link_preview.id)
            LIMIT :many)
        """,
        before=before_ms,
        many=many,
    )
