"""Where visitors have their account: what a server lets its members do elsewhere."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Final

from federation import webfinger
from federation.errors import Blocked, Unreachable
from federation.http import Client
from server.clock import MINUTE_MS
from server.errors import TooMany
from server.fetch.hosts import Hosts
from server.policy.hosts import registered_domain

AT_ONCE: Final = 50  # servers of visitors, who may name any
OF_A_DOMAIN: Final = 5
MAX_S: Final = 6.0  # somebody waits for it
MAX_JRD_BYTES: Final = 256 * 1024
MAX_CACHED: Final = 1_000
FRESH_MS: Final = 10 * MINUTE_MS


class Homes:
    """Asks servers of visitors, and remembers what they said for a while."""

    def __init__(
        self, client: Client, hosts: Hosts, now_ms: Callable[[], int], *, scheme: str
    ) -> None:
        """`scheme` is how WebFinger is asked."""
        self._client = client
        self._hosts = hosts
        self._now_ms = now_ms
        self._scheme = scheme
        self._homes: OrderedDict[str, tuple[int, dict[str, str]]] = OrderedDict()
        self._visiting: Counter[str] = Counter()

    async def templates(self, name: str, domain: str) -> dict[str, str]:
        """Where the server of `name@domain` takes what its member wants to do, by relation.

        Without a name the server itself is asked about. Unsigned, within `MAX_S`, and remembered
        for a while. Raises `FederationError`; `TooMany` while so many are asked that a visitor
        could make us a burden to others.
        """
        if not await self._hosts.welcome(domain):
            raise Blocked(domain)
        handle, now_ms = f"{name or domain}@{domain}", self._now_ms()
        until_ms, known = self._homes.get(handle, (0, {}))
        if until_ms - FRESH_MS <= now_ms < until_ms:
            return known
        above = registered_domain(domain)
        if self._visiting.total() >= AT_ONCE or self._visiting[above] >= OF_A_DOMAIN:
            raise TooMany(
                "Too many servers are asked at this moment. Please try again in a few seconds.",
                retry_after_ms=5_000,
            )
        self._visiting[above] += 1
        try:
            found = await self._templates(name or domain, domain)
        finally:
            self._visiting[above] -= 1
            if not self._visiting[above]:
                del self._visiting[above]
        self._homes[handle] = (now_ms + FRESH_MS, found)
        self._homes.move_to_end(handle)
        if len(self._homes) > MAX_CACHED:
            self._homes.popitem(last=False)
        return found

    def may_lead(self, url: str) -> bool:
        """Whether somebody may be sent to this address: where we would go ourselves, over TLS.

        Without TLS only a city without TLS sends people, which is one on localhost or in a test.
        """
        return self._client.may_go(url) and (url.startswith("https:") or self._scheme == "http")

    async def _templates(self, name: str, domain: str) -> dict[str, str]:
        url = webfinger.url_for(name, domain, self._scheme)
        try:
            async with asyncio.timeout(MAX_S):
                fetched = await self._client.get(
                    url,
                    accept=webfinger.ACCEPT,
                    max_bytes=MAX_JRD_BYTES,
                    welcome=self._hosts.elsewhere,
                )
        except TimeoutError:
            raise Unreachable("timeout") from None
        return webfinger.parse_templates(fetched.body)
