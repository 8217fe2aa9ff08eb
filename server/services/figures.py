"""Figures for moderators. docs.joinmastodon.org/methods/admin/measures

Somebody counts as active who wrote something: it is not written down who only read. What takes
room on the disk is not known here; where the reference asks for that, the answer is zero.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec

from server.clock import DAY_MS
from server.errors import Invalid
from server.store import figures as store
from server.store.db import Read

INTERACTIONS: Final = ("likes", "boosts", "replies")
MEASURES: Final = (
    *("active_users", "new_users", "interactions", "opened_reports", "resolved_reports"),
    *("tag_accounts", "tag_uses", "tag_servers", "instance_accounts"),
    *("instance_media_attachments", "instance_reports", "instance_statuses"),
    *("instance_follows", "instance_followers"),
)
UNMEASURED: Final = frozenset({"instance_media_attachments"})
DIMENSIONS: Final = (*store.PLACES, "instance_accounts", "software_versions", "space_usage")
MAX_DAYS: Final = 92
MAX_MONTHS: Final = 24
MOST: Final = 100  # lines of one dimension
MAX_OF: Final = 300  # characters of a hashtag or a domain


class Measure(msgspec.Struct, frozen=True):
    """A count: in the time, in as much time before, and on each day (`days`: when it began)."""

    key: str
    total: int
    before: int
    days: tuple[tuple[int, int], ...]


class Cohort(msgspec.Struct, frozen=True):
    """Of those who came in one period, how many were active in it and in each that followed.

    `data`: when the period began, the share of them, how many.
    """

    period_ms: int
    data: tuple[tuple[int, float, int], ...]


def span(from_ms: int, to_ms: int, most_days: int = MAX_DAYS) -> tuple[int, int]:
    """Whole days from the first on, the last included. Raises `Invalid` for too long a time."""
    begins, ends = from_ms // DAY_MS * DAY_MS, (to_ms // DAY_MS + 1) * DAY_MS
    if not 0 < ends - begins <= most_days * DAY_MS:
        raise Invalid("Ask for at most %(most)s days at once.", most=most_days)
    return begins, ends


def measure(db: Read, key: str, begins: int, ends: int, of: str) -> Measure:
    """One of `MEASURES` in whole days."""
    total, days = _counted(db, key, begins, ends, of)
    before, _ = _counted(db, key, begins - (ends - begins), begins, of)
    each = range(begins // DAY_MS, ends // DAY_MS)
    return Measure(key, total, before, tuple((day * DAY_MS, days.get(day, 0)) for day in each))


def _counted(db: Read, key: str, begins: int, ends: int, of: str) -> tuple[int, dict[int, int]]:
    if key in UNMEASURED:
        return 0, {}
    total, days = 0, dict[int, int]()
    for part in INTERACTIONS if key == "interactions" else (key,):
        some, by_day = store.count(db, part, begins, ends, of)
        total += some
        for day, n in by_day.items():
            days[day] = days.get(day, 0) + n
    return total, days


def dimension(
    db: Read, key: str, begins: int, ends: int, of: str, *, limit: int
) -> list[tuple[str, int]]:
    """(name, how many) of one of `DIMENSIONS` that is counted, the most first."""
    limit = max(1, min(limit, MOST))
    if key == "instance_accounts":
        rows = store.followed_most(db, of, limit)
    else:
        rows = store.shares(db, key, begins, ends, limit, of=of)
    return [(row["name"], row["n"]) for row in rows]


def retention(db: Read, from_ms: int, to_ms: int, *, monthly: bool) -> list[Cohort]:
    """Who came when, and wrote how long. Raises `Invalid` for too long a time."""
    most = MAX_MONTHS * 31 if monthly else MAX_DAYS
    begins, ends = span(from_ms, to_ms, most)
    periods = _periods(begins, ends, monthly=monthly)
    came = {
        row["account_id"]: _began(row["at_ms"], monthly=monthly)
        for row in store.joined(db, begins, ends)
    }
    active: dict[tuple[int, int], set[int]] = {}
    for id, period in came.items():
        active.setdefault((period, period), set()).add(id)
    for row in store.wrote(db, begins, ends):
        at = _began(row["day"] * DAY_MS, monthly=monthly)
        active.setdefault((came[row["account_id"]], at), set()).add(row["account_id"])
    sizes = {period: len(active.get((period, period), ())) for period in periods}

    def line(period: int, at: int) -> tuple[int, float, int]:
        many = len(active.get((period, at), ()))
        return at, many / sizes[period] if sizes[period] else 0.0, many

    return [
        Cohort(period, tuple(line(period, at) for at in periods if at >= period))
        for period in periods
    ]


def _periods(begins: int, ends: int, *, monthly: bool) -> list[int]:
    days = range(begins, ends, DAY_MS)
    return list(dict.fromkeys(_began(day, monthly=monthly) for day in days))


def _began(at_ms: int, *, monthly: bool) -> int:
    """The beginning of the day or month (UTC)."""
    if not monthly:
        return at_ms // DAY_MS * DAY_MS
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return int(datetime(at.year, at.month, 1, tzinfo=UTC).timestamp() * 1000)
