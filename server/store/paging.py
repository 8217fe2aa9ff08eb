"""A window on a list that is sorted by id, newest first; and lists of values in a statement."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from server.store.db import Read, Row

LAST_ID: Final = 2**63 - 1
MAX_LIMIT: Final = 80  # rows


class Page(msgspec.Struct, frozen=True):
    """Older than `max_id`; newer than `since_id` (the newest) or `min_id` (the next of them)."""

    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None
    limit: int = 20


def rows(
    db: Read,
    page: Page,
    sql: str,
    most: int = MAX_LIMIT,
    /,
    **params: Any,  # noqa: ANN401
) -> list[Row]:
    """Run `sql`, which ends `> :lower AND ... < :upper ORDER BY ... DESC LIMIT :limit`.

    With `min_id` the rows next to it are taken instead of the newest; the answer is newest first,
    `most` rows at most.
    """
    upwards = page.min_id is not None
    found = db.all(
        sql.replace(" DESC", " ASC") if upwards else sql,
        upper=page.max_id if page.max_id is not None else LAST_ID,
        lower=max(page.since_id or 0, page.min_id or 0),
        limit=max(1, min(page.limit, most)),
        **params,
    )
    return found[::-1] if upwards else found


def listed(sql: str, values: Iterable[Any]) -> tuple[str, dict[str, Any]]:
    """`sql` with its `(:list)` made a list of parameters, and those parameters.

    An empty list becomes `(NULL)`, which nothing equals.
    """
    params = {f"v{n}": value for n, value in enumerate(values)}
    names = ", ".join(f":{name}" for name in params) or "NULL"
    return sql.replace("(:list)", f"({names})"), params


def among(db: Read, sql: str, values: Iterable[Any], /, **params: Any) -> list[Row]:  # noqa: ANN401
    """Every row of `sql`, whose `(:list)` are `values`; without values nothing is asked."""
    found = list(values)
    if not found:
        return []
    text, named = listed(sql, found)
    return db.all(text, **named, **params)


def padded(ids: Iterable[int]) -> list[int]:
    """`ids` and zeros, which are nobody's: a power of two, so that few statements differ.

    A list whose length is another each time would be another statement to prepare each time.
    """
    found = list(ids)
    room = 1 << max(0, len(found) - 1).bit_length()
    return found + [0] * (room - len(found)) if found else found
