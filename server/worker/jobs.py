"""Doing one job, to its end or for a later try."""

import logging
import random
import traceback
from collections.abc import Callable
from typing import Final

import msgspec

from federation import parse
from federation.errors import FederationError
from federation.retry import retry_at
from server.errors import StorageFull, TooMany
from server.fetch import Budget, Fetcher
from server.inbox.documents import Documents, Need
from server.inbox.door import apply_job
from server.model import Job
from server.services import media, spreading, strangers
from server.store import jobs
from server.store.db import Database, DatabaseError, Write
from server.stores import StoreAway
from server.worker.filming import Filming
from server.worker.loop import held

log = logging.getLogger(__name__)

JOB_TRIES: Final = 8
FILM_TRIES: Final = 4
BURIED_AT_ONCE: Final = 200


class Jobs:
    """Does jobs and counts those that were `done`."""

    def __init__(
        self,
        db: Database,
        fetcher: Fetcher,
        now_ms: Callable[[], int],
        filming: Filming | None = None,
    ) -> None:
        """`fetcher` reads what a job needs from other servers, `filming` makes films anew."""
        self._db = db
        self._filming = filming
        self._fetcher = fetcher
        self._now_ms = now_ms
        self.done = 0

    async def do(self, job: Job) -> None:
        """One job to its end: done, put off, or parked with its reason."""
        try:
            if job.attempts > JOB_TRIES:
                raise RuntimeError("it was begun too often and never ended")
            async with held(self._db, jobs.extend, job.id, self._now_ms):
                await self._work(job)
            self.done += 1
        except FederationError as error:
            log.info("job %d (%s) has no effect: %s", job.id, job.kind, error)
            await self._db.write(jobs.complete, job, self._now_ms())
        except (DatabaseError, StorageFull, TooMany, StoreAway) as error:
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
        elif job.kind == media.JOB and self._filming is not None:
            await self._filming.finish(payload["media"], last=job.attempts >= FILM_TRIES)
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


def _spread(tx: Write, job: Job, now_ms: int) -> None:
    spreading.go_on(tx, msgspec.json.decode(job.payload, type=spreading.Spread), now_ms)
    jobs.complete(tx, job, now_ms)


def _bury(tx: Write, job: Job, account_id: int, now_ms: int) -> None:
    if strangers.bury_posts(tx, account_id, now_ms, BURIED_AT_ONCE):
        jobs.postpone(tx, job, now_ms, "more to bury")
    else:
        jobs.complete(tx, job, now_ms)
