"""A clock that jumps two hours, forwards and back: nothing is held up until it is there again."""

import pytest

from server import ids
from server.clock import HOUR_MS
from server.errors import TooMany
from server.store import jobs, order, peers
from server.store.db import Database, Write
from server.store.leases import LEASE_MS
from server.worker.worker import _release_all
from tests.server.cases import befriended
from tests.server.test_worker import FAR, JOB_TRIES, Town
from tests.server.world import NOW, say, settle, who
from tests.village import eventually
from web.limits import Buckets

JUMP_MS = 2 * HOUR_MS
ANN = 1  # a worker


def test_claims_of_a_worker_that_died_before_the_clock_was_put_back_are_nobodys(tx: Write) -> None:
    settle(tx)
    befriended(tx)
    jobs.enqueue(tx, "poll", "a", b"{}", NOW)
    jobs.enqueue(tx, "poll", "a", b"{}", NOW)
    say(tx, who(tx, "ann"), "one")
    claimed = len(peers.claim(tx, NOW + JUMP_MS, 99, ANN))
    assert claimed and len(jobs.claim(tx, NOW + JUMP_MS, 99, ANN)) == 1
    for release in (peers.release_future, jobs.release_future):
        assert release(tx, NOW + JUMP_MS) == 0, "the clock is right"
    assert peers.release_future(tx, NOW) == claimed
    assert jobs.release_future(tx, NOW) == 1, "what waits behind it still waits"
    assert len(peers.claim(tx, NOW, 99)) == claimed
    assert len(jobs.claim(tx, NOW, 99)) == 1


def test_what_rests_because_it_failed_is_not_taken_for_a_claim(tx: Write) -> None:
    settle(tx)
    befriended(tx)
    jobs.enqueue(tx, "poll", "a", b"{}", NOW)
    say(tx, who(tx, "ann"), "one")
    (job,) = (one for one in jobs.claim(tx, NOW, 99) if one.kind == "poll")
    jobs.postpone(tx, job, NOW + JUMP_MS, "a reason")
    for peer in peers.claim(tx, NOW, 99):
        peers.rest(tx, peer, due_ms=NOW + JUMP_MS, failed=True, slow=False, error="x", now_ms=NOW)
    assert peers.release_future(tx, NOW) == jobs.release_future(tx, NOW) == 0


def test_an_address_waits_no_longer_because_the_clock_was_put_back() -> None:
    buckets = Buckets()
    for _ in range(100):
        buckets.charge("192.0.2.1", NOW + JUMP_MS)
    with pytest.raises(TooMany):
        buckets.check("192.0.2.1", NOW + JUMP_MS)
    buckets.check("192.0.2.1", NOW)


async def test_what_is_written_after_the_clock_was_put_back_comes_after_what_waits(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the process was started anew between the two."""
    await db.write(settle)
    await db.write(befriended)
    before, after = Town(db), Town(db)
    before.now_ms = NOW + JUMP_MS

    def late(tx: Write) -> None:
        monkeypatch.setattr("tests.server.world.NOW", NOW + JUMP_MS)
        say(tx, who(tx, "ann"), "one")
        monkeypatch.setattr("tests.server.world.NOW", NOW)

    await db.write(late)
    monkeypatch.setattr(ids, "_last", 0)  # a new process
    ids.go_on_after(await db.read(order.newest_id, ids.first_id(NOW + 2 * JUMP_MS)))
    await after.say("two")
    after.now_ms = NOW + JUMP_MS
    after.worker.start()
    await after.came(2)
    assert after.peers.contents(FAR) == ["<p>one</p>", "<p>two</p>"]
    await after.worker.stop()


async def test_a_clock_that_was_wrong_by_years_is_not_gone_on_from(db: Database) -> None:
    year_ms = 365 * 24 * HOUR_MS
    await db.write(jobs.enqueue, "poll", "a", b"{}", NOW + year_ms)
    assert await db.read(order.newest_id, ids.first_id(NOW + JUMP_MS)) < ids.first_id(NOW)


async def test_two_hours_forwards_and_back_lose_nothing_and_send_nothing_twice(
    db: Database,
) -> None:
    await db.write(settle)
    await db.write(befriended)
    town = Town(db)
    town.worker.start()
    for number, jump_ms in enumerate((JUMP_MS, -JUMP_MS, JUMP_MS, -JUMP_MS)):
        town.peers.open.clear()
        await town.say(f"{number} before")

        async def under_way() -> bool:
            return town.peers.under_way == 1

        await eventually(under_way)
        await town.later(jump_ms)
        await town.say(f"{number} after")
        town.peers.open.set()
        await town.came(2 * number + 2)
    assert town.peers.contents(FAR) == [
        f"<p>{number} {when}</p>" for number in range(4) for when in ("before", "after")
    ]
    assert await town.waits() == 0
    await town.worker.stop()


def test_what_was_only_under_way_when_others_killed_the_process_is_not_parked_with_them(
    tx: Write,
) -> None:
    """A server that is started again and again, faster than a thing can be done."""
    jobs.enqueue(tx, "poll", "a", b"{}", NOW)
    now_ms, begun = NOW, 0
    while now_ms < NOW + 60_000:
        begun += len(jobs.claim(tx, now_ms, 9))
        now_ms += 1_000
        _release_all(tx, now_ms)
    assert begun < JOB_TRIES
    assert jobs.next_due_ms(tx) is not None
    assert len(jobs.claim(tx, now_ms + LEASE_MS, 9)) == 1
