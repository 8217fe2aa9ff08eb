"""Pictures of other servers, for our pages and apps: fetched when somebody looks, kept a while.

So no browser or app of ours tells another server who reads what, and no picture is shown that was
not made anew by our own process. Films and sounds are looked at and passed on as they are. The
bytes that are kept have a budget; what nobody has seen for longest goes.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from federation.errors import FederationError
from federation.http import TooLong
from federation.origin import host
from server.clock import HOUR_MS, MINUTE_MS
from server.errors import Invalid, NotFound, StorageFull, TooLarge, TooMany
from server.fetch import Fetcher
from server.files import Store, new_name, refusal, remove_all
from server.films import Films, Seen
from server.media import Pictures, RemoteKind
from server.policy.hosts import registered_domain
from server.store import remote_pictures as store
from server.store.db import Database, DatabaseError

log = logging.getLogger(__name__)

MAX_BYTES: Final = 8 * 1024 * 1024
FETCH_S: Final = 15.0
FAILED_MS: Final = 10 * MINUTE_MS
"""How long a failure is remembered."""
SEEN_MS: Final = 6 * HOUR_MS
"""How exactly we know when a picture was last seen."""
FULL_MS: Final = MINUTE_MS
"""How long nothing is fetched after one could not be written: it would be fetched for nothing."""
AT_ONCE: Final = 8
AT_ONCE_OF_A_DOMAIN: Final = 2
FILMS_AT_ONCE: Final = 3
WAIT_S: Final = 5.0
"""How long a picture waits for its turn."""
MAX_WAITING: Final = 128
MAX_WAITING_OF_A_DOMAIN: Final = 32
"""So that nobody's many pictures keep those of all others from being fetched."""
BLOCK_BYTES: Final = 4096
"""What a file takes on a disk at least, be it a single dot."""
PORTIONS: Final = 16
"""Room is made for a portion of the budget at once."""

_NONE = "This picture cannot be shown."
_TOO_LARGE = "This film is too large to be shown from here."
_ENDS: Final = {
    "mov": (".mp4", ".m4a"),
    "matroska": (".webm", ".webm"),
    "ogg": (".ogv", ".ogg"),
    "mp3": (".mp3", ".mp3"),
    "wav": (".wav", ".wav"),
    "flac": (".flac", ".flac"),
    "aac": (".aac", ".aac"),
}
_BUSY = "Many pictures are being fetched just now. Try again in a minute."


class RemotePictures:
    """Finds or fetches the file of a stranger's picture, film or sound. Close after use."""

    def __init__(
        self,
        fetcher: Fetcher,
        pictures: Pictures,
        budget_bytes: int,
        films: Films | None = None,
        *,
        film_bytes: int = 0,
    ) -> None:
        """`pictures` has a process of its own, so that strangers never hold up our people.

        Without `films` none are shown; each may have `film_bytes`.
        """
        self._fetcher = fetcher
        self._db = fetcher.db
        self._pictures = pictures
        self._files = pictures.store
        self._films = films
        self._film_bytes = film_bytes
        self._film_slots = asyncio.Semaphore(FILMS_AT_ONCE)
        self._budget = budget_bytes
        self._fresh = budget_bytes  # bytes since room was last made; at first, whatever is there
        self._full: tuple[int, StorageFull] | None = None  # since when, and what it was
        self._making: dict[str, asyncio.Task[str]] = {}
        self._waiting: Counter[str] = Counter()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._lanes: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def close(self) -> None:
        """Stop fetching. What was not finished is fetched when somebody looks again."""
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._pictures.close()

    async def file(self, kind: RemoteKind, url: str) -> str:
        """The name of the picture's file in the store, fetched now if we do not have it.

        Raises `NotFound` when it cannot be had, `TooLarge` when it just turned out to be too large,
        `TooMany` when too many others come first, `StorageFull`, `StoreAway`.
        """
        if not await self._fetcher.hosts.pictured(url):
            raise NotFound(_NONE)
        about = f"{kind} {url}"
        known = await self._db.read(store.one, about)
        if known is not None and await self._at_hand(about, known):
            return known.file
        task = self._making.get(about) or self._begin(kind, url, about)
        return await asyncio.shield(task)  # who looked first may go away

    async def _at_hand(self, about: str, known: store.Kept) -> bool:
        """Whether the file is there. Raises `NotFound` for what failed a moment ago."""
        now_ms = self._fetcher.now_ms()
        if known.failed_ms is not None and 0 <= now_ms - known.failed_ms < FAILED_MS:
            raise NotFound(_NONE)
        if not known.file or await self._files.size(known.file) is None:
            return False
        if not 0 <= now_ms - known.seen_ms < SEEN_MS:
            await self._db.write(store.see, about, now_ms)
        return True

    def _begin(self, kind: RemoteKind, url: str, about: str) -> asyncio.Task[str]:
        domain = registered_domain(host(url))
        if len(self._making) >= MAX_WAITING or self._waiting[domain] >= MAX_WAITING_OF_A_DOMAIN:
            raise TooMany(_BUSY, retry_after_ms=int(WAIT_S * 1000))
        if self._full and 0 <= self._fetcher.now_ms() - self._full[0] < FULL_MS:
            raise StorageFull(str(self._full[1]))
        task = asyncio.create_task(self._made(kind, url, about))
        self._making[about] = task
        self._waiting[domain] += 1
        task.add_done_callback(lambda done: self._end(about, domain, done))
        return task

    def _end(self, about: str, domain: str, done: asyncio.Task[str]) -> None:
        del self._making[about]
        self._waiting[domain] -= 1
        if not self._waiting[domain]:
            del self._waiting[domain]
        if not done.cancelled():
            done.exception()  # heard, even where everybody who waited has gone

    async def _made(self, kind: RemoteKind, url: str, about: str) -> str:
        known = await self._db.read(store.one, about)  # who looked early may come here late
        if known is not None and await self._at_hand(about, known):
            return known.file
        slots = self._film_slots if kind == "film" else self._slots
        async with self._turn(registered_domain(host(url)), slots):
            try:
                name, bytes = await (
                    self._film(url) if kind == "film" else self._picture(kind, url)
                )
            except (FederationError, Invalid, TooLarge, TimeoutError) as error:
                log.info("no %s at %s: %s", kind, url, error or "timeout")
                await self._db.write(store.fail, about, self._fetcher.now_ms())
                if isinstance(error, TooLong):
                    raise TooLarge(_TOO_LARGE) from error
                raise NotFound(_NONE) from error
            except StorageFull as error:
                log.warning("pictures of other servers wait: %s", error)
                self._full = self._fetcher.now_ms(), error
                raise
        await self._keep(about, name, bytes)
        return name

    async def _picture(self, kind: RemoteKind, url: str) -> tuple[str, int]:
        async with asyncio.timeout(FETCH_S):
            data = await self._fetcher.pages.picture(url, max_bytes=MAX_BYTES)
        made = await self._pictures.process_remote(kind, data)
        return made.large, made.bytes

    async def _film(self, url: str) -> tuple[str, int]:
        """As it is: fetched onto the disk, and looked at there before anybody else does."""
        if self._films is None or not self._films.available or not self._film_bytes:
            raise NotFound(_NONE)
        async with self._films.workspace() as folder:
            file = folder / "fetched"
            try:
                with file.open("wb") as opened:

                    async def sink(chunk: bytes) -> None:
                        await asyncio.to_thread(opened.write, chunk)

                    await self._fetcher.pages.film(url, sink, max_bytes=self._film_bytes)
            except OSError as error:
                raise refusal(error) from error
            seen, length = await self._films.look(file), file.stat().st_size
            name = new_name(end_of(seen))
            await self._files.put(name, file)
        return name, length

    @asynccontextmanager
    async def _turn(self, domain: str, slots: asyncio.Semaphore) -> AsyncIterator[None]:
        """A place among those at once, of this domain and in all. Raises `TooMany` after a while.

        Of a domain, for whoever has one has all names below it.
        """
        lane = self._lanes.get(domain)
        if lane is None:
            self._lanes[domain] = lane = asyncio.Semaphore(AT_ONCE_OF_A_DOMAIN)
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(WAIT_S):
                    await held.enter_async_context(lane)
                    await held.enter_async_context(slots)
            except TimeoutError:
                raise TooMany(_BUSY, retry_after_ms=int(WAIT_S * 1000)) from None
            yield

    async def _keep(self, about: str, name: str, bytes: int) -> None:
        """The row after the file: a file without a row is swept up, a row is never without one."""
        room, now_ms = room_of(bytes), self._fetcher.now_ms()
        try:
            old = await self._db.write(store.keep, about, name, room, now_ms)
        except DatabaseError:
            await self._files.remove(name)
            raise
        await remove_all(self._files, [old])
        self._fresh += room
        if self._fresh >= self._budget // PORTIONS:
            self._fresh = 0
            await make_room(self._db, self._files, self._budget)


def end_of(seen: Seen) -> str:
    """How the name of a film's file ends: from it follows as what it is served."""
    film, sound = _ENDS[seen.reader]
    return sound if seen.kind == "audio" else film


def room_of(bytes: int) -> int:
    """What a file of so many bytes takes on the disk: whole blocks."""
    return -(-bytes // BLOCK_BYTES) * BLOCK_BYTES


async def make_room(db: Database, files: Store, budget_bytes: int) -> None:
    """Remove what nobody has seen for longest, until another portion fits into the budget."""
    most = budget_bytes - budget_bytes // PORTIONS
    while names := await db.write(store.drop, most):
        await remove_all(files, names)
