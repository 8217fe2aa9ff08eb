"""What people reported, for the moderators, and what becomes of it."""

from collections.abc import Iterable
from typing import Final

import msgspec

from server.errors import Conflict, Invalid, NotFound
from server.model import Account, Post
from server.services.deeds import Moderator, note
from server.store import accounts, posts
from server.store import reports as store
from server.store.db import Read, Row, Write
from server.store.paging import Page

READABLE = ("public", "unlisted")
CATEGORIES: Final = ("other", "spam", "legal", "violation")
MOST: Final = 200  # at once


class Reported(msgspec.Struct, frozen=True):
    """A post that a report names. `open`: everybody may read it. `shown`: moderators may.

    What is not for everybody is shown because somebody who could read it reported it; but a secret
    comment to nobody.
    """

    post: Post
    author: Account
    open: bool
    shown: bool


class Report(msgspec.Struct, frozen=True):
    """Who reported whom, which of their posts, and why: `comment` is text, not HTML.

    Servers report in the name of their instance actor, so `reporter` is then rarely a person.
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
    updated_ms: int = 0
    assigned: Account | None = None
    closed_by: Account | None = None


def page(
    db: Read,
    window: Page,
    *,
    closed: bool = False,
    reporter_id: int | None = None,
    target_id: int | None = None,
) -> list[Report]:
    """Open ones, or those that were closed, newest first."""
    found = store.page(
        db, window, closed=closed, reporter_id=reporter_id, target_id=target_id, most=MOST
    )
    return _reports(db, found)


def by_ids(db: Read, ids: Iterable[int]) -> dict[int, Report]:
    """Those of `ids` that exist, whatever became of them. For moderators alone."""
    return {one.id: one for one in _reports(db, store.by_ids(db, ids).values())}


def by_id(db: Read, id: int) -> Report:
    """One report. For moderators alone. Raises `NotFound`."""
    found = by_ids(db, [id]).get(id)
    if found is None:
        raise NotFound("There is no such report.")
    return found


def _reports(db: Read, rows: Iterable[Row]) -> list[Report]:
    found = list(rows)
    named = ("reporter_id", "target_id", "assigned_id", "closed_by_id")
    who = accounts.by_ids(db, {row[name] for row in found for name in named if row[name]})
    return [_report(db, row, who) for row in found if row["reporter_id"] in who]


def _report(db: Read, row: Row, who: dict[int, Account]) -> Report:
    reporter = who[row["reporter_id"]]
    uris = msgspec.json.decode(row["objects"], type=list[str])
    return Report(
        id=row["id"],
        reporter=reporter,
        target=who.get(row["target_id"]),
        posts=tuple(_reported(db, uris, by_ours=reporter.local)),
        comment=row["comment"],
        created_ms=row["created_ms"],
        category=row["category"],
        forwarded=bool(row["forwarded"]),
        rule_ids=tuple(msgspec.json.decode(row["rule_ids"], type=list[int])),
        closed_ms=row["closed_ms"],
        open=row["state"] == "open",
        updated_ms=row["updated_ms"],
        assigned=who.get(row["assigned_id"]),
        closed_by=who.get(row["closed_by_id"]),
    )


def _reported(db: Read, uris: list[str], *, by_ours: bool) -> Iterable[Reported]:
    """Of ours it was asked whether they may read it; of another server nothing is known."""
    for uri in uris:
        post = posts.by_uri(db, uri)
        author = accounts.by_id(db, post.author_id) if post else None
        if post and author:
            there = post.deleted_ms is None
            open = there and post.visibility in READABLE
            yield Reported(post, author, open, open or (there and by_ours and not post.secret))


# --- what becomes of one


def close(tx: Write, by: Moderator, report_id: int, now_ms: int) -> None:
    """Put a report away. Raises `NotFound`, `Conflict` when somebody has done so."""
    _known(tx, report_id)
    if not store.close(tx, report_id, by.account.id, now_ms):
        raise Conflict("This report is closed already.")
    note(tx, by, "resolve", f"report:{report_id}", now_ms)


def reopen(tx: Write, by: Moderator, report_id: int, now_ms: int) -> None:
    """Look at it again. Raises `NotFound`."""
    if _known(tx, report_id)["state"] == "open":
        return
    store.set_columns(
        tx, report_id, state="open", closed_by_id=None, closed_ms=None, updated_ms=now_ms
    )
    note(tx, by, "reopen", f"report:{report_id}", now_ms)


def assign(tx: Write, by: Moderator, report_id: int, now_ms: int) -> None:
    """Take it upon oneself. Raises `NotFound`."""
    _known(tx, report_id)
    store.set_columns(tx, report_id, assigned_id=by.account.id, updated_ms=now_ms)
    note(tx, by, "assign", f"report:{report_id}", now_ms)


def unassign(tx: Write, by: Moderator, report_id: int, now_ms: int) -> None:
    """Leave it to whoever has time. Raises `NotFound`."""
    _known(tx, report_id)
    store.set_columns(tx, report_id, assigned_id=None, updated_ms=now_ms)
    note(tx, by, "unassign", f"report:{report_id}", now_ms)


def classify(
    tx: Write,
    by: Moderator,
    report_id: int,
    category: str | None,
    rule_ids: tuple[int, ...] | None,
    *,
    known_rules: frozenset[int],
    now_ms: int,
) -> None:
    """Say what kind it is; None stays. Raises `NotFound`, `Invalid`."""
    row = _known(tx, report_id)
    if rule_ids is None:
        rule_ids = tuple(msgspec.json.decode(row["rule_ids"], type=list[int]))
    category, rule_ids = kind(category or row["category"], rule_ids, known_rules)
    store.set_columns(
        tx,
        report_id,
        category=category,
        rule_ids=msgspec.json.encode(rule_ids).decode(),
        updated_ms=now_ms,
    )
    note(tx, by, "update", f"report:{report_id}", now_ms)


def kind(
    category: str, rule_ids: tuple[int, ...], known_rules: frozenset[int]
) -> tuple[str, tuple[int, ...]]:
    """Category and rules that fit each other. Raises `Invalid`."""
    if category not in CATEGORIES:
        raise Invalid("Validation failed: Category is not included in the list")
    wanted = tuple(dict.fromkeys(rule_ids))
    if category != "violation":
        return category, ()
    if not wanted or not known_rules.issuperset(wanted):
        raise Invalid("Validation failed: Rule ids does not reference valid rules")
    return category, wanted


def _known(db: Read, report_id: int) -> Row:
    row = store.by_ids(db, [report_id]).get(report_id)
    if row is None:
        raise NotFound("There is no such report.")
    return row
