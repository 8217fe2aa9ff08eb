"""With which servers we speak, as the moderators' rules were a moment ago."""

from collections.abc import Callable
from typing import Final

from federation.errors import Malformed
from federation.origin import host
from server.model import Site
from server.policy.hosts import nearest, welcome
from server.store import hosts
from server.store.db import Database

RULES_MS: Final = 2_000


class Hosts:
    """Which servers are asked, and which addresses lead to one of them."""

    def __init__(self, db: Database, site: Site, mode: str, now_ms: Callable[[], int]) -> None:
        """`mode` is `federation.mode`."""
        self._db = db
        self._site = site
        self._mode = mode
        self._now_ms = now_ms
        self._rules: dict[str, str] = {}
        self._pictures: dict[str, str] = {}
        self._rules_until_ms = 0

    async def welcome(self, name: str) -> bool:
        """Whether the configuration and the moderators let us speak with this host."""
        await self._look_at_rules()
        return welcome(self._mode, nearest(self._rules, name))

    async def _look_at_rules(self) -> None:
        now_ms = self._now_ms()
        if now_ms >= self._rules_until_ms or now_ms < self._rules_until_ms - RULES_MS:
            # inline, so that the many who find them old at once do not all read them
            rows = await self._db.read_inline(hosts.rules)
            self._rules = {row["domain"]: row["action"] for row in rows}
            self._pictures = {row["domain"]: "no" * row["reject_media"] for row in rows}
            self._rules_until_ms = now_ms + RULES_MS

    async def elsewhere(self, url: str) -> bool:
        """Whether this is an address of another server, of one with which we speak."""
        try:
            name = host(url)
        except Malformed:
            return False
        return name != host(self._site.origin) and await self.welcome(name)

    async def pictured(self, url: str) -> bool:
        """As `elsewhere`, for a server whose pictures and films moderators do not refuse."""
        return await self.elsewhere(url) and nearest(self._pictures, host(url)) != "no"

    def forget_rules(self) -> None:
        """The moderators changed the rules."""
        self._rules_until_ms = 0
