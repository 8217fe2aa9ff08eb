"""When a thread that somebody opens is looked through, and how seldom strangers cause that."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from server import replies
from server.clock import HOUR_MS
from server.model import Post
from server.replies import Refreshes
from server.store.db import Write
from tests.server.world import EVE, NOTE, NOW, act, befriend, deliver, join, note, post, stranger


class Walks:
    """In place of the network: which threads were walked; each walk lasts until `let`."""

    def __init__(self) -> None:
        self.db = self
        self.walked: list[int] = []
        self.let = asyncio.Event()

    async def walk(self, post_id: int, found: Callable[[], None]) -> None:
        self.walked.append(post_id)
        await self.let.wait()

    async def write(self, *_: Any) -> None:
        """Nothing is kept."""


class Clock:
    def __init__(self) -> None:
        self.now_ms = NOW

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def strange(tx: Write) -> list[Post]:
    """Notes by eve, whom ann follows."""
    befriend(tx, join(tx, "ann"), stranger(tx, EVE))
    deliver(tx, act("Create", EVE, note(NOTE, EVE), id=f"{NOTE}/create"))
    found = post(tx, NOTE)
    return [msgspec.structs.replace(found, id=found.id + number) for number in range(100)]


async def settled(refreshes: Refreshes) -> None:
    """Until nothing runs."""
    await asyncio.gather(*refreshes._tasks)  # noqa: SLF001
    await asyncio.sleep(0)


def opened(given: list[Post], refreshes: Refreshes, *, visited: bool) -> int:
    """How many of them begin to be looked through."""
    begun = [refreshes.begin(one, visited=visited) for one in given]
    return len([one for one in begun if one is not None])


async def test_visitors_start_few_walks_at_once_and_leave_room_for_members(
    strange: list[Post],
) -> None:
    walks = Walks()
    refreshes = Refreshes(walks, Clock())  # type: ignore[arg-type]
    assert opened(strange, refreshes, visited=True) == replies.VISITED_AT_ONCE
    room = replies.AT_ONCE - replies.VISITED_AT_ONCE
    assert opened(strange[50:], refreshes, visited=False) == room
    await refreshes.close()


async def test_visitors_who_never_stop_cause_a_limited_number_of_walks_in_an_hour(
    strange: list[Post],
) -> None:
    walks, clock = Walks(), Clock()
    walks.let.set()
    refreshes = Refreshes(walks, clock)  # type: ignore[arg-type]
    for _ in range(3):
        for one in strange:
            refreshes.begin(one, visited=True)
            await settled(refreshes)
    assert len(walks.walked) == replies.VISITED_IN_AN_HOUR
    assert refreshes.begin(strange[-1]) is not None  # somebody who is signed in
    clock.now_ms += HOUR_MS
    assert refreshes.begin(strange[-2], visited=True) is not None
    await refreshes.close()


async def test_a_thread_is_looked_through_once_an_hour_for_visitors(strange: list[Post]) -> None:
    walks, clock = Walks(), Clock()
    walks.let.set()
    refreshes = Refreshes(walks, clock)  # type: ignore[arg-type]
    for _ in range(5):
        refreshes.begin(strange[0], visited=True)
        await settled(refreshes)
        clock.now_ms += replies.PAUSE_MS
    assert walks.walked == [strange[0].id] * 2
    refreshes.begin(strange[0])
    await settled(refreshes)
    assert walks.walked == [strange[0].id] * 3
    await refreshes.close()
