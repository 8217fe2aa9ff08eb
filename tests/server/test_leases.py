"""Claims of work: who lost one ends nothing, and what is slow is claimed apart."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from server.model import Job, Peer
from server.store import jobs, peers, queue
from server.store.db import Database, Read, Write
from server.store.leases import LEASE_MS, ClaimLost
from server.worker import deliveries, loop
from server.worker.loop import Loop, Queue, held
from tests.server.cases import befriended
from tests.server.test_worker import FAR, Town
from tests.server.world import NOW, befriend, say, settle, stranger, who
from tests.village import eventually

ANN, BEN = 1, 2  # two workers
LATER = NOW + LEASE_MS
STATES = (
    *(("deliveries", state) for state in ("waiting", "resting", "parked")),
    *(("jobs", state) for state in ("waiting", "parked")),
)


def rows(tx: Write, sql: str) -> list[dict[str, Any]]:
    return [dict(row) for row in tx.all(sql)]


@pytest.mark.parametrize(
    "end",
    [
        jobs.extend,
        jobs.complete,
        jobs.stand_back,
        lambda tx, job, now: jobs.postpone(tx, job, now, "later"),
        lambda tx, job, now: jobs.park(tx, job, "a reason", now),
    ],
    ids=["extend", "complete", "stand back", "postpone", "park"],
)
def test_a_worker_that_lost_its_claim_ends_no_job(
    tx: Write, end: Callable[[Write, Job, int], None]
) -> None:
    jobs.enqueue(tx, "poll", "a", b"{}", NOW)
    (stale,) = jobs.claim(tx, NOW, 9, ANN)
    (held,) = jobs.claim(tx, LATER, 9, BEN)
    before = rows(tx, "SELECT * FROM job ORDER BY id")
    with pytest.raises(ClaimLost):
        end(tx, stale, LATER)
    assert rows(tx, "SELECT * FROM job ORDER BY id") == before
    end(tx, held, LATER)
    assert rows(tx, "SELECT * FROM job ORDER BY id") != before or end is jobs.extend


def test_the_first_of_a_lane_can_be_ended_where_no_worker_runs(tx: Write) -> None:
    jobs.enqueue(tx, "book", "takeaway", b"{}", NOW)
    first = jobs.first_of(tx, "takeaway")
    assert first is not None
    jobs.complete(tx, first, NOW)
    assert jobs.first_of(tx, "takeaway") is None


def gone(tx: Write, peer: Peer, now_ms: int) -> None:
    peers.give_up(tx, peer, "410", now_ms)


@pytest.mark.parametrize(
    "end",
    [
        peers.extend,
        peers.stand_back,
        gone,
        lambda tx, peer, now: peers.rest_for_good(tx, peer, "7 days", now),
        lambda tx, peer, now: peers.park(tx, peer, first(tx), "400", now),
        lambda tx, peer, now: peers.count_attempt(tx, peer, first(tx)),
        lambda tx, peer, now: peers.delivered(tx, peer, [first(tx)], "cavage", slow=False),
        lambda tx, peer, now: peers.finish(
            tx, peer, [first(tx)], scheme="cavage", slow=False, now_ms=now
        ),
        lambda tx, peer, now: peers.rest(
            tx, peer, due_ms=now + 9, failed=True, slow=True, error="x", now_ms=now
        ),
    ],
    ids=[
        "extend",
        "stand back",
        "give up",
        "7 days",
        "park",
        "attempt",
        "delivered",
        "finish",
        "rest",
    ],
)
def test_a_worker_that_lost_its_claim_ends_no_delivery(
    tx: Write, end: Callable[[Write, Peer, int], None]
) -> None:
    settle(tx)
    befriended(tx)
    say(tx, who(tx, "ann"), "one")
    stale = peers.claim(tx, NOW, 9, ANN)[0]
    held = next(peer for peer in peers.claim(tx, LATER, 9, BEN) if peer.id == stale.id)
    state = (
        "SELECT * FROM peer ORDER BY id",
        "SELECT * FROM delivery ORDER BY 1, 2",
        "SELECT * FROM following_peer ORDER BY 1, 2",
    )
    before = [rows(tx, one) for one in state]
    with pytest.raises(ClaimLost):
        end(tx, stale, LATER)
    assert [rows(tx, one) for one in state] == before
    end(tx, held, LATER + 1)
    assert [rows(tx, one) for one in state] != before


def first(tx: Write) -> int:
    return int(rows(tx, "SELECT outbox_id FROM delivery ORDER BY outbox_id")[0]["outbox_id"])


async def test_what_two_workers_did_at_once_counts_once(db: Database) -> None:
    """The first one sleeps while a peer answers, beyond its lease; the second one takes over."""
    await db.write(settle)
    await db.write(befriended)
    asleep, awake = Town(db), Town(db)
    await asleep.say("one", "two")
    asleep.peers.open.clear()
    asleep.worker.start()

    await asleep.sending()
    awake.now_ms += LEASE_MS
    awake.peers.script[FAR] = [500]
    awake.worker.start()
    await awake.came(1)
    asleep.peers.open.set()

    async def over() -> bool:
        return not any(loop.busy for loop in asleep.worker._loops.values())

    await eventually(over)
    assert asleep.peers.contents() == [
        "<p>one</p>",
        "<p>two</p>",
    ]  # sure of its claim, it was wrong
    assert await awake.waits() == 2, "what the first one heard does not count"
    assert (await awake.peer())["attempts"] == 1
    await asleep.worker.stop()
    await awake.worker.stop()


async def test_a_worker_that_slept_sends_nothing_more(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await db.write(settle)
    await db.write(befriended)
    town = Town(db)
    await town.say("one", "two")
    town.peers.open.clear()
    town.worker.start()

    await town.sending()
    monkeypatch.setattr(loop.Hold, "sure", False)
    town.peers.open.set()
    await town.came(1)
    assert town.peers.contents() == ["<p>one</p>"]
    monkeypatch.undo()
    town.worker.wake()
    await town.came(2)
    assert town.peers.contents() == ["<p>one</p>", "<p>two</p>"]
    await town.worker.stop()


async def test_a_claim_is_sure_for_as_long_as_it_is_renewed(
    tx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: seconds)
    hold = loop.Hold()
    assert hold.sure
    seconds = loop.SURE_S
    assert not hold.sure
    assert loop.RENEW_S < loop.SURE_S < LEASE_MS / 1000


async def test_a_claim_that_was_lost_is_known_to_be(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "RENEW_S", 0.0)
    await db.write(jobs.enqueue, "poll", "a", b"{}", NOW)
    (stale,) = await db.write(jobs.claim, NOW, 9, ANN)
    async with held(db, jobs.extend, stale, lambda: NOW) as hold:

        async def taken() -> bool:  # a claim passes over what is just being renewed
            return bool(await db.write(jobs.claim, LATER, 9, BEN))

        await eventually(taken)

        async def known() -> bool:
            return not hold.sure

        await eventually(known)


# --- the slow never slow the fast


async def test_what_is_slow_gives_its_place_to_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SLOW_S", 0.0)
    never, begun = asyncio.Event(), []

    async def do(job: Job) -> None:
        begun.append(job.lane)
        if job.lane != "fast":
            await never.wait()

    for lane in ("slow 1", "slow 2", "slow 3", "slow 4", "fast"):
        await db.write(jobs.enqueue, "poll", lane, b"{}", NOW)
    work: Queue[Job] = Queue(jobs.next_due_ms, jobs.claim)
    it = Loop(db, work, do, slots=1, slow_slots=4, by=ANN, now_ms=lambda: NOW)
    running = asyncio.create_task(it.run())

    async def fast() -> bool:
        return "fast" in begun

    await eventually(fast)
    never.set()
    running.cancel()
    await asyncio.wait([running, *it.busy])
    assert (it._slots, it._slow_slots) == (1, 4), "every place is given back"


async def test_more_than_are_let_are_not_under_way(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SLOW_S", 0.0)
    never, begun = asyncio.Event(), []

    async def do(job: Job) -> None:
        begun.append(job.lane)
        await never.wait()

    for n in range(9):
        await db.write(jobs.enqueue, "poll", f"slow {n}", b"{}", NOW)
    work: Queue[Job] = Queue(jobs.next_due_ms, jobs.claim)
    it = Loop(db, work, do, slots=2, slow_slots=3, by=ANN, now_ms=lambda: NOW)
    running = asyncio.create_task(it.run())

    async def full() -> bool:
        return len(begun) == 5

    await eventually(full)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(begun) == 5
    never.set()
    running.cancel()
    await asyncio.wait([running, *it.busy])


async def test_a_peer_that_was_slow_is_claimed_apart_until_it_is_quick(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await db.write(settle)
    await db.write(befriended)
    town = Town(db)
    monkeypatch.setattr(deliveries, "SLOW_S", 0.0)
    town.worker.start()
    await town.say("one")
    await town.came(1)
    assert (await town.peer())["slow"] == 1
    await town.worker.stop()

    await town.say("two")
    claimed: list[Any] = await db.write(peers.claim, NOW, 99, ANN)
    assert FAR not in {peer.inbox for peer in claimed}
    assert await db.read(peers.next_slow_ms) == NOW

    monkeypatch.setattr(deliveries, "SLOW_S", 3_600.0)
    town.worker = Town(db).worker
    town.worker.start()

    async def quick() -> bool:
        return bool((await town.peer())["slow"] == 0)

    await eventually(quick)
    await town.worker.stop()


async def test_hosts_of_one_domain_that_hang_leave_places_to_others_however_many_they_are(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "PEERS_OF_DOMAIN", 2)
    await db.write(settle)
    await db.write(befriended)
    hosts = [f"h{number}.flood.test" for number in range(6)]

    def follow(tx: Write) -> None:
        for name in hosts:
            befriend(tx, stranger(tx, f"https://{name}/u/1"), who(tx, "ann"))

    await db.write(follow)
    town = Town(db)
    town.peers.open.clear()
    town.worker.start()
    await town.say("one")

    def asked() -> list[str]:
        return [inbox for inbox, _ in town.peers.came if "flood" in inbox]

    async def all_have_begun() -> bool:
        back = await db.read(Read.all, "SELECT 1 FROM peer WHERE due_ms > :n", n=NOW)
        begun = FAR in dict(town.peers.came)
        return begun and len(asked()) == 2 and len(back) >= len(hosts) - 2

    await eventually(all_have_begun)
    town.peers.open.set()

    async def all_have_it() -> bool:
        at_work = "SELECT 1 FROM peer WHERE claimed_until_ms > :n"
        if not await db.read(Read.all, at_work, n=town.now_ms):  # or a claim might run out
            await town.later(1_000)
        return len(set(asked())) == len(hosts)

    await eventually(all_have_it)
    assert len(asked()) == len(hosts), "nothing is sent twice"
    await town.worker.stop()


async def test_no_two_loops_of_a_worker_take_each_others_claims_for_their_own(
    db: Database,
) -> None:
    """A peer that turned out to be slow is claimed by another loop of the same process."""
    numbers = [one._by for one in Town(db).worker._loops.values()]
    assert len(set(numbers)) == len(numbers) and max(numbers) < 2**63


# --- what an operator sees of it


def test_the_depth_and_age_of_each_state_are_seen(tx: Write) -> None:
    def seen() -> dict[tuple[str, str], tuple[int, bool]]:
        return {
            (one["queue"], one["state"]): (one["n"], one["first_id"] is not None)
            for one in queue.states(tx)
        }

    nothing = {(what, state): (0, False) for what, state in STATES}
    assert seen() == nothing
    settle(tx)
    befriended(tx)
    for content in ("one", "two"):
        say(tx, who(tx, "ann"), content)
    in_all = len(rows(tx, "SELECT 1 FROM delivery"))
    far = next(peer for peer in peers.claim(tx, NOW, 9) if peer.inbox == FAR)
    told = seen()
    assert told["deliveries", "waiting"] == (in_all, True)
    peers.rest(tx, far, due_ms=NOW, failed=True, slow=False, error="x", now_ms=NOW)
    assert seen()["deliveries", "resting"] == (2, True)
    assert seen()["deliveries", "waiting"] == (in_all - 2, in_all > 2)
    far = next(peer for peer in peers.claim(tx, LATER, 9) if peer.inbox == FAR)
    peers.park(tx, far, first(tx), "400", NOW)
    assert seen()["deliveries", "parked"] == (1, True)
    tx.run("DELETE FROM job")
    jobs.enqueue(tx, "poll", "a", b"{}", NOW)
    jobs.enqueue(tx, "poll", "b", b"{}", NOW)
    (job, _) = jobs.claim(tx, NOW, 9)
    jobs.park(tx, job, "a reason", NOW)
    assert seen()["jobs", "waiting"] == (1, True)
    assert seen()["jobs", "parked"] == (1, True)
