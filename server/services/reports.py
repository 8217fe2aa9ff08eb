"""What people reported, for the moderators."""

from collections.abc import Iterable

import msgspec

from server.errors import Conflict
from server.model import Account, Post
from server.store import accounts, posts
from server.store import reports as store
from server.store.db import Read, Row, Write

READABLE = ("public", "unlisted")


class Reported(msgspec.Struct, frozen=True):
    """A post that a report names. `open`: everybody may read it, so a moderator may too."""

    post: Post
    author: Account
    open: bool


class Report(msgspec.Struct, frozen=True):
    """Who reported whom, which of their posts, and why: `comment` is text, not HTML.

    Servers report in the name of their instance actor, so `reporter` is rarely a person.
    """

    id: int
    reporter: Account
    target: Account | None
    posts: tuple[Reported, ...]
    comment: str
    created_ms: int


def waiting(db: Read) -> list[Report]:
    """Reports that nobody has closed, newest first."""
    found = ((row, accounts.by_id(db, row["reporter_id"])) for row in store.waiting(db))
    return [_report(db, row, reporter) for row, reporter in found if reporter]


def _report(db: Read, row: Row, reporter: Account) -> Report:
    return Report(
        id=row["id"],
        reporter=reporter,
        target=accounts.by_id(db, row["target_id"]) if row["target_id"] else None,
        posts=tuple(_reported(db, msgspec.json.decode(row["objects"], type=list[str]))),
        comment=row["comment"],
        created_ms=row["created_ms"],
    )


def _reported(db: Read, uris: list[str]) -> Iterable[Reported]:
    for uri in uris:
        post = posts.by_uri(db, uri)
        author = accounts.by_id(db, post.author_id) if post else None
        if post and author:
            open = post.deleted_ms is None and post.visibility in READABLE
            yield Reported(post, author, open)


def close(tx: Write, report_id: int) -> None:
    """Put a report away. Raises `Conflict` when somebody has done so."""
    if not store.close(tx, report_id):
        raise Conflict("This report is closed already.")
