"""What moderators told people about their accounts and posts, and what people answered."""

from collections.abc import Iterable

import msgspec

from server.store.db import Read, Write
from server.store.paging import Page, among, rows


class Strike(msgspec.Struct, frozen=True, kw_only=True):
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


COLUMNS = tuple(field.name for field in msgspec.structs.fields(Strike))


def insert(tx: Write, warning: Strike) -> None:
    """Remember what was decided."""
    tx.run(
        f"INSERT INTO warning ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})",  # noqa: S608
        **msgspec.structs.asdict(warning),
    )


def by_ids(db: Read, account_id: int, ids: Iterable[int]) -> dict[int, Strike]:
    """Those of `ids` that were given to the account."""
    found = among(
        db,
        "SELECT * FROM warning WHERE id IN (:list) AND account_id = :account",
        ids,
        account=account_id,
    )
    return {row["id"]: Strike(**row) for row in found}


def by_id(db: Read, id: int) -> Strike | None:
    """One, whoever it was given to."""
    found = db.one("SELECT * FROM warning WHERE id = :id", id=id)
    return Strike(**found) if found else None


def of_account(db: Read, account_id: int, window: Page) -> list[Strike]:
    """What somebody was told, newest first."""
    found = rows(
        db,
        window,
        """
        SELECT * FROM warning WHERE account_id = :account AND id > :lower AND id < :upper
        ORDER BY id DESC LIMIT :limit
        """,
        account=account_id,
    )
    return [Strike(**row) for row in found]


def appealed(db: Read, window: Page) -> list[Strike]:
    """Those against which somebody appeals, newest first."""
    found = rows(
        db,
        window,
        """
        SELECT * FROM warning WHERE appeal_state = 'pending' AND id > :lower AND id < :upper
        ORDER BY id DESC LIMIT :limit
        """,
    )
    return [Strike(**row) for row in found]


def appeal(tx: Write, id: int, text: str) -> bool:
    """Keep what somebody answers. False when they did already."""
    changed = tx.run(
        """
        UPDATE warning SET appeal = :text, appeal_state = 'pending'
        WHERE id = :id AND appeal_state = ''
        """,
        id=id,
        text=text,
    )
    return changed == 1


def settle(tx: Write, id: int, state: str) -> bool:
    """Answer an appeal: approved | rejected. False when nobody waits for that."""
    changed = tx.run(
        "UPDATE warning SET appeal_state = :state WHERE id = :id AND appeal_state = 'pending'",
        id=id,
        state=state,
    )
    return changed == 1


def remove_of(tx: Write, account_id: int) -> None:
    """An account of ours ends."""
    tx.run("DELETE FROM warning WHERE account_id = :account", account=account_id)
