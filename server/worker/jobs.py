"""Doing one job, to its end or for a later try."""

import asyncio
import logging
import random
import traceback
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec

from federation import parse
from federation.errors import FederationError
from federation.groups import MAX_BATCH
from federation.origin import host
from federation.retry import retry_at, wait_ms
from federation.vocab import Activity
from server.errors import Invalid, StorageFull, TooMany
from server.fetch import Budget, Fetcher, backfill, groups, profile_links, related, stamps
from server.files import StoreAway
from server.inbox.documents import PART_OF, Documents, Need, NotYet
from server.inbox.door import apply_job
from server.model import Job, Site
from server.policy.hosts import registered_domain
from server.services import (
    backlinks,
    books,
    borders,
    burials,
    domain_mutes,
    exports,
    import_claims,
    imports,
    looks,
    media,
    previews,
    spreading,
    strangers,
    votes,
)
from server.store import jobs, tallies
from server.store import previews as previews_store
from server.store.db import Database, DatabaseError, Write
from server.store.leases import ClaimLost
from server.text.webpage import Described
from server.worker.loop import held
from server.worker.patience import Patience

log = logging.getLogger(__name__)

JOB_TRIES: Final = 8
MAX_FETCHING_S: Final = 90.0  # for one activity; what is not there by then cannot be had
BURIED_AT_ONCE: Final = 200
MAX_BATCHES: Final = 200  # whose budgets are remembered
AGAIN: Final = "again:"  # lanes of what waits for another server to come back
MOST_AGAIN: Final = 60  # an hour, of one who boosts
LOOKS: Final[dict[str, Callable[[Fetcher, dict[str, Any]], Awaitable[None]]]] = {
    "ancestors": lambda fetcher, of: related.ancestors(fetcher, of["post"]),
    "backfill": lambda fetcher, of: backfill.look(fetcher, of["account"]),
    "group": lambda fetcher, of: groups.look(fetcher, of["account"]),
    "links": lambda fetcher, of: profile_links.look(fetcher, of["account"]),
    "stamp-of-answer": lambda fetcher, of: stamps.of_answer(fetcher, of["post"]),
    looks.STAMP: stamps.of_ours,
    "stamped": lambda fetcher, of: stamps.of_quote(fetcher, of["post"]),
    "quoted": lambda fetcher, of: related.quoted(fetcher, of["post"]),
}
"""Work that is a look at other servers: what it finds is stored as it goes."""


class Jobs:
    """Does jobs and counts those that were `done`."""

    def __init__(
        self,
        db: Database,
        fetcher: Fetcher,
        now_ms: Callable[[], int],
        others: Mapping[str, Callable[[Job], Awaitable[None]]],
    ) -> None:
        """`fetcher` reads what a job needs from other servers; `others` do jobs of other kinds."""
        self._others = others
        self._db = db
        self._fetcher = fetcher
        self._now_ms = now_ms
        self._batches: OrderedDict[tuple[str, str], Budget] = OrderedDict()
        self._patience = Patience(now_ms)
        self.done = 0

    async def do(self, job: Job) -> None:
        """One job to its end: done, put off, or parked with its reason."""
        try:
            await self._do(job)
        except ClaimLost:
            log.info("job %d (%s) is in the hands of another worker", job.id, job.kind)

    async def _do(self, job: Job) -> None:
        try:
            if job.attempts > JOB_TRIES:
                raise RuntimeError("it was begun too often and never ended")
            if job.kind == "receive":
                await self._receive(job)
                return
            async with held(self._db, jobs.extend, job, self._now_ms):
                await self._work(job)
            self.done += 1
        except ClaimLost:
            raise
        except stamps.Later as error:
            await self._ask_again(job, error)
        except FederationError as error:
            log.info("job %d (%s) has no effect: %s", job.id, job.kind, error)
            await self._db.write(jobs.complete, job, self._now_ms())
        except (DatabaseError, StorageFull, TooMany, StoreAway) as error:
            await self._put_off(job, str(error))
        except Exception:  # the worker's own: a bug must not stop the lane
            log.exception("job %d (%s) is parked", job.id, job.kind)
            await self._db.write(_park, job, traceback.format_exc(), self._now_ms())

    async def _put_off(self, job: Job, reason: str) -> None:
        now_ms = self._now_ms()
        if job.attempts >= JOB_TRIES:
            await self._db.write(_park, job, reason, now_ms)
            return
        due_ms = retry_at(job.attempts, now_ms, random.random())  # noqa: S311  jitter
        log.info("job %d (%s) is put off: %s", job.id, job.kind, reason)
        await self._db.write(jobs.postpone, job, due_ms, reason)

    async def _ask_again(self, job: Job, error: stamps.Later) -> None:
        """As `_put_off`, at another server's pleasure; its failure is no fault to be shown here."""
        now_ms = self._now_ms()
        if job.attempts >= JOB_TRIES:
            log.info("job %d (%s) is given up: %s", job.id, job.kind, error)
            await self._db.write(jobs.complete, job, now_ms)
            return
        asked_ms = now_ms + wait_ms(error.retry_after_ms or 0)
        due_ms = max(retry_at(job.attempts, now_ms, random.random()), asked_ms)  # noqa: S311  jitter
        await self._db.write(jobs.postpone, job, due_ms, str(error))

    async def _work(self, job: Job) -> None:
        if (do := self._others.get(job.kind)) is not None:
            await do(job)
            return
        payload = msgspec.json.decode(job.payload)
        if look := LOOKS.get(job.kind):
            await look(self._fetcher, payload)
            await self._db.write(jobs.complete, job, self._now_ms())
        elif job.kind == "preview":
            await self._preview(job, payload["preview"])
        elif deed := DEEDS.get(job.kind):
            await self._db.write(deed, self._fetcher.site, job, payload, self._now_ms())
        else:
            raise LookupError(f"no such kind of job: {job.kind}")

    async def _preview(self, job: Job, id: int) -> None:
        """Read the page of a link; one that cannot be read is remembered as such."""
        known = await self._db.read(previews_store.by_id, id)
        said = None
        if known is not None:
            try:
                said = await self._fetcher.pages.page(known.url)
            except FederationError as error:
                log.info("no preview of %s: %s", known.url, error)
        await self._db.write(_previewed, job, id, said, self._now_ms())

    async def _receive(self, job: Job) -> None:
        """Apply it, unless others of its server have all places that there are for them."""
        activity = parse.activity(parse.decode(job.payload))
        domain = registered_domain(host(activity.actor))
        with self._patience.place(domain) as has_one:
            if not has_one:
                await self._db.write(jobs.stand_back, job, self._patience.back_ms(domain))
                return
            async with held(self._db, jobs.extend, job, self._now_ms):
                await self._apply(job, activity)
        self.done += 1

    async def _apply(self, job: Job, activity: Activity) -> None:
        """Apply a received activity exactly once, fetching what its handler asks for."""
        documents, budget = Documents({}), self._budget(activity)
        until = asyncio.get_running_loop().time() + MAX_FETCHING_S
        while True:
            try:
                await self._db.write(
                    apply_job, self._fetcher.site, job, activity, documents, self._now_ms()
                )
                self._fetcher.keys.forget(activity.actor)
                return
            except Need as need:
                found = None
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(until):
                        found = await self._fetcher.documents.read_or_none(
                            need.uri, budget, documents.away
                        )
                documents.fetched[need.uri] = found
            except NotYet:
                if job.lane.startswith(AGAIN):
                    raise stamps.Later("what it is about cannot be had") from None
                await self._db.write(_apart, job, activity.actor, self._now_ms())
                return

    def _budget(self, activity: Activity) -> Budget:
        """How much may be fetched for it, as one of a batch no more than the batch has left."""
        batch = activity.raw.get(PART_OF)
        if not isinstance(batch, str):
            return Budget()
        key = activity.actor, batch
        self._batches[key] = whole = self._batches.pop(key, None) or Budget(MAX_BATCH)
        if len(self._batches) > MAX_BATCHES:
            self._batches.popitem(last=False)
        return Budget(of=whole)


Payload = dict[str, Any]
UNMADE: Final = "This film or sound could not be made ready. Please send it once more."


def _park(tx: Write, job: Job, reason: str, now_ms: int) -> None:
    """Keep a job with its reason; whoever waits for what it makes hears that nothing comes."""
    jobs.park(tx, job, reason, now_ms)
    if lost := LOST.get(job.kind):
        lost(tx, msgspec.json.decode(job.payload), now_ms)


def _unfilmed(tx: Write, of: Payload, now_ms: int) -> None:
    media.fail(tx, of["media"], Invalid(UNMADE).message)  # its files are swept up


LOST: Final[dict[str, Callable[[Write, Payload, int], None]]] = {
    media.JOB: _unfilmed,
    exports.JOB: lambda tx, of, now_ms: exports.lose(tx, of["export"], now_ms),
    imports.JOB: lambda tx, of, now_ms: imports.give_up(tx, of["run"], now_ms),
    books.JOB: lambda tx, of, now_ms: books.lose(tx, of["book"]),
}


def _apart(tx: Write, job: Job, actor: str, now_ms: int) -> None:
    """It waits in a lane of its own: what its actor did since is not held up by a third server."""
    jobs.complete(tx, job, now_ms)
    if tallies.count(tx, f"again of {actor}", now_ms) <= MOST_AGAIN:
        wait_ms = retry_at(1, 0, random.random())  # noqa: S311  jitter
        jobs.enqueue(tx, job.kind, f"{AGAIN}{job.id}", job.payload, now_ms, wait_ms=wait_ms)


def _spread(tx: Write, site: Site, job: Job, of: Payload, now_ms: int) -> None:
    spreading.go_on(tx, msgspec.convert(of, spreading.Spread), now_ms)
    jobs.complete(tx, job, now_ms)


def _clear(tx: Write, site: Site, job: Job, of: Payload, now_ms: int) -> None:
    jobs.complete(tx, job, now_ms)
    burials.clear(tx, of["post"], now_ms)


def _part(tx: Write, site: Site, job: Job, of: Payload, now_ms: int) -> None:
    if domain_mutes.part(tx, site, of["account"], of["domain"], now_ms):
        jobs.postpone(tx, job, now_ms, "more to part")
    else:
        jobs.complete(tx, job, now_ms)


def _border(tx: Write, site: Site, job: Job, of: Payload, now_ms: int) -> None:
    """Some accounts of a domain follow its rule; for those who are left there is a new job."""
    jobs.complete(tx, job, now_ms)
    following = borders.go_on(tx, msgspec.convert(of, borders.Step), now_ms)
    if following is not None:
        jobs.enqueue(tx, job.kind, job.lane, msgspec.json.encode(following), now_ms)


def _unlink(tx: Write, site: Site, job: Job, of: Payload, now_ms: int) -> None:
    jobs.complete(tx, job, now_ms)
    following = backlinks.unlink(tx, msgspec.convert(of, backlinks.Step))
    if following is not None:
        jobs.enqueue(tx, job.kind, job.lane, msgspec.json.encode(following), now_ms)


def _sever(tx: Write, site: Site, job: Job, of: Payload, now_ms: int) -> None:
    if borders.sever(tx, site, of["account"], of["began"], now_ms):
        jobs.postpone(tx, job, now_ms, "more to sever")
    else:
        jobs.complete(tx, job, now_ms)


def _previewed(tx: Write, job: Job, id: int, said: Described | None, now_ms: int) -> None:
    previews.keep(tx, id, said, now_ms)
    jobs.complete(tx, job, now_ms)


def _bury(tx: Write, site: Site, job: Job, of: Payload, now_ms: int) -> None:
    if strangers.bury_posts(tx, of["account"], now_ms, BURIED_AT_ONCE):
        jobs.postpone(tx, job, now_ms, "more to bury")
    else:
        jobs.complete(tx, job, now_ms)


def _claim(tx: Write, site: Site, job: Job, of: Payload, now_ms: int) -> None:
    """Some stories become their author's; for those that are left the job stays."""
    if import_claims.hand_over(tx, site, of["run"], of["account"]):
        jobs.stand_back(tx, job, now_ms)
    else:
        jobs.complete(tx, job, now_ms)


def _poll(tx: Write, site: Site, job: Job, of: Payload, now_ms: int) -> None:
    votes.tell_counts(tx, site, of["post"], now_ms)
    jobs.complete(tx, job, now_ms)


def _poll_end(tx: Write, site: Site, job: Job, of: Payload, now_ms: int) -> None:
    """Some voters are told; for those who are left there is a new job."""
    jobs.complete(tx, job, now_ms)
    served = votes.tell_voters(tx, of["post"], of["after"], now_ms)
    if served is not None:
        payload = msgspec.json.encode({"post": of["post"], "after": served})
        jobs.enqueue(tx, job.kind, job.lane, payload, now_ms)


DEEDS: Final[dict[str, Callable[[Write, Site, Job, Payload, int], None]]] = {
    "spread": _spread,
    "part": _part,
    "bury": _bury,
    burials.JOB: _clear,
    borders.JOB: _border,
    backlinks.JOB: _unlink,
    import_claims.JOB: _claim,
    "sever": _sever,
    "poll": _poll,
    "poll-end": _poll_end,
}
"""Work that is a transaction, with the end of its job in it."""

KINDS: Final = ("receive", "preview", *LOOKS, *DEEDS)
"""What is done here; other kinds have a module of their own."""
