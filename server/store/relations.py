"""How one account stands to others, all at once; and what it noted of them for itself."""

import msgspec

from server.model import Account, Relationship
from server.store import accounts
from server.store.db import Read, Row, Write
from server.store.paging import Page, among, rows


def relationships(db: Read, viewer_id: int, ids: list[int]) -> list[Relationship]:
    """How the viewer stands to each of `ids`, in their order."""

    def of(sql: str, key: str = "target_id") -> dict[int, Row]:
        return {row[key]: row for row in among(db, sql, ids, me=viewer_id)}

    out = of("SELECT * FROM follow WHERE follower_id = :me AND target_id IN (:list)")
    back = of(
        "SELECT follower_id, state FROM follow WHERE target_id = :me AND follower_id IN (:list)",
        "follower_id",
    )
    blocking = of("SELECT target_id FROM block WHERE account_id = :me AND target_id IN (:list)")
    blocked_by = of(
        "SELECT account_id FROM block WHERE target_id = :me AND account_id IN (:list)", "account_id"
    )
    muting = of("SELECT * FROM mute WHERE account_id = :me AND target_id IN (:list)")
    shut_out = of(
        """
        SELECT a.id AS target_id FROM account a WHERE a.id IN (:list)
          AND a.domain IN (SELECT domain FROM domain_mute WHERE account_id = :me)
        """
    )
    endorsed = of(
        "SELECT target_id FROM endorsement WHERE account_id = :me AND target_id IN (:list)"
    )
    notes = of(
        "SELECT target_id, note FROM account_note WHERE account_id = :me AND target_id IN (:list)"
    )

    def state(row: Row | None) -> str:
        return row["state"] if row else ""

    return [
        Relationship(
            id=id,
            following=state(out.get(id)) == "accepted",
            requested=state(out.get(id)) == "pending",
            followed_by=state(back.get(id)) == "accepted",
            requested_by=state(back.get(id)) == "pending",
            showing_reblogs=bool(id in out and out[id]["reblogs"]),
            notifying=bool(id in out and out[id]["notify"]),
            languages=msgspec.json.decode(out[id]["languages"], type=tuple[str, ...])
            if id in out
            else (),
            blocking=id in blocking,
            blocked_by=id in blocked_by,
            muting=id in muting,
            muting_notifications=bool(id in muting and muting[id]["notifications"]),
            muting_until_ms=muting[id]["until_ms"] if id in muting else None,
            domain_blocking=id in shut_out,
            endorsed=id in endorsed,
            note=notes[id]["note"] if id in notes else "",
        )
        for id in ids
    ]


# --- notes, which nobody else reads


def set_note(tx: Write, account_id: int, target_id: int, note: str) -> None:
    """What the account wants to remember of the target; nothing where `note` is empty."""
    tx.run(
        "DELETE FROM account_note WHERE account_id = :account AND target_id = :target",
        account=account_id,
        target=target_id,
    )
    if note:
        tx.run(
            "INSERT INTO account_note (account_id, target_id, note) VALUES (:account, :target, :n)",
            account=account_id,
            target=target_id,
            n=note,
        )


# --- whom somebody recommends


def endorse(tx: Write, *, account_id: int, target_id: int, id: int) -> None:
    """Recommend; once."""
    tx.run(
        """
        INSERT INTO endorsement (account_id, target_id, id) VALUES (:account, :target, :id)
        ON CONFLICT DO NOTHING
        """,
        account=account_id,
        target=target_id,
        id=id,
    )


def unendorse(tx: Write, account_id: int, target_id: int) -> None:
    """Recommend no more."""
    tx.run(
        "DELETE FROM endorsement WHERE account_id = :account AND target_id = :target",
        account=account_id,
        target=target_id,
    )


def count_endorsed(db: Read, account_id: int) -> int:
    """How many the account recommends."""
    found = db.one(
        "SELECT count(*) AS n FROM endorsement WHERE account_id = :account", account=account_id
    )
    return int(found["n"]) if found else 0


def endorsed(db: Read, account_id: int, page: Page) -> list[tuple[int, Account]]:
    """(endorsement id, whom), newest first."""
    found = rows(
        db,
        page,
        """
        SELECT e.id AS of_id, a.* FROM endorsement e JOIN account a ON a.id = e.target_id
        WHERE e.account_id = :account AND a.state = 'active' AND e.id > :lower AND e.id < :upper
        ORDER BY e.id DESC LIMIT :limit
        """,
        account=account_id,
    )
    return [accounts.keyed(row) for row in found]


def forget_all(tx: Write, account_id: int) -> None:
    """The account ends: what it noted, recommended and waved away goes."""
    for table in ("account_note", "endorsement", "dismissed_suggestion", "domain_mute"):
        tx.run(f"DELETE FROM {table} WHERE account_id = :account", account=account_id)  # noqa: S608
