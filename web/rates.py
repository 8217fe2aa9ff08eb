"""How often apps may ask. docs.joinmastodon.org/api/rate-limits

Counted in windows that are the same for everybody (12:00 to 12:05), so a window's counts are
forgotten at once when it ends, and nothing is kept of those who do not come back.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from server.clock import MINUTE_MS
from web.present.values import when

APPS: Final = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo")
"""Where apps ask: their requests are counted, and refusals are in their words."""
MAX_COUNTED: Final = 50_000  # keys of one limit; who came first in the window is forgotten first
ACCOUNT_FACTOR: Final = 5  # an account's apps together may ask as often as so many


class Limit(msgspec.Struct, frozen=True):
    """At most `most` in each window of `period_ms`."""

    most: int
    period_ms: int


class Standing(msgspec.Struct, frozen=True):
    """What is left of a limit, and when its window ends."""

    limit: int
    remaining: int
    reset: str
    wait_ms: int
    spent: bool


class Rates:
    """Counts by limit and key. Tests set `limits[name]`."""

    def __init__(self, requests: int) -> None:
        """`requests` of one token, or of one address without one, in five minutes."""
        half_an_hour = 30 * MINUTE_MS
        self.limits: dict[str, Limit] = {
            "token": Limit(requests, 5 * MINUTE_MS),
            "account": Limit(requests * ACCOUNT_FACTOR, 5 * MINUTE_MS),
            "address": Limit(requests, 5 * MINUTE_MS),
            "media": Limit(30, half_an_hour),
            "deletes": Limit(30, half_an_hour),
            "edits": Limit(100, half_an_hour),
            "profiles": Limit(60, half_an_hour),
            "sign-ups": Limit(5, half_an_hour),
            "apps": Limit(100, half_an_hour),
        }
        self._counts: dict[str, dict[str, int]] = {name: {} for name in self.limits}
        self._windows: dict[str, tuple[int, str]] = dict.fromkeys(self.limits, (-1, ""))

    def spend(self, wanted: Iterable[tuple[str, str]], now_ms: int) -> Standing:
        """Count once for each (limit, key); the standing of that which is nearest to its end."""
        return min(
            (self._one(name, key, now_ms) for name, key in wanted),
            key=lambda one: (not one.spent, one.remaining),
        )

    def _one(self, name: str, key: str, now_ms: int) -> Standing:
        limit = self.limits[name]
        window = now_ms // limit.period_ms
        ends_ms = (window + 1) * limit.period_ms
        if self._windows[name][0] != window:
            self._windows[name] = (window, when(ends_ms))
            self._counts[name] = {}
        counts = self._counts[name]
        used = counts.get(key, 0) + 1
        if used == 1 and len(counts) >= MAX_COUNTED:
            del counts[next(iter(counts))]
        counts[key] = min(used, limit.most + 1)
        left = max(0, limit.most - used)
        return Standing(
            limit.most, left, self._windows[name][1], ends_ms - now_ms, used > limit.most
        )
