"""How long the tests of faults go on: briefly, or as `make faults ROUNDS=N` wants it."""

import os
from typing import Final

ROUNDS: Final = int(os.environ.get("FAULT_ROUNDS", "0"))
SEEDS: Final = range(1, max(ROUNDS, 1) + 1)


def many(briefly: int, long: int) -> int:
    """How often something happens in each round."""
    return long if ROUNDS else briefly
