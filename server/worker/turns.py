"""Who may have how much of the senders of pushes, and who has to rest.

An app's owner names the server to which its pushes go: it may answer slowly on purpose, under as
many names as they like.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from server.policy.hosts import registered_domain

K = TypeVar("K")
V = TypeVar("V")

OF_ACCOUNT: Final = 4
"""Pushes under way for one member, who has a few apps."""
OF_SLOW_ACCOUNT: Final = 1
SLOW_MS: Final = 10 * 60_000
"""So long after one of their services was slow, or silent, a member is."""
SLOW_ANSWER_S: Final = 2.0
OF_DOMAIN: Final = 16
"""Pushes under way to one service; half of all, for there are three that everybody uses."""
REST_MS: Final = 30_000
LONGEST_REST_MS: Final = 15 * 60_000
MOST_REMEMBERED: Final = 4_096


class Turns:
    """Pushes under way, and services that gave no answer lately."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        """Nobody has a turn."""
        self._now_ms = now_ms
        self._of_account: Counter[int] = Counter()
        self._of_domain: Counter[str] = Counter()
        self._slow: dict[int, int] = {}
        self._rests: dict[str, tuple[int, int]] = {}

    @contextmanager
    def turn(self, account_id: int, host: str) -> Iterator[bool]:
        """Whether there is one for this member and this service; it ends with the body."""
        domain, now_ms = registered_domain(host.partition(":")[0]), self._now_ms()
        slow = 0 < self._slow.get(account_id, 0) - now_ms <= SLOW_MS
        most = OF_SLOW_ACCOUNT if slow else OF_ACCOUNT
        if self._of_account[account_id] >= most or self._of_domain[domain] >= OF_DOMAIN:
            yield False
            return
        self._of_account[account_id] += 1
        self._of_domain[domain] += 1
        try:
            yield True
        finally:
            _less(self._of_account, account_id)
            _less(self._of_domain, domain)

    def rests(self, host: str) -> bool:
        """Whether it is left alone for a while."""
        left_ms = self._rests.get(host, (0, 0))[0] - self._now_ms()
        return 0 < left_ms <= LONGEST_REST_MS  # more than that: the clock was put back

    def silent(self, account_id: int, host: str) -> None:
        """It gave no answer: it rests, twice as long each time, and whose it is is slow."""
        now_ms, (_, last_ms) = self._now_ms(), self._rests.pop(host, (0, 0))
        rest_ms = min(max(REST_MS, last_ms * 2), LONGEST_REST_MS)
        _remember(self._rests, host, (now_ms + rest_ms, rest_ms))
        self._is_slow(account_id)

    def answered(self, account_id: int, host: str, took_s: float) -> None:
        """It is there."""
        self._rests.pop(host, None)
        if took_s >= SLOW_ANSWER_S:
            self._is_slow(account_id)

    def _is_slow(self, account_id: int) -> None:
        self._slow.pop(account_id, None)
        _remember(self._slow, account_id, self._now_ms() + SLOW_MS)


def _less(counted: Counter[K], key: K) -> None:
    counted[key] -= 1
    if not counted[key]:
        del counted[key]


def _remember(known: dict[K, V], key: K, value: V) -> None:
    """Set it, and forget what was set longest ago where there is too much."""
    known[key] = value
    if len(known) > MOST_REMEMBERED:
        del known[next(iter(known))]
