"""SIGTERM in the middle of everything: what was begun is answered, nothing acknowledged is lost."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from tests.faults.oracle import examine
from tests.faults.rounds import many
from tests.faults.traffic import App, Traffic, writer
from tests.faults.world import Instance, until
from web.commands.serve import STOP_S

pytestmark = pytest.mark.slow

PROMISED_S = 10.0


async def test_a_stop_under_load_loses_nothing_and_takes_less_than_ten_seconds(
    tmp_path: Path, database_url: str
) -> None:
    instance, stops = Instance(tmp_path / "alpha", database_url), many(3, 20)
    took: list[float] = []

    async def stop_and_start() -> None:
        clock = asyncio.get_running_loop().time
        for number in range(stops):
            for _ in range(30 + 7 * number):  # so many things are acknowledged first
                await passed.get()
            began = clock()
            assert await asyncio.to_thread(instance.stop) == 0, instance.log()
            took.append(clock() - began)
            await instance.start()

    passed: asyncio.Queue[str] = asyncio.Queue()
    try:
        async with aiohttp.ClientSession() as session:
            app = App(session, instance, await writer(instance))
            traffic = Traffic(app, session, instance, passed.put)
            async with traffic.peer.listening():
                await instance.start()
                await traffic.begin()
                await traffic.run_while(stop_and_start())
                await traffic.arrived()
        assert instance.stop() == 0
        await examine(instance, traffic)
    finally:
        instance.stop()
    assert STOP_S < PROMISED_S, "then whatever has not ended is cut off"
    assert sorted(took)[stops // 2] < PROMISED_S, took  # a machine may stand still for a while
    print(traffic.figures(stops=stops, longest_stop_s=round(max(took), 2)))


async def test_a_request_in_hand_is_answered_before_the_end(tmp_path: Path) -> None:
    """It waits for the database when the signal comes; whoever comes after it is refused."""
    path = tmp_path / "alpha" / "city.db"
    instance = Instance(tmp_path / "alpha", f"sqlite:{path}")
    try:
        token = await writer(instance)
        await instance.start()
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            reader, line = await asyncio.open_connection("127.0.0.1", instance.port)
            body = b"status=A+story"
            head = (
                f"POST /api/v1/statuses HTTP/1.1\r\nHost: localhost:{instance.port}\r\n"
                f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
            )
            line.write(head.encode() + body)
            await line.drain()
            async with aiohttp.ClientSession() as session:
                for _ in range(3):  # it reads what came first before what came later
                    async with session.get(f"{instance.origin}/healthz") as answer:
                        assert answer.status == 200
            ended = asyncio.create_task(asyncio.to_thread(instance.stop))
            await until(lambda: _refused(instance))
            other.execute("ROLLBACK")
        assert (await reader.readline()).split()[1] == b"200"
        line.close()
        assert await ended == 0
    finally:
        instance.stop()


async def _refused(instance: Instance) -> bool:
    try:
        _, line = await asyncio.open_connection("127.0.0.1", instance.port)
    except OSError:
        return True
    line.close()
    return False
