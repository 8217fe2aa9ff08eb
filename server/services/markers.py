"""How far people have read; the notifications' place is the same for apps and for our pages."""

from collections.abc import Iterable, Mapping
from typing import Final

from server.services import notifications
from server.store import markers as store
from server.store.db import Read, Write
from server.store.markers import Marker

TIMELINES: Final = ("home", "notifications")


def of(db: Read, viewer_id: int, timelines: Iterable[str]) -> list[Marker]:
    """Those of the named timelines in which the viewer has read."""
    named = set(timelines)
    return store.of(db, viewer_id, [name for name in TIMELINES if name in named])


def save(tx: Write, viewer_id: int, places: Mapping[str, int], now_ms: int) -> list[Marker]:
    """Remember the last ids that were read, timeline by timeline.

    Each is set in one statement: of two apps that save at once the later wins, and none is told
    of a conflict.
    """
    for timeline, last_read_id in places.items():
        if timeline == "notifications":
            notifications.mark(tx, viewer_id, last_read_id, now_ms)
        else:
            store.put(tx, viewer_id, timeline, last_read_id, now_ms)
    return store.of(tx, viewer_id, places)
