"""What falls due by the clock: polls end, and posts are published that were written before."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from server.model import Site
from server.services import contexts, deferring, indexing, linking, pings, scheduled, votes
from server.store import deferred as deferred_store
from server.store import imports as import_store
from server.store import linking as linking_store
from server.store import pings as ping_store
from server.store import polls as poll_store
from server.store import scheduled as scheduled_store
from server.store import walks
from server.store.db import Database, DatabaseError, Read, Write
from server.worker.clockwatch import ClockWatch

log = logging.getLogger(__name__)

LOOK_S: Final = 5.0

Next = Callable[[Read], int | None]
Do = Callable[[Write, Site, int], bool]
GiveUp = Callable[[Write, Site, int], None]

WORK: Final[tuple[tuple[Next, Do, GiveUp], ...]] = (
    (scheduled_store.next_due_ms, scheduled.publish_next, scheduled.give_up_next),
    (poll_store.next_end_ms, votes.end_next, votes.put_off_next),
    (indexing.due_ms, indexing.promise, indexing.put_off),
    (walks.next_due_ms, contexts.walk_next, contexts.put_off_next),
    (ping_store.next_due_ms, pings.again, pings.put_off_next),
    (import_store.next_ping_ms, pings.next_old, pings.put_off_old),
    (linking_store.next_due_ms, linking.again, linking.put_off_next),
    (deferred_store.next_due_ms, deferring.tell_next, deferring.put_off_next),
)


async def keep_time(db: Database, site: Site, now_ms: Callable[[], int]) -> None:
    """Look every few seconds, as long as the process lives."""
    watch = ClockWatch(db, now_ms)
    while True:
        for look in (watch.look, lambda: keep_time_once(db, site, now_ms)):
            try:
                await look()
            except DatabaseError as error:
                log.warning("what is due waits: %s", error)
            except Exception:  # ours: tomorrow's polls must not pay for it
                log.exception("what is due could not be put off")
        await asyncio.sleep(LOOK_S)


async def keep_time_once(db: Database, site: Site, now_ms: Callable[[], int]) -> None:
    """Do all that is due now, one by one: each is whole or was not begun."""
    for next_ms, do, give_up in WORK:
        try:
            await _do_all(db, site, now_ms, next_ms, do)
        except DatabaseError as error:
            log.warning("what is due waits: %s", error)
        except Exception:  # ours: one that cannot be done must not hold up the others
            log.exception("what is due could not be done")
            await db.write(give_up, site, now_ms())


async def _do_all(
    db: Database, site: Site, now_ms: Callable[[], int], next_ms: Next, do: Do
) -> None:
    due = await db.read_inline(next_ms)
    while due is not None and due <= now_ms() and await db.write(do, site, now_ms()):
        due = await db.read_inline(next_ms)
