"""Votes in polls."""

from collections.abc import Iterable

from server.store.db import Read
from server.store.paging import among


def own_votes(db: Read, account_id: int, post_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """What the account chose in these polls, in the order of the answers."""
    chosen: dict[int, tuple[int, ...]] = {}
    for row in among(
        db,
        """
        SELECT post_id, choice FROM poll_vote WHERE account_id = :account AND post_id IN (:list)
        ORDER BY post_id, choice
        """,
        post_ids,
        account=account_id,
    ):
        chosen[row["post_id"]] = (*chosen.get(row["post_id"], ()), row["choice"])
    return chosen
