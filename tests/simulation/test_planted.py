"""The simulation finds mistakes: each of these is found in one of a few busy worlds."""

import pytest

from tests.simulation.faults import FAULTS, Fault
from tests.simulation.world import World

WORLDS = 16


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_found_and_without_it_the_same_world_is_sound(fault: Fault) -> None:
    troubles = FAULTS[fault]

    def wrong(seed: int) -> tuple[str, ...]:
        return World(seed, troubles=troubles, busy=4).run().wrong

    for seed in range(1, WORLDS + 1):
        with fault():
            found = wrong(seed)
        if found:
            assert wrong(seed) == ()
            return
    pytest.fail(f"none of {WORLDS} worlds with {', '.join(troubles)} shows it")
