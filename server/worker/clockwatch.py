"""A clock that is put back: what was put off by it would wait for as long as it was ahead."""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from server.clock import DAY_MS
from server.ids import created_ms, first_id
from server.store import clocks, jobs, order, peers
from server.store.clocks import Seen
from server.store.db import Database, Read, Write

log = logging.getLogger(__name__)

LEAST_MS: Final = 10_000
"""Less is what clocks are corrected by; nothing waits longer for it than one notices."""
_START: Final = Path("/proc/sys/kernel/random/boot_id")
_TIMES: Final = Path("/proc/self/ns/time")


class ClockWatch:
    """Compares the wall clock with one that cannot be set, from one look to the next.

    Of the processes of one machine each sees that it was put back: whoever notes it first does
    what is to be done, in the same transaction.
    """

    def __init__(self, db: Database, now_ms: Callable[[], int], machine: str = "") -> None:
        """Nothing was seen yet. `machine`: whose clocks these are."""
        self._db = db
        self._now_ms = now_ms
        self._machine = machine or this_machine()
        self._last: Seen | None = None

    async def look(self) -> None:
        """Make what waits due as much earlier as the clock was put back. Raises `DatabaseError`.

        At the first look by what was noted before, of this start of the machine; else by the newest
        of what is here.
        """
        at_ms = round(asyncio.get_running_loop().time() * 1000)
        seen = Seen(at_ms, self._now_ms() - at_ms)
        if self._last is None or abs(seen.ahead_ms - self._last.ahead_ms) >= LEAST_MS:
            back_ms = await self._db.write(_set, self._machine, self._last, seen)
            if back_ms:
                log.warning(
                    "the clock was put back by %d s: what waits comes earlier", back_ms // 1000
                )
        self._last = seen


def this_machine() -> str:
    """Another name after each start of the machine; the same in all its processes.

    Where that cannot be known, each process stands for itself.
    """
    with suppress(OSError):
        return f"{_START.read_text().strip()} {os.readlink(_TIMES)}"
    return secrets.token_hex(16)


def _set(tx: Write, machine: str, last: Seen | None, seen: Seen) -> int:
    """The clock may have been set; by how much it was put back, if nobody has seen to it yet."""
    now_ms = seen.at_ms + seen.ahead_ms
    noted = clocks.last_seen(tx, machine)
    if noted is not None and noted.at_ms > seen.at_ms:
        return 0
    before = noted or last
    back_ms = before.ahead_ms - seen.ahead_ms if before else _ahead_ms(tx, now_ms)
    if noted is None or abs(back_ms) >= LEAST_MS:
        clocks.note(tx, machine, seen)
    if back_ms < LEAST_MS:
        return 0
    peers.clock_back(tx, back_ms, now_ms)
    jobs.clock_back(tx, back_ms, now_ms)
    return back_ms


def _ahead_ms(db: Read, now_ms: int) -> int:
    return created_ms(order.newest_id(db, first_id(now_ms + DAY_MS))) - now_ms
