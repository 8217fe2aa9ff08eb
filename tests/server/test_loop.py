"""The loop that claims work: what it has claimed is done, whatever the moment."""

import asyncio
from collections.abc import Callable
from typing import Any

from server.model import Peer
from server.worker.loop import Loop
from tests.server.world import lane

LANE = lane()


class Lane:
    """A `Source` with one lane, and the database in which it is."""

    def __init__(self) -> None:
        self.due = True
        self.claims = 0

    def next_due_ms(self, _: Any) -> int | None:
        """At once, or never."""
        return 0 if self.due else None

    def claim(self, _: Any, now_ms: int, limit: int, by: int) -> list[Peer]:
        """The lane, where it is due."""
        if not self.due:
            return []
        self.due = False
        self.claims += 1
        return [LANE]

    async def read_inline(self, function: Callable[..., Any], *args: Any) -> Any:
        """As a database does it."""
        return function(None, *args)

    write = read_inline


async def test_a_lane_due_again_before_its_worker_heard_that_it_gave_it_back_is_served() -> None:
    lane, done, heard = Lane(), [], asyncio.Event()

    async def serve(peer: Peer) -> None:
        if not done:
            lane.due = True  # given back in a commit, and something new waits already
            loop.wake()
            await heard.wait()  # the answer to that commit is on its way
        done.append(peer.id)

    loop = Loop(lane, lane, serve, slots=8, by=1, now_ms=lambda: 0)  # type: ignore[arg-type]
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(60):
        while lane.claims < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert done == []  # never two at one lane
        heard.set()
        while len(done) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
    running.cancel()
