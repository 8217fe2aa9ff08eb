"""What is read on other servers later, for a post that came, or for one of ours."""

from typing import Final, Literal
from zlib import crc32

import msgspec

from federation.origin import host
from server.clock import MINUTE_MS
from server.store import jobs
from server.store.db import Write

LANES: Final = 8
MAX_WAITING: Final = 500  # in each lane
STAMP: Final = "stamp-of-ours"


def look_later(tx: Write, kind: str, uri: str, post_id: int, now_ms: int) -> None:
    """Read `uri`, or what belongs to it: one at a time from one host, however many it sends us.

    A server that answers slowly then holds up itself and nobody else; what it cannot give in time
    is left out.
    """
    lane = f"fetch:{crc32(host(uri).encode()) % LANES}"
    jobs.enqueue(tx, kind, lane, msgspec.json.encode({"post": post_id}), now_ms, most=MAX_WAITING)


def stamp_later(
    tx: Write, act: Literal["reply", "quote"], stamp: str, post_id: int, now_ms: int
) -> None:
    """Read the stamp under an answer or a quote of ours that its server could not give just now.

    That may be put off often: each waits in a lane of its own, and at most once.
    """
    payload = {"act": act, "post": post_id, "stamp": stamp}
    lane = f"{STAMP}:{act}:{post_id}"
    jobs.enqueue_once(tx, STAMP, lane, payload, now_ms, wait_ms=MINUTE_MS)
