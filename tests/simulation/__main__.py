"""Many worlds, one after another.

python -m tests.simulation --seeds 1000 --from 1
python -m tests.simulation --seed 17 --trace
"""

import argparse
import sys
import time
from collections import Counter

from tests.simulation.world import World


def main() -> int:
    """How many worlds went wrong, as an exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many worlds")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed")
    parser.add_argument("--seed", type=int, help="one world alone")
    parser.add_argument("--trace", action="store_true", help="print every event")
    given = parser.parse_args()
    seeds = (
        [given.seed] if given.seed is not None else range(given.first, given.first + given.seeds)
    )
    totals: Counter[str] = Counter()
    failed: list[int] = []
    began = time.process_time()
    for done, seed in enumerate(seeds, 1):
        world = World(seed, keep=given.trace)
        result = world.run()
        totals.update(result.figures)
        if given.trace:
            print("\n".join(world.trace or ()))
        if result.wrong:
            failed.append(seed)
            print(f"seed {seed} ({', '.join(result.troubles)}):", *result.wrong[:5], sep="\n    ")
            print(f"    python -m tests.simulation --seed {seed} --trace", flush=True)
        if done % 50 == 0:
            print(f"{done} worlds, {len(failed)} of them wrong", flush=True)
    took_s = time.process_time() - began
    print(f"{len(seeds)} worlds in {took_s:.1f} s of CPU:", end=" ")
    print(", ".join(f"{count} {name}" for name, count in totals.items()))
    if failed:
        print("wrong:", *failed)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
