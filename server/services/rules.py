"""By which rules people meet here, and the papers that a city owes them."""

from typing import Final

import msgspec

from server import text
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.store import rules as store
from server.store.db import Read, Row, Write

KINDS: Final = ("about", "privacy-policy", "terms-of-service")
MAX_RULES: Final = 50
MAX_RULE: Final = 1_000
MAX_HINT: Final = 5_000
MAX_PAPER: Final = 200_000


class Rule(msgspec.Struct, frozen=True):
    """One sentence, and what it means where it needs more words."""

    id: int
    text: str
    hint: str = ""


class Paper(msgspec.Struct, frozen=True):
    """A longer text. `content` is safe HTML; `succeeded_ms`: until when it counts."""

    kind: str
    content: str
    effective_ms: int
    updated_ms: int
    succeeded_ms: int | None = None


def all(db: Read) -> list[Rule]:
    """The rules that this city gave itself, in order; nothing while it has none of its own."""
    return [Rule(row["id"], row["text"], row["hint"]) for row in store.all(db)]


def add(tx: Write, text: str, hint: str, now_ms: int) -> int:
    """One rule more; its id. Raises `Invalid`."""
    text, hint = _checked(text, hint)
    if len(store.all(tx)) >= MAX_RULES:
        raise Invalid("There are %(most)s rules already; remove one first.", most=MAX_RULES)
    id = new_id(now_ms)
    store.insert(tx, id, text, hint)
    return id


def change(tx: Write, id: int, text: str | None, hint: str | None) -> None:
    """Say a rule in other words; None stays as it is. Raises `Invalid`, `NotFound`."""
    rule = _one(tx, id)
    words = _checked(rule.text if text is None else text, rule.hint if hint is None else hint)
    store.set_words(tx, id, *words)


def move(tx: Write, id: int, place: int) -> None:
    """Make a rule the first, second ... of all. Raises `NotFound`."""
    moved = _one(tx, id)
    others = [rule for rule in all(tx) if rule.id != id]
    place = max(1, min(place, len(others) + 1))
    for position, rule in enumerate([*others[: place - 1], moved, *others[place - 1 :]], 1):
        store.set_position(tx, rule.id, position)


def _one(db: Read, id: int) -> Rule:
    found = next((rule for rule in all(db) if rule.id == id), None)
    if found is None:
        raise NotFound("There is no such rule.")
    return found


def _checked(text: str, hint: str) -> tuple[str, str]:
    text, hint = text.strip(), hint.strip()
    if not text or len(text) > MAX_RULE or len(hint) > MAX_HINT:
        raise Invalid("A rule has 1 to %(most)s characters.", most=MAX_RULE)
    return text, hint


def remove(tx: Write, id: int, now_ms: int) -> None:
    """Let a rule go. Raises `NotFound`."""
    if not store.remove(tx, id, now_ms):
        raise NotFound("There is no such rule.")


def publish(tx: Write, kind: str, source: str, effective_ms: int, now_ms: int) -> None:
    """Keep a paper in Markdown, which counts from `effective_ms` on. Raises `Invalid`."""
    if kind not in KINDS or not source.strip() or len(source) > MAX_PAPER:
        raise Invalid("This text is empty, or longer than %(most)s characters.", most=MAX_PAPER)
    store.set_paper(tx, kind, effective_ms, source, now_ms)


class Version(msgspec.Struct, frozen=True):
    """Of a paper: from when on it counts, and whether it counts now."""

    kind: str
    effective_ms: int
    updated_ms: int
    counts: bool


def versions(db: Read, now_ms: int) -> list[Version]:
    """Every version of every paper, newest first of each kind."""
    found: list[Version] = []
    counting: set[str] = set()
    for row in store.papers(db):
        counts = row["effective_ms"] <= now_ms and row["kind"] not in counting
        if counts:
            counting.add(row["kind"])
        found.append(Version(row["kind"], row["effective_ms"], row["updated_ms"], counts))
    return found


def withdraw(tx: Write, kind: str) -> None:
    """Forget a paper in all its versions. Raises `NotFound`."""
    if not store.remove_papers(tx, kind):
        raise NotFound("There is no such text.")


def paper(db: Read, kind: str, at_ms: int) -> Paper | None:
    """What counts at this time, or nothing."""
    row = store.paper(db, kind, at_ms)
    return None if row is None else _paper(db, row)


def _paper(db: Read, row: Row) -> Paper:
    following = store.paper_after(db, row["kind"], row["effective_ms"])
    rendered = text.render(
        row["content"],
        story=True,
        mention_of=lambda _: None,
        tag_href=lambda tag: f"/tags/{tag}",
    )
    return Paper(
        kind=row["kind"],
        content=rendered.html,
        effective_ms=row["effective_ms"],
        updated_ms=row["updated_ms"],
        succeeded_ms=following["effective_ms"] if following else None,
    )
