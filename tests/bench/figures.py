"""What a benchmark found, and how it is printed."""

from dataclasses import dataclass
from statistics import median
from typing import NamedTuple


class Options(NamedTuple):
    """How much to measure; `profile` is a file for the server's profile, or nothing."""

    rounds: int = 5
    quick: bool = False
    profile: str = ""

    def profiled(self, suffix: str = "") -> list[str]:
        """The argument by which the server under test writes its profile, if it is to."""
        return [self.profile + suffix] if self.profile else []


@dataclass(frozen=True)
class Figure:
    """One line of the table: a median of rounds, its floor in the same run, and what we aim at."""

    what: str
    unit: str
    rounds: tuple[float, ...]
    aim: float | None = None
    floor: float | None = None

    def __str__(self) -> str:
        """The line."""
        reached = median(self.rounds)
        line = f"{self.what:<58} {reached:>8.3f} {self.unit:<14}"
        line += f" aim {self.aim:<7g}" if self.aim is not None else " " * 12
        if self.floor:
            line += f" floor {self.floor:.3f}, {reached / self.floor:.1f} times"
        if len(self.rounds) > 1:
            line += f"   ({min(self.rounds):.3f} to {max(self.rounds):.3f})"
        return line.rstrip()
