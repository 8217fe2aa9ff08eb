"""Who waits for how long beside how many slow ones, in a time that passes by itself."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from typing import Any, TypeVar

import msgspec
import pytest

from server.model import Peer
from server.worker import patience
from server.worker.loop import SLOW_S, Loop
from server.worker.patience import OF_DOMAIN, PEERS_OF_DOMAIN, Patience
from server.worker.worker import (
    JOBS_AT_ONCE,
    NEWLY_SLOW_AT_ONCE,
    PEERS_AT_ONCE,
    SLOW_JOBS_AT_ONCE,
)
from tests.server.world import lane
from tests.simulation.clock import Loop as Time

T = TypeVar("T")

NOW = 1_795_431_000_000
HELD_S = 29.0
"""How long who is slow keeps a request open."""


class Lanes:
    """Peers that are due, in their order: a store and a database without rows."""

    def __init__(self, names: list[str]) -> None:
        self._due = [lane(id, name) for id, name in enumerate(names)]

    def next_due_ms(self, db: Any) -> int | None:
        return NOW if self._due else None

    def claim(self, tx: Any, now_ms: int, limit: int, by: int) -> list[Peer]:
        taken, self._due = self._due[:limit], self._due[limit:]
        return taken

    async def read_inline(self, read: Callable[..., Any], *args: Any) -> Any:
        return read(None, *args)

    async def write(self, write: Callable[..., Any], *args: Any) -> Any:
        return write(None, *args)


class Told(msgspec.Struct):
    """When each was asked, and how many were at most asked at once."""

    at_s: dict[str, float] = {}
    under_way: int = 0
    most: int = 0


def passing(work: Coroutine[Any, Any, T]) -> T:
    """What comes of it, however long it takes, at once."""
    with closing(Time()) as time:
        return time.run_until_complete(work)


def tell(held_s: dict[str, float], slots: int, slow_slots: int) -> Told:
    """Deliver to all of these, each of which keeps us for so long."""
    told, lanes, over = Told({}), Lanes(list(held_s)), asyncio.Event()

    async def deliver(peer: Peer) -> None:
        told.at_s[peer.host] = asyncio.get_running_loop().time()
        told.under_way += 1
        told.most = max(told.most, told.under_way)
        await asyncio.sleep(held_s[peer.host])
        told.under_way -= 1
        if len(told.at_s) == len(held_s) and not told.under_way:
            over.set()

    async def all_of_them() -> None:
        it = Loop(
            lanes,  # type: ignore[arg-type]
            lanes,
            deliver,
            slots=slots,
            slow_slots=slow_slots,
            by=1,
            now_ms=lambda: NOW,
        )
        running = asyncio.create_task(it.run())
        await over.wait()
        await asyncio.wait(it.busy)
        await asyncio.sleep(0)
        assert (it._slots, it._slow_slots) == (slots, slow_slots), "every place is given back"
        running.cancel()
        await asyncio.wait({running})

    passing(all_of_them())
    return told


def test_six_hundred_that_are_slow_for_the_first_time_hold_up_nobody_for_long() -> None:
    slow = {f"slow{n}.test": HELD_S for n in range(600)}
    fast = {f"fast{n}.test": 0.1 for n in range(300)}
    told = tell(slow | fast, PEERS_AT_ONCE, NEWLY_SLOW_AT_ONCE)
    assert max(told.at_s[name] for name in fast) < 3 * SLOW_S
    assert told.most <= PEERS_AT_ONCE + NEWLY_SLOW_AT_ONCE


def test_of_any_number_so_many_are_under_way_and_no_more() -> None:
    slow = {f"slow{n}.test": HELD_S for n in range(1_600)}
    told = tell(slow | {"fast.test": 0.1}, PEERS_AT_ONCE, NEWLY_SLOW_AT_ONCE)
    assert told.most == PEERS_AT_ONCE + NEWLY_SLOW_AT_ONCE
    assert told.at_s["fast.test"] < 2 * HELD_S + 4 * SLOW_S


def test_a_slow_one_gives_its_place_away_as_soon_as_another_slow_one_ends() -> None:
    held_s = {"first.test": 10.0, "second.test": HELD_S, "fast.test": 0.1}
    told = tell(held_s, slots=1, slow_slots=1)
    assert told.at_s["second.test"] == pytest.approx(SLOW_S, abs=0.2)
    assert told.at_s["fast.test"] == pytest.approx(10.0, abs=0.2)


def test_a_domain_has_a_quarter_of_the_places_however_many_processes_there_are() -> None:
    """Each of them has so many places, and so many for a domain."""
    assert 4 * PEERS_OF_DOMAIN == PEERS_AT_ONCE
    assert 4 * OF_DOMAIN == JOBS_AT_ONCE + SLOW_JOBS_AT_ONCE


def test_a_domain_is_known_as_slow_before_what_is_slow_of_it_ends() -> None:
    it = Patience(lambda: NOW, 4, 1)

    async def hold() -> None:
        with it.place("slow.test"):
            await asyncio.sleep(HELD_S)

    async def has_one() -> bool:
        with it.place("slow.test") as place:
            return place

    async def all_of_it() -> list[bool]:
        holding = asyncio.create_task(hold())
        await asyncio.sleep(patience.SLOW_S - 1)
        found = [await has_one()]
        await asyncio.sleep(2)
        found.append(await has_one())
        holding.cancel()
        await asyncio.wait({holding})
        return found

    assert passing(all_of_it()) == [True, False]
