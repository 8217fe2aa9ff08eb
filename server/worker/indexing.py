"""Keeps the index of posts: what is new, what is old, and stretches of enough posts."""

from collections.abc import Callable
from typing import Final

from server.model import Job
from server.services import indexing
from server.store import jobs
from server.store import search_index as store
from server.store.db import Database

STEPS: Final = 200  # of one job: then others of its kind may be promised


class Indexing:
    """Does the job `index`: there is one at a time, because they share a lane."""

    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        """Nothing happens before `do`."""
        self._db = db
        self._now_ms = now_ms

    async def do(self, job: Job) -> None:
        """Until all is done, or for `STEPS`. Each step is a commit, and can be the last."""
        for _ in range(STEPS):
            if not await self.step():
                break
        await self._db.write(jobs.complete, job, self._now_ms())

    async def step(self) -> bool:
        """A little of what is most urgent. False when there was nothing."""
        return await self._look() or await self._gather() or await self._look_back()

    async def _look(self) -> bool:
        noted, words = await self._db.read(indexing.look)
        if noted:
            await self._db.write(indexing.looked, noted, words)
        return bool(noted)

    async def _look_back(self) -> bool:
        old = await self._db.read(indexing.look_back)
        if old is not None:
            await self._db.write(indexing.looked_back, old)
        return old is not None

    async def _gather(self) -> bool:
        """A stretch is written in pieces, so that nobody waits long; it counts with the last."""
        made = await self._db.read(indexing.gather)
        if made is None:
            return False
        id = await self._db.write(store.next_stretch)
        for some in indexing.pieces(made):
            await self._db.write(store.write_terms, id, some)
        await self._db.write(store.finish, id, made.words)
        return True
