"""What is new in a thread since somebody's last visit. Visitors leave no trace on the server."""

from typing import Final

from server.clock import DAY_MS
from server.store import visits as store
from server.store.db import Read, Write

KEPT_MS: Final = 90 * DAY_MS


def seen(db: Read, viewer_id: int | None, thread_id: int) -> int | None:
    """The newest post that was there at the viewer's last visit; None when there was none."""
    return store.seen(db, viewer_id, thread_id) if viewer_id else None


def record(tx: Write, viewer_id: int, thread_id: int, seen_id: int, now_ms: int) -> bool:
    """Remember how far the viewer could see; False when it was known."""
    return store.record(
        tx, account_id=viewer_id, thread_id=thread_id, seen_id=seen_id, now_ms=now_ms
    )
