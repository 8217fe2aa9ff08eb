"""A clock that is put back: what was put off by it would wait for as long as it was ahead."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from server.clock import DAY_MS
from server.ids import created_ms, first_id
from server.store import jobs, order, peers
from server.store.db import Database, Read, Write

log = logging.getLogger(__name__)

LEAST_MS: Final = 10_000
"""Less is what clocks are corrected by; nothing waits longer for it than one notices."""


class ClockWatch:
    """Compares the wall clock with one that cannot be set, from one look to the next."""

    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        """Nothing was seen yet."""
        self._db = db
        self._now_ms = now_ms
        self._seen: tuple[float, int] | None = None
        self._back_ms = 0

    async def look(self) -> None:
        """Make what waits due as much earlier as the clock was put back. Raises `DatabaseError`.

        At the first look by the newest of what is here, for the process may be a new one.
        """
        passed_s, now_ms = asyncio.get_running_loop().time(), self._now_ms()
        if self._seen is None:
            back_ms = await self._db.read(_ahead_ms, now_ms)
        else:
            back_ms = self._seen[1] + round((passed_s - self._seen[0]) * 1000) - now_ms
        self._seen = passed_s, now_ms
        if back_ms >= LEAST_MS:
            log.warning("the clock was put back by %d s: what waits comes earlier", back_ms // 1000)
            self._back_ms += back_ms
        if self._back_ms:
            await self._db.write(_back, self._back_ms, now_ms)
            self._back_ms = 0


def _ahead_ms(db: Read, now_ms: int) -> int:
    return created_ms(order.newest_id(db, first_id(now_ms + DAY_MS))) - now_ms


def _back(tx: Write, by_ms: int, now_ms: int) -> None:
    peers.clock_back(tx, by_ms, now_ms)
    jobs.clock_back(tx, by_ms, now_ms)
