"""What goes wrong in one world, and when: drawn from its seed before anything happens."""

import random
from typing import Final

import msgspec

from tests.simulation.chance import some
from tests.simulation.front import Answered, Sent
from tests.simulation.network import Fate

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
DAY_S: Final = 24 * HOUR_S

TROUBLES: Final = {
    "loss": 5,  # requests and answers are lost, connections break
    "echo": 4,  # requests arrive again, much later too
    "crash": 6,  # processes die and come back
    "outage": 4,  # a city is not there for hours or days
    "flap": 3,  # a city answers 429 and 503, with absurd times, or 5xx
    "slow": 3,  # a city answers after half a minute
    "refusal": 2,  # what stands before a city refuses some deliveries
    "denial": 1,  # the same, for want of a right
    "missing": 2,  # an inbox is not found, once
    "gone": 1,  # an inbox is gone for good, says what stands before it
    "jump": 2,  # clocks are set
    "beyond": 1,  # a city is not there for longer than a week
    "twins": 3,  # a city of two processes, of which one may sleep
}
"""What may go wrong, and how often it is drawn."""

LONG: Final = frozenset({"outage", "beyond"})
ABSURD: Final = ("0", "1", "120", "86400", "99999999999", "-5", "soon",
                 "Fri, 31 Dec 9999 23:59:59 GMT")  # fmt: skip
REFUSALS: Final = (400, 405, 413, 422)


class Outage(msgspec.Struct, frozen=True):
    """From one moment to another a city cannot be reached, or nobody can be reached from it."""

    city: str
    from_s: float
    until_s: float
    source: str = ""
    """Only for what comes from this city."""


def drawn(chance: random.Random) -> tuple[str, ...]:
    """One to four troubles; now and then only a slow city."""
    if some(chance, 0.08):
        return ("slow",)
    names, weights = list(TROUBLES), list(TROUBLES.values())
    found = chance.choices(names, weights, k=chance.choice([1, 2, 3, 3, 4]))
    return tuple(dict.fromkeys(found))


class Weather:
    """The fate of each request."""

    def __init__(self, chance: random.Random, cities: list[str], troubles: tuple[str, ...]) -> None:
        """`troubles` of `TROUBLES`."""
        self._chance = chance
        self.troubles = frozenset(troubles)
        self.well = False
        self.span_s = self._span(chance)
        self.odd = chance.choice(cities)
        """The city that is slow, or flaps, or is gone."""
        self.lossy: set[tuple[str, str]] = set()
        """(source, target) of which something may be given up for good."""
        self.outages = self._outages(chance, cities)
        self._missed: set[tuple[str, str]] = set()

    @property
    def calm(self) -> bool:
        """Whether nothing is wrong but that one city is slow."""
        return self.troubles == {"slow"}

    def _span(self, chance: random.Random) -> float:
        """How long people are at it."""
        if self.troubles & LONG:
            return chance.choice([6 * HOUR_S, DAY_S, 3 * DAY_S])
        return chance.choice([20.0, MINUTE_S, 10 * MINUTE_S, 2 * HOUR_S])

    def _outages(self, chance: random.Random, cities: list[str]) -> list[Outage]:
        found = []
        if "outage" in self.troubles:
            for _ in range(chance.randint(1, 3)):
                begins = chance.uniform(0, self.span_s)
                lasts = chance.choice([MINUTE_S, HOUR_S, 6 * HOUR_S, DAY_S, 3 * DAY_S])
                city, source = chance.sample(cities, 2)
                only = source if some(chance, 0.4) else ""
                found.append(Outage(city, begins, begins + lasts, only))
        if "beyond" in self.troubles:
            begins = chance.uniform(0, self.span_s)
            found.append(Outage(self.odd, begins, begins + 8 * DAY_S))
            others = [city for city in cities if city != self.odd]
            self.lossy |= {(city, self.odd) for city in others}
            self.lossy |= {(self.odd, city) for city in others}
        return found

    def fate(self, source: str, sent: Sent, now_s: float = 0.0) -> Fate:
        """What becomes of a request."""
        chance = self._chance
        there_s, back_s = chance.uniform(0.005, 0.2), chance.uniform(0.005, 0.2)
        if self.well:
            return Fate(there_s, back_s)
        if self._cut(source, sent.host, now_s):
            silent = some(chance, 0.3)
            return Fate(there_s, lost=silent, refused=not silent)
        if "slow" in self.troubles and sent.host == self.odd and source != self.odd:
            late = chance.uniform(25, 31)
            back_s = late if self.calm or some(chance, 0.5) else back_s
        if (instead := self._instead(source, sent)) is not None:
            return Fate(there_s, back_s, instead=instead)
        return self._on_the_way(there_s, back_s)

    def _cut(self, source: str, target: str, now_s: float) -> bool:
        return any(
            (source, target) == (one.source, one.city)
            if one.source
            else one.city in (source, target)
            for one in self.outages
            if one.from_s <= now_s < one.until_s
        )

    def _on_the_way(self, there_s: float, back_s: float) -> Fate:
        chance = self._chance
        lost = unheard = torn = False
        copies: tuple[float, ...] = ()
        if "loss" in self.troubles:
            kind = chance.random()
            lost, unheard, torn = kind < 0.07, 0.07 <= kind < 0.15, 0.15 <= kind < 0.23
        if "echo" in self.troubles and some(chance, 0.3):
            late = chance.choice([0.3, 5.0, 40.0, 600.0, 6 * HOUR_S])
            copies = tuple(chance.uniform(0, late) for _ in range(chance.choice([1, 1, 2, 5])))
        return Fate(there_s, back_s, lost=lost, unheard=unheard, torn=torn, copies=copies)

    def _instead(self, source: str, sent: Sent) -> Answered | None:
        """What a proxy before the odd city, or before any, answers in its place."""
        chance, delivery = self._chance, sent.method == "POST"
        if "flap" in self.troubles and sent.host == self.odd and some(chance, 0.4):
            status = chance.choice([429, 503, 500, 502, 503, 429])
            wait = chance.choice(ABSURD) if status in (429, 503) and some(chance, 0.7) else None
            return Answered(status, retry_after=wait)
        if not delivery:
            return None
        pair = (source, sent.host)
        if "refusal" in self.troubles and some(chance, 0.12):
            return Answered(chance.choice(REFUSALS))
        if "denial" in self.troubles and some(chance, 0.1):
            return Answered(chance.choice([401, 403]))
        if "missing" in self.troubles and pair not in self._missed and some(chance, 0.1):
            self._missed.add(pair)  # a moment's mistake: never twice in a row
            return Answered(404)
        if "gone" in self.troubles and sent.host == self.odd and some(chance, 0.1):
            self.lossy.add(pair)
            return Answered(chance.choice([410, 404]))
        return None
