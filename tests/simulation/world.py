"""One world from one seed: cities, people, what goes wrong, how it heals, and what the oracle says.

    python -m tests.simulation --seed 17 --trace

Everything that is left to chance is drawn from one `random.Random(seed)` while virtual time passes,
so the same seed is the same world to the last step.
"""

import asyncio
import hashlib
import logging
import random
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, Final

import msgspec

from server.services import posts
from server.services.new_posts import NewPost
from server.store import jobs, peers, queue
from server.store.db import Read
from server.worker import due
from tests.simulation import people
from tests.simulation.chance import loaded
from tests.simulation.city import City
from tests.simulation.clock import Loop, NothingLeft
from tests.simulation.ledger import Person
from tests.simulation.network import Network
from tests.simulation.oracle import Oracle
from tests.simulation.reaper import Reaper
from tests.simulation.traffic import Traffic
from tests.simulation.watch import Watch
from tests.simulation.weather import DAY_S, HOUR_S, Weather, drawn

RECOVERED_S: Final = 60.0
LONGEST_S: Final = 8 * DAY_S
END_S: Final = 40 * DAY_S


class Result(msgspec.Struct, frozen=True):
    """What a world came to. `digest` is of every event in order."""

    seed: int
    wrong: tuple[str, ...]
    digest: str
    troubles: tuple[str, ...]
    figures: dict[str, int]


class World:
    """One run. Use `run`."""

    def __init__(
        self,
        seed: int,
        *,
        troubles: tuple[str, ...] | None = None,
        busy: int = 1,
        keep: bool = False,
    ) -> None:
        """With `troubles` exactly those, else what the seed says; `busy` times as much is done.

        With `keep` every event is kept as text in `trace`.
        """
        self.chance = random.Random(seed)
        self.seed, self.busy = seed, busy
        self.loop = Loop()
        self.trace: list[str] | None = [] if keep else None
        self.wrong: list[str] = []
        self._hash = hashlib.sha256()
        self._events = 0
        self._later: dict[asyncio.Task[Any], None] = {}
        self._settled: asyncio.Future[None] | None = None
        names = list(people.CITIES[: self.chance.choice([3, 3, 4, 4, 5])])
        self.loop.call_at(END_S, self._end_of_time)
        if troubles is None:
            troubles = drawn(self.chance)
        self.weather = Weather(self.chance, names, troubles)
        self.watch = Watch(self)
        self.reaper = Reaper(self)
        self.network = Network(self)
        twins = self.chance.choice(names) if "twins" in self.weather.troubles else ""
        self.cities = {
            name: City(self, name, people.disk(name), twins=name == twins) for name in names
        }
        self.people = [
            Person(name, city, uri)
            for city in self.cities.values()
            for name, uri in people.uris(city.disk)
        ]
        self.traffic = Traffic(self, self.people)

    def note(self, event: str) -> None:
        """Something happened."""
        self._events += 1
        line = f"{self.loop.time():.6f} {event}"
        self._hash.update(line.encode())
        if self.trace is not None:
            self.trace.append(line)

    def fault(self, sentence: str) -> None:
        """Something is not as it must be."""
        self.note(f"WRONG {sentence}")
        self.wrong.append(sentence)

    def later(
        self, after_s: float, work: Callable[..., Coroutine[Any, Any, object]], *args: Any
    ) -> None:
        """Do it in a while, in nobody's name."""

        async def wait() -> None:
            await self.loop.sleep(after_s)
            await work(*args)

        task = self.loop.create_task(wait(), context=Context())
        self._later[task] = None
        task.add_done_callback(lambda ended: self._later.pop(ended, None))

    def run(self) -> Result:
        """From the beginning to the oracle."""
        logging.disable(logging.CRITICAL)
        self.loop.set_exception_handler(self._failed)
        self.loop.next_work = self._next_work_s
        disks = [city.disk for city in self.cities.values()]
        for disk in disks:
            disk.begin()
        try:
            with loaded(self.chance), self.watch.on_effects():
                self.loop.run_until_complete(self._live())
        except NothingLeft:
            self.fault("nobody waits for anything, and yet it has not ended")
        finally:
            self._end()
            for disk in disks:
                disk.reset()
            logging.disable(logging.NOTSET)
        return Result(
            self.seed,
            tuple(self.wrong),
            self._hash.hexdigest(),
            tuple(sorted(self.weather.troubles)),
            self.figures(),
        )

    def figures(self) -> dict[str, int]:
        """How much happened."""
        return {
            "events": self._events,
            "acts": self.traffic.ledger.acts,
            "requests": self.network.exchanges,
            "deliveries": len(self.network.heard),
            "deaths": self.reaper.died,
            "sleeps": self.reaper.slept,
            "hours": round(self.loop.time() / HOUR_S),
        }

    async def _live(self) -> None:
        for city in self.cities.values():
            for _ in range(city.size):
                await city.start()
        self._set_clocks()
        acts = self.chance.randint(18, 30) * self.busy
        await self.traffic.run(acts, self.weather.span_s)
        await self._heal()
        oracle = Oracle(self)
        await self.loop.sleep(RECOVERED_S)
        await oracle.recovered()
        await self._greet()
        if await self._settle():
            oracle.agreed()

    def _set_clocks(self) -> None:
        if "jump" not in self.weather.troubles:
            return
        for city in self.cities.values():
            at_s, ahead_s = self.chance.uniform(0, self.weather.span_s), self.chance.choice(JUMPS_S)
            self.later(at_s, self._jump, city, round(ahead_s * 1000))

    async def _jump(self, city: City, ahead_ms: int) -> None:
        if not self.weather.well:
            self.note(f"the clocks of {city.name} are set {ahead_ms} ms ahead")
            city.set_clocks(ahead_ms)

    async def _heal(self) -> None:
        """Everything works again; what runs late is still under way."""
        ends_s = max((one.until_s for one in self.weather.outages), default=0.0)
        await self.loop.sleep(ends_s - self.loop.time())
        self.note("all is well again")
        self.weather.well = True
        for city in self.cities.values():
            city.set_clocks(0)
            while len(city.alive()) < city.size:
                await city.start()
        while (asleep_s := self._asleep_until() - self.loop.time()) > 0:
            await self.loop.sleep(asleep_s)
        if self.weather.troubles & {"refusal", "denial", "jump"}:
            for city in self.cities.values():  # `madang queue --retry`
                await city.alive()[0].db.write(queue.retry, "", city.now_ms())

    def _asleep_until(self) -> float:
        """When the last of those who sleep will wake."""
        return max(one.stalled_until for city in self.cities.values() for one in city.alive())

    async def _greet(self) -> None:
        """Everybody says something: now all cities hear that the others live."""
        for person in self.people:
            new = NewPost(content=f"Good morning from {person.name}")
            await self.traffic._do(person, posts.write, new)  # noqa: SLF001

    async def _settle(self) -> bool:
        """Wait until nothing waits; that has to come to an end."""
        self._settled = self.loop.create_future()
        end = self.loop.at(self.loop.time() + LONGEST_S, self._give_up)
        self.watch.begin_settling()
        await self._settled
        end.cancel()
        while self._later:  # whoever still looks on
            await self.loop.sleep(1.0)
        return not self.wrong

    def _give_up(self) -> None:
        if self._settled is not None and not self._settled.done():
            for city in self.cities.values():
                if waits := city.disk.read(_waits):
                    self.fault(f"{city.name} still has to do: {waits}")
            self._settled.set_result(None)

    def _end_of_time(self) -> None:
        raise NothingLeft

    def _next_work_s(self) -> float | None:
        """For the loop: when a database wants something, or somebody is at work now."""
        if self.network.in_flight:
            return self.loop.time()
        if self._settled is not None and not self._settled.done() and self._all_done():
            self._settled.set_result(None)
            return self.loop.time()
        found = [city.next_work_s(_due_ms) for city in self.cities.values()]
        return min((one for one in found if one is not None), default=None)

    def _all_done(self) -> bool:
        return not any(city.disk.read(_waits) for city in self.cities.values())

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What asyncio has to complain of."""
        error = context.get("exception")
        self.fault(f"{context['message']}: {error!r}")

    def _end(self) -> None:
        """Nothing of this world outlives it."""
        for city in self.cities.values():
            for process in city.alive():
                process.die()
        for task in [*self._later, *asyncio.all_tasks(self.loop)]:
            task.cancel()
        self.loop.next_work = self.loop.time
        try:
            self.loop.run_until_complete(asyncio.sleep(0))
            self.loop.run_until_complete(asyncio.sleep(0))
        except NothingLeft:
            pass
        self.loop.close()


JUMPS_S: Final = (-2 * HOUR_S, -HOUR_S / 2, -5.0, 5.0, HOUR_S / 2)

_NEXT: Final = (
    jobs.next_due_ms,
    peers.next_due_ms,
    peers.next_slow_ms,
    *(next_ms for next_ms, _, _ in due.WORK),
)


def _due_ms(db: Read) -> int | None:
    found = [next_ms(db) for next_ms in _NEXT]
    return min((one for one in found if one is not None), default=None)


def _waits(db: Read) -> str:
    """What is promised and not done."""
    rows = db.all(
        """
        SELECT 'job ' || kind || ' ' || last_error AS what FROM job WHERE state = 'waiting'
        UNION ALL SELECT 'delivery to ' || p.host || ' ' || p.last_error
            FROM delivery d JOIN peer p ON p.id = d.peer_id
        """
    )
    return ", ".join(row["what"] for row in rows[:5])


def run(seed: int) -> Result:
    """The world of this seed."""
    return World(seed).run()
