"""From where nobody gets in: looked up at every request, read once in some seconds."""

import ipaddress
import logging
from collections.abc import Callable
from typing import Final

from aiohttp import web

from server.services import admissions
from server.services.admissions import Network
from server.store.db import Database, DatabaseError

log = logging.getLogger(__name__)

FRESH_MS: Final = 5_000
"""How old the list may be: what another process decided counts after so long."""


class Fences:
    """The networks that moderators shut out, as they were some seconds ago."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        """Nothing is read before somebody comes."""
        self._now_ms = now_ms
        self._networks: list[Network] = []
        self._until_ms = 0

    def forget(self) -> None:
        """The list has changed."""
        self._until_ms = 0

    async def keeps_out(self, db: Database, address: str) -> bool:
        """Whether somebody who comes from there is not let in.

        While the database is away the list stays as it was: whatever needs no database goes on.
        """
        now_ms = self._now_ms()
        if now_ms >= self._until_ms or now_ms < self._until_ms - FRESH_MS:
            # inline, so that the many who find it old at once do not all read it
            self._until_ms = now_ms + FRESH_MS
            try:
                self._networks = await db.read_inline(admissions.shut_out, now_ms)
            except DatabaseError as error:
                log.warning("the list of who is kept out stays as it was: %s", error)
        if not self._networks:
            return False
        try:
            came_from = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(came_from in network for network in self._networks)


FENCES: Final = web.AppKey("FENCES", Fences)
