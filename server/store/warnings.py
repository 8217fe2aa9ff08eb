"""What moderators told people about their accounts and posts."""

from collections.abc import Iterable

import msgspec

from server.store.db import Read
from server.store.paging import among


class Warning_(msgspec.Struct, frozen=True, kw_only=True):  # noqa: N801  Python's is a builtin
    """A moderator's decision about one of ours. `post_ids` is a JSON list.

    `action`: none | disable | mark_statuses_as_sensitive | delete_statuses | sensitive | silence |
    suspend. `appeal_state` is empty until there is an appeal: pending | approved | rejected.
    """

    id: int
    account_id: int
    moderator_id: int | None
    action: str
    text: str
    post_ids: str
    report_id: int | None
    appeal: str
    appeal_state: str
    created_ms: int


def by_ids(db: Read, account_id: int, ids: Iterable[int]) -> dict[int, Warning_]:
    """Those of `ids` that were given to the account."""
    found = among(
        db,
        "SELECT * FROM warning WHERE id IN (:list) AND account_id = :account",
        ids,
        account=account_id,
    )
    return {row["id"]: Warning_(**row) for row in found}
