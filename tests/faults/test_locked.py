"""Another process keeps SQLite to itself: whoever writes is told soon, and reading goes on."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from server.store.sqlite import BUSY_TIMEOUT_MS, MAX_GROUP
from tests.faults.oracle import examine
from tests.faults.traffic import App, Traffic, writer
from tests.faults.world import Instance, until
from tests.web.test_database_away import SAVING

pytestmark = pytest.mark.slow

GROUPS = 6
CROWD = GROUPS * MAX_GROUP
SOON_S = GROUPS * BUSY_TIMEOUT_MS / 1000
"""If the groups waited one after the other, the last would be told later than that."""


async def test_a_locked_database_is_told_soon_and_all_is_well_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "alpha" / "city.db"
    instance = Instance(tmp_path / "alpha", f"sqlite:{path}")
    clock, told, reading = asyncio.get_running_loop().time, list[float](), list[float]()
    try:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            app = App(session, instance, await writer(instance))
            traffic = Traffic(app, session, instance)

            async def refused(number: int) -> None:
                began = clock()
                status = await app.once(
                    "POST", "/api/v1/markers", home={"last_read_id": str(number)}
                )
                assert status == 503
                told.append(clock() - began)

            async def lock() -> None:
                with closing(
                    sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
                ) as other:
                    await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")
                    crowd = asyncio.gather(*(refused(number) for number in range(CROWD)))
                    while not crowd.done():
                        began = clock()
                        assert await app.once("GET", "/@ann") == 200
                        reading.append(clock() - began)
                        await asyncio.sleep(0.1)
                    await crowd
                    other.execute("ROLLBACK")

            async with traffic.peer.listening():
                await instance.start()
                await traffic.begin()
                await traffic.run_while(lock())
                began = clock()
                await until(lambda: _saved(app))
                recovered_s = clock() - began
                await traffic.arrived()
        assert {sentence for _, sentence in app.refused} <= {SAVING}
        assert app.refused and traffic.refused, "people and peers were told"
        assert max(told) < SOON_S, f"the last of the crowd was told after {max(told):.1f} s"
        assert max(reading) < SOON_S
        assert instance.stop() == 0
        await examine(instance, traffic)
    finally:
        instance.stop()
    print(
        traffic.figures(
            refused=len(app.refused),
            told_s=round(max(told), 1),
            reading_s=round(max(reading), 2),
            recovered_s=round(recovered_s, 2),
        )
    )


async def _saved(app: App) -> bool:
    return await app.once("POST", "/api/v1/markers", home={"last_read_id": "1"}) == 200
