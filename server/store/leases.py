"""Who works at what: a claim is for a while, names its worker, and only that one may end the work.

A worker that was held up longer than its lease (its machine slept, its disk hung) may come back
while another one has the same work in hand. Whatever it writes then names the wrong worker: nothing
of that transaction is kept.
"""

from typing import Final

LEASE_MS: Final = 45_000
"""A claim is renewed while its work runs; who crashed renews nothing."""
FUTURE_MS: Final = LEASE_MS + 5 * 60_000
"""Nobody claims for so long: a claim that ends later was made before the clock was put back."""


class ClaimLost(Exception):
    """Somebody else has this work in hand, or has ended it: what was just done is not kept."""


def require(changed: int, work: str) -> None:
    """Raise `ClaimLost` where a statement that names a claim has changed no row."""
    if not changed:
        raise ClaimLost(work)
