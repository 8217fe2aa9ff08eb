"""What somebody keeps to find it again: posts they saved, and posts they like."""

from collections.abc import Callable
from typing import Final

import msgspec

from server.errors import Invalid
from server.ids import new_id
from server.model import Account, Entry, Site
from server.services import reading
from server.store import bookmarks, posts, timelines
from server.store.db import Read, Write
from server.store.paging import Page

MAX_BOOKMARKS: Final = 20_000  # of one person


class Kept(msgspec.Struct, frozen=True):
    """A page of such a list: `ids` are the places in it, those of posts that went too."""

    ids: list[int]
    entries: list[Entry]


def save(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Save a post that the viewer may read. Raises `NotFound`, and `Invalid` for too many."""
    post = reading.readable(tx, viewer.id, post_id)
    if bookmarks.count(tx, viewer.id, MAX_BOOKMARKS) >= MAX_BOOKMARKS:
        raise Invalid(
            "You have saved %(most)s posts, and more do not fit: let some go first.",
            most=MAX_BOOKMARKS,
        )
    bookmarks.add(tx, account_id=viewer.id, post_id=post.id, id=new_id(now_ms))


def let_go(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Save it no longer."""
    bookmarks.remove(tx, viewer.id, reading.readable(tx, viewer.id, post_id).id)


def saved(db: Read, viewer_id: int, page: Page) -> Kept:
    """What the viewer saved, the latest first, as far as they may still read it."""
    return _kept(db, viewer_id, page, timelines.saved)


def liked(db: Read, viewer_id: int, page: Page) -> Kept:
    """What the viewer likes, the latest first, as far as they may still read it."""
    return _kept(db, viewer_id, page, timelines.liked)


def _kept(
    db: Read,
    viewer_id: int,
    page: Page,
    of: Callable[[Read, int, Page], list[tuple[int, Entry]]],
) -> Kept:
    found = of(db, viewer_id, page)
    written = posts.by_ids(db, [entry.post_id for _, entry in found])
    shown = reading.readable_among(db, viewer_id, list(written.values()))
    return Kept([id for id, _ in found], [entry for _, entry in found if entry.post_id in shown])
