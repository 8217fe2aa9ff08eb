"""Whether work grows with the length of what is given, whatever the machine."""

import time
from collections.abc import Callable

PART = 8
AT_MOST = 24
"""A part takes 8 times less where time grows with the length, 64 times less with its square."""


def takes_time_for_its_length_alone(
    work: Callable[[int], object], length: int, *, enough_s: float
) -> None:
    """`work(length)` takes less than `enough_s` of this thread, or is no worse than `length`."""
    whole = _cost_s(work, length)
    if whole < enough_s:
        return
    part = min(_cost_s(work, length // PART) for _ in range(3))
    assert whole < AT_MOST * part, f"{length}: {whole:.2f} s, {length // PART}: {part:.3f} s"


def _cost_s(work: Callable[[int], object], length: int) -> float:
    began = time.thread_time()  # of its own: other work on the machine does not count
    work(length)
    return time.thread_time() - began
