"""What is slow to make and asked for again: made once, kept in memory, within bounds."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Busy(Exception):
    """Too much waits to be made."""


class Shelf(Generic[T]):
    """Keeps the `most` things that were asked for last; one is made at a time.

    Who asks for what is being made waits for that. When `waiting` things are to be made already,
    the next one is refused.
    """

    def __init__(self, most: int, waiting: int) -> None:
        """An empty shelf."""
        self._most = most
        self._waiting = waiting
        self._kept: OrderedDict[str, T] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[T]] = {}
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        """How much is kept."""
        return len(self._kept)

    def __contains__(self, key: str) -> bool:
        """Whether it is here, or on its way: asking for it makes no work."""
        return key in self._kept or key in self._under_way

    async def get(self, key: str, make: Callable[[], Awaitable[T]]) -> T:
        """What is called `key`, made now where it is not here. Raises `Busy`, or as `make` does.

        Who gives up waiting does not end the work: somebody else may wait for it too.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        task = self._under_way.get(key)
        if task is None:
            if len(self._under_way) >= self._waiting:
                raise Busy
            task = asyncio.create_task(self._made(key, make))
            task.add_done_callback(_heard)
            self._under_way[key] = task
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Give up what is being made."""
        for task in list(self._under_way.values()):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task

    async def _made(self, key: str, make: Callable[[], Awaitable[T]]) -> T:
        try:
            async with self._turn:
                made = await make()
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return made
        finally:
            del self._under_way[key]


def _heard(task: asyncio.Task[T]) -> None:
    """Nobody may be left to hear of a failure: it was told to those who asked."""
    if not task.cancelled():
        task.exception()
