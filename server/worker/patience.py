"""Which servers' activities make us wait for documents: those have few places, and others theirs.

Whoever owns a server has as many accounts as they like, and may answer slowly on purpose.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

OF_DOMAIN: Final = 16
"""Activities of one registered domain under way: a quarter of all places."""
OF_SLOW_DOMAIN: Final = 4
SLOW_S: Final = 5.0
SLOW_MS: Final = 10 * 60_000
"""So long after one of its activities took `SLOW_S`, a domain is slow."""
FIRST_MS: Final = 1_000
SPACE_MS: Final = 50
"""Those that find no place come back one after another."""
LONGEST_MS: Final = 5 * 60_000
MOST_REMEMBERED: Final = 4_096


class Patience:
    """Who has how many places, and who was slow lately."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        """Nobody has one."""
        self._now_ms = now_ms
        self._under_way: Counter[str] = Counter()
        self._slow: dict[str, int] = {}
        self._back: dict[str, int] = {}

    @contextmanager
    def place(self, domain: str) -> Iterator[bool]:
        """Whether there is one for an activity of this domain; it ends with the body."""
        slow = self._slow.get(domain, 0) > self._now_ms()
        if self._under_way[domain] >= (OF_SLOW_DOMAIN if slow else OF_DOMAIN):
            yield False
            return
        clock = asyncio.get_running_loop().time
        began = clock()
        self._under_way[domain] += 1
        try:
            yield True
        finally:
            self._under_way[domain] -= 1
            if not self._under_way[domain]:
                del self._under_way[domain]
            if clock() - began >= SLOW_S:
                _remember(self._slow, domain, self._now_ms() + SLOW_MS)

    def back_ms(self, domain: str) -> int:
        """When the next one that found no place may look again."""
        first = self._now_ms() + FIRST_MS
        after = max(first, self._back.get(domain, 0) + SPACE_MS)
        if after > first + LONGEST_MS:  # very many, or the clock was put back
            after = first
        _remember(self._back, domain, after)
        return after


def _remember(known: dict[str, int], key: str, value: int) -> None:
    known.pop(key, None)
    known[key] = value
    if len(known) > MOST_REMEMBERED:
        del known[next(iter(known))]
