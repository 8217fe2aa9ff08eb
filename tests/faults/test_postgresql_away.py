"""PostgreSQL is restarted, dies, and hangs up: nothing acknowledged is lost, all recovers alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.faults.oracle import examine
from tests.faults.own_postgresql import OwnPostgreSQL, own_postgresql
from tests.faults.rounds import many
from tests.faults.traffic import App, Traffic, writer
from tests.faults.world import Instance, until

pytestmark = pytest.mark.slow

WITHIN_S = 60.0


@pytest.fixture
def postgresql() -> Iterator[OwnPostgreSQL]:
    """A server that may be hurt."""
    with own_postgresql() as server:
        yield server


async def test_a_postgresql_that_is_restarted_or_hangs_up_costs_nothing_acknowledged(
    tmp_path: Path, postgresql: OwnPostgreSQL
) -> None:
    instance, clock = Instance(tmp_path / "alpha", postgresql.url), asyncio.get_running_loop().time
    took: dict[str, float] = {}

    async def hang_up() -> None:
        hung_up = 0
        for _ in range(many(8, 200)):
            hung_up += await asyncio.to_thread(postgresql.hang_up)
            await asyncio.sleep(0.1)  # so often, whatever the others do
        assert hung_up

    faults: dict[str, Callable[[], Awaitable[None]]] = {
        "fast": lambda: asyncio.to_thread(postgresql.restart, "fast"),
        "immediate": lambda: asyncio.to_thread(postgresql.restart, "immediate"),
        "hung up": hang_up,
    }

    async def all_faults() -> None:
        for _ in range(many(1, 5)):
            for name, fault in faults.items():
                await fault()
                began = clock()
                post = await traffic.post()
                await until(lambda uri=post["uri"]: arrived(uri), WITHIN_S)  # type: ignore[misc]
                took[name] = max(took.get(name, 0.0), clock() - began)

    async def arrived(uri: str) -> bool:
        return any(uri.encode() in body for _, body in traffic.peer.heard)

    try:
        async with aiohttp.ClientSession() as session:
            # as long as somebody hangs up on us all the time, nothing is promised
            app = App(session, instance, await writer(instance), within_s=3 * WITHIN_S)
            traffic = Traffic(app, session, instance, few=many(20, 200))
            async with traffic.peer.listening():
                await instance.start()
                await traffic.begin()
                await traffic.run_while(all_faults())
                await traffic.arrived()
        assert instance.stop() == 0
        await examine(instance, traffic)
    finally:
        instance.stop()
    assert max(took.values()) < WITHIN_S
    took = {name: round(seconds, 1) for name, seconds in took.items()}
    print(traffic.figures(refused=len(app.refused), recovered_s=took))
