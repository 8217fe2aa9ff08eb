"""When to try a peer again, and what its answer means. Pure: time and chance are arguments.

`judge` gives each answer of a peer one word; what the word does is delivery's business:

    DONE      2xx                       forget the row
    GONE      410                       forget the followers behind this inbox
    MISSING   404                       as GONE, once it came `MISSING_TRIES` times in a row
    DENIED    401 403                   drop this one after `DENIED_TRIES`, go on
    REFUSED   400 405 413 422, others   park this one with its reason, go on
    WAIT      429, 503 with a time      rest for `wait_ms`; not a failure
    FAILING   5xx 3xx 408 425, none     rest until `retry_at`; give up when `given_up`
"""

import math
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

from federation.errors import FederationError, Unreachable
from federation.guard import Refused

SECOND_MS: Final = 1000
HOUR_MS: Final = 3600 * SECOND_MS
DAY_MS: Final = 24 * HOUR_MS

FIRST_REST_MS: Final = 15 * SECOND_MS
LONGEST_REST_MS: Final = 6 * HOUR_MS
HORIZON_MS: Final = 7 * DAY_MS
NAMELESS_HORIZON_MS: Final = 3 * DAY_MS
JITTER: Final = 0.2
DENIED_TRIES: Final = 3
MISSING_TRIES: Final = 2

DEFAULT_WAIT_MS: Final = 60 * SECOND_MS
SHORTEST_WAIT_MS: Final = SECOND_MS
LONGEST_WAIT_MS: Final = HOUR_MS


class Verdict(Enum):
    """What an answer means for the delivery and for the peer; the table above says what follows."""

    DONE = "done"
    GONE = "gone"
    MISSING = "missing"
    DENIED = "denied"
    REFUSED = "refused"
    WAIT = "wait"
    FAILING = "failing"


_BY_STATUS: Final = {
    401: Verdict.DENIED,
    403: Verdict.DENIED,
    404: Verdict.MISSING,
    408: Verdict.FAILING,
    410: Verdict.GONE,
    425: Verdict.FAILING,
    429: Verdict.WAIT,
}


def judge(status: int | None, retry_after_ms: int | None = None) -> Verdict:
    """Name what an HTTP status means; None is a peer that gave no answer at all.

    A redirect counts as failing: an inbox is not moved by its answer, but by its actor's document.
    """
    if status is None:
        return Verdict.FAILING
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status == 503 and retry_after_ms is not None:
        return Verdict.WAIT
    if 200 <= status < 300:
        return Verdict.DONE
    return Verdict.REFUSED if 400 <= status < 500 else Verdict.FAILING


def temporary(status: int | None) -> bool:
    """Whether a request may be answered otherwise in a while; None is no answer at all."""
    return status is None or status >= 500 or status in (408, 425, 429)


def may_pass(error: FederationError) -> bool:
    """Whether a fetch that failed so may work in a while."""
    if not isinstance(error, Unreachable) or isinstance(error, Refused):
        return False
    return temporary(error.code)


def retry_at(attempts: int, now_ms: int, chance: float) -> int:
    """When to knock again after `attempts` failures in a row: 15 s x n^4 give or take a fifth.

    `chance` in [0, 1) picks the moment within the jitter, so that peers lost together do not all
    come back together; never more than 6 h away. No count is too high: the horizon is time, see
    `given_up`.
    """
    middle_ms = min(FIRST_REST_MS * max(attempts, 1) ** 4, LONGEST_REST_MS / (1 + JITTER))
    return now_ms + round(middle_ms * (1 + JITTER * (2 * chance - 1)))


def given_up(failing_since_ms: int | None, now_ms: int, *, nameless: bool = False) -> bool:
    """Whether a peer has failed past its horizon: 7 days, or 3 when its name does not exist."""
    if failing_since_ms is None:
        return False
    return now_ms - failing_since_ms >= (NAMELESS_HORIZON_MS if nameless else HORIZON_MS)


def wait_ms(retry_after_ms: int | None) -> int:
    """How long to honour `Retry-After`: 1 s to 1 h; a minute when no time was given."""
    if retry_after_ms is None:
        return DEFAULT_WAIT_MS
    return min(max(retry_after_ms, SHORTEST_WAIT_MS), LONGEST_WAIT_MS)


def retry_after(value: str | None, now_ms: int) -> int | None:
    """Read `Retry-After` (seconds, or an HTTP date) as milliseconds from now; None if unreadable.

    A date gone by is 0; absurdly many seconds are a day, which every caller caps. RFC 9110 §10.2.3.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text) * SECOND_MS, DAY_MS) if len(text) < 10 else DAY_MS
    at_ms = _moment_ms(text)
    return None if at_ms is None else min(max(at_ms - now_ms, 0), DAY_MS)


def ahead_ms(date: str, now_ms: int) -> int:
    """How far our clock is ahead of the one that wrote this `Date`; below zero: behind.

    0 where it is unreadable. It tells whole seconds, and the answer was under way.
    """
    at_ms = _moment_ms(date.strip())
    return 0 if at_ms is None else now_ms - at_ms


def _moment_ms(text: str) -> int | None:
    """An HTTP date; None if unreadable."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return math.ceil(moment.timestamp() * SECOND_MS)
    except (ValueError, OverflowError):
        return None
