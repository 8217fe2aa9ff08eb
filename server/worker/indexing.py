"""Keeps the index of posts: what is new, what is old, and stretches of enough posts."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from server.model import Job
from server.services import indexing
from server.services.indexing import Stretch
from server.store import jobs, names
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
        return (
            await self._look()
            or await self._gather()
            or await self._look_back()
            or await self._db.write(names.look_back, indexing.NAMES_AT_ONCE)
            or await self._clear()
            or await self._renew()
        )

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
        made = await self._db.read(indexing.gather)
        if made is None:
            return False
        id = await self._written(made)
        await self._db.write(store.finish, id, made.words, self._now_ms())
        return True

    async def _written(self, made: Stretch) -> int:
        """A stretch, in pieces, so that nobody waits long; it counts when it is finished."""
        id = await self._db.write(store.next_stretch)
        for some in indexing.pieces(made):
            await self._db.write(store.write_terms, id, some)
        return id

    async def _clear(self) -> bool:
        id = await self._db.read(store.retired)
        if id is not None:
            await self._db.write(store.clear, id, indexing.TERMS_AT_ONCE)
        return id is not None

    async def _renew(self) -> bool:
        """What was deleted, changed or hidden leaves its stretch: that is written anew."""
        found = await self._db.read(indexing.to_check, self._now_ms())
        if found is None:
            return False
        id, post_ids = found
        words: dict[int, str] = {}
        characters = 0
        for some in indexing.batched(post_ids):
            found_now = await self._db.read(indexing.findable, some)
            if characters > indexing.MAX_CHARACTERS:  # they have grown since
                await self._db.write(store.put, found_now)
                continue
            words |= found_now
            characters += sum(map(len, found_now.values()))
        if not post_ids:
            await self._db.write(store.checked, id, self._now_ms())
        elif indexing.few(words):
            await self._db.write(indexing.dissolve, id, words)
        else:
            made = await asyncio.to_thread(indexing.stretch, words)
            new = await self._written(made)
            left = {id: said for id, said in words.items() if id not in made.words}
            replace = partial(indexing.replace, left=left)
            await self._db.write(replace, id, new, made, self._now_ms())
        return True
