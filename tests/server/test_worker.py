"""The worker against peers that answer as they like, and a clock that the tests move.

The table of answers is SECURITY.md, "What must hold under faults".
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from federation.errors import Unreachable
from federation.http import Answer
from federation.origin import host
from federation.retry import HORIZON_MS, LONGEST_WAIT_MS, retry_at
from server.clock import DAY_MS, HOUR_MS
from server.fetch import Budget
from server.inbox import door
from server.inbox.table import HANDLERS
from server.media import Pictures
from server.model import Job
from server.services import posts
from server.store import jobs, peers, queue
from server.store.db import Database, Read, Row, Write
from server.store.leases import LEASE_MS
from server.worker import loop
from server.worker.deliveries import DELIVERIES_AT_ONCE
from server.worker.jobs import JOB_TRIES
from server.worker.worker import Worker
from tests.server.cases import befriended
from tests.server.world import (
    CARL,
    EVE,
    LATE,
    NOW,
    SITE,
    act,
    authentic,
    befriend,
    create,
    note,
    number,
    ours,
    say,
    settle,
    who,
)
from tests.village import eventually

FAR = "https://far.test/inbox"
OTHER = "https://other.test/inbox"


class Peers:
    """Other servers: they answer what is scripted for their inbox, then 202, and note what came."""

    def __init__(self) -> None:
        self.script: dict[str, list[Any]] = {}
        self.ahead_ms = 0
        self.came: list[tuple[str, str]] = []
        self.under_way = 0
        self.most = 0
        self.open = asyncio.Event()
        self.open.set()

    async def post(self, inbox: str, body: bytes, *, key: Any, scheme: str) -> Answer:
        """One delivery. A script holds statuses, (status, Retry-After) or an error's text."""
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.came.append((inbox, content_of(body)))
        try:
            await self.open.wait()
        finally:
            self.under_way -= 1
        planned = self.script.get(inbox) or [202]
        answer = planned.pop(0) if len(planned) > 1 else planned[0]
        if isinstance(answer, str):
            raise Unreachable(answer)
        status, wait_ms = answer if isinstance(answer, tuple) else (answer, None)
        return Answer(status, "cavage", wait_ms, "", self.ahead_ms)

    def contents(self, inbox: str = FAR) -> list[str]:
        """What came to one inbox, in its order."""
        return [content for at, content in self.came if at == inbox]


def content_of(body: bytes) -> str:
    """The text of the post in an activity, or the activity's type."""
    raw = msgspec.json.decode(body)
    inner = raw["object"]
    return str(inner["content"]) if isinstance(inner, dict) and "content" in inner else raw["type"]


class Fetcher:
    """What the worker wants of a fetcher and its rooms, without a network."""

    site = SITE

    def __init__(self, db: Database) -> None:
        self.db = db
        self.hosts = self.documents = self.keys = self.posts = self
        self.there: dict[str, Any] = {}
        self.asked: list[str] = []
        self.unwelcome: set[str] = set()
        self.away: set[str] = set()
        self.gate = asyncio.Event()
        self.gate.set()

    async def elsewhere(self, url: str) -> bool:
        return host(url) not in self.unwelcome

    async def read_or_none(self, uri: str, budget: Budget, away: set[str]) -> Any:
        self.asked.append(uri)
        await self.gate.wait()
        if uri in self.away:
            away.add(uri)
        return self.there.get(uri)

    def forget(self, owner: str) -> None:
        """Has none."""

    async def read(self, uri: str, budget: Budget) -> None:
        """Has none."""


class Keyring:
    """Nobody looks at these signatures."""

    async def of(self, account_id: int) -> str:
        return "key"


class Town:
    """A database with a worker at it, and a clock."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.peers = Peers()
        self.fetcher = Fetcher(db)
        self.now_ms = NOW
        keyring: Any = Keyring()
        client: Any = self.peers
        fetcher: Any = self.fetcher
        pictures = Pictures(Path("no pictures"))
        self.worker = Worker(
            db, client, fetcher, keyring, pictures, lambda: self.now_ms, remote_bytes=1
        )

    async def say(self, *contents: str) -> None:
        """Ann publishes; eve, and whoever follows, is to hear it."""
        for content in contents:
            await self.db.write(lambda tx, c=content: say(tx, who(tx, "ann"), c))  # type: ignore[misc]

    async def later(self, ms: int) -> None:
        """The clock moves on, and the worker looks at it."""
        self.now_ms += ms
        self.worker.wake()

    async def peer(self, inbox: str = FAR) -> Row:
        """The row of a peer."""
        found = await self.db.read(Read.one, "SELECT * FROM peer WHERE inbox = :i", i=inbox)
        assert found is not None
        return found

    async def waits(self, inbox: str = FAR) -> int:
        """How many deliveries wait for a peer."""
        sql = "SELECT count(*) FROM delivery d JOIN peer p ON p.id = d.peer_id WHERE p.inbox = :i"
        return await self.db.read(number, sql, i=inbox)

    async def until(self, probe: Callable[[], Awaitable[Any]]) -> Any:
        """The probe's first true answer."""
        return await eventually(probe)

    async def sending(self) -> None:
        """Wait until one thing is on its way."""

        async def there() -> bool:
            return self.peers.under_way == 1

        await eventually(there)

    async def came(self, many: int, inbox: str = FAR) -> None:
        """Wait for so many tries at an inbox, and for what they mean to be written down."""

        async def there() -> bool:
            if len(self.peers.contents(inbox)) < many:
                return False
            return bool((await self.peer(inbox))["claimed_until_ms"] == 0)

        await eventually(there)


@pytest.fixture
async def town(db: Database) -> AsyncIterator[Town]:
    await db.write(settle)
    await db.write(befriended)
    await db.write(Write.run, "DELETE FROM delivery")
    await db.write(Write.run, "UPDATE peer SET due_ms = NULL")
    found = Town(db)
    found.worker.start()
    yield found
    found.peers.open.set()
    found.fetcher.gate.set()
    await found.worker.stop()


# --- the table of answers


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_what_is_taken_is_forgotten(town: Town, status: int) -> None:
    town.peers.script[FAR] = [status]
    await town.say("one", "two")
    await town.came(2)
    assert await town.waits() == 0
    assert (await town.peer())["due_ms"] is None


async def test_410_ends_the_peer_and_what_waits_for_it(town: Town) -> None:
    town.peers.script[FAR] = [410]
    await town.say("one", "two", "three")
    await town.came(1)

    async def forgotten() -> bool:
        return await town.waits() == 0

    # on PostgreSQL a post written in the very moment of the 410 may knock once more
    await town.until(forgotten)
    assert (await town.peer())["gone_ms"] == NOW
    await town.say("four")
    assert await town.waits() == 0


async def test_404_ends_the_peer_only_twice_in_a_row(town: Town) -> None:
    town.peers.script[FAR] = [404, 202]
    await town.say("one")
    await town.came(1)
    assert await town.waits() == 1
    await town.later(HOUR_MS)
    await town.came(2)
    assert (await town.waits(), (await town.peer())["gone_ms"]) == (0, None)
    town.peers.script[FAR] = [404]
    await town.say("two")
    await town.came(3)
    await town.later(HOUR_MS)
    await town.came(4)
    assert (await town.peer())["gone_ms"] is not None


async def test_a_404_after_another_failure_is_the_first(town: Town) -> None:
    town.peers.script[FAR] = [500, 404, 500, 404, 202]
    await town.say("one")
    for tries in range(1, 6):
        await town.came(tries)
        await town.later(7 * HOUR_MS)
    assert await town.waits() == 0
    assert (await town.peer())["gone_ms"] is None


@pytest.mark.parametrize("status", [401, 403])
async def test_what_is_denied_three_times_is_parked_and_the_next_goes_on(
    town: Town, status: int
) -> None:
    town.peers.script[FAR] = [status, status, status, 202]
    await town.say("denied", "next")
    for tries in (1, 2):
        await town.came(tries)
        assert await town.waits() == 2
        await town.later(HOUR_MS)
    await town.came(4)
    assert town.peers.contents() == ["<p>denied</p>"] * 3 + ["<p>next</p>"]
    (parked,) = await town.db.read(queue.parked)
    assert parked["reason"].startswith(str(status))
    assert await town.waits() == 0


@pytest.mark.parametrize(
    ("ahead_ms", "said"),
    [(13 * HOUR_MS, "780 minutes ahead of"), (-2 * HOUR_MS, "120 minutes behind"), (60_000, "")],
)
async def test_what_is_denied_by_another_clock_says_so(
    town: Town, caplog: pytest.LogCaptureFixture, ahead_ms: int, said: str
) -> None:
    town.peers.script[FAR], town.peers.ahead_ms = [401, 401, 401, 202], ahead_ms
    await town.say("denied", "next")
    for tries in (1, 2):
        await town.came(tries)
        assert await town.waits() == 2
        await town.later(HOUR_MS)
    await town.came(4)
    (parked,) = await town.db.read(queue.parked)
    assert parked["reason"] == (f"401 (our clock is {said} theirs)" if said else "401")
    told = [one.getMessage() for one in caplog.records if "our clock" in one.getMessage()]
    assert told == [f"far.test refused what we signed: our clock is {said} theirs"] * bool(said)


@pytest.mark.parametrize("status", [400, 405, 413, 422])
async def test_what_is_refused_is_parked_and_the_next_goes_on(town: Town, status: int) -> None:
    town.peers.script[FAR] = [status, 202]
    await town.say("refused", "next")
    await town.came(2)
    assert town.peers.contents() == ["<p>refused</p>", "<p>next</p>"]
    assert len(await town.db.read(queue.parked)) == 1
    assert (await town.peer())["attempts"] == 0


@pytest.mark.parametrize("answer", [(429, 90_000), (503, 90_000)])
async def test_a_peer_that_asks_for_time_gets_it_and_has_not_failed(
    town: Town, answer: tuple[int, int]
) -> None:
    town.peers.script[FAR] = [answer, 202]
    await town.say("one")
    await town.came(1)
    peer = await town.peer()
    assert (peer["due_ms"], peer["attempts"], peer["failing_since_ms"]) == (NOW + 90_000, 0, None)
    await town.later(89_000)
    assert town.peers.contents() == ["<p>one</p>"]
    await town.later(1_000)
    await town.came(2)
    assert await town.waits() == 0


async def test_nobody_can_make_us_wait_longer_than_an_hour(town: Town) -> None:
    town.peers.script[FAR] = [(429, 30 * DAY_MS), 202]
    await town.say("one")
    await town.came(1)
    assert (await town.peer())["due_ms"] == NOW + LONGEST_WAIT_MS


@pytest.mark.parametrize("answer", [500, 502, 503, 504, 301, "timed out", "refused", "no TLS"])
async def test_a_failing_peer_rests_longer_each_time(town: Town, answer: Any) -> None:
    town.peers.script[FAR] = [answer]
    await town.say("one")
    for tries in range(1, 5):
        await town.came(tries)
        peer = await town.peer()
        assert (peer["attempts"], peer["failing_since_ms"]) == (tries, NOW)
        rest_ms = peer["due_ms"] - town.now_ms
        assert retry_at(tries, 0, 0.0) <= rest_ms <= retry_at(tries, 0, 1.0)
        await town.later(rest_ms)
    assert await town.waits() == 1


async def test_after_seven_days_what_waits_is_dropped_and_new_posts_are_tried_once(
    town: Town,
) -> None:
    town.peers.script[FAR] = [500]
    await town.say("one", "two")
    await town.came(1)
    await town.later(HORIZON_MS)
    await town.came(2)
    assert await town.waits() == 0
    await town.say("three")
    await town.came(3)
    assert await town.waits() == 0
    assert (await town.peer())["gone_ms"] is None


async def test_a_name_that_does_not_exist_is_given_three_days(town: Town) -> None:
    town.peers.script[FAR] = ["no such name"]
    await town.say("one")
    await town.came(1)
    await town.later(3 * DAY_MS - 1)
    await town.came(2)
    assert await town.waits() == 1
    await town.later(DAY_MS)
    await town.came(3)
    assert await town.waits() == 0


async def test_one_success_ends_a_long_failure(town: Town) -> None:
    """What fails after it begins a new count, even in the same run."""
    town.peers.script[FAR] = [500, 202, 500, 202]
    await town.say("one", "two")
    await town.came(1)
    await town.later(HORIZON_MS + DAY_MS)
    await town.came(3)
    peer = await town.peer()
    assert (await town.waits(), peer["attempts"], peer["failing_since_ms"]) == (1, 1, town.now_ms)
    await town.later(HOUR_MS)
    await town.came(4)
    assert await town.waits() == 0


async def test_a_signed_message_reopens_a_failing_peer(town: Town) -> None:
    town.peers.script[FAR] = [500, 500, 202]
    await town.say("one")
    await town.came(1)
    await town.later(HOUR_MS)
    await town.came(2)
    like = authentic(act("Like", EVE, (await town.db.read(ours)).uri))
    await door.take(town.db, SITE, like, town.now_ms)
    await town.came(3)
    assert await town.waits() == 0


async def test_a_signed_message_brings_back_a_peer_that_was_gone(town: Town) -> None:
    town.peers.script[FAR] = [410, 202]
    await town.say("one")
    await town.came(1)
    like = authentic(act("Like", EVE, (await town.db.read(ours)).uri))
    await door.take(town.db, SITE, like, town.now_ms)
    await town.say("two")
    await town.came(2)
    assert town.peers.contents()[-1] == "<p>two</p>"


async def test_a_blocked_peer_gets_nothing(town: Town) -> None:
    town.fetcher.unwelcome.add("far.test")
    await town.say("one")

    async def given_up() -> bool:
        return await town.waits() == 0

    await town.until(given_up)
    assert town.peers.came == []


# --- order, side by side, and after a crash


async def test_the_order_of_a_peer_survives_its_failures(town: Town) -> None:
    contents = [f"<p>{n}</p>" for n in range(25)]
    town.peers.script[FAR] = [202, 202, 500, 202, (429, 5_000), 202, 202, 503, "reset", 202]
    await town.say(*(str(n) for n in range(25)))

    async def all_there() -> bool:
        peer = await town.peer()
        if peer["claimed_until_ms"] == 0 and (peer["due_ms"] or 0) > town.now_ms:
            await town.later(peer["due_ms"] - town.now_ms)  # it rests, and nobody is at work
        return await town.waits() == 0

    await town.until(all_there)
    taken = list(dict.fromkeys(town.peers.contents()))
    assert taken == contents


async def test_a_slow_peer_holds_up_nobody_else(town: Town) -> None:
    await town.db.write(lambda tx: befriend(tx, who(tx, CARL), who(tx, "ann")))
    gate = asyncio.Event()
    fast = town.peers.post

    async def slow(inbox: str, body: bytes, **more: Any) -> Answer:
        if inbox == FAR:
            await gate.wait()
        return await fast(inbox, body, **more)

    town.peers.post = slow  # type: ignore[method-assign]
    await town.say("one", "two")
    await town.came(2, OTHER)
    assert (await town.waits(OTHER), await town.waits(FAR)) == (0, 2)
    gate.set()
    await town.came(2)
    assert await town.waits() == 0


async def test_a_clock_that_jumps_sends_nothing_twice(town: Town) -> None:
    town.peers.open.clear()
    await town.say("one")

    await town.sending()
    await town.later(2 * HOUR_MS)
    for _ in range(100):
        await asyncio.sleep(0)
    assert (await town.peer())["claimed_until_ms"] > 0
    town.peers.open.set()
    await town.came(1)
    assert town.peers.contents() == ["<p>one</p>"]


async def test_what_a_crashed_worker_had_claimed_is_sent_by_the_next(db: Database) -> None:
    await db.write(settle)
    await db.write(befriended)
    found = Town(db)
    await found.say("one")
    (claimed, *_) = await db.write(peers.claim, NOW, 10)
    assert claimed.inbox == FAR
    found.worker.start()
    assert await db.read(peers.next_due_ms) == NOW + LEASE_MS
    assert found.peers.came == []
    await found.later(LEASE_MS)
    await found.came(1)
    await found.worker.stop()
    assert await found.waits() == 0


async def test_a_claim_is_renewed_as_long_as_the_work_runs(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "RENEW_S", 0.0)
    town.peers.open.clear()
    await town.say("one")

    await town.sending()
    town.now_ms += 10_000

    async def renewed() -> bool:
        return bool((await town.peer())["claimed_until_ms"] == NOW + 10_000 + LEASE_MS)

    await town.until(renewed)


async def test_ten_thousand_waiting_deliveries_are_never_in_memory_at_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, read = peers.waiting, []

    def counted(db: Read, peer_id: int, limit: int) -> list[Row]:
        found = real(db, peer_id, limit)
        read.append(len(found))
        return found

    monkeypatch.setattr(peers, "waiting", counted)
    town.peers.open.clear()
    peer = await town.peer()

    def pile(tx: Write) -> None:
        sender = who(tx, "ann").id
        body = msgspec.json.encode({"type": "Create", "object": {"content": "x" * 500}})
        rows = [{"id": n, "sender": sender, "body": body} for n in range(1, 10_001)]
        tx.many(
            "INSERT INTO outbox (id, sender_id, body, created_ms) VALUES (:id, :sender, :body, 1)",
            rows,
        )
        tx.run("INSERT INTO delivery (peer_id, outbox_id) SELECT :p, id FROM outbox", p=peer["id"])
        tx.run("UPDATE peer SET due_ms = 0 WHERE id = :p", p=peer["id"])

    await town.db.write(pile)

    async def under_way() -> bool:
        return town.peers.under_way > 0

    await town.until(under_way)
    town.peers.open.set()

    async def some_went() -> bool:
        return len(town.peers.came) > 200

    await town.until(some_went)
    assert max(read) <= DELIVERIES_AT_ONCE
    assert town.peers.most == 1


# --- jobs


async def _promise(town: Town, raw: dict[str, Any]) -> None:
    await town.db.write(door.promise, authentic(raw), town.now_ms)


async def _no_jobs(town: Town) -> bool:
    return await town.db.read(jobs.waiting) == 0


async def test_a_poison_activity_is_parked_with_its_reason_and_its_lane_goes_on(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poison(tx: Write, arrival: Any) -> None:
        raise ZeroDivisionError("poison")

    monkeypatch.setitem(HANDLERS, ("Flag", None), poison)
    await _promise(town, act("Flag", EVE, (await town.db.read(ours)).uri))
    await _promise(town, create(note(LATE, EVE)))
    await town.until(lambda: _no_jobs(town))
    (parked,) = await town.db.read(jobs.parked)
    assert "ZeroDivisionError: poison" in parked["last_error"]
    assert await town.db.read(number, "SELECT count(*) FROM post WHERE uri = :u", u=LATE) == 1


async def test_a_bug_in_a_handler_is_ours_the_peer_is_thanked_and_nothing_is_lost(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poison(tx: Write, arrival: Any) -> None:
        raise ZeroDivisionError("poison")

    monkeypatch.setitem(HANDLERS, ("Flag", None), poison)
    flag = authentic(act("Flag", EVE, (await town.db.read(ours)).uri))
    await door.take(town.db, SITE, flag, NOW)

    async def parked() -> bool:
        return len(await town.db.read(jobs.parked)) == 1

    await town.until(parked)


async def test_later_activities_of_an_actor_wait_behind_one_that_fetches(town: Town) -> None:
    town.fetcher.gate.clear()
    town.fetcher.there[LATE] = note(LATE, EVE)
    await door.take(town.db, SITE, authentic(act("Create", EVE, LATE)), NOW)
    await door.take(town.db, SITE, authentic(act("Delete", EVE, LATE)), NOW)

    async def asked() -> bool:
        return town.fetcher.asked == [LATE]

    await town.until(asked)
    waiting = "SELECT count(*) FROM job WHERE state = 'waiting' AND kind = 'receive'"
    assert await town.db.read(number, waiting) == 2
    town.fetcher.gate.set()
    await town.until(lambda: _no_jobs(town))
    sql = "SELECT count(*) FROM post WHERE uri = :u AND deleted_ms IS NOT NULL"
    assert await town.db.read(number, sql, u=LATE) == 1


async def test_a_lane_that_waits_costs_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one job fetches, those behind it make nobody look for work again and again."""
    real, claims = jobs.claim, []

    def counted(tx: Write, now_ms: int, limit: int, by: int) -> list[Job]:
        claims.append(now_ms)
        return real(tx, now_ms, limit, by)

    town.fetcher.gate.clear()
    await _promise(town, act("Create", EVE, LATE))
    for n in range(50):
        await _promise(town, act("Like", EVE, f"https://here.test/objects/{n}", id=f"{EVE}/{n}"))

    async def asked() -> bool:
        return town.fetcher.asked == [LATE]

    await town.until(asked)
    monkeypatch.setattr(jobs, "claim", counted)
    for _ in range(500):
        await asyncio.sleep(0)
    assert len(claims) <= 2
    assert await town.db.read(jobs.next_due_ms) == NOW + LEASE_MS
    town.fetcher.gate.set()
    await town.until(lambda: _no_jobs(town))


async def test_a_job_that_kills_its_worker_each_time_is_parked_in_the_end(db: Database) -> None:
    await db.write(settle)
    await db.write(door.promise, authentic(create(note(LATE, EVE))), NOW)
    found = Town(db)
    for _ in range(JOB_TRIES):
        await db.write(jobs.claim, found.now_ms, 1)
        found.now_ms += LEASE_MS
    found.worker.start()

    async def parked() -> bool:
        return len(await db.read(jobs.parked)) == 1

    await eventually(parked)
    await found.worker.stop()


async def test_jobs_that_were_forgotten_behind_nobody_are_found_again(town: Town) -> None:
    await town.db.write(
        Write.run,
        "INSERT INTO job (id, kind, lane, payload, due_ms) VALUES (1, 'ancestors', 'x', :p, :d)",
        p=b'{"post": 1}',
        d=jobs.BEHIND_MS,
    )
    await town.db.write(jobs.wake_forgotten, NOW)
    await town.until(lambda: _no_jobs(town))


async def test_whatever_the_order_of_ends_every_lane_runs_in_order(db: Database) -> None:
    """Claims, ends and postponements at random: of a lane only the first is ever claimed."""
    chance, ended = random.Random(7), []
    for n in range(60):
        lane = f"lane{chance.randrange(5)}"
        await db.write(jobs.enqueue, "x", lane, str(n).encode(), NOW + n)
    now_ms, held = NOW + 1000, []
    for _ in range(2000):
        held += await db.write(jobs.claim, now_ms, chance.randrange(1, 4))
        assert len({job.lane for job in held}) == len(held)
        if not held:
            break
        job = held.pop(chance.randrange(len(held)))
        if chance.random() < 0.2:
            await db.write(jobs.postpone, job, now_ms, "again")
            continue
        await db.write(jobs.complete, job, now_ms)
        ended.append((job.lane, int(job.payload)))
    assert len(ended) == 60
    for lane in {lane for lane, _ in ended}:
        mine = [n for at, n in ended if at == lane]
        assert mine == sorted(mine)


async def test_a_post_that_was_deleted_meanwhile_is_not_spread(town: Town) -> None:
    post = await town.db.read(ours)
    await town.db.write(
        jobs.enqueue,
        "spread",
        "spread:1",
        msgspec.json.encode({"post_id": post.id, "boost_id": 0, "booster_id": 0, "after_id": 1}),
        NOW,
    )
    await town.db.write(
        lambda tx: posts.delete(tx, SITE, who(tx, "ann"), post.id, NOW),
    )
    await town.until(lambda: _no_jobs(town))
    assert await town.db.read(jobs.parked) == []


async def test_housekeeping_forgets_what_nobody_needs_and_keeps_the_rest(town: Town) -> None:
    def leave(tx: Write) -> None:
        for age, name in ((0, "young"), (100 * DAY_MS, "old")):
            at_ms = NOW - age
            tx.run("INSERT INTO tombstone VALUES (:uri, :at)", uri=name, at=at_ms)
            tx.run("INSERT INTO activity VALUES (:uri, :at)", uri=name, at=at_ms)
            tx.run(
                "INSERT INTO remote_key (uri, owner, state, fetched_ms)"
                " VALUES (:uri, 'x', 'dead', :at)",
                uri=name,
                at=at_ms,
            )

    await town.db.write(leave)
    town.now_ms += 1
    await town.worker.keep_house_once()
    for table in ("tombstone", "activity", "remote_key"):
        rows = await town.db.read(
            Read.all, f"SELECT uri FROM {table} WHERE uri IN ('young', 'old')"
        )
        assert [row["uri"] for row in rows] == ["young"], table
