"""Looks on while things happen: who is at work on what, and who was heard of again."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from federation.errors import FederationError
from federation.vocab import Activity
from server.inbox import door
from server.inbox.context import Arrival
from server.model import Job, Peer
from server.store.db import Read, Write
from server.worker import jobs as worker_jobs
from server.worker.loop import Loop
from tests.simulation import readings
from tests.simulation.city import City, Process
from tests.simulation.network import Heard

if TYPE_CHECKING:
    from tests.simulation.world import World

Do = Callable[[Any], Coroutine[Any, Any, None]]
CONTACT_S = 60.0
JUST_AWOKEN_S = 1.0


class Watch:
    """Notes what must never be, while it is so."""

    def __init__(self, world: "World") -> None:
        """Nothing was seen yet."""
        self._world = world
        self._at_work: dict[tuple[str, str, int], list[tuple[Process, int]]] = {}
        self.without_effect: set[tuple[str, str]] = set()
        """(city, activity) of what could have none."""
        self.apart: dict[tuple[str, str], Activity] = {}
        """(city, id) of what waits for another server, and holds up nothing meanwhile."""

    @contextmanager
    def on_effects(self) -> Iterator[None]:
        """Note which activity has its effect when, in the transaction of that effect."""
        apply = door.apply

        def watched(tx: Write, arrival: Arrival) -> None:
            try:
                apply(tx, arrival)
            except FederationError:
                self.without_effect.add((arrival.site.domain, arrival.activity.id))
                raise
            tx.run(
                "INSERT INTO temp.applied (uri, actor) VALUES (:uri, :actor)",
                uri=arrival.activity.id,
                actor=arrival.actor.uri,
            )

        with patch.object(door, "apply", watched), self._on_waiting():
            yield

    @contextmanager
    def _on_waiting(self) -> Iterator[None]:
        ask_again, work = worker_jobs.Jobs._ask_again, worker_jobs.Jobs._apply  # noqa: SLF001

        def of(jobs: worker_jobs.Jobs, job: Job) -> tuple[str, str]:
            id = readings.activity(job.payload)["id"]
            return jobs._fetcher.site.domain, id  # noqa: SLF001

        async def worked(jobs: worker_jobs.Jobs, job: Job, activity: Activity) -> None:
            if job.lane.startswith(worker_jobs.AGAIN):
                self.apart[of(jobs, job)] = activity
            await work(jobs, job, activity)

        async def asked(jobs: worker_jobs.Jobs, job: Job, error: Any) -> None:
            if job.kind == "receive" and job.attempts >= worker_jobs.JOB_TRIES:
                self.without_effect.add(of(jobs, job))
            await ask_again(jobs, job, error)

        with (
            patch.object(worker_jobs.Jobs, "_apply", worked),
            patch.object(worker_jobs.Jobs, "_ask_again", asked),
        ):
            yield

    def held(self, city: City, work: str, id: int) -> bool:
        """Whether somebody is at work on a lane or job."""
        return any(process.alive for process, _ in self._at_work.get((city.name, work, id), ()))

    def gave_back(self, process: Process, work: str, id: int) -> None:
        """Whatever it still does, it is not at work there any more."""
        others = self._at_work.get((process.city.name, work, id), [])
        others[:] = [one for one in others if one[0] is not process]

    def over(self, process: Process) -> None:
        """Watch the loops of a process's worker."""
        for loop in process.worker._loops.values():  # noqa: SLF001
            self._observe(process, loop)

    def _observe(self, process: Process, loop: "Loop[Any]") -> None:
        do = loop._do  # noqa: SLF001

        async def watched(work: Job | Peer) -> None:
            name = work.inbox if isinstance(work, Peer) else work.kind
            self._world.note(f"{process} takes {name}")
            key = (process.city.name, type(work).__name__, work.id)
            awake_s = self._world.loop.time() - process.stalled_until
            # who slept between its claim and the work does not know yet that it lost it
            mine = (process, process.stalls if awake_s > JUST_AWOKEN_S else -1)
            others = self._at_work.setdefault(key, [])
            if mine[1] >= 0:
                self._alone(process, others, name)
            others.append(mine)
            try:
                await do(work)
            except Exception as error:
                self._world.fault(f"{process} fails at {name}: {error!r}")
                raise
            finally:
                if mine in others:
                    others.remove(mine)

        loop._do = watched  # noqa: SLF001

    def _alone(self, process: Process, others: list[tuple[Process, int]], name: str) -> None:
        """Two are at one lane only where one of them has slept for longer than it may."""
        for other, stalls in others:
            if other.alive and other is not process and other.stalls == stalls:
                self._world.fault(f"{process} and {other} are both at work on {name}")

    def begin_settling(self) -> None:
        """From now on whoever hears of another sends what waits for it within a minute."""
        self._world.network.on_heard = self._heard

    def _heard(self, heard: Heard) -> None:
        if heard.status == 202:
            city = self._world.cities[heard.target]
            self._world.later(CONTACT_S, self._nothing_waits, city, heard.source, heard.at_s)

    async def _nothing_waits(self, city: City, host: str, since_s: float) -> None:
        def waits(db: Read) -> int:
            row = db.one(
                """
                SELECT count(*) AS n FROM delivery d JOIN peer p ON p.id = d.peer_id
                JOIN outbox o ON o.id = d.outbox_id
                WHERE p.host = :host AND o.created_ms < :before
                  AND (p.failing_since_ms IS NOT NULL OR p.due_ms < :before)
                """,
                host=host,
                before=city.now_ms() - CONTACT_S * 1000,
            )
            return int(row["n"]) if row else 0

        if left := city.disk.read(waits):
            self._world.fault(
                f"{city.name} heard of {host} at {since_s:.0f} s,"
                f" and {left} still wait for it a minute later"
            )
