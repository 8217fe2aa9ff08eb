"""How much may be fetched for one cause."""

from typing import Final

from federation.errors import Unreachable
from federation.origin import host
from server.policy.hosts import registered_domain

MAX_FETCHES: Final = 50  # documents for one activity
MAX_HOSTS_OF_A_DOMAIN: Final = 10


class Spent(Unreachable):
    """Nothing more is fetched for this cause: no fault of who would have been asked."""


class Budget:
    """How much may still be fetched for one cause; passed down a whole chain of fetches, with all
    their redirects."""

    def __init__(self, fetches: int = MAX_FETCHES, of: "Budget | None" = None) -> None:
        """`fetches` documents at most, each of which `of` has to bear too."""
        self.left = fetches
        self._of = of
        self._hosts: dict[str, set[str]] = {}

    def spend(self, uri: str) -> None:
        """Count one fetch. Raises `Spent` when there is nothing left to spend."""
        name = host(uri)
        seen = self._hosts.setdefault(registered_domain(name), set())
        seen.add(name)
        if self.left <= 0 or len(seen) > MAX_HOSTS_OF_A_DOMAIN:
            raise Spent("the fetch budget is spent")
        if self._of is not None:
            self._of.spend(uri)
        self.left -= 1
