"""What the city speaks of: hashtags, posts and pages that several people used of late.

A day halves the weight of what happened. What only one person uses is no trend, and one author has
one trending post at most. Moderators can hide each of them; nothing waits for their consent.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from server.clock import DAY_MS
from server.errors import NotFound
from server.ids import first_id
from server.model import Entry, Post, Preview
from server.services.deeds import Moderator, note
from server.services.tags import DAYS, Use, days
from server.store import posts as post_store
from server.store import trends as store
from server.store.db import Read, Row, Write

K = TypeVar("K")

LEAST_PEOPLE: Final = 2
LEAST_LIKED: Final = 2
KEPT: Final = 100  # of each kind
CANDIDATES: Final = 500  # posts


class Link(msgspec.Struct, frozen=True):
    """A page that several people link to, and how often in the last days."""

    preview: Preview
    history: tuple[Use, ...]


class Trends(msgspec.Struct, frozen=True):
    """The best first."""

    tags: tuple[str, ...] = ()
    posts: tuple[int, ...] = ()
    links: tuple[Link, ...] = ()


def find(db: Read, now_ms: int, *, rejected: bool = False) -> Trends:
    """What trends now. Reads many rows: to be asked for once in some minutes.

    `rejected`: with what moderators hide, for moderators.
    """
    since = first_id(now_ms - DAYS * DAY_MS)
    hidden = {
        kind: set[str]() if rejected else store.verdicts(db, kind, allowed=False)
        for kind in ("tag", "status", "link")
    }
    return Trends(
        _tags(db, since, now_ms, hidden["tag"]),
        _posts(db, since, now_ms, hidden["status"]),
        _links(db, since, now_ms, hidden["link"]),
    )


def _tags(db: Read, since_id: int, now_ms: int, hidden: set[str]) -> tuple[str, ...]:
    found = ((str(row["tag"]), row) for row in store.tags(db, since_id))
    return tuple(tag for tag in _ranked(found, now_ms) if tag not in hidden)[:KEPT]


def _links(db: Read, since_id: int, now_ms: int, hidden: set[str]) -> tuple[Link, ...]:
    found = ((int(row["preview_id"]), row) for row in store.links(db, since_id))
    ranked = list(_ranked(found, now_ms))[: 2 * KEPT]
    known = store.previews(db, ranked)
    shown = [known[id] for id in ranked if id in known and known[id].url not in hidden][:KEPT]
    today = now_ms // DAY_MS
    since = first_id((today - DAYS + 1) * DAY_MS)
    uses = {
        (row["preview_id"], row["day"]): row
        for row in store.link_uses(db, [one.id for one in shown], since)
    }
    return tuple(Link(one, days(one.id, today, uses)) for one in shown)


def _ranked(found: Iterable[tuple[K, Row]], now_ms: int) -> list[K]:
    """What at least `LEAST_PEOPLE` used, by the weight of all their uses."""
    weights: dict[K, float] = defaultdict(float)
    people: dict[K, int] = defaultdict(int)
    for key, row in found:
        weights[key] += (1 + min(row["liked"], 10) / 10) * 0.5 ** max(
            0, now_ms // DAY_MS - row["day"]
        )
        people[key] += 1
    several = [key for key in weights if people[key] >= LEAST_PEOPLE]
    return sorted(several, key=lambda key: (-weights[key], str(key)))


def _posts(db: Read, since_id: int, now_ms: int, hidden: set[str]) -> tuple[int, ...]:
    rows = [
        row
        for row in store.posts(db, since_id, LEAST_LIKED, CANDIDATES)
        if str(row["id"]) not in hidden
    ]

    def weight(row: Row) -> float:
        age = max(0, now_ms - row["published_ms"])
        return float(row["liked"] * 0.5 ** (age / DAY_MS))

    best: dict[int, Row] = {}
    for row in sorted(rows, key=weight, reverse=True):
        best.setdefault(row["author_id"], row)
    return tuple(row["id"] for row in best.values())[:KEPT]


def posts(db: Read, viewer_id: int | None, ids: Iterable[int]) -> list[Entry]:
    """Trending posts as the viewer may see them now, in their order."""
    wanted = list(ids)
    found = store.shown(db, viewer_id or 0, wanted)
    return [found[id] for id in wanted if id in found]


# --- what moderators say


class Verdicts(msgspec.Struct, frozen=True):
    """What moderators let trend and what not, of one kind: names, ids of posts, addresses."""

    allowed: set[str]
    hidden: set[str]

    def waits(self, key: str) -> bool:
        """Whether nobody has said anything of it."""
        return key not in self.allowed | self.hidden


def verdicts(db: Read, kind: str) -> Verdicts:
    """Of `tag`, `status` or `link`."""
    return Verdicts(store.verdicts(db, kind, allowed=True), store.verdicts(db, kind, allowed=False))


def decide(tx: Write, by: Moderator, kind: str, key: str, *, allowed: bool, now_ms: int) -> None:
    """Let something trend, or trend no more."""
    store.decide(tx, kind, key, allowed, now_ms)
    note(tx, by, f"{'approve' if allowed else 'reject'}_trend", f"{kind}:{key}", now_ms)


def link(db: Read, id: int) -> Preview:
    """A page that may trend. Raises `NotFound`."""
    found = store.previews(db, [id]).get(id)
    if found is None:
        raise NotFound("There is nothing with this id.")
    return found


def post(db: Read, id: int) -> Post:
    """A post that may trend: everybody may read it. Raises `NotFound`."""
    found = post_store.by_id(db, id)
    if found is None or found.deleted_ms is not None or found.visibility != "public":
        raise NotFound("There is no such post.")
    return found


def reviewed(db: Read, names: Iterable[str]) -> list[str]:
    """Those of these hashtags that moderators allowed to trend."""
    allowed = store.verdicts(db, "tag", allowed=True)
    return [name for name in names if name in allowed]
