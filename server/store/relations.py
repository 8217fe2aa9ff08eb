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
    muting = of("SELECT * FROM mute WHERE account_id = :me AND target_id IN (:list)")
    known = of(
        """
        SELECT a.id AS target_id,
            EXISTS (SELECT 1 FROM block b WHERE b.account_id = :me AND b.target_id = a.id)
                AS blocking,
            EXISTS (SELECT 1 FROM block b WHERE b.account_id = a.id AND b.target_id = :me)
                AS blocked_by,
            EXISTS (SELECT 1 FROM domain_mute d WHERE d.account_id = :me AND d.domain = a.domain)
                AS shut_out,
            EXISTS (SELECT 1 FROM endorsement e WHERE e.account_id = :me AND e.target_id = a.id)
                AS endorsed,
            (SELECT n.note FROM account_note n WHERE n.account_id = :me AND n.target_id = a.id)
                AS note
        FROM account a WHERE a.id IN (:list)
        """
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
            blocking=bool(id in known and known[id]["blocking"]),
            blocked_by=bool(id in known and known[id]["blocked_by"]),
            muting=id in muting,
            muting_notifications=bool(id in muting and muting[id]["notifications"]),
            muting_until_ms=muting[id]["until_ms"] if id in muting else None,
            domain_blocking=bool(id in known and known[id]["shut_out"]),
            endorsed=bool(id in known and known[id]["endorsed"]),
            note=known[id]["note"] or "" if id in known else "",
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


def noted(db: Read, account_id: int, limit: int) -> int:
    """Of how many people the account remembers something, counted up to `limit`."""
    found = db.one(
        """
        SELECT count(*) AS n FROM (SELECT 1 FROM account_note
            WHERE account_id = :account LIMIT :limit) AS few
        """,
        account=account_id,
        limit=limit,
    )
    return int(found["n"]) if found else 0


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
