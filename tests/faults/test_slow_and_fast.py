"""The slow never slow the fast: silent peers, floods, great audiences. I7 of the security notes."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from server.store.db import Database, Write
from tests.faults.patient import Patient
from tests.faults.rounds import many
from tests.faults.traffic import App, deliver, nothing, writer
from tests.faults.world import Instance, Peer, until
from tests.ports import free_port
from tests.server.world import befriend, stranger, who

pytestmark = pytest.mark.slow

SLOW, FAST, CROWD = many(300, 600), 20, many(300, 2_000)
"""More are slow than have places. Of those whom nobody knows as slow yet, 768 may be under way:
were there more, the others would wait until the first of them end, once."""
SOON_S = 60.0  # this machine does other things as well


@dataclass
class Hosts:
    """Many servers behind many addresses of this machine; some answer when they like to."""

    port: int = field(default_factory=free_port)
    slow: set[str] = field(default_factory=set)
    silent: str = ""
    heard: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What came to each, in its order."""
    at: dict[str, float] = field(default_factory=dict)
    """When the last of it came."""
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0

    def some(self, net: int, count: int) -> list[str]:
        """The origins of so many hosts."""
        return [f"http://127.{net}.{i // 250}.{1 + i % 250}:{self.port}" for i in range(count)]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Take deliveries."""
        app = web.Application()
        app.router.add_post("/{tail:.*}", self._inbox)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", self.port, backlog=1024).start()  # noqa: S104
        try:
            yield
        finally:
            await runner.cleanup()

    async def _inbox(self, request: web.Request) -> web.Response:
        origin, raw = f"http://{request.host}", msgspec.json.decode(await request.read())
        self.heard[origin].append(raw["object"]["content"])
        self.at[origin] = time.monotonic()
        if origin == self.silent:
            await asyncio.Event().wait()
        if origin in self.slow:
            self.under_way += 1
            try:
                await self.hurry.wait()
            finally:
                self.under_way -= 1
        return web.Response(status=202)

    async def have(self, origins: list[str], texts: list[str]) -> bool:
        """Whether each of these has all of it."""
        return all(self.heard[origin] == texts for origin in origins)


@dataclass
class Town:
    """An instance with two who write, and everybody who may follow them."""

    instance: Instance
    session: aiohttp.ClientSession
    hosts: Hosts
    ann: App
    ben: App

    async def follow(self, name: str, origins: list[str]) -> None:
        """Somebody on each of these hosts follows one of ours."""

        def all_of_them(tx: Write) -> None:
            for origin in origins:
                befriend(tx, stranger(tx, f"{origin}/users/eve"), who(tx, name))

        db = await Database.open(self.instance.url)
        await db.write(all_of_them)
        await db.close()


@pytest.fixture
async def town(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Town]:
    """Nobody follows anybody yet, and nothing runs."""
    instance, hosts = Patient(tmp_path / "a", f"sqlite:{tmp_path / 'a' / 'city.db'}"), Hosts()
    try:
        async with aiohttp.ClientSession() as session, hosts.listening():
            ann, ben = [App(session, instance, await writer(instance, n)) for n in ("ann", "ben")]
            yield Town(instance, session, hosts, ann, ben)
    finally:
        if instance._process is not None and instance._process.poll() is None:
            instance.kill()


async def test_hundreds_of_slow_hosts_and_a_silent_one_slow_down_nobody(town: Town) -> None:
    hosts = town.hosts
    slow, fast = hosts.some(1, SLOW), hosts.some(2, FAST)
    hosts.slow, (hosts.silent,) = set(slow), hosts.some(6, 1)
    await town.follow("ann", [hosts.silent, *slow, *fast])
    await town.instance.start()
    took, texts = list[float](), list[str]()
    for number in range(3):
        began = time.monotonic()
        await town.ann.call("POST", "/api/v1/statuses", status=f"Story {number}")
        texts.append(f"<p>Story {number}</p>")
        await until(lambda: hosts.have(fast, texts), SOON_S)
        took.append(max(hosts.at[origin] for origin in fast) - began)
    assert hosts.under_way > SLOW / 2, "they are still at the first one"
    assert hosts.heard[hosts.silent] == texts[:1]
    hosts.hurry.set()
    began = time.monotonic()
    await until(lambda: hosts.have(slow, texts), 60)
    slow_s = time.monotonic() - began
    print(f"{FAST} fast hosts beside {SLOW} slow ones have it after {_all(took)} s;"
          f" the slow ones {slow_s:.1f} s after they woke")  # fmt: skip


async def test_a_great_audience_holds_up_no_small_one(town: Town) -> None:
    hosts = town.hosts
    crowd, few = hosts.some(3, CROWD), hosts.some(4, 1)
    await town.follow("ann", crowd)
    await town.follow("ben", few)
    await town.instance.start()
    began = time.monotonic()
    await town.ann.call("POST", "/api/v1/statuses", status="To all")
    published_s = time.monotonic() - began
    await town.ben.call("POST", "/api/v1/statuses", status="To one")
    # whoever was promised something before comes first, none of them longer than it takes
    await until(lambda: hosts.have(few, ["<p>To one</p>"]), many(1, 3) * SOON_S)
    await until(lambda: hosts.have(crowd, ["<p>To all</p>"]), 60)
    small_s = hosts.at[few[0]] - began
    great_s = max(hosts.at[origin] for origin in crowd) - began
    assert published_s < SOON_S / 2
    print(f"published to {CROWD} hosts in {published_s:.2f} s; the small audience has its own after"
          f" {small_s:.1f} s, the last of the great one after {great_s:.1f} s")  # fmt: skip


async def test_a_flood_of_forgeries_holds_up_no_honest_peer(town: Town) -> None:
    peer = Peer(nothing)
    honest, forger = peer.join("honest"), peer.join("forger")
    url = f"{town.instance.origin}/inbox"
    await town.instance.start()
    answers, over = list[int](), asyncio.Event()

    async def forge(number: int) -> None:
        """Signed with another key than that of who is said to speak, from an address of its own."""
        connector = aiohttp.TCPConnector(local_addr=(f"127.0.66.{1 + number}", 0))
        async with aiohttp.ClientSession(connector=connector) as session:
            while not over.is_set():
                activity = peer.note(honest)
                activity["actor"] = f"{town.hosts.some(5, 1)[0]}/users/{number}"
                activity["id"] = f"{town.hosts.some(5, 1)[0]}/activities/{activity['id'][-6:]}"
                body = msgspec.json.encode(activity)
                answers.append((await deliver(session, url, forger, body))[0])

    async with peer.listening():
        first = msgspec.json.encode(peer.note(honest))
        assert (await deliver(town.session, url, honest, first))[0] == 202
        flood = [asyncio.create_task(forge(number)) for number in range(20)]
        took = []
        try:
            while len(took) < 20 or len(answers) < 500:
                body = msgspec.json.encode(peer.note(honest))
                began = time.monotonic()
                status, text = await deliver(town.session, url, honest, body)
                assert status == 202, text
                took.append(time.monotonic() - began)
        finally:
            over.set()
            await asyncio.gather(*flood)
    assert 202 not in answers and not {one for one in answers if one >= 500 and one != 503}
    assert max(took) < SOON_S / 2, took
    print(f"{len(answers)} forgeries, answered with {sorted(set(answers))};"
          f" {len(took)} honest ones took at most {max(took):.2f} s")  # fmt: skip


def _all(seconds: list[float]) -> list[float]:
    return [round(one, 2) for one in seconds]
