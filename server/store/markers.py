"""How far people have read, in each timeline."""

from collections.abc import Iterable

import msgspec

from server.store.db import Read, Write
from server.store.paging import among


class Marker(msgspec.Struct, frozen=True):
    """How far somebody has read; `version` grows with each change."""

    timeline: str
    last_read_id: int
    version: int
    updated_ms: int


def of(db: Read, account_id: int, timelines: Iterable[str]) -> list[Marker]:
    """Those of these timelines in which the account has read."""
    found = among(
        db,
        """
        SELECT timeline, last_read_id, version, updated_ms FROM marker
        WHERE account_id = :account AND timeline IN (:list)
        """,
        timelines,
        account=account_id,
    )
    return [Marker(**row) for row in found]


def put(tx: Write, account_id: int, timeline: str, last_read_id: int, now_ms: int) -> None:
    """Remember a place, later or earlier than the one before; the same again changes nothing."""
    tx.run(
        """
        INSERT INTO marker (account_id, timeline, last_read_id, updated_ms)
        VALUES (:account, :timeline, :last, :now)
        ON CONFLICT (account_id, timeline) DO UPDATE SET last_read_id = excluded.last_read_id,
            version = marker.version + 1, updated_ms = excluded.updated_ms
        WHERE marker.last_read_id <> excluded.last_read_id
        """,
        account=account_id,
        timeline=timeline,
        last=last_read_id,
        now=now_ms,
    )


def remove_of(tx: Write, account_id: int) -> None:
    """An account of ours ends."""
    tx.run("DELETE FROM marker WHERE account_id = :account", account=account_id)
