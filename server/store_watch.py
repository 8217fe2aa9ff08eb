"""Whether pictures and films can be stored: tried once a minute, told when it changes."""

import asyncio
import logging
from typing import Final

from server.files import Store

log = logging.getLogger(__name__)

EVERY_S: Final = 60.0


class StoreWatch:
    """`up`: whether something could be stored when it was last tried."""

    def __init__(self, store: Store) -> None:
        """Nothing is tried before `run`."""
        self._store = store
        self.up = True

    async def run(self) -> None:
        """Try again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Try once; the log hears of it when it begins and when it ends."""
        why = await self._store.trouble()
        if why and self.up:
            log.warning("media.store: %s; nothing is taken, pictures in a bucket answer 503", why)
        if not why and not self.up:
            log.info("Pictures and films can be stored again.")
        self.up = not why
