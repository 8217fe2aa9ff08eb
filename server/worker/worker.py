"""The loops of one process: they wait for commits and for time, and are stopped with grace."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec

from federation.http import Client
from server.fetch import Fetcher
from server.films import Films
from server.keyring import Keyring
from server.media import Pictures
from server.model import Job, Peer
from server.pinging import Pinger
from server.services import books, contexts, exports, imports, indexing, linking, media, pings
from server.store import jobs, peers
from server.store.db import Database, Write
from server.walking import Walker
from server.worker.deliveries import Deliveries
from server.worker.due import keep_time, keep_time_once
from server.worker.filming import Filming
from server.worker.housekeeping import keep_house, keep_house_once
from server.worker.importing import Importing
from server.worker.indexing import Indexing
from server.worker.jobs import Jobs
from server.worker.loop import Loop, Queue
from server.worker.making import Making
from server.worker.pushes import Pushes

JOBS_AT_ONCE: Final = 32
SLOW_JOBS_AT_ONCE: Final = 32  # beside those
PEERS_AT_ONCE: Final = 256
NEWLY_SLOW_AT_ONCE: Final = 512  # beside those: peers that turn out to be slow
SLOW_PEERS_AT_ONCE: Final = 128  # known as such
FILMS_AT_ONCE: Final = 2
PUSHES_AT_ONCE: Final = 32
_FILMS: Final = Queue[Job](jobs.next_film_ms, jobs.claim_films)
_PUSHES: Final = Queue[Job](jobs.next_push_ms, jobs.claim_pushes)
_SLOW_PEERS: Final = Queue[Peer](peers.next_slow_ms, peers.claim_slow)


class Worker:
    """Starts and stops the loops, and counts what they did."""

    def __init__(
        self,
        db: Database,
        client: Client,
        fetcher: Fetcher,
        keyring: Keyring,
        pictures: Pictures,
        now_ms: Callable[[], int],
        *,
        remote_bytes: int,
        pushes: Pushes | None = None,
        films: Films | None = None,
        walker: Walker | None = None,
        making: Making | None = None,
        pinger: Pinger | None = None,
    ) -> None:
        """Nothing runs before `start`. `remote_bytes`: what other servers' pictures may take."""
        self._db = db
        self._pictures = pictures
        self._remote_bytes = remote_bytes
        self._now_ms = now_ms
        self._site = fetcher.site
        others: dict[str, Callable[[Job], Awaitable[None]]] = {
            indexing.JOB: Indexing(db, now_ms).do,
            imports.JOB: Importing(db, fetcher, pictures, now_ms).do,
        }
        if pinger is not None:
            others |= {pings.JOB: pinger.verify, linking.JOB: pinger.tell}
        if pushes is not None:
            others["push"] = pushes.do
        filming = Filming(db, pictures, films, now_ms) if films is not None else None
        if filming is not None:
            others[media.JOB] = filming.do
        self.pushes: Mapping[str, int] = pushes.results if pushes is not None else {}
        """How many pushes came to which end."""
        self.films: Mapping[str, int] = filming.results if filming is not None else {}
        """How many films and sounds came to which end."""
        if making is not None:
            others |= {exports.JOB: making.export, books.JOB: making.book}
        if walker is not None:
            others[contexts.JOB] = partial(_walk, db, walker, now_ms)
        self._work = Jobs(db, fetcher, now_ms, others)
        self._post = Deliveries(db, client, fetcher, keyring, now_ms)
        do, deliver = self._work.do, self._post.deliver
        first = random.getrandbits(61)  # another one after each start
        by = range(first, first + 5)  # nor does one loop end what another one has taken over
        self._loops: dict[str, Loop[Job] | Loop[Peer]] = {
            "jobs": Loop(
                db,
                jobs,
                do,
                slots=JOBS_AT_ONCE,
                slow_slots=SLOW_JOBS_AT_ONCE,
                by=by[0],
                now_ms=now_ms,
            ),
            "films": Loop(db, _FILMS, do, slots=FILMS_AT_ONCE, by=by[1], now_ms=now_ms),
            "pushes": Loop(db, _PUSHES, do, slots=PUSHES_AT_ONCE, by=by[2], now_ms=now_ms),
            "peers": Loop(
                db,
                peers,
                deliver,
                slots=PEERS_AT_ONCE,
                slow_slots=NEWLY_SLOW_AT_ONCE,
                by=by[3],
                now_ms=now_ms,
            ),
            "slow peers": Loop(
                db, _SLOW_PEERS, deliver, slots=SLOW_PEERS_AT_ONCE, by=by[4], now_ms=now_ms
            ),
        }
        self._running: list[asyncio.Task[None]] = []

    @property
    def done(self) -> int:
        """Jobs that were done."""
        return self._work.done

    @property
    def delivered(self) -> int:
        """Activities that peers took."""
        return self._post.delivered

    @property
    def failed(self) -> int:
        """Answers of peers other than yes."""
        return self._post.failed

    def start(self) -> None:
        """Begin to work; every commit wakes the loops, of other processes too."""
        self._db.on_commit(self.wake)
        self._db.on_commit_elsewhere(self.wake)
        self._running = [
            *(asyncio.create_task(loop.run()) for loop in self._loops.values()),
            asyncio.create_task(keep_time(self._db, self._site, self._now_ms)),
            asyncio.create_task(
                keep_house(self._db, self._pictures.store, self._remote_bytes, self._now_ms)
            ),
        ]

    async def take_over(self) -> None:
        """Before the start: on SQLite one process works, and what is claimed was its predecessor's.

        On PostgreSQL others may be at work; there a claim runs out by itself.
        """
        if self._db.dialect == "sqlite":
            await self._db.write(_release_all, self._now_ms())

    def wake(self) -> None:
        """Something was committed: there may be work."""
        for loop in self._loops.values():
            loop.wake()

    async def stop(self, grace_s: float = 5.0) -> None:
        """Take nothing new, finish what is in flight within `grace_s`; the rest is done later."""
        for task in self._running:
            task.cancel()
        for task in self._running:
            with suppress(asyncio.CancelledError):
                await task
        late = {task for loop in self._loops.values() for task in loop.busy}
        if late:
            _, late = await asyncio.wait(late, timeout=grace_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def keep_house_once(self) -> None:
        """Forget what nobody needs: old ids, sent activities, loose pictures, unused sessions."""
        await keep_house_once(self._db, self._pictures.store, self._remote_bytes, self._now_ms())

    async def keep_time_once(self) -> None:
        """End polls that are over, and publish posts whose time has come."""
        await keep_time_once(self._db, self._site, self._now_ms)


async def _walk(db: Database, walker: Walker, now_ms: Callable[[], int], job: Job) -> None:
    await walker.again(msgspec.json.decode(job.payload)["thread"])
    await db.write(jobs.complete, job, now_ms())


def _release_all(tx: Write, now_ms: int) -> None:
    peers.release_all(tx, now_ms)
    jobs.release_all(tx, now_ms)
