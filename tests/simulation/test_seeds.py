"""Two hundred worlds, each from its seed: whatever goes wrong in them, I1 to I7 hold in the end.

A seed that fails is one command away: `python -m tests.simulation --seed N --trace`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.world import World, run

SEEDS = 200
AT_ONCE = 25
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("first", range(1, SEEDS + 1, AT_ONCE))
def test_nothing_is_lost_or_doubled_or_out_of_order_and_all_recover(first: int) -> None:
    wrong = {
        seed: result.wrong for seed in range(first, first + AT_ONCE) if (result := run(seed)).wrong
    }
    assert not wrong, "\n".join(
        f"python -m tests.simulation --seed {seed} --trace: {', '.join(said)}"
        for seed, said in wrong.items()
    )


@pytest.mark.parametrize("seed", [3, 11])
def test_a_seed_is_the_same_world_to_the_last_event(seed: int) -> None:
    first, second = World(seed, keep=True), World(seed, keep=True)
    assert first.run() == second.run()
    assert first.trace == second.trace


def test_a_seed_is_the_same_world_in_another_process() -> None:
    code = "from tests.simulation.world import run; print(run(3).digest)"
    digests = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    ]
    assert digests == [run(3).digest] * 2


def test_something_goes_wrong_in_these_worlds() -> None:
    results = [run(seed) for seed in range(1, 9)]
    assert sum(result.figures["deaths"] for result in results) > 0
    assert len({trouble for result in results for trouble in result.troubles}) > 4
    assert all(result.figures["deliveries"] > 0 for result in results)
