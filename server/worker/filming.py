"""Making a film or a sound anew that somebody sent: outside any transaction, then one commit."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Final

import msgspec

from server.errors import AppError, Invalid, NotFound, StorageFull
from server.files import MEDIA_TYPES, StoreAway, fetched, new_name, remove_all
from server.films import DAMAGED, TOO_COMPLEX, Films
from server.media import Picture, Pictures
from server.model import Job, Media
from server.services import media
from server.services.media import Finished
from server.store import jobs
from server.store import media as store
from server.store.db import Database, DatabaseError

log = logging.getLogger(__name__)

TRIES: Final = 4
WHOLE_S: Final = 1_200.0
"""From its fetching to its storing; then the next has its turn."""


class Filming:
    """Makes what was promised."""

    def __init__(
        self, db: Database, pictures: Pictures, films: Films, now_ms: Callable[[], int]
    ) -> None:
        """What is made goes into the store of `pictures`; `results` are counted."""
        self._db = db
        self._now_ms = now_ms
        self._pictures = pictures
        self._films = films
        self.results: Counter[str] = Counter()

    async def do(self, job: Job) -> None:
        """The job of one film; raises as `finish` does, to be tried again."""
        media_id = msgspec.json.decode(job.payload)["media"]
        await self.finish(media_id, last=job.attempts >= TRIES)
        await self._db.write(jobs.complete, job, self._now_ms())

    async def finish(self, media_id: int, *, last: bool) -> None:
        """One film to its end: ready, or failed with its reason.

        Raises `StorageFull`, `TooMany`, `StoreAway` to be tried again; not when this is the `last`
        time.
        """
        known = await self._db.read(store.by_id, media_id)
        if known is None or known.state != "processing":
            return
        began_ms = self._now_ms()
        try:
            await self._make(known)
            self.results["made"] += 1
            log.info("media %d was made", media_id, extra={"ms": self._now_ms() - began_ms})
        except (Invalid, NotFound) as error:
            await self._fail(known, error)
        except FileNotFoundError:  # it was deleted when we had just found it
            await self._fail(known, NotFound("This picture does not exist."))
        except (AppError, StoreAway) as error:
            if not last:
                self.results["put_off"] += 1
                raise
            away = StorageFull("The file could not be stored. Try again later.")
            await self._fail(known, error if isinstance(error, AppError) else away)

    async def _make(self, known: Media) -> None:
        made: list[str] = []
        try:
            async with asyncio.timeout(WHOLE_S):
                finished = await self._made(known, made)
            if await self._db.write(media.finish, known.id, finished):
                kept = {finished.file, *([finished.poster.large] if finished.poster else [])}
                if known.small and finished.poster:
                    kept.discard(finished.poster.large)
                made = [name for name in made if name not in kept]
        except TimeoutError:
            raise Invalid(TOO_COMPLEX) from None
        except (DatabaseError, asyncio.CancelledError):
            made = []  # who knows whether it was written: what nothing names is swept up
            raise
        finally:
            await remove_all(self._pictures.store, made)
        await self._pictures.store.remove(known.large)

    async def _made(self, known: Media, names: list[str]) -> Finished:
        """Make and store it; `names` gets those of its files."""
        store = self._pictures.store
        async with self._films.workspace() as folder:
            file = await fetched(store, known.large, folder / "sent")
            moving = media.about(known).reader == "gif"
            made = await self._films.make(file, await self._films.look(file, moving=moving), folder)
            poster: Picture | None = None
            if made.poster:
                poster = await self._pictures.process_poster(made.poster)
                names.append(poster.large)
            name, bytes = new_name(made.file.suffix), made.file.stat().st_size
            names.append(name)
            await store.put(name, made.file)
        media_type = MEDIA_TYPES[made.file.suffix]
        return Finished(name, media_type, bytes, made.seen, poster)

    async def _fail(self, known: Media, error: AppError) -> None:
        self.results["failed"] += 1
        log.info("media %d cannot be used: %s", known.id, error)
        # said again in every reader's language: a sentence without numbers in it
        reason = DAMAGED if error.values or isinstance(error, NotFound) else error.message
        names = await self._db.write(media.fail, known.id, reason)
        await remove_all(self._pictures.store, names)
