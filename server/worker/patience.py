"""Who makes us wait has few places, and others theirs: whose documents come slowly, or whose yes.

Whoever owns a domain has as many accounts and hosts as they like, and may answer slowly on purpose.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

OF_DOMAIN: Final = 16
"""Activities of one registered domain under way: a quarter of all places."""
OF_SLOW_DOMAIN: Final = 4
PEERS_OF_DOMAIN: Final = 64
"""Deliveries to hosts of one registered domain under way: as large a part."""
PEERS_OF_SLOW_DOMAIN: Final = 16
SLOW_S: Final = 5.0
SLOW_MS: Final = 10 * 60_000
"""So long after something of it took `SLOW_S`, a domain is slow."""
FIRST_MS: Final = 1_000
SPACE_MS: Final = 50
"""Those that find no place come back one after another."""
LONGEST_MS: Final = 5 * 60_000
MOST_REMEMBERED: Final = 4_096


class Patience:
    """Who has how many places, and who was slow lately."""

    def __init__(
        self,
        now_ms: Callable[[], int],
        of_domain: int = OF_DOMAIN,
        of_slow_domain: int = OF_SLOW_DOMAIN,
    ) -> None:
        """Nobody has one."""
        self._now_ms = now_ms
        self._most, self._most_slow = of_domain, of_slow_domain
        self._under_way: Counter[str] = Counter()
        self._slow: dict[str, int] = {}
        self._back: dict[str, int] = {}

    @contextmanager
    def place(self, domain: str) -> Iterator[bool]:
        """Whether there is one for what concerns this domain; it ends with the body."""
        slow = self._slow.get(domain, 0) > self._now_ms()
        if self._under_way[domain] >= (self._most_slow if slow else self._most):
            yield False
            return
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._under_way[domain] += 1
        later = loop.call_later(SLOW_S, self._is_slow, domain)  # it may be so for long
        try:
            yield True
        finally:
            self._under_way[domain] -= 1
            if not self._under_way[domain]:
                del self._under_way[domain]
            later.cancel()
            if loop.time() - began >= SLOW_S:
                self._is_slow(domain)

    def _is_slow(self, domain: str) -> None:
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
