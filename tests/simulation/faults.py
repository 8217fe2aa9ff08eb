"""Mistakes that such a server is made with, planted on purpose: the simulation must find each.

Every one of them is a real mistake of some server, or was one of ours. `FAULTS` names the seeds
among which one goes wrong with it; without it none of them does (`test_planted.py`).
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import msgspec

from federation.http import Answer
from federation.inbox import Authentic
from federation.retry import Verdict
from federation.vocab import Activity
from server.inbox import door
from server.inbox.context import Arrival
from server.inbox.documents import Documents
from server.model import Job, Peer, Site
from server.store import activities, jobs, peers
from server.store.db import Database, Read, Row, Write
from server.worker import deliveries, loop
from server.worker import jobs as job_worker
from server.worker.deliveries import Deliveries
from tests.simulation.database import Engine
from web import inbox


@contextmanager
def effect_and_receipt_in_two_commits() -> Iterator[None]:
    """Whoever dies between them has thanked for what it never did."""

    async def take(db: Database, site: Site, authentic: Authentic, now_ms: int) -> None:
        actor = await db.write(door.arrive, authentic, now_ms)
        if actor is None:
            return

        def effect(tx: Write) -> None:
            door.apply(tx, Arrival(site, authentic.activity, actor, Documents(), now_ms))

        await db.write(effect)

    with patch.object(inbox, "take", take):
        yield


@contextmanager
def seen_is_not_recorded() -> Iterator[None]:
    """What comes again happens again."""
    with patch.object(activities, "record", lambda tx, uri, now_ms: True):
        yield


@contextmanager
def no_order_per_peer() -> Iterator[None]:
    """What waits for a peer goes out newest first."""
    waiting = peers.waiting

    def newest_first(db: Read, peer_id: int, limit: int) -> list[Row]:
        return waiting(db, peer_id, limit)[::-1]

    with patch.object(peers, "waiting", newest_first):
        yield


@contextmanager
def forgotten_before_it_was_sent() -> Iterator[None]:
    """The row goes first, then the request."""
    send = Deliveries._send  # noqa: SLF001

    async def forget_and_send(self: Deliveries, peer: Peer, row: Row) -> Answer:
        gone = [row["outbox_id"]]
        await self._db.write(peers.delivered, peer, gone, peer.scheme, slow=False)  # noqa: SLF001
        return await send(self, peer, row)

    with patch.object(Deliveries, "_send", forget_and_send):
        yield


@contextmanager
def another_id_with_every_try() -> Iterator[None]:
    """Nobody can tell that it is the same."""
    send, numbers = Deliveries._send, itertools.count()  # noqa: SLF001

    async def renamed(self: Deliveries, peer: Peer, row: Row) -> Answer:
        raw = msgspec.json.decode(row["body"])
        raw["id"] += f"?try={next(numbers)}"
        return await send(self, peer, {**row, "body": msgspec.json.encode(raw)})  # type: ignore[arg-type]

    with patch.object(Deliveries, "_send", renamed):
        yield


@contextmanager
def job_ended_before_its_effect() -> Iterator[None]:
    """The end of the job and what it was for are two commits."""

    async def apply(self: job_worker.Jobs, job: Job, activity: Activity) -> None:
        documents = Documents({})
        await self._db.write(jobs.complete, job, self._now_ms())  # noqa: SLF001

        def effect(tx: Write) -> None:
            actor = door.accounts.by_uri(tx, activity.actor)
            if actor is not None:
                site = self._fetcher.site  # noqa: SLF001
                door.apply(tx, Arrival(site, activity, actor, documents, self._now_ms()))  # noqa: SLF001

        while True:
            try:
                await self._db.write(effect)  # noqa: SLF001
                return
            except door.Need as need:
                reader = self._fetcher.documents  # noqa: SLF001
                found = await reader.read_or_none(need.uri, job_worker.Budget(), documents.away)
                documents.fetched[need.uri] = found

    with patch.object(job_worker.Jobs, "_apply", apply):
        yield


@contextmanager
def promised_after_the_post() -> Iterator[None]:
    """What is owed to peers is written down in a commit of its own."""
    later: list[Callable[[Write], object]] = []
    write = Engine.write

    def put_off(name: str) -> Any:
        real = getattr(peers, name)

        def promise(tx: Write, outbox_id: int, *args: Any, **more: Any) -> int:
            later.append(lambda other: real(other, outbox_id, *args, **more))
            return 1

        return patch.object(peers, name, promise)

    async def write_then_promise(self: Engine, function: Callable[[Write], Any]) -> Any:
        value = await write(self, function)
        owed, later[:] = later[:], []
        if owed:
            await write(self, lambda tx: [promise(tx) for promise in owed])
        return value

    with (
        put_off("add_followers"),
        put_off("add"),
        patch.object(Engine, "write", write_then_promise),
    ):
        yield


@contextmanager
def circuit_never_closes() -> Iterator[None]:
    """A peer that speaks to us is still taken for dead."""
    with patch.object(peers, "reopen", lambda tx, host, now_ms: None):
        yield


@contextmanager
def any_retry_after_is_believed() -> Iterator[None]:
    """A peer can make us wait for as long as it likes."""
    with patch.object(deliveries, "wait_ms", lambda wait: 60_000 if wait is None else wait):
        yield


@contextmanager
def tombstones_are_forgotten() -> Iterator[None]:
    """What comes after its Delete is there again."""
    standing = activities.standing

    def nothing_is_buried(db: Read, uri: str, *, by: str, author_id: int) -> activities.Standing:
        known = standing(db, uri, by=by, author_id=author_id)
        return known._replace(buried=0)

    with (
        patch.object(activities, "standing", nothing_is_buried),
        patch.object(activities, "buried", lambda db, uri, *, by: False),
        patch.object(door.activities, "bury", lambda tx, uri, now_ms, *, by="": None),
    ):
        yield


@contextmanager
def lanes_of_jobs_have_no_order() -> Iterator[None]:
    """Later activities of an actor pass by the one that still has to fetch something."""
    with patch.object(jobs, "lane_waits", lambda tx, lane: False):
        yield


@contextmanager
def silence_is_consent() -> Iterator[None]:
    """A peer from which no answer came is taken to have heard."""
    judge = deliveries.judge

    def hopeful(status: int | None, retry_after_ms: int | None) -> Verdict:
        return judge(status or 202, retry_after_ms)

    with patch.object(deliveries, "judge", hopeful):
        yield


@contextmanager
def claims_are_not_taken_over() -> Iterator[None]:
    """What a dead process held is never due again before somebody looks."""
    with (
        patch.object(peers, "LEASE_MS", 7_200_000),
        patch.object(peers, "FUTURE_MS", 2**60),
        patch.object(peers, "release_all", lambda tx, now_ms: 0),
    ):
        yield


@contextmanager
def lease_without_fencing() -> Iterator[None]:
    """Whoever slept longer than its claim goes on as if nobody else had it in hand."""
    with (
        patch.object(peers, "require", lambda changed, work: None),
        patch.object(jobs, "require", lambda changed, work: None),
        patch.object(loop.Hold, "sure", True),
    ):
        yield


@contextmanager
def whatever_has_to_fetch_is_set_apart() -> Iterator[None]:
    """Later activities of an actor pass by, and no other server is away."""
    work = job_worker.Jobs._apply  # noqa: SLF001

    async def apart(self: job_worker.Jobs, job: Job, activity: Activity) -> None:
        if job.lane.startswith(job_worker.AGAIN):
            await work(self, job, activity)
            return
        now_ms = self._now_ms()  # noqa: SLF001
        await self._db.write(job_worker._apart, job, activity.actor, now_ms)  # noqa: SLF001

    with patch.object(job_worker.Jobs, "_apply", apart):
        yield


Fault = Callable[[], Any]
FAULTS: Final[dict[Fault, tuple[str, ...]]] = {
    effect_and_receipt_in_two_commits: ("crash",),
    seen_is_not_recorded: ("echo",),
    no_order_per_peer: ("crash", "flap"),
    forgotten_before_it_was_sent: ("loss",),
    another_id_with_every_try: ("loss",),
    job_ended_before_its_effect: ("crash",),
    promised_after_the_post: ("crash",),
    circuit_never_closes: ("outage",),
    any_retry_after_is_believed: ("flap",),
    tombstones_are_forgotten: ("refusal",),
    lanes_of_jobs_have_no_order: ("slow",),
    whatever_has_to_fetch_is_set_apart: ("slow",),
    silence_is_consent: ("loss",),
    claims_are_not_taken_over: ("crash",),
    lease_without_fencing: ("twins", "slow"),
}
"""Each with the trouble in which it shows."""
