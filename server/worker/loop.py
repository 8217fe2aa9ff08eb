"""One kind of work: claimed when it is due, done side by side, looked for again.

Jobs of one lane and deliveries to one peer run in order; lanes and peers run side by side, so that
a slow one holds up only itself. What takes long gives its place to others, so that many slow ones
do not hold up everybody else either.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from server.model import Job, Peer
from server.store.db import Database, DatabaseError, Read, Write
from server.store.leases import LEASE_MS, ClaimLost

log = logging.getLogger(__name__)

GATHER_S: Final = 0.005  # commits that come so close together are one reason to look
IDLE_MS: Final = 5_000  # how long a loop sleeps when nothing tells it more
BLOCKED_MS: Final = 1_000  # the same when something is due that cannot be claimed now
RENEW_S: Final = 15.0  # a third of the leases of jobs and peers
SURE_S: Final = LEASE_MS / 1000 - 5.0  # so long after a renewal nobody else has the claim
SLOW_S: Final = 2.0  # what is under way for so long is slow
LONGEST_AWAY_S: Final = 30.0  # between two tries while the database is away

Work = TypeVar("Work", bound=Job | Peer)


class Source(Protocol[Work]):
    """The store's module of this kind of work."""

    def next_due_ms(self, db: Read, /) -> int | None:
        """When the next wants something."""

    def claim(self, tx: Write, now_ms: int, limit: int, by: int, /) -> list[Work]:
        """Take up to `limit` that are due; `by` is the number of the worker."""


class Queue(msgspec.Struct, Generic[Work], frozen=True):
    """A `Source` of two functions of the store."""

    next_due_ms: Callable[[Read], int | None]
    claim: Callable[[Write, int, int, int], list[Work]]


class Loop(Generic[Work]):
    """Takes what is due from `source` and has it done by `do`, at most `slots` at once.

    Of what is slow, as many as `slow_slots` do not count, those first that began first: others
    have their places.
    """

    def __init__(
        self,
        db: Database,
        source: Source[Work],
        do: Callable[[Work], Coroutine[Any, Any, None]],
        *,
        slots: int,
        slow_slots: int = 0,
        by: int,
        now_ms: Callable[[], int],
    ) -> None:
        """Nothing is claimed before `run`. `by` is the number of the worker."""
        self._db = db
        self._source = source
        self._do = do
        self._slots = slots
        self._slow_slots = slow_slots
        self._by = by
        self._now_ms = now_ms
        self._woken = asyncio.Event()
        self._claimed: set[int] = set()
        self._again: dict[int, Work] = {}
        self._overdue: dict[asyncio.Task[None], None] = {}
        self._apart: set[asyncio.Task[None]] = set()
        self.busy: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be work."""
        self._woken.set()

    async def run(self) -> None:
        """Claim, then sleep until woken or until something is due."""
        away_s = 0.0
        while True:
            self._woken.clear()
            try:
                pause_s = await self._claim()
                away_s = 0.0
            except DatabaseError as error:
                pause_s = away_s = min(max(1.0, away_s * 2), LONGEST_AWAY_S)
                log.warning("the database does not answer, next try in %d s: %s", away_s, error)
            with suppress(TimeoutError):  # `wait_for` of 3.11 may swallow that it was cancelled
                async with asyncio.timeout(pause_s):
                    await self._woken.wait()
                    await asyncio.sleep(GATHER_S)

    async def _claim(self) -> float:
        """Begin what is due; how many seconds to sleep then."""
        if self._slots <= 0:
            return IDLE_MS / 1000  # the first that ends wakes us
        due = await self._db.read_inline(self._source.next_due_ms)
        if due is None or due > self._now_ms():
            return self._pause_s(due)
        found = await self._db.write(self._source.claim, self._now_ms(), self._slots, self._by)
        for work in found:
            if work.id in self._claimed:
                # given back already, but whoever did it has not heard of that commit yet
                self._again[work.id] = work
            else:
                self._spawn(work)
        return 0.0 if found else BLOCKED_MS / 1000

    def _spawn(self, work: Work) -> None:
        task = asyncio.create_task(self._do(work))
        self._slots -= 1
        self.busy.add(task)
        self._claimed.add(work.id)

        def is_slow() -> None:
            self._overdue[task] = None
            self._move()

        later = asyncio.get_running_loop().call_later(SLOW_S, is_slow)

        def finished(ended: asyncio.Task[None]) -> None:
            later.cancel()
            self.busy.discard(ended)
            self._claimed.discard(work.id)
            self._leave(ended)
            if (again := self._again.pop(work.id, None)) is not None:
                self._spawn(again)
            self.wake()
            if not ended.cancelled() and (error := ended.exception()):
                log.error("work ended early: %r", error)

        task.add_done_callback(finished)

    def _move(self) -> None:
        """Those that are slow give their places to others, as long as there are any for them."""
        while self._slow_slots > 0 and self._overdue:
            first = next(iter(self._overdue))
            del self._overdue[first]
            self._apart.add(first)
            self._slow_slots -= 1
            self._slots += 1
            self.wake()

    def _leave(self, ended: asyncio.Task[None]) -> None:
        self._overdue.pop(ended, None)
        if ended not in self._apart:
            self._slots += 1
            return
        self._apart.discard(ended)
        self._slow_slots += 1
        self._move()

    def _pause_s(self, due_ms: int | None) -> float:
        """How long to sleep: until the next due time, but not too long."""
        wait = IDLE_MS if due_ms is None else due_ms - self._now_ms()
        return max(0.0, min(wait, IDLE_MS)) / 1000


Extend = Callable[[Write, Work, int], None]


class Hold:
    """A claim that is renewed; `sure` as long as nobody else can have it."""

    def __init__(self) -> None:
        """Just claimed."""
        self.lost = False
        self._sure_until = asyncio.get_running_loop().time() + SURE_S

    @property
    def sure(self) -> bool:
        """Whether the work is still ours: false after a sleep, or while the database is away."""
        return not self.lost and asyncio.get_running_loop().time() < self._sure_until

    async def renew(
        self, db: Database, extend: Extend[Work], work: Work, now_ms: Callable[[], int]
    ) -> None:
        """Renew it now and then, until cancelled or lost."""
        while not self.lost:
            began = asyncio.get_running_loop().time()
            try:
                await db.write(extend, work, now_ms())
                self._sure_until = began + SURE_S
            except ClaimLost:
                self.lost = True
            except DatabaseError as error:
                log.info("a claim could not be renewed: %s", error)
            await asyncio.sleep(RENEW_S)


@asynccontextmanager
async def held(
    db: Database, extend: Extend[Work], work: Work, now_ms: Callable[[], int]
) -> AsyncIterator[Hold]:
    """Renew a claim as long as the body runs, or others would take this worker for dead."""
    hold = Hold()
    renewals: list[asyncio.Task[None]] = []

    def renew() -> None:
        renewals.append(asyncio.create_task(hold.renew(db, extend, work, now_ms)))

    later = asyncio.get_running_loop().call_later(RENEW_S, renew)  # most end before it
    try:
        yield hold
    finally:
        later.cancel()
        for renewal in renewals:
            renewal.cancel()
