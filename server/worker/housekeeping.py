"""What nobody needs any more is forgotten: ids, sent activities, pictures and files, sessions."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from server.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.files import Store, StoreAway, clean_scratch, remove_all, sweep
from server.ids import first_id
from server.remote_pictures import FAILED_MS, make_room
from server.services import apps as app_service
from server.services import books as book_service
from server.services import events as event_service
from server.services import exports as export_service
from server.services import imports as import_service
from server.services import pings as ping_service
from server.services import sessions as session_service
from server.services import visits as visit_service
from server.store import (
    accounts,
    activities,
    apps,
    books,
    entry_rules,
    events,
    follows,
    homes,
    idempotency,
    imports,
    invites,
    jobs,
    makings,
    media,
    peers,
    previews,
    remote_pictures,
    sessions,
    tallies,
    visits,
    walks,
)
from server.store.db import Database, DatabaseError, Read, Write

log = logging.getLogger(__name__)

PAUSE_MS: Final = 5 * MINUTE_MS
SEEN_MS: Final = 30 * DAY_MS
GRAVES_MS: Final = 90 * DAY_MS
PARKED_MS: Final = 30 * DAY_MS
LOOSE_MEDIA_MS: Final = DAY_MS
HOMES_AT_ONCE: Final = 50
BOOKS_AT_ONCE: Final = 20
PAGES_AT_ONCE: Final = 1_000
PREVIEWS_MS: Final = 30 * DAY_MS
PREVIEWS_AT_ONCE: Final = 5_000  # to which no post links any more


async def keep_house(
    db: Database, files: Store, remote_bytes: int, now_ms: Callable[[], int]
) -> None:
    """Every five minutes, as long as the process lives; the long work once a day."""
    cut_on = 0
    while True:
        try:
            await keep_house_once(db, files, remote_bytes, now_ms())
            if (today := now_ms() // DAY_MS) != cut_on:
                await trim_homes(db)
                await sweep_pages(db, now_ms())
                await db.write(previews.forget, now_ms() - PREVIEWS_MS, PREVIEWS_AT_ONCE)
                await sweep_files(db, files, now_ms())
                await sweep_apps(db, now_ms())
                cut_on = today
        except (DatabaseError, StoreAway) as error:
            log.warning("housekeeping waits: %s", error)
        except Exception:  # ours: what is left for today is done tomorrow
            log.exception("housekeeping was not finished")
        await asyncio.sleep(PAUSE_MS / 1000)


async def keep_house_once(db: Database, files: Store, remote_bytes: int, now_ms: int) -> None:
    """Forget what is old. `remote_bytes` is what pictures of other servers may take."""
    await db.write(_forget, now_ms)
    while await db.write(activities.forget, now_ms - SEEN_MS):  # as fast as any flood fills it
        pass
    while await db.write(activities.forget_graves, now_ms - GRAVES_MS):
        pass
    while await db.write(peers.sweep, first_id(now_ms - HOUR_MS)):
        pass
    await remove_all(files, await db.write(media.remove_loose, now_ms - LOOSE_MEDIA_MS))
    await look_over_books(db, now_ms)
    await remove_all(files, await db.write(imports.forget_files, now_ms - import_service.KEPT_MS))
    await remove_all(files, await db.write(export_service.expire, now_ms))
    await make_room(db, files, remote_bytes)


async def look_over_books(db: Database, now_ms: int) -> None:
    """Books in which a story stands that may not stand there any more are bound anew."""
    after = 0
    while ids := await db.read(books.made_after, after, BOOKS_AT_ONCE):
        for id in await db.read(book_service.to_bind_anew, ids):
            await db.write(book_service.bind_anew, id, now_ms)
        after = ids[-1]


async def sweep_files(db: Database, files: Store, now_ms: int) -> None:
    """Remove files that no row names: a process was killed between the one and the other."""
    await asyncio.to_thread(clean_scratch, files.scratch)
    known = await db.read(_files)
    if removed := await sweep(files, known, now_ms - LOOSE_MEDIA_MS):
        log.info("%d files that nothing named were removed", removed)


async def sweep_apps(db: Database, now_ms: int) -> None:
    """Forget apps that nobody lets in, some at a time."""
    while await db.write(app_service.sweep, now_ms):
        pass


def _files(db: Read) -> set[str]:
    shown = media.files(db) | accounts.files(db) | remote_pictures.files(db)
    return shown | imports.files(db) | makings.files(db)


async def trim_homes(db: Database) -> None:
    """Keep the newest entries of every home timeline, some people at a time."""
    served: int | None = 0
    while served is not None:
        served = await db.write(homes.trim_homes, served, HOMES_AT_ONCE)


async def sweep_pages(db: Database, now_ms: int) -> None:
    """Forget what was read of threads at which nobody looks again, some pages at a time."""
    after: str | None = ""
    while after is not None:
        after = await db.write(walks.sweep_pages, after, now_ms - DAY_MS, PAGES_AT_ONCE)


def _forget(tx: Write, now_ms: int) -> None:
    entry_rules.forget_addresses(tx, now_ms)
    accounts.forget_dead_keys(tx, now_ms - DAY_MS)
    peers.forget_parked(tx, now_ms - PARKED_MS)
    peers.wake_forgotten(tx, now_ms)
    jobs.wake_forgotten(tx, now_ms)
    peers.release_future(tx, now_ms)
    jobs.release_future(tx, now_ms)
    follows.end_mutes(tx, now_ms)
    idempotency.forget(tx, now_ms - DAY_MS)
    ping_service.forget(tx, now_ms)
    remote_pictures.forget_failures(tx, now_ms - FAILED_MS)
    sessions.sweep(tx, now_ms - session_service.UNUSED_MS)
    sessions.forget_failures(tx, now_ms - DAY_MS)
    apps.forget_codes(tx, now_ms - app_service.USED_CODE_MS)
    invites.sweep(tx, now_ms)
    visits.forget(tx, now_ms - visit_service.KEPT_MS)
    events.forget(tx, first_id(now_ms - event_service.KEPT_MS))
    tallies.forget(tx, now_ms)
