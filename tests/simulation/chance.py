"""All that is left to chance comes from one seed, also where the real code throws dice."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

from server import ids


class _Bits:
    """What `server.ids` takes from `secrets`."""

    def __init__(self, chance: random.Random) -> None:
        self.randbits = chance.getrandbits


@contextmanager
def loaded(chance: random.Random) -> Iterator[None]:
    """Jitter of the worker and the bits of ids come from `chance` while this lasts."""
    real, jitter, last = ids.secrets, random.random, ids._last  # noqa: SLF001
    ids.secrets = _Bits(chance)  # type: ignore[assignment]
    random.random = chance.random
    try:
        yield
    finally:
        ids.secrets, random.random, ids._last = real, jitter, last  # noqa: SLF001


def some(chance: random.Random, probability: float) -> bool:
    """Whether it happens."""
    return chance.random() < probability
