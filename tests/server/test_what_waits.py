"""What waits and is done in the end: boosts of what is away, a clock put back, peers given up."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.clock import HOUR_MS, MINUTE_MS
from server.inbox import door
from server.store import clocks, jobs, peers, queue
from server.store.clocks import Seen
from server.store.db import Database, Read, Write
from server.store.leases import LEASE_MS
from server.worker import clockwatch
from server.worker.clockwatch import ClockWatch
from server.worker.jobs import JOB_TRIES, MOST_AGAIN
from server.worker.turns import REST_MS, SLOW_MS, Turns
from tests.server.cases import befriended
from tests.server.test_worker import FAR, Town
from tests.server.world import CARL, EVE, NOW, SITE, act, authentic, note, number, settle, who

AWAY = "https://other.test/notes/7"
BOOSTS = "SELECT count(*) FROM boost WHERE uri LIKE '%/boosts/%'"
JUMP_MS = 2 * HOUR_MS


@pytest.fixture
async def town(db: Database) -> AsyncIterator[Town]:
    await db.write(settle)
    await db.write(befriended)
    await db.write(Write.run, "DELETE FROM delivery")
    await db.write(Write.run, "UPDATE peer SET due_ms = NULL")
    await db.write(Write.run, "DELETE FROM job")
    found = Town(db)
    yield found
    await found.worker.stop()


async def _boost(town: Town, number: int = 1) -> None:
    raw = act("Announce", EVE, AWAY, id=f"{EVE}/boosts/{number}")
    await door.take(town.db, SITE, authentic(raw), town.now_ms)


async def _lanes(town: Town) -> list[str]:
    found = await town.db.read(Read.all, "SELECT lane FROM job WHERE state = 'waiting' ORDER BY id")
    return [str(row["lane"]) for row in found]


# --- boosts


async def test_a_boost_of_a_post_that_cannot_be_had_now_is_tried_again(town: Town) -> None:
    town.fetcher.away.add(AWAY)
    await _boost(town)
    town.worker.start()

    async def apart() -> bool:
        lanes = await _lanes(town)
        return len(lanes) == 1 and lanes[0].startswith("again:")

    await town.until(apart)
    await door.take(town.db, SITE, authentic(act("Delete", EVE, f"{EVE}/notes/none")), NOW)
    await town.until(apart)  # what its actor did since does not wait for a third server
    town.fetcher.away.clear()
    town.fetcher.there[AWAY] = note(AWAY, CARL)
    await town.later(MINUTE_MS)

    async def shown() -> bool:
        return await town.db.read(number, BOOSTS) == 1 and await _lanes(town) == []

    await town.until(shown)


async def test_a_boost_of_what_stays_away_ends_and_is_not_parked(town: Town) -> None:
    town.fetcher.away.add(AWAY)
    await _boost(town)
    for tries in range(JOB_TRIES + 1):
        for job in await town.db.write(jobs.claim, town.now_ms, 9):
            await town.worker._work.do(job)
        assert bool(await _lanes(town)) == (tries < JOB_TRIES)
        town.now_ms += 6 * HOUR_MS
    assert await town.db.read(number, "SELECT count(*) FROM job") == 0


async def test_a_boost_that_was_taken_back_meanwhile_is_not_shown(town: Town) -> None:
    town.fetcher.away.add(AWAY)
    await _boost(town)
    for job in await town.db.write(jobs.claim, town.now_ms, 9):
        await town.worker._work.do(job)
    undo = act("Undo", EVE, act("Announce", EVE, AWAY, id=f"{EVE}/boosts/1"))
    await door.take(town.db, SITE, authentic(undo), town.now_ms)
    town.fetcher.away.clear()
    town.fetcher.there[AWAY] = note(AWAY, CARL)
    town.now_ms += MINUTE_MS
    for job in await town.db.write(jobs.claim, town.now_ms, 9):
        await town.worker._work.do(job)
    assert await _lanes(town) == []
    assert await town.db.read(number, BOOSTS) == 0


async def test_nobody_makes_us_ask_again_for_very_many(town: Town) -> None:
    town.fetcher.away.add(AWAY)
    for nth in range(MOST_AGAIN + 5):
        await _boost(town, nth)
    claimed = True
    while claimed:
        claimed = bool(found := await town.db.write(jobs.claim, town.now_ms, 9))
        for job in found:
            await town.worker._work.do(job)
    assert len(await _lanes(town)) == MOST_AGAIN


# --- clocks


class Clock:
    """A clock on the wall that goes exactly as fast as the one that cannot be set."""

    def __init__(self) -> None:
        self.ahead_ms = NOW - self._passed_ms()

    def __call__(self) -> int:
        return self.ahead_ms + self._passed_ms()

    def _passed_ms(self) -> int:
        return round(asyncio.get_running_loop().time() * 1000)


async def _rest(town: Town, due_ms: int) -> None:
    """A peer and a job were put off, by a clock that was ahead."""

    def put_off(tx: Write) -> None:
        jobs.enqueue(tx, "poll", "a", b"{}", due_ms)
        jobs.enqueue(tx, "poll", "a", b"{}", due_ms)
        tx.run("UPDATE peer SET due_ms = :due WHERE inbox = :inbox", due=due_ms, inbox=FAR)

    await town.db.write(put_off)


async def _put_off(town: Town) -> list[int]:
    """When each job is due that waits for no other."""
    sql = "SELECT due_ms FROM job WHERE due_ms < :behind ORDER BY id"
    return [row["due_ms"] for row in await town.db.read(Read.all, sql, behind=jobs.BEHIND_MS)]


async def _due(town: Town) -> tuple[int, int | None]:
    return (await town.peer())["due_ms"], await town.db.read(jobs.next_due_ms)


async def test_what_was_put_off_before_the_clock_was_put_back_comes_as_much_earlier(
    town: Town,
) -> None:
    watch = ClockWatch(town.db, lambda: town.now_ms)
    await watch.look()
    town.now_ms = NOW + JUMP_MS
    await watch.look()
    await _rest(town, NOW + JUMP_MS + MINUTE_MS)
    await watch.look()
    assert await _due(town) == (NOW + JUMP_MS + MINUTE_MS,) * 2, "the clock went on"
    town.now_ms = NOW
    await watch.look()
    assert NOW <= min(await _due(town)) <= max(await _due(town)) <= NOW + 2 * MINUTE_MS
    found = await town.db.read(Read.all, "SELECT due_ms FROM job WHERE kind = 'poll' ORDER BY id")
    assert found[1]["due_ms"] == jobs.BEHIND_MS, "what waits behind another still does"


async def test_a_process_that_starts_after_the_clock_was_put_back_sees_it_too(town: Town) -> None:
    await _rest(town, NOW + JUMP_MS)  # the job's id tells what the clock showed
    town.now_ms = NOW
    await ClockWatch(town.db, lambda: town.now_ms).look()
    assert await _due(town) == (NOW, NOW)


async def test_of_all_processes_that_see_a_clock_put_back_one_sees_to_it(town: Town) -> None:
    clock = Clock()
    watches = [ClockWatch(town.db, clock, "a machine") for _ in range(3)]

    async def all_look() -> None:
        await asyncio.gather(*(watch.look() for watch in watches))

    await all_look()
    for _ in range(2):  # the second time they have noted the first
        clock.ahead_ms += JUMP_MS
        await all_look()
        await _rest(town, NOW + 3 * JUMP_MS)
        clock.ahead_ms -= JUMP_MS
        await all_look()
        watches.append(ClockWatch(town.db, clock, "a machine"))
        await all_look()
        assert [(await town.peer())["due_ms"]] == await _put_off(town) == [NOW + 2 * JUMP_MS]
        await town.db.write(Write.run, "DELETE FROM job")


async def test_each_machine_has_a_clock_of_its_own(town: Town) -> None:
    first, second = Clock(), Clock()
    one, other = ClockWatch(town.db, first, "one"), ClockWatch(town.db, second, "other")
    await one.look()
    await other.look()
    first.ahead_ms += JUMP_MS
    await one.look()
    await _rest(town, NOW + 3 * JUMP_MS)
    await other.look()
    assert await _put_off(town) == [NOW + 3 * JUMP_MS]
    first.ahead_ms -= JUMP_MS
    await one.look()
    await other.look()
    assert await _put_off(town) == [NOW + 2 * JUMP_MS]


async def test_a_clock_that_was_put_back_while_nobody_ran_is_compared_with_what_was_noted(
    town: Town,
) -> None:
    """Nothing that is here is as new as the clock was wrong."""
    clock = Clock()
    clock.ahead_ms += JUMP_MS
    await ClockWatch(town.db, clock).look()
    await town.db.write(Write.run, "UPDATE peer SET due_ms = :due", due=NOW + 2 * JUMP_MS)
    clock.ahead_ms -= JUMP_MS
    await ClockWatch(town.db, clock).look()
    assert (await town.peer())["due_ms"] == NOW + JUMP_MS


async def test_without_a_name_of_the_machine_each_process_stands_for_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    start, times = tmp_path / "start", tmp_path / "times"
    start.write_text("one of its lives\n")
    times.symlink_to("of all")
    monkeypatch.setattr(clockwatch, "_START", start)
    monkeypatch.setattr(clockwatch, "_TIMES", times)
    assert clockwatch.this_machine() == clockwatch.this_machine() == "one of its lives of all"
    start.unlink()
    assert clockwatch.this_machine() != clockwatch.this_machine()


def test_a_few_machines_are_remembered(tx: Write) -> None:
    for nth in range(clocks.MOST + 3):
        clocks.note(tx, f"machine {nth}", Seen(nth, NOW))
        clocks.note(tx, "ours", Seen(nth, NOW))
    assert clocks.last_seen(tx, "ours") == Seen(clocks.MOST + 2, NOW)
    assert clocks.last_seen(tx, "machine 3") is None
    assert clocks.last_seen(tx, "machine 4") == Seen(4, NOW)


async def test_a_clock_that_was_put_back_takes_no_claim_from_anybody(town: Town) -> None:
    await _rest(town, NOW + JUMP_MS)
    (peer,) = [one for one in await town.db.write(peers.claim, NOW + JUMP_MS, 9, 7)]
    (job,) = await town.db.write(jobs.claim, NOW + JUMP_MS, 9, 7)
    await town.db.write(peers.clock_back, JUMP_MS, NOW)
    await town.db.write(jobs.clock_back, JUMP_MS, NOW)
    assert (await town.peer())["claimed_until_ms"] == NOW + JUMP_MS + LEASE_MS
    await town.db.write(peers.held, peer)
    await town.db.write(jobs.extend, job, NOW)


def test_services_of_pushes_rest_no_longer_because_the_clock_was_put_back() -> None:
    now_ms = NOW + JUMP_MS
    turns = Turns(lambda: now_ms)
    turns.silent(1, "push.test")
    assert turns.rests("push.test")
    now_ms = NOW
    assert not turns.rests("push.test")
    now_ms = NOW + JUMP_MS + REST_MS + SLOW_MS
    assert not turns.rests("push.test")


# --- what an operator sends again


def test_a_retry_of_everything_tries_jobs_that_failed_and_no_others(tx: Write) -> None:
    jobs.enqueue(tx, "media", "a", b"{}", NOW)
    jobs.enqueue(tx, "media", "b", b"{}", NOW, wait_ms=HOUR_MS)
    (failed,) = jobs.claim_films(tx, NOW, 9)
    jobs.postpone(tx, failed, NOW + HOUR_MS, "There is no room left.")
    jobs.enqueue(tx, "media", "a", b"{}", NOW)  # behind it
    assert jobs.claim_films(tx, NOW, 9) == []
    assert jobs.retry_put_off(tx, NOW) == 1
    assert [one.id for one in jobs.claim_films(tx, NOW, 9)] == [failed.id]
    assert jobs.retry_put_off(tx, NOW) == 0, "it is in somebody's hands"


async def test_why_a_peer_rests_is_known_until_it_takes_something(town: Town) -> None:
    town.worker.start()
    town.peers.script[FAR] = [401, 202]
    await town.say("one")

    async def rests() -> bool:
        return bool((await town.peer())["last_error"].startswith("401"))

    await town.until(rests)
    (lane,) = await town.db.read(queue.lanes)
    assert (lane["host"], lane["failing_since_ms"], lane["waiting"]) == ("far.test", None, 1)
    assert lane["due_ms"] > town.now_ms and lane["last_error"].startswith("401")
    await town.later(2 * MINUTE_MS)

    async def well() -> bool:
        return (await town.peer())["last_error"] == "" and await town.waits() == 0

    await town.until(well)


async def test_a_peer_that_was_given_up_gets_what_is_new_after_a_retry(town: Town) -> None:
    town.worker.start()
    town.peers.script[FAR] = [410, 202]
    await town.say("one")
    await town.came(1)
    (gone,) = await town.db.read(queue.gone)
    assert (gone["host"], gone["followers"]) == ("far.test", 1)
    assert "410" in gone["last_error"]
    assert "far.test" in await town.db.read(queue.hosts)
    await town.db.write(queue.retry, "far.test", town.now_ms)
    assert await town.db.read(queue.gone) == []
    await town.say("two")
    await town.came(2)
    assert town.peers.contents()[-1] == "<p>two</p>"


async def test_a_retry_of_everything_wakes_those_given_up_for_whom_something_is_kept(
    town: Town,
) -> None:
    town.worker.start()
    town.peers.script[FAR] = [400, 410, 202]
    await town.say("one")
    await town.came(1)
    await town.say("two")
    await town.came(2)
    assert (await town.peer())["gone_ms"] is not None
    assert await town.db.write(queue.retry, "", town.now_ms) == 1
    await town.came(3)
    assert town.peers.contents() == ["<p>one</p>", "<p>two</p>", "<p>one</p>"]
    await town.say("three")
    await town.came(4)
    assert town.peers.contents()[-1] == "<p>three</p>"


async def test_nobody_is_followed_again_who_does_not_follow_any_more(town: Town) -> None:
    town.worker.start()
    town.peers.script[FAR] = [410, 202]
    await town.say("one")
    await town.came(1)
    await town.db.write(_eve_follows_nobody)
    await town.db.write(queue.retry, "far.test", town.now_ms)
    sql = "SELECT count(*) FROM following_peer WHERE peer_id = :peer"
    assert await town.db.read(number, sql, peer=(await town.peer())["id"]) == 0


def _eve_follows_nobody(tx: Write) -> None:
    tx.run("DELETE FROM follow WHERE follower_id = :eve", eve=who(tx, EVE).id)
