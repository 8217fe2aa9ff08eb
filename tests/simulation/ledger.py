"""What people were told that they have done: the oracle holds the cities to it."""

from dataclasses import dataclass, field

from tests.simulation.city import City


@dataclass
class Written:
    """One post as its author was told that it is."""

    uri: str
    id: int
    city: str
    author: str
    visibility: str
    audience: frozenset[str]
    """Who followed its author elsewhere when it was written (actor ids)."""
    told: str = ""
    """A city where somebody is to hear of it by name: whom it answers or addresses."""
    answers: str = ""
    version: int = 0
    deleted: bool = False


@dataclass
class Ledger:
    """What was acknowledged."""

    posts: dict[str, Written] = field(default_factory=dict)
    follows: dict[tuple[str, str], bool] = field(default_factory=dict)
    """(follower, target) to whether they follow now."""
    ended: set[tuple[str, str]] = field(default_factory=set)
    """Follows that were ever taken back."""
    likes: dict[tuple[str, str], bool] = field(default_factory=dict)
    boosts: dict[tuple[str, str], bool] = field(default_factory=dict)
    acts: int = 0


@dataclass
class Person:
    """Somebody of one of the cities."""

    name: str
    city: City
    uri: str
