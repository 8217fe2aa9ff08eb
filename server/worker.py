"""Keeps promises: applies what arrived, delivers what was published, keeps house.

Two loops wait for commits and for time. Jobs of one lane and deliveries to one peer run in order;
lanes and peers run side by side, so that a slow one holds up only itself.
"""

import asyncio
import logging
import random
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import msgspec

from federation import parse
from federation.errors import FederationError, Unreachable
from federation.http import Answer, Client
from federation.message import Scheme
from federation.origin import host
from federation.retry import (
    DENIED_TRIES,
    MISSING_TRIES,
    Verdict,
    given_up,
    judge,
    retry_at,
    wait_ms,
)
from server.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.fetch import Budget, Fetcher
from server.ids import first_id
from server.inbox.documents import Documents, Need
from server.inbox.door import apply_job
from server.keyring import Keyring
from server.media import Pictures
from server.model import Job, Peer
from server.services import sessions as session_service
from server.services import spreading, strangers
from server.store import accounts, activities, follows, invites, jobs, peers, posts, sessions
from server.store.db import Database, DatabaseError, Row, Write

log = logging.getLogger(__name__)

JOBS_AT_ONCE: Final = 32
PEERS_AT_ONCE: Final = 256
DELIVERIES_AT_ONCE: Final = 10  # of one peer, between two looks at the queue
GATHER_S: Final = 0.005  # commits that come so close together are one reason to look
IDLE_MS: Final = 5_000  # how long a loop sleeps when nothing tells it more
BLOCKED_MS: Final = 1_000  # the same when something is due that cannot be claimed now
RENEW_S: Final = 15.0  # a third of the leases of jobs and peers
LONGEST_AWAY_S: Final = 30.0  # between two tries while the database is away
JOB_TRIES: Final = 8
SEEN_MS: Final = 30 * DAY_MS
GRAVES_MS: Final = 90 * DAY_MS
PARKED_MS: Final = 30 * DAY_MS
LOOSE_MEDIA_MS: Final = DAY_MS
BURIED_AT_ONCE: Final = 200


class Worker:
    """The loops of one process."""

    def __init__(
        self,
        db: Database,
        client: Client,
        fetcher: Fetcher,
        keyring: Keyring,
        pictures: Pictures,
        now_ms: Callable[[], int],
    ) -> None:
        """Nothing runs before `start`."""
        self._db = db
        self._client = client
        self._fetcher = fetcher
        self._keyring = keyring
        self._pictures = pictures
        self._now_ms = now_ms
        self._wake_jobs = asyncio.Event()
        self._wake_peers = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._busy: set[asyncio.Task[None]] = set()
        self._claimed: set[int] = set()
        self._job_slots = JOBS_AT_ONCE
        self._peer_slots = PEERS_AT_ONCE
        self.delivered = 0
        self.failed = 0
        self.applied = 0

    def start(self) -> None:
        """Begin to work; every commit wakes the loops."""
        self._db.on_commit(self.wake)
        self._loops = [
            asyncio.create_task(self._forever(self._claim_jobs, self._wake_jobs)),
            asyncio.create_task(self._forever(self._claim_peers, self._wake_peers)),
            asyncio.create_task(self._keep_house()),
        ]

    async def take_over(self) -> None:
        """Before the start: on SQLite one process works, and what is claimed was its predecessor's.

        On PostgreSQL others may be at work; there a claim runs out by itself.
        """
        if self._db.dialect == "sqlite":
            await self._db.write(_release_all, self._now_ms())

    def wake(self) -> None:
        """Something was committed: there may be work."""
        self._wake_jobs.set()
        self._wake_peers.set()

    async def stop(self, grace_s: float = 5.0) -> None:
        """Take nothing new, finish what is in flight within `grace_s`; the rest is done later."""
        for task in self._loops:
            task.cancel()
        for task in self._loops:
            with suppress(asyncio.CancelledError):
                await task
        if self._busy:
            await asyncio.wait(self._busy, timeout=grace_s)
        for task in list(self._busy):
            task.cancel()
        if self._busy:
            await asyncio.wait(self._busy)

    async def _forever(self, claim: Callable[[], Awaitable[float]], wake: asyncio.Event) -> None:
        """Claim, then sleep until woken or until something is due."""
        away_s = 0.0
        while True:
            wake.clear()
            try:
                pause_s = await claim()
                away_s = 0.0
            except DatabaseError as error:
                pause_s = away_s = min(max(1.0, away_s * 2), LONGEST_AWAY_S)
                log.warning("the database does not answer, next try in %d s: %s", away_s, error)
            with suppress(TimeoutError):  # `wait_for` of 3.11 may swallow that it was cancelled
                async with asyncio.timeout(pause_s):
                    await wake.wait()
                    await asyncio.sleep(GATHER_S)

    def _spawn(self, id: int, work: Coroutine[Any, Any, None], done: Callable[[], None]) -> None:
        task = asyncio.create_task(work)
        self._busy.add(task)
        self._claimed.add(id)

        def finished(ended: asyncio.Task[None]) -> None:
            self._busy.discard(ended)
            self._claimed.discard(id)
            done()
            if not ended.cancelled() and (error := ended.exception()):
                log.error("work ended early: %r", error)

        task.add_done_callback(finished)

    def _pause_s(self, due_ms: int | None) -> float:
        """How long to sleep: until the next due time, but not too long."""
        wait = IDLE_MS if due_ms is None else due_ms - self._now_ms()
        return max(0.0, min(wait, IDLE_MS)) / 1000

    @asynccontextmanager
    async def _held(
        self, extend: Callable[[Write, int, int], None], id: int
    ) -> AsyncIterator[None]:
        """Renew a claim as long as the body runs, or others would take this worker for dead."""
        renewals: list[asyncio.Task[None]] = []

        def renew() -> None:
            renewals.append(asyncio.create_task(self._renew(extend, id)))

        later = asyncio.get_running_loop().call_later(RENEW_S, renew)  # most end before it
        try:
            yield
        finally:
            later.cancel()
            for renewal in renewals:
                renewal.cancel()

    async def _renew(self, extend: Callable[[Write, int, int], None], id: int) -> None:
        while True:
            with suppress(DatabaseError):
                await self._db.write(extend, id, self._now_ms())
            await asyncio.sleep(RENEW_S)

    # --- jobs

    async def _claim_jobs(self) -> float:
        if self._job_slots <= 0:
            return IDLE_MS / 1000  # the first that ends wakes us
        due = await self._db.read_inline(jobs.next_due_ms)
        if due is None or due > self._now_ms():
            return self._pause_s(due)
        found = await self._db.write(jobs.claim, self._now_ms(), self._job_slots)
        fresh = [job for job in found if job.id not in self._claimed]
        for job in fresh:
            self._job_slots -= 1
            self._spawn(job.id, self._do(job), self._job_done)
        return 0.0 if fresh else BLOCKED_MS / 1000

    def _job_done(self) -> None:
        self._job_slots += 1
        self._wake_jobs.set()

    async def _do(self, job: Job) -> None:
        """One job to its end: done, put off, or parked with its reason."""
        try:
            if job.attempts > JOB_TRIES:
                raise RuntimeError("it was begun too often and never ended")
            async with self._held(jobs.extend, job.id):
                await self._work(job)
            self.applied += 1
        except FederationError as error:
            log.info("job %d (%s) has no effect: %s", job.id, job.kind, error)
            await self._db.write(jobs.complete, job, self._now_ms())
        except DatabaseError as error:
            await self._put_off(job, str(error))
        except Exception:  # the worker's own: a bug must not stop the lane
            log.exception("job %d (%s) is parked", job.id, job.kind)
            await self._db.write(jobs.park, job, traceback.format_exc(), self._now_ms())

    async def _put_off(self, job: Job, reason: str) -> None:
        now_ms = self._now_ms()
        if job.attempts >= JOB_TRIES:
            await self._db.write(jobs.park, job, reason, now_ms)
            return
        due_ms = retry_at(job.attempts, now_ms, random.random())  # noqa: S311  jitter
        await self._db.write(jobs.postpone, job, due_ms, reason)

    async def _work(self, job: Job) -> None:
        if job.kind == "receive":
            await self._apply(job)
            return
        payload = msgspec.json.decode(job.payload)
        if job.kind == "ancestors":
            await self._fetcher.ancestors(payload["post"])
            await self._db.write(jobs.complete, job, self._now_ms())
        elif job.kind == "backfill":
            await self._fetcher.backfill(payload["account"])
            await self._db.write(jobs.complete, job, self._now_ms())
        elif job.kind == "spread":
            await self._db.write(_spread, job, self._now_ms())
        elif job.kind == "bury":
            await self._db.write(_bury, job, payload["account"], self._now_ms())
        else:
            raise LookupError(f"no such kind of job: {job.kind}")

    async def _apply(self, job: Job) -> None:
        """Apply a received activity exactly once, fetching what its handler asks for."""
        activity = parse.activity(parse.decode(job.payload))
        documents, budget = Documents({}), Budget()
        while True:
            try:
                await self._db.write(
                    apply_job, self._fetcher.site, job, activity, documents, self._now_ms()
                )
                self._fetcher.forget_keys(activity.actor)
                return
            except Need as need:
                found = await self._fetcher.document_or_none(need.uri, budget)
                documents.fetched[need.uri] = found

    # --- deliveries

    async def _claim_peers(self) -> float:
        if self._peer_slots <= 0:
            return IDLE_MS / 1000  # the first that ends wakes us
        due = await self._db.read_inline(peers.next_due_ms)
        if due is None or due > self._now_ms():
            return self._pause_s(due)
        found = await self._db.write(peers.claim, self._now_ms(), self._peer_slots)
        fresh = [peer for peer in found if peer.id not in self._claimed]
        for peer in fresh:
            self._peer_slots -= 1
            self._spawn(peer.id, self._deliver(peer), self._peer_done)
        return 0.0 if fresh else BLOCKED_MS / 1000

    def _peer_done(self) -> None:
        self._peer_slots += 1
        self._wake_peers.set()

    async def _deliver(self, peer: Peer) -> None:
        """What waits for one peer, in order, until nothing waits or the peer must rest."""
        if not await self._fetcher.welcome(host(peer.inbox)):
            await self._db.write(peers.give_up, peer.id, "blocked", self._now_ms())
            return
        async with self._held(peers.extend, peer.id):
            left: Peer | None = peer
            while left is not None:
                waiting = await self._db.read_inline(peers.waiting, peer.id, DELIVERIES_AT_ONCE)
                left = await self._send_all(left, waiting)

    async def _send_all(self, peer: Peer, waiting: list[Row]) -> Peer | None:
        """Send in order; how the peer stands then. None: it has to rest, or nothing waits."""
        taken: list[int] = []
        for row in waiting:
            answer = await self._send(peer, row)
            peer = msgspec.structs.replace(peer, scheme=answer.scheme)
            verdict = judge(answer.status or None, answer.retry_after_ms)
            if verdict is Verdict.DONE:
                taken.append(row["outbox_id"])
                self.delivered += 1
                continue
            self.failed += 1
            peer = await self._took(peer, taken)
            taken = []
            if not await self._refused(peer, row, answer, verdict):
                return None
            peer = _well(peer)
        if len(waiting) < DELIVERIES_AT_ONCE:
            now_ms = self._now_ms()
            await self._db.write(peers.finish, peer.id, taken, scheme=peer.scheme, now_ms=now_ms)
            return None
        return await self._took(peer, taken)

    async def _took(self, peer: Peer, taken: list[int]) -> Peer:
        """Forget what the peer has; whoever takes something is well."""
        if not taken:
            return peer
        await self._db.write(peers.delivered, peer.id, taken, peer.scheme)
        return _well(peer)

    async def _send(self, peer: Peer, row: Row) -> Answer:
        """The peer's answer; status 0 when there was none."""
        scheme: Scheme = "rfc9421" if peer.scheme == "rfc9421" else "cavage"
        try:
            key = await self._keyring.of(row["sender_id"])
            return await self._client.post(peer.inbox, row["body"], key=key, scheme=scheme)
        except Unreachable as error:
            return Answer(0, scheme, error.retry_after_ms, str(error))

    async def _refused(self, peer: Peer, row: Row, answer: Answer, verdict: Verdict) -> bool:
        """What an answer other than yes means (SECURITY's table). True: go on with the next."""
        now_ms = self._now_ms()
        reason = f"{answer.status or 'no answer'} {answer.reason}".strip()
        if verdict is Verdict.REFUSED:
            await self._db.write(peers.park, peer.id, row["outbox_id"], reason, now_ms)
            return True
        if verdict is Verdict.DENIED:
            return await self._denied(peer, row, reason, now_ms)
        if verdict is Verdict.WAIT:
            due_ms = now_ms + wait_ms(answer.retry_after_ms)
            await self._rest(peer, due_ms, False, reason, now_ms)
            return False
        if verdict is Verdict.GONE or (verdict is Verdict.MISSING and _missed_before(peer)):
            await self._db.write(peers.give_up, peer.id, reason, now_ms)
            return False
        if given_up(peer.failing_since_ms, now_ms, nameless="no such name" in answer.reason):
            await self._db.write(peers.rest_for_good, peer.id, reason, now_ms)
            return False
        due_ms = retry_at(peer.attempts + 1, now_ms, random.random())  # noqa: S311  jitter
        await self._rest(peer, due_ms, True, reason, now_ms)
        return False

    async def _denied(self, peer: Peer, row: Row, reason: str, now_ms: int) -> bool:
        if row["attempts"] + 1 >= DENIED_TRIES:
            await self._db.write(peers.park, peer.id, row["outbox_id"], reason, now_ms)
            return True
        await self._db.write(peers.count_attempt, peer.id, row["outbox_id"])
        due_ms = retry_at(row["attempts"] + 1, now_ms, random.random())  # noqa: S311  jitter
        await self._rest(peer, due_ms, False, reason, now_ms)
        return False

    async def _rest(self, peer: Peer, due_ms: int, failed: bool, reason: str, now_ms: int) -> None:
        await self._db.write(
            peers.rest, peer.id, due_ms=due_ms, failed=failed, error=reason, now_ms=now_ms
        )

    # --- housekeeping

    async def _keep_house(self) -> None:
        while True:
            try:
                await self.keep_house_once()
            except DatabaseError as error:
                log.warning("housekeeping waits: %s", error)
            await asyncio.sleep(5 * MINUTE_MS / 1000)

    async def keep_house_once(self) -> None:
        """Forget what nobody needs: old ids, sent activities, loose pictures, unused sessions."""
        now_ms = self._now_ms()
        await self._db.write(_forget, now_ms)
        while await self._db.write(peers.sweep, first_id(now_ms - HOUR_MS)):
            pass
        names = await self._db.write(posts.remove_loose_media, now_ms - LOOSE_MEDIA_MS)
        for name in names:
            await asyncio.to_thread(self._pictures.remove, name)


def _well(peer: Peer) -> Peer:
    """The peer as `peers.well` leaves it."""
    return msgspec.structs.replace(peer, attempts=0, failing_since_ms=None, last_error="")


def _missed_before(peer: Peer) -> bool:
    """Whether the answer before this one was 404 too: one alone may be a moment's mistake."""
    return peer.attempts + 1 >= MISSING_TRIES and peer.last_error.startswith("404")


def _release_all(tx: Write, now_ms: int) -> None:
    peers.release_all(tx, now_ms)
    jobs.release_all(tx, now_ms)


def _spread(tx: Write, job: Job, now_ms: int) -> None:
    spreading.go_on(tx, msgspec.json.decode(job.payload, type=spreading.Spread), now_ms)
    jobs.complete(tx, job, now_ms)


def _bury(tx: Write, job: Job, account_id: int, now_ms: int) -> None:
    if strangers.bury_posts(tx, account_id, now_ms, BURIED_AT_ONCE):
        jobs.postpone(tx, job, now_ms, "more to bury")
    else:
        jobs.complete(tx, job, now_ms)


def _forget(tx: Write, now_ms: int) -> None:
    activities.forget(tx, now_ms - SEEN_MS)
    activities.forget_graves(tx, now_ms - GRAVES_MS)
    accounts.forget_dead_keys(tx, now_ms - DAY_MS)
    peers.forget_parked(tx, now_ms - PARKED_MS)
    peers.wake_forgotten(tx, now_ms)
    jobs.wake_forgotten(tx, now_ms)
    follows.end_mutes(tx, now_ms)
    posts.forget_keys(tx, now_ms - DAY_MS)
    sessions.sweep(tx, now_ms - session_service.UNUSED_MS)
    sessions.forget_failures(tx, now_ms - DAY_MS)
    invites.sweep(tx, now_ms)
