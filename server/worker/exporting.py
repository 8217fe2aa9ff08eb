"""Writing a board or a team blog into a zip, step by step: a few stories at a time in memory."""

import asyncio
from array import array
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from server.binding.archive import Archive
from server.binding.values import File, Thread
from server.errors import Conflict, Invalid, NotFound
from server.files import Store, refusal, require_room
from server.model import Community, Site
from server.services import contents
from server.store import contents as store
from server.store.db import Database

STORIES: Final = 20  # read at once
REMARKS: Final = 200
MAX_BYTES: Final = 8 << 30
"""Of media in one zip; disks are not endless."""
TRIES: Final = 3

Tell = Callable[[int], Awaitable[bool]]
"""Hears how many threads are written; False ends the work."""


class Ended(Exception):
    """Nobody waits for it any more."""


class Exporting:
    """Writes one zip."""

    def __init__(self, db: Database, files: Store, site: Site, tell: Tell) -> None:
        """`files` has the media; `tell` hears of each step."""
        self._db = db
        self._files = files
        self._site = site
        self._tell = tell
        self._ids = array("q")
        self._bytes = 0
        self._folder = Path()
        self._now_ms = 0

    async def write(self, community: Community, path: Path, now_ms: int) -> int:
        """The whole community at `path`; how many threads.

        Raises `Invalid` for what is too large, `Conflict` where it never stands still, `StoreAway`,
        `StorageFull`, `Ended`.
        """
        self._now_ms = now_ms
        for _ in range(TRIES):
            try:
                done = await self._once(community, path)
            except OSError as error:
                raise refusal(error) from error
            if not await self._db.read(store.gone, self._ids):
                return done
        raise Conflict("This community changes too fast to be taken away. Try again later.")

    async def _once(self, community: Community, path: Path) -> int:
        self._ids, self._bytes, self._folder = array("q"), 0, path.parent
        head = await self._db.read(contents.head, self._site, community)
        out = await asyncio.to_thread(Archive, path, path.parent, head)
        try:
            done = await self._threads(out, community.account.id)
            await asyncio.to_thread(out.finish)
        finally:
            await asyncio.to_thread(out.close)
        return done

    async def _threads(self, out: Archive, community_id: int) -> int:
        done = after = 0
        threads = partial(contents.threads, limit=STORIES, now_ms=self._now_ms)
        while found := await self._db.read(threads, self._site, community_id, after):
            for story in found:
                await self._thread(out, story)
            after, done = found[-1].id, done + len(found)
            if not await self._tell(done):
                raise Ended
        return done

    async def _thread(self, out: Archive, story: Thread) -> None:
        files = tuple([file for file in story.files if await self._copied(out, file)])
        self._ids.append(story.id)
        await asyncio.to_thread(out.begin, msgspec.structs.replace(story, files=files))
        after = 0
        while found := await self._db.read(contents.remarks, self._site, story.id, after, REMARKS):
            await asyncio.to_thread(out.remarks, found)
            self._ids.extend(one.id for one in found)
            after = found[-1].id
        out.end()

    async def _copied(self, out: Archive, file: File) -> bool:
        """Put a file into the zip; not one that went meanwhile."""
        name, size = f"media/{file.file}", await self._files.size(file.file)
        if size is None:
            return False
        self._bytes += size
        if self._bytes > MAX_BYTES:
            raise Invalid(
                "There are more than %(most)s GB of pictures and films: this cannot be taken away "
                "as one file.",
                most=MAX_BYTES >> 30,
            )
        if name in out.zip:
            return True
        await asyncio.to_thread(require_room, self._folder, size)
        try:
            with out.zip.file(name, size, packed=False) as into:
                async for chunk in self._files.read(file.file):
                    await asyncio.to_thread(into.write, chunk)
        except NotFound:  # between its size and its bytes: the whole is read anew
            return False
        return True
