"""Ends processes, or lets them sleep, between any two of their steps; and starts others."""

from typing import TYPE_CHECKING, Final

from tests.simulation.chance import some
from tests.simulation.city import HELD_S, City, Process

if TYPE_CHECKING:
    from tests.simulation.world import World

INSTANT: Final = frozenset({"inline", "read"})
"""What takes no time that others could notice."""


class Reaper:
    """Decides at each step of each process whether it is the last."""

    def __init__(self, world: "World") -> None:
        """How many die is drawn now."""
        self._world = world
        chance, troubles = world.chance, world.weather.troubles
        deaths = chance.randint(5, 30) if "crash" in troubles else 0
        sleeps = chance.randint(3, 10) * world.busy if "twins" in troubles else 0
        self._deaths = self._moments(deaths)
        self._sleeps = self._moments(sleeps)
        self.died = 0
        self.slept = 0

    def _moments(self, count: int) -> list[float]:
        """When they may happen, the last first: at some step after that."""
        chance, span_s = self._world.chance, self._world.weather.span_s
        return sorted((chance.uniform(0, span_s) for _ in range(count)), reverse=True)

    async def passing(self, process: Process, what: str) -> None:
        """One more step."""
        world = self._world
        if what not in INSTANT:
            await world.loop.sleep(world.chance.choice(PAUSES_S))
        if world.weather.well or not process.alive:
            return
        now_s, now_then = world.loop.time(), 0.05 if what in INSTANT else 0.3
        if self._deaths and self._deaths[-1] <= now_s and some(world.chance, now_then):
            self._deaths.pop()
            self.kill(process, what)
            return
        if not process.city.twins or not self._sleeps or self._sleeps[-1] > now_s:
            return
        if some(world.chance, now_then):
            self._sleeps.pop()
            self._stall(process, what)

    def kill(self, process: Process, what: str) -> None:
        """Now; another comes after a while."""
        world = self._world
        self.died += 1
        world.note(f"{process} dies at {what}")
        process.die()
        after_s = world.chance.choice([0.1, 0.5, 3.0, 30.0, 200.0])
        world.later(after_s, self._again, process.city)

    async def _again(self, city: City) -> None:
        if len(city.alive()) < city.size:
            await city.start()

    def _stall(self, process: Process, what: str) -> None:
        """It sleeps for longer than it may hold what it has claimed."""
        world = self._world
        for_s = world.chance.uniform(0.5, 4) * HELD_S
        self.slept += 1
        process.stalls += 1
        process.stalled_until = world.loop.time() + for_s
        world.note(f"{process} sleeps for {for_s:.0f} s at {what}")


PAUSES_S: Final = (0.001, 0.001, 0.001, 0.002, 0.004, 0.02, 0.1)
