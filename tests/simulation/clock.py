"""Time that passes only when nobody has anything to do: an event loop without threads or sockets.

The loop runs whatever is ready; then its time jumps to the next timer. While the whole world only
looks now and then whether there is something to do, it jumps over these looks to the next moment
at which there is.
"""

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from typing import Any, Protocol

START_MS = 1_795_431_000_000
"""Where the clocks of all cities begin: some day in November 2026."""


class Host(Protocol):
    """What tasks belong to: they end with it."""

    def adopt(self, task: asyncio.Task[Any], /) -> None:
        """This task was begun by one of yours."""


HOST: ContextVar[Host | None] = ContextVar("HOST", default=None)
"""Whose code is running; a task passes it on to those that it begins."""


class NothingLeft(BaseException):  # noqa: N818  no error of anybody
    """Nobody waits for anything any more."""


class _Selector:
    """What asyncio asks how long to sleep: here the time passes."""

    def __init__(self, loop: "Loop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Sleep, as far as anybody can tell."""
        if timeout is None or timeout > 0:
            self._loop.pass_time()
        return []

    def close(self) -> None:
        """Nothing to close."""


class Loop(asyncio.BaseEventLoop):
    """An event loop in which a day takes as long as what happens in it."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Selector(self)
        self._now = 0.0
        self._appointments: list[tuple[float, int]] = []
        self._made = 0
        self.next_work: Callable[[], float | None] = lambda: 0.0
        """When somebody has something to do next; None: never. It may be asked often."""

    def time(self) -> float:
        """Seconds since this world began."""
        return self._now

    def pass_time(self) -> None:
        """To the next timer, or over those at which nothing would happen."""
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        if not timers:
            raise NothingLeft
        next_s = timers[0].when()
        while self._appointments and self._appointments[0][0] <= self._now:
            heapq.heappop(self._appointments)
        moments = [at_s for at_s, _ in self._appointments[:1]]
        if (work_s := self.next_work()) is not None:
            moments.append(work_s)
        self._now = max(self._now, next_s, min(moments, default=next_s))

    async def sleep(self, seconds: float) -> None:
        """Sleep, and be woken at that moment: time does not jump over it."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = self.create_future()
        timer = self.at(self._now + seconds, _wake, woken)
        try:
            await woken
        finally:
            timer.cancel()

    def at(self, when: float, call: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call it at that moment: time does not jump over it."""
        self._made += 1
        heapq.heappush(self._appointments, (when, self._made))
        return self.call_at(when, call, *args)

    def create_task(
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[Any]:
        """A task, and its host knows of it."""
        host = HOST.get() if context is None else context.get(HOST)
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        if host is not None:
            host.adopt(task)
        return task

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """There are no threads: it is done here and now."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no sockets."""

    def _write_to_self(self) -> None:
        """Nobody else could wake this loop."""


def _wake(sleeper: asyncio.Future[None]) -> None:
    """Unless it was woken by another: whoever is stopped at the very moment of its waking."""
    if not sleeper.done():
        sleeper.set_result(None)
