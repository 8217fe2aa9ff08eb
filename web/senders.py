"""How much each server may send us, once it is certain that it does.

What one server says has its effect at once and costs us work, however authentic it is: without an
end to it, a flood of one slows down everybody. Only what was authentic counts, so nobody spends
what another may send; and all hosts of one registered domain are one sender.

Who sends more hears 503, never 429: Lemmy takes every 4xx for a last word and sends that activity
no more (activitypub-federation-rust, `sign_and_send`); it and Mastodon send again after a 503.
"""

from typing import Final

from aiohttp import web

from federation.origin import host
from server.errors import Crowded
from server.policy.hosts import registered_domain
from web.limits import Buckets

BURST_S: Final = 20  # so many seconds' worth may come at once, after a night's silence for example


class Senders:
    """What each server may still send now."""

    def __init__(self, a_minute: int) -> None:
        """Nobody has sent anything; each may send so much in the long run."""
        a_second = a_minute / 60
        self._buckets = Buckets(max(1.0, a_second * BURST_S), a_second)

    def check(self, actor: str, now_ms: int) -> None:
        """Raises `Crowded` where the server of this actor has sent too much."""
        if not self._buckets.has(_server(actor), now_ms):
            raise Crowded(
                "This server sends too much at once. Send it again later.",
                retry_after_ms=BURST_S * 1000,
            )

    def heard(self, actor: str, now_ms: int) -> None:
        """This actor has sent something, and nobody else in its name."""
        self._buckets.charge(_server(actor), now_ms)


def _server(actor: str) -> str:
    return registered_domain(host(actor))


SENDERS: Final = web.AppKey("SENDERS", Senders)
