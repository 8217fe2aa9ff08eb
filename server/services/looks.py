"""What is read on other servers later, for a post that came."""

from typing import Final
from zlib import crc32

import msgspec

from federation.origin import host
from server.store import jobs
from server.store.db import Write

LANES: Final = 8
MAX_WAITING: Final = 500  # in each lane


def look_later(tx: Write, kind: str, uri: str, post_id: int, now_ms: int) -> None:
    """Read `uri`, or what belongs to it: one at a time from one host, however many it sends us.

    A server that answers slowly then holds up itself and nobody else; what it cannot give in time
    is left out.
    """
    lane = f"fetch:{crc32(host(uri).encode()) % LANES}"
    jobs.enqueue(tx, kind, lane, msgspec.json.encode({"post": post_id}), now_ms, most=MAX_WAITING)
