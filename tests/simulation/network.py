"""The wire between cities: it loses, doubles, delays and turns around what is sent over it."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from federation.errors import Unreachable
from federation.http import TOTAL_S, _Disconnected
from tests.simulation import front
from tests.simulation.city import City, Process
from tests.simulation.front import Answered, Sent

if TYPE_CHECKING:
    from tests.simulation.world import World

SKEWED_MS: Final = (
    55 * 60_000
)  # clocks so far apart: what the one signs, the other takes for forged


class Fate(msgspec.Struct, frozen=True):
    """What becomes of one request. Times in seconds."""

    there_s: float = 0.05
    back_s: float = 0.05
    lost: bool = False
    unheard: bool = False
    """It arrives and has its effect; the answer does not arrive."""
    torn: bool = False
    """As `unheard`, and the connection breaks."""
    refused: bool = False
    copies: tuple[float, ...] = ()
    """When it arrives again, after it was sent."""
    instead: Answered | None = None
    """What something before the city answers; the city hears nothing."""


class Heard(msgspec.Struct, frozen=True):
    """One delivery that reached a city, and what it answered."""

    at_s: float
    source: str
    target: str
    body: bytes
    status: int


class Network:
    """Carries requests from process to city, and notes what arrived."""

    def __init__(self, world: "World") -> None:
        """Nothing is under way."""
        self._world = world
        self.in_flight = 0
        self.heard: list[Heard] = []
        self.refused: list[tuple[str, str, bytes]] = []
        """(source, target, body) of deliveries to which something before the city said no."""
        self.missed: set[tuple[str, str]] = set()
        """(source, target) where something was asked for in vain."""
        self.exchanges = 0
        self.on_heard: Callable[[Heard], None] = lambda heard: None

    async def exchange(self, source: Process, sent: Sent) -> Answered:
        """One request and its answer. Raises `Unreachable`."""
        await source.step("send")
        self.in_flight += 1
        got: Answered | None = None
        try:
            got = await self._exchange(source, sent)
        finally:
            self.in_flight -= 1
            if sent.method == "GET" and (got is None or got.status >= 400):
                self.missed.add((source.city.name, sent.host))
        return got

    async def _exchange(self, source: Process, sent: Sent) -> Answered:
        loop, fate = (
            self._world.loop,
            self._world.weather.fate(source.city.name, sent, self._world.loop.time()),
        )
        self.exchanges += 1
        self._world.note(f"{source} {sent.method} {sent.url} {_tag(sent.body)}{_told(fate)}")
        if fate.refused:
            await loop.sleep(fate.there_s)
            raise Unreachable("no connection")
        answer: asyncio.Future[Answered] = loop.create_future()
        sender, now = source.city, loop.time()
        if not fate.lost:
            loop.at(now + fate.there_s, self._arrive, sender, sent, fate, answer)
        for after_s in fate.copies:
            loop.at(now + after_s, self._arrive, sender, sent, fate, None)
        try:
            async with asyncio.timeout(TOTAL_S):
                got = await answer
        except TimeoutError:
            raise Unreachable("timeout") from None
        await source.step("answered")
        return got

    def _arrive(
        self, source: City, sent: Sent, fate: Fate, answer: asyncio.Future[Answered] | None
    ) -> None:
        """At the door of the city, if somebody opens."""
        target = self._world.cities.get(sent.host)
        if fate.instead is not None:
            if sent.method == "POST" and fate.instead.status in range(400, 500):
                self.refused.append((source.name, sent.host, sent.body))
            self._send_back(answer, fate, fate.instead)
            return
        processes = target.alive() if target else []
        if target is None or not processes:
            self._break(answer, "no connection")
            return
        process = self._world.chance.choice(processes)
        work = process.spawn(front.answer(process.app, sent, source.address))

        def answered(done: asyncio.Task[Answered]) -> None:
            if done.cancelled():
                self._break(answer, "")
                return
            said = done.result()
            self._note(source, target, sent, said)
            if fate.torn:
                self._break(answer, "")
            elif not fate.unheard:
                self._send_back(answer, fate, said)

        work.add_done_callback(answered)

    def _note(self, source: City, target: City, sent: Sent, said: Answered) -> None:
        self._world.note(f"{target.name} answers {said.status} to {source.name} {_tag(sent.body)}")
        apart_ms = abs(source.ahead_ms - target.ahead_ms)
        if said.status == 401 and apart_ms > SKEWED_MS:
            self.refused.append((source.name, target.name, sent.body))
        if sent.method == "POST":
            one = Heard(self._world.loop.time(), source.name, target.name, sent.body, said.status)
            self.heard.append(one)
            self.on_heard(one)

    def _send_back(
        self, answer: asyncio.Future[Answered] | None, fate: Fate, said: Answered
    ) -> None:
        if answer is not None:
            loop = self._world.loop
            loop.at(loop.time() + fate.back_s, _settle, answer, said)

    def _break(self, answer: asyncio.Future[Answered] | None, reason: str) -> None:
        """The sender sees that the connection ended; without a reason, after it was made."""
        if answer is not None and not answer.done():
            error = Unreachable(reason) if reason else _Disconnected("disconnected")
            answer.set_exception(error)


def _settle(answer: asyncio.Future[Answered], said: Answered) -> None:
    if not answer.done():
        answer.set_result(said)


def _tag(body: bytes) -> str:
    """An activity in a few words."""
    if not body:
        return ""
    raw: Any = msgspec.json.decode(body)
    return f"{raw['type']} {raw['id']}"


def _told(fate: Fate) -> str:
    said = [name for name in ("lost", "unheard", "torn", "refused") if getattr(fate, name)]
    if fate.instead is not None:
        said.append(str(fate.instead.status))
    said += [f"again after {after_s:.1f} s" for after_s in fate.copies]
    return f" ({', '.join(said)})" if said else ""
