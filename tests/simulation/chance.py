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
    """Jitter and numbers of workers and the bits of ids come from `chance` while this lasts."""
    real, last = ids.secrets, ids._last  # noqa: SLF001
    jitter, bits = random.random, random.getrandbits
    ids.secrets = _Bits(chance)  # type: ignore[assignment]
    random.random, random.getrandbits = chance.random, chance.getrandbits
    try:
        yield
    finally:
        ids.secrets, ids._last = real, last  # noqa: SLF001
        random.random, random.getrandbits = jitter, bits


def some(chance: random.Random, probability: float) -> bool:
    """Whether it happens."""
    return chance.random() < probability
