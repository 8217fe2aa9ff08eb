"""Making what somebody ordered to take away, an export or a book: outside any transaction."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from server.errors import AppError, Invalid, StorageFull, TooMany
from server.files import StoreAway, new_name, scratch_folder
from server.media import Pictures
from server.model import Job, Site
from server.services import books
from server.store import books as book_store
from server.store import communities, jobs, makings
from server.store import exports as export_store
from server.store.db import Database
from server.worker.bookbinding import Bookbinding, Dresser
from server.worker.exporting import Ended, Exporting

log = logging.getLogger(__name__)

TRIES: Final = 4  # while the disk or the store is away
ANEW: Final = 3  # while stories change

AWAY: Final = "The file could not be stored. Try again later."


class Making:
    """Makes what was promised, one thing at a time."""

    def __init__(
        self,
        db: Database,
        pictures: Pictures,
        site: Site,
        dresser: Dresser,
        now_ms: Callable[[], int],
    ) -> None:
        """What is made goes into the store of `pictures`."""
        self._db = db
        self._pictures = pictures
        self._site = site
        self._dresser = dresser
        self._now_ms = now_ms

    async def export(self, job: Job) -> None:
        """The job of one export."""
        id = msgspec.json.decode(job.payload)["export"]
        try:
            await self._export(id)
        except (AppError, StoreAway) as error:
            if _passes(error) and job.attempts < TRIES:
                raise
            log.info("export %d cannot be made: %s", id, error)
            await self._db.write(export_store.fail, id, _reason(error), self._now_ms())
        await self._db.write(jobs.complete, job, self._now_ms())

    async def book(self, job: Job) -> None:
        """The job of one book."""
        id = msgspec.json.decode(job.payload)["book"]
        try:
            await self._book(id)
        except (AppError, StoreAway) as error:
            if _passes(error) and job.attempts < TRIES:
                raise
            log.info("book %d cannot be made: %s", id, error)
            await self._db.write(books.fail, id, _reason(error))
        await self._db.write(jobs.complete, job, self._now_ms())

    async def _export(self, id: int) -> None:
        known = await self._db.read(export_store.by_id, id)
        home = await self._db.read(communities.by_id, known.community_id) if known else None
        if known is None or home is None or known.state != "waiting":
            return

        async def tell(done: int) -> bool:
            return await self._db.write(
                makings.progress, makings.EXPORT, id, done, max(done, known.total)
            )

        with scratch_folder(self._pictures.store) as folder:
            path = Path(folder) / "export.zip"
            try:
                exporting = Exporting(self._db, self._pictures.store, self._site, tell)
                await exporting.write(home, path, self._now_ms())
            except Ended:
                return
            name, bytes = await self._stored(path, ".zip")
        if await self._db.write(makings.finish, makings.EXPORT, id, (name, bytes), self._now_ms()):
            log.info("export %d was made", id, extra={"bytes": bytes})
        else:
            await self._pictures.store.remove(name)

    async def _book(self, id: int) -> None:
        for _ in range(ANEW):
            book = await self._db.read(books.to_make, id)
            if book is None or await self._bound(book):
                return
        await self._db.write(books.fail, id)

    async def _bound(self, book: book_store.Book) -> bool:
        """Whether there is nothing more to do."""
        home = await self._db.read(books.blog_of, book)
        stories = await self._db.read(books.entering, book)
        if home is None or not stories:
            return False

        async def tell(done: int) -> bool:
            return await self._db.write(makings.progress, makings.BOOK, book.id, done, len(stories))

        with scratch_folder(self._pictures.store) as folder:
            path = Path(folder) / "book.epub"
            binding = Bookbinding(self._db, self._pictures, self._site, self._dresser, tell)
            if not await binding.bind(book, home, stories, path):
                return True
            name, bytes = await self._stored(path, ".epub")
        file, of = (name, bytes), books.versions(stories)
        if await self._db.write(books.finish, book.id, of, file, now_ms=self._now_ms()):
            log.info("book %d was made", book.id, extra={"bytes": bytes})
            return True
        await self._pictures.store.remove(name)
        return False

    async def _stored(self, path: Path, end: str) -> tuple[str, int]:
        name, bytes = new_name(end), (await asyncio.to_thread(path.stat)).st_size
        await self._pictures.store.put(name, path)
        return name, bytes


def _passes(error: AppError | StoreAway) -> bool:
    return isinstance(error, StorageFull | StoreAway | TooMany)


def _reason(error: AppError | StoreAway) -> str:
    """A sentence of the catalogue without numbers in it: it is said in every reader's language."""
    if isinstance(error, Invalid):
        return Invalid("This is too large to be taken away as one file.").message
    if isinstance(error, AppError) and not error.values:
        return error.message
    return StorageFull(AWAY).message
