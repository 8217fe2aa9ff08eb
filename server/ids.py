"""63-bit ids that sort by arrival: 41 bits of milliseconds since 2024, 22 bits of chance.

Within one process ids only grow, even when the clock steps back, and a new process goes on after
the ids that it finds: the order of deliveries to a peer is the order of these ids. Two processes
that make an id in the same millisecond collide once in four million tries; the unique key then
refuses the second and its caller tries again.

What was written before 2024, in a blog that was brought here, has smaller ids: its second, and 10
bits of chance. They all lie below `_BEFORE`, in the first minutes of 2024, when nothing was made.
"""

import secrets
import threading

EPOCH_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z
_OLD_BITS = 10
_BEFORE = (EPOCH_MS // 1000) << _OLD_BITS
_lock = threading.Lock()
_last = 0


def new_id(at_ms: int) -> int:
    """An id for something that arrives at `at_ms`, larger than every id made here before."""
    global _last  # noqa: PLW0603  the one place where order is made
    with _lock:
        _last = max(_last + 1, (at_ms - EPOCH_MS) << 22 | secrets.randbits(21))
        return _last


def go_on_after(id: int) -> None:
    """Every id made from now on is larger: the clock may have been put back since it was made."""
    global _last  # noqa: PLW0603
    with _lock:
        _last = max(_last, id)


def newest() -> int:
    """The largest id that this process has made: what comes later is newer, whatever the clock."""
    return _last


def parse_id(text: str) -> int | None:
    """The id that a part of an address spells; None for what cannot be one."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    id = int(text)
    return id if id < 2**63 else None


def id_at(at_ms: int) -> int:
    """An id for something of the past that is brought here now; its caller sees that it is free.

    Since 1970. It lies where ids of that time lie, and says nothing of when it was made.
    """
    if at_ms < EPOCH_MS:
        second = max(1, at_ms // 1000)
        return second << _OLD_BITS | secrets.randbits(_OLD_BITS)
    return max(_BEFORE, (at_ms - EPOCH_MS) << 22) | secrets.randbits(22)


def created_ms(id: int) -> int:
    """When `id` was made, to the millisecond; of what was written before 2024 to the second."""
    if id < _BEFORE:
        return (id >> _OLD_BITS) * 1000
    return (id >> 22) + EPOCH_MS


def first_id(at_ms: int) -> int:
    """The smallest id of that millisecond: a cursor for "older than"."""
    if at_ms < EPOCH_MS:
        return max(0, -(-at_ms // 1000)) << _OLD_BITS
    return max(_BEFORE, (at_ms - EPOCH_MS) << 22)
