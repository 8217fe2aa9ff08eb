"""Time, as milliseconds since the Unix epoch, UTC."""

import time

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
CENTURY_MS = 100 * 365 * DAY_MS  # longer than anything lasts that a person asks for


def now_ms() -> int:
    """The wall clock; tests pass their own."""
    return time.time_ns() // 1_000_000
