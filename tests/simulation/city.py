"""A city: what it has stored, and the processes that come and go over it.

A process is put together as `web/app.py` does it, of the same parts. It dies between any two steps:
its tasks end there, its memory is lost, and what they would still clean up changes nothing.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from federation.http import MAX_REASON_BYTES, Client, Sink, _Reply
from server import config
from server.fetch import Fetcher
from server.keyring import Keyring
from server.pinging import Pinger
from server.secrets import Vault
from server.walking import Walker
from server.worker.worker import Worker
from tests.simulation.clock import HOST, START_MS
from tests.simulation.database import Disk, database
from tests.simulation.front import Sent
from web.claims import CLAIMS, Claims
from web.keys import BUCKETS, CONFIG, DB, FETCHER, NOW, SITE
from web.limits import Buckets
from web.senders import SENDERS, Senders

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")

VAULT: Final = Vault(bytes(32))
REMOTE_BYTES: Final = 1 << 30
HELD_S: Final = 45.0  # the lease of a lane


class NoFiles:
    """A store in which nothing is: no picture plays a part here."""

    scratch = Path("/nonexistent")

    async def files(self) -> AsyncIterator[Any]:
        """None."""
        for nothing in ():
            yield nothing


class Wire(Client):
    """The client for other servers, whose requests go over the simulated network."""

    def __init__(self, process: "Process") -> None:
        super().__init__(user_agent="Madang/simulated", now_ms=process.now_ms)
        self._process = process

    async def _exchange(
        self,
        method: str,
        url: str,
        headers: Any,
        body: bytes | None,
        max_bytes: int = MAX_REASON_BYTES,
        sink: Sink | None = None,
    ) -> _Reply:
        sent = Sent(method, url, tuple(dict(headers).items()), body or b"")
        got = await self._process.world.network.exchange(self._process, sent)
        return _Reply(got.status, got.content_type, got.body, got.etag, "", got.retry_after)


class Process:
    """One life of one process of a city."""

    def __init__(self, city: "City", number: int) -> None:
        """It does nothing before `start`."""
        self.city, self.number, self.world = city, number, city.world
        self.alive = True
        self.last_id = 0
        self.stalled_until = -60.0
        self.stalls = 0  # and clocks that were set: after either, a claim may be another's
        self.most_tasks = 0
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self.db = database(city.disk, self)
        self.client = Wire(self)
        self.keyring = Keyring(self.db, VAULT)
        self.fetcher = Fetcher(
            self.db, self.client, self.keyring, city.site, "open", self.now_ms, scheme="https"
        )
        self.app: dict[Any, Any] = {
            BUCKETS: Buckets(),
            CLAIMS: Claims(),
            CONFIG: city.config,
            DB: self.db,
            FETCHER: self.fetcher,
            NOW: self.now_ms,
            SENDERS: Senders(city.config.federation.peer_activities),
            SITE: city.site,
        }
        self.worker: Worker

    def __str__(self) -> str:
        return f"{self.city.name}#{self.number}"

    def now_ms(self) -> int:
        """What the clock on the wall of this city shows."""
        return START_MS + round(self.world.loop.time() * 1000) + self.city.ahead_ms

    async def start(self) -> None:
        """As the composition root does: take over what a predecessor held, then work."""
        self.worker = Worker(
            self.db,
            self.client,
            self.fetcher,
            self.keyring,
            SimpleNamespace(store=NoFiles()),  # type: ignore[arg-type]
            self.now_ms,
            remote_bytes=REMOTE_BYTES,
            walker=Walker(self.fetcher),
            pinger=Pinger(self.fetcher),
        )
        for unused in ("films", "pushes"):
            del self.worker._loops[unused]  # noqa: SLF001
        self.world.watch.over(self)
        if not self.city.twins:  # where several work, a claim runs out by itself
            await self.worker.take_over()
        self.worker.start()

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do it as this process."""
        context = contextvars.copy_context()
        context.run(HOST.set, self)
        return self.world.loop.create_task(work, context=context)

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """It ends with this process."""
        self._tasks[task] = None
        self.most_tasks = max(self.most_tasks, len(self._tasks))
        task.add_done_callback(lambda ended: self._tasks.pop(ended, None))
        if not self.alive:
            task.cancel()

    async def step(self, what: str) -> None:
        """A moment between two deeds: others have their turn, and here a process dies or stalls."""
        if not self.alive:
            raise asyncio.CancelledError
        await self.world.reaper.passing(self, what)
        while self.stalled_until > self.world.loop.time():
            await self.world.loop.sleep(self.stalled_until - self.world.loop.time())
        if not self.alive:
            raise asyncio.CancelledError

    def gave_back(self, work: str, id: int) -> None:
        """Others may take this lane or job before this process hears that it is written."""
        self.world.watch.gave_back(self, work, id)

    def die(self) -> None:
        """As after `kill -9`: nothing more of this process has an effect."""
        self.alive = False
        for task in list(self._tasks):
            task.cancel()


class City:
    """One instance of the simulation."""

    def __init__(self, world: "World", name: str, disk: Disk, *, twins: bool) -> None:
        """With `twins` two processes work on its database."""
        self.world, self.name, self.disk, self.twins = world, name, disk, twins
        self.ahead_ms = 0
        self.config = configuration(name)
        self.site = site_of(name)
        self.address = f"2001:db8:{int.from_bytes(name[:2].encode()):x}::1"
        self.processes: list[Process] = []
        self._lives = 0
        self._due: tuple[tuple[int, int], int | None] = ((-1, 0), None)

    @property
    def origin(self) -> str:
        """Scheme and host of its ids."""
        return f"https://{self.name}"

    @property
    def size(self) -> int:
        """How many processes belong to it."""
        return 2 if self.twins else 1

    def set_clocks(self, ahead_ms: int) -> None:
        """All its clocks; a claim that another made by the old one may have run out by that."""
        self.ahead_ms = ahead_ms
        for process in self.processes:
            process.stalls += 1

    def alive(self) -> list[Process]:
        """Its processes that run."""
        return [one for one in self.processes if one.alive]

    async def start(self) -> Process:
        """Begin one more life."""
        self._lives += 1
        process = Process(self, self._lives)
        self.processes = [*self.alive(), process]
        self.world.note(f"{process} starts")
        started = process.spawn(process.start())
        await asyncio.wait({started})
        if not started.cancelled():  # else it has died already
            started.result()
        return process

    def now_ms(self) -> int:
        """What its clocks show."""
        return START_MS + round(self.world.loop.time() * 1000) + self.ahead_ms

    def next_work_s(self, due_ms: Callable[[Any], int | None]) -> float | None:
        """When its database wants something next, in seconds of the loop; None: never."""
        if not self.alive():
            return None
        key = (self.disk.commits, self.ahead_ms)
        if self._due[0] != key:
            self._due = (key, self.disk.read(due_ms))
        due = self._due[1]
        return None if due is None else (due - START_MS - self.ahead_ms) / 1000


def configuration(name: str) -> config.Config:
    """What the operator of a city decided."""
    return config.Config(
        instance=config.Instance(domain=name, base_url=f"https://{name}", name=name),
        federation=config.Federation(link_previews=False),
    )


def site_of(name: str) -> Any:
    """Who a city is."""
    return msgspec.structs.replace(config.site(configuration(name)), unseal=VAULT.open)
