"""How much one address may get wrong, and how much may be under way at once."""

import ipaddress
from collections import OrderedDict
from functools import lru_cache
from typing import Final

from server.clock import MINUTE_MS
from server.errors import TooMany

MAX_ADDRESSES: Final = 20_000
BURST: Final = 100.0  # refused requests in a row
REFILL_PER_S: Final = 5.0


class Buckets:
    """A token bucket per address (/64 for IPv6). Only what is refused costs a token.

    So a flood of forgeries is soon answered without work, and honest peers, however busy, never
    notice: not even behind the same address, as long as most of what comes from there is right.
    """

    def __init__(self, burst: float = BURST, refill_per_s: float = REFILL_PER_S) -> None:
        """All buckets are full, with `burst` tokens."""
        self._burst = burst
        self._refill_per_s = refill_per_s
        self._tokens: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def check(self, address: str, now_ms: int) -> None:
        """Raises `TooMany` when the address got too much wrong lately."""
        if not self.has(address, now_ms):
            raise TooMany("Too many requests were wrong. Wait a while.", retry_after_ms=20_000)

    def has(self, address: str, now_ms: int) -> bool:
        """Whether a token is left."""
        return self._left(network(address), now_ms) >= 1.0

    def charge(self, address: str, now_ms: int) -> None:
        """One more request was refused."""
        key = network(address)
        self._tokens[key] = (max(0.0, self._left(key, now_ms) - 1.0), now_ms)
        self._tokens.move_to_end(key)
        if len(self._tokens) > MAX_ADDRESSES:
            self._tokens.popitem(last=False)

    def spend(self, address: str, now_ms: int, tokens: int = 1) -> None:
        """Take tokens for work that costs us much, right or wrong. Raises `TooMany`."""
        self.check(address, now_ms)
        for _ in range(tokens):
            self.charge(address, now_ms)

    def _left(self, key: str, now_ms: int) -> float:
        tokens, at_ms = self._tokens.get(key, (self._burst, now_ms))
        if at_ms - now_ms > MINUTE_MS:  # the clock was put back: nobody waits until it is there
            return self._burst
        passed_s = max(0, now_ms - at_ms) / 1000
        return min(self._burst, tokens + passed_s * self._refill_per_s)


@lru_cache(maxsize=1024)  # asked several times of each request
def network(address: str) -> str:
    """The address, or for IPv6 its /64: whoever has one of those has them all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False))
