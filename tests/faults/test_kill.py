"""`kill -9` at any moment: what was acknowledged is kept, and nothing happens twice.

I1, I2, I3 and I5 of the security notes, with real processes and real sockets. The moments come by
chance from a seed: while answers are under way, just after a 2xx in either direction, at any time.
"""

import asyncio
import random
from pathlib import Path

import aiohttp
import pytest

from tests.faults.oracle import examine
from tests.faults.rounds import SEEDS, many
from tests.faults.traffic import App, Traffic, writer
from tests.faults.world import Instance

pytestmark = pytest.mark.slow


class Killer:
    """Kills the instance and starts it again, so many times."""

    def __init__(self, instance: Instance, seed: int, kills: int) -> None:
        """Nothing happens before `all`."""
        self._instance = instance
        self._chance = random.Random(seed)
        self._left = kills
        self._turn = asyncio.Lock()

    async def passing(self, moment: str) -> None:
        """A moment of the conversation; now and then the last of this process."""
        if self._left and not self._turn.locked() and self._chance.random() < 0.02:
            await self._strike()

    async def all(self) -> None:
        """Kill at any time, until all kills are used."""
        while self._left:
            await asyncio.sleep(self._chance.uniform(0.0, 1.0))
            await self._strike()

    async def _strike(self) -> None:
        async with self._turn:
            if self._left:
                self._left -= 1
                self._instance.kill()
                try:
                    await self._instance.start()
                except AssertionError as error:  # somebody else listens there for a moment
                    if "is taken" not in str(error).splitlines()[-1]:
                        raise
                    await self._instance.start()


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_acknowledged_is_lost_and_nothing_happens_twice(
    tmp_path: Path, database_url: str, seed: int
) -> None:
    kills = many(15, 100)
    instance = Instance(tmp_path / "alpha", database_url)
    killer = Killer(instance, seed, kills)
    try:
        async with aiohttp.ClientSession() as session:
            app = App(session, instance, await writer(instance))
            traffic = Traffic(app, session, instance, few=2 * kills)
            async with traffic.peer.listening():
                await instance.start()
                await traffic.begin()
                traffic.moment = killer.passing
                await traffic.run_while(killer.all())
                assert instance.kills == kills
                await traffic.arrived()
        assert instance.stop() == 0, instance.log()
        await examine(instance, traffic)
    finally:
        instance.stop()
    print(traffic.figures(kills=kills))
