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
    category: str = "other"
    forwarded: bool = False
    rule_ids: tuple[int, ...] = ()
    closed_ms: int | None = None
    open: bool = True


def waiting(db: Read) -> list[Report]:
    """Reports that nobody has closed, newest first."""
    found = ((row, accounts.by_id(db, row["reporter_id"])) for row in store.waiting(db))
    return [_report(db, row, reporter) for row, reporter in found if reporter]


def by_ids(db: Read, ids: Iterable[int]) -> dict[int, Report]:
    """Those of `ids` that exist, whatever became of them. For moderators alone."""
    found = store.by_ids(db, ids)
    who = accounts.by_ids(db, [row["reporter_id"] for row in found.values()])
    return {id: _report(db, row, who[row["reporter_id"]]) for id, row in found.items()}


def _report(db: Read, row: Row, reporter: Account) -> Report:
    return Report(
        id=row["id"],
        reporter=reporter,
        target=accounts.by_id(db, row["target_id"]) if row["target_id"] else None,
        posts=tuple(_reported(db, msgspec.json.decode(row["objects"], type=list[str]))),
        comment=row["comment"],
        created_ms=row["created_ms"],
        category=row["category"],
        forwarded=bool(row["forwarded"]),
        rule_ids=tuple(msgspec.json.decode(row["rule_ids"], type=list[int])),
        closed_ms=row["closed_ms"],
        open=row["state"] == "open",
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
