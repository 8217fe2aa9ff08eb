"""How often something costly was done in this hour, by one server or one person."""

from server.clock import HOUR_MS
from server.store.db import Write


def count(tx: Write, what: str, now_ms: int) -> int:
    """Once more; how often it was in this hour."""
    tx.run(
        """
        INSERT INTO tally (what, hour, times) VALUES (:what, :hour, 1)
        ON CONFLICT (what) DO UPDATE SET hour = excluded.hour,
            times = CASE WHEN tally.hour = excluded.hour THEN tally.times + 1 ELSE 1 END
        """,
        what=what,
        hour=now_ms // HOUR_MS,
    )
    found = tx.one("SELECT times FROM tally WHERE what = :what", what=what)
    return int(found["times"]) if found else 0


def next_hour(now_ms: int) -> int:
    """When this hour is over, and all is counted anew."""
    return (now_ms // HOUR_MS + 1) * HOUR_MS


def forget(tx: Write, now_ms: int) -> None:
    """Hours that are over."""
    tx.run("DELETE FROM tally WHERE hour < :hour", hour=now_ms // HOUR_MS)
