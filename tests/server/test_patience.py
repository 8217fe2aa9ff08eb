"""Whoever owns a server, with accounts without end, fills neither our disk nor all our places."""

import asyncio
from typing import Any

import msgspec
import pytest

from federation import parse
from federation.inbox import Authentic
from server.errors import Crowded
from server.inbox import door
from server.model import Job
from server.store import accounts, jobs
from server.store.db import Database, Write
from server.worker import jobs as worker_jobs
from server.worker import patience
from server.worker.jobs import Jobs
from server.worker.patience import Patience
from tests.loop_time import LoopTime
from tests.server.world import EVE, MALLORY, NOW, SITE, act, befriend, number, settle, stranger, who
from tests.village import eventually

SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def waits(tx: Write, actor: str, nth: int, **more: Any) -> None:
    """One more of an actor arrives that cannot be applied yet."""
    raw = act("Like", actor, "https://other.test/1", id=f"{actor}/likes/{nth}", **more)
    door.promise(tx, Authentic(parse.activity(raw), None, f"{actor}#main-key", "cavage"), NOW)


def refused(tx: Write, actor: str, nth: int, **more: Any) -> bool:
    try:
        with tx.savepoint():
            waits(tx, actor, nth, **more)
    except Crowded as error:
        assert (error.status, error.retry_after_ms) == (503, door.RETRY_MS)
        return True
    return False


def test_what_waits_of_one_actor_has_an_end_and_is_refused_not_forgotten(
    tx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MAX_OF_ACTOR", 3)
    stranger(tx, EVE)
    stranger(tx, MALLORY)
    assert [refused(tx, EVE, nth) for nth in range(5)] == [False, False, False, True, True]
    assert number(tx, "SELECT count(*) FROM activity") == 3, "what is refused may come again"
    assert not refused(tx, MALLORY, 1)
    [first] = jobs.claim(tx, NOW, 1)
    jobs.complete(tx, first, NOW)
    assert not refused(tx, EVE, 4)


def test_what_waits_of_all_accounts_of_a_server_has_an_end(
    tx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MAX_OF_DOMAIN", 3)
    actors = [f"https://n{nth}.flood.test/u/eve" for nth in range(5)]
    for one in (*actors, EVE):
        stranger(tx, one)
    assert [refused(tx, one, 1) for one in actors] == [False, False, False, True, True]
    assert not refused(tx, EVE, 1)


def test_what_waits_has_an_end_in_bytes(tx: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_BYTES_OF_ACTOR", 3_000)
    monkeypatch.setattr(door, "MAX_BYTES_OF_DOMAIN", 5_000)
    actors = [f"https://flood.test/u/{nth}" for nth in range(3)]
    for one in actors:
        stranger(tx, one)
    long = {"summary": "x" * 1_500}
    assert [refused(tx, actors[0], nth, **long) for nth in range(3)] == [False, False, True]
    assert [refused(tx, actors[1], nth, **long) for nth in range(3)] == [False, False, True]
    assert refused(tx, actors[2], 1), "the server has enough"


async def test_a_domain_has_a_part_of_the_places_and_few_once_it_was_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [NOW]
    it = Patience(lambda: clock[0], 2, 1)
    with it.place("a.test") as first, it.place("a.test") as second, it.place("a.test") as third:
        assert (first, second, third) == (True, True, False)
        with it.place("b.test") as other:
            assert other
    monkeypatch.setattr(patience, "SLOW_S", 0.0)
    with it.place("a.test"):
        pass
    with it.place("a.test") as first, it.place("a.test") as second:
        assert (first, second) == (True, False)
    clock[0] += patience.SLOW_MS + 1
    with it.place("a.test") as first, it.place("a.test") as second:
        assert (first, second) == (True, True)


def test_those_without_a_place_come_back_one_after_another() -> None:
    it = Patience(lambda: NOW)
    turns = [it.back_ms("a.test") - NOW for _ in range(3)]
    assert turns == [1_000, 1_050, 1_100]
    assert it.back_ms("b.test") - NOW == 1_000
    assert all(it.back_ms("a.test") <= NOW + patience.LONGEST_MS + 1_000 for _ in range(7_000))


class Silent:
    """Other servers, none of which answers."""

    site = SITE

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.documents = self
        self.keys = self

    async def read_or_none(self, uri: str, budget: object, away: object) -> None:
        self.asked.append(uri)
        await asyncio.get_running_loop().create_future()

    def forget(self, uri: str) -> None:
        """Nothing is kept."""


def _promise(tx: Write, actors: list[str]) -> list[Job]:
    settle(tx)
    ann = who(tx, "ann")
    for one in actors:
        if accounts.by_uri(tx, one) is None:
            befriend(tx, ann, stranger(tx, one))
        raw = act("Announce", one, "https://silent.test/1", id=f"{one}/announces/1")
        jobs.enqueue(tx, "receive", one, msgspec.json.encode(raw), NOW)
    return jobs.claim(tx, NOW, 100)


@SQLITE
async def test_documents_that_never_come_end_their_activity_and_hold_few_places(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, actors = LoopTime(), [f"https://flood.test/u/{nth}" for nth in range(20)]
    claimed = [one for one in await db.write(_promise, [*actors, EVE]) if one.kind == "receive"]
    silent: Any = Silent()
    work = Jobs(db, silent, lambda: NOW, {})
    under_way = {asyncio.create_task(work.do(one)) for one in claimed}

    async def only_those_that_wait_are_left() -> bool:
        waiting = {one for one in under_way if not one.done()}
        return len(waiting) == len(silent.asked) == patience.OF_DOMAIN + 1

    await eventually(only_those_that_wait_are_left)
    clock.forward(worker_jobs.MAX_FETCHING_S)
    await asyncio.gather(*under_way)
    left = await db.read(lambda tx: tx.all("SELECT lane, attempts, due_ms FROM job ORDER BY id"))
    assert len(silent.asked) == patience.OF_DOMAIN + 1
    assert len(left) == len(actors) - patience.OF_DOMAIN
    assert all(row["attempts"] == 0 and row["due_ms"] > NOW for row in left)
    assert EVE not in [row["lane"] for row in left]
