"""How the clocks of the machines that work here went, as far as anybody saw them set."""

from typing import Final

import msgspec

from server.store import settings
from server.store.db import Write

MOST: Final = 32
"""Machines that are remembered; each start of a machine is another one."""
_NAME: Final = "clocks"


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """At `at_ms` of a clock that cannot be set, the wall clock was ahead of it by `ahead_ms`."""

    at_ms: int
    ahead_ms: int


_Machines = dict[str, Seen]


def last_seen(tx: Write, machine: str) -> Seen | None:
    """What was noted last of a machine; until this commits nobody else notes anything."""
    return _all(tx).get(machine)


def note(tx: Write, machine: str, seen: Seen) -> None:
    """Remember this of a machine, and forget the one of which was heard longest ago."""
    machines = _all(tx)
    machines.pop(machine, None)
    machines[machine] = seen
    kept = dict(list(machines.items())[-MOST:])
    settings.remember(tx, _NAME, msgspec.json.encode(kept).decode())


def _all(tx: Write) -> _Machines:
    settings.settle(tx, _NAME, "{}")
    text = settings.locked(tx, _NAME)
    return msgspec.json.decode(text or "{}", type=_Machines)
