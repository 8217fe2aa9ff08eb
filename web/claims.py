"""In whose name requests come, before we know whether they do: keys asked for, counted by host.

Anybody may name any host. So a name alone costs its host nothing: what a key that we know verifies
is never held up, nor what comes from where that host has proved itself before. What costs is a key
that had to be asked for and then verified nothing: after `BURST` such, no more are asked for in
that name for a while, from however many addresses they come.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web

from federation.errors import FederationError
from federation.origin import host
from federation.vocab import Actor, Key
from web.keys import ADDRESS, BUCKETS, FETCHER, NOW
from web.limits import Buckets, network

BURST: Final = 50.0
REFILL_PER_S: Final = 1.0
MAX_PROVEN: Final = 20_000  # pairs of host and network


class Claims:
    """How much was asked for in vain in the name of each host, and from where it did speak."""

    def __init__(self) -> None:
        """Nobody has claimed anything."""
        self._buckets = Buckets(BURST, REFILL_PER_S)
        self._proven: OrderedDict[tuple[str, str], None] = OrderedDict()

    def check(self, name: str, address: str, now_ms: int) -> None:
        """Raises `TooMany` where too much was wrong in this name, unless it spoke from here."""
        if (name, network(address)) not in self._proven:
            self._buckets.check(name, now_ms)

    def charge(self, name: str, now_ms: int) -> None:
        """A key of this host was asked for, and nothing came of it."""
        self._buckets.charge(name, now_ms)

    def prove(self, name: str, address: str) -> None:
        """A request in this name was authentic, and came from here."""
        place = name, network(address)
        self._proven[place] = None
        self._proven.move_to_end(place)
        if len(self._proven) > MAX_PROVEN:
            self._proven.popitem(last=False)


CLAIMS: Final = web.AppKey("CLAIMS", Claims)


class Asking:
    """Where keys come from, for one request. `federation.inbox.KeySource`"""

    def __init__(self, request: web.Request) -> None:
        """Nothing is asked for yet."""
        self._claims, self._keys = request.config_dict[CLAIMS], request.config_dict[FETCHER].keys
        self._address = request[ADDRESS]
        self._named = ""

    async def cached(self, key_id: str) -> Key | None:
        """As `Keys.cached`."""
        return await self._keys.cached(key_id)

    async def fetch(self, key_id: str, now_ms: int) -> tuple[Key, Actor]:
        """As `Keys.fetch`; `TooMany` also where too much was asked for in that host's name."""
        self._claims.check(host(key_id), self._address, now_ms)
        self._named = host(key_id)
        return await self._keys.fetch(key_id, now_ms)

    def failed(self, now_ms: int) -> None:
        """The request is not authentic."""
        if self._named:
            self._claims.charge(self._named, now_ms)

    def authentic(self, actor: str) -> None:
        """The request is `actor`'s."""
        self._claims.prove(host(actor), self._address)


@contextmanager
def asking(request: web.Request) -> Iterator[Asking]:
    """Keys for one request, whose failure in here is charged to where it comes from.

    Raises `TooMany` where too much that came from there was wrong.
    """
    now_ms, buckets = request.app[NOW](), request.app[BUCKETS]
    buckets.check(request[ADDRESS], now_ms)
    keys = Asking(request)
    try:
        yield keys
    except FederationError:
        keys.failed(now_ms)
        buckets.charge(request[ADDRESS], now_ms)
        raise
