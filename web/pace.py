"""How slowly a body may come in: whoever drips holds a place that others wait for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import StreamReader

LOOK_S: Final = 30.0
"""A phone may lose its network for so long, and not much longer."""
LEAST_BYTES: Final = 64 << 10
"""In that time."""
LEAST_CROWDED_BYTES: Final = 512 << 10
"""The same where others wait for places."""


@asynccontextmanager
async def in_time(
    content: StreamReader, whole_s: float, crowded: Callable[[], bool]
) -> AsyncIterator[None]:
    """Read all of `content` in the body of this.

    Raises `TimeoutError` after `whole_s`, and as soon as it comes too slowly.
    """
    loop = asyncio.get_running_loop()
    later: asyncio.TimerHandle
    async with asyncio.timeout(whole_s) as deadline:

        def look(before: int) -> None:
            nonlocal later
            least = LEAST_CROWDED_BYTES if crowded() else LEAST_BYTES
            if not content.is_eof() and content.total_bytes - before < least:
                deadline.reschedule(loop.time())
            else:
                later = loop.call_later(LOOK_S, look, content.total_bytes)

        later = loop.call_later(LOOK_S, look, content.total_bytes)
        try:
            yield
        finally:
            later.cancel()
