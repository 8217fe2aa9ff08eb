"""Answers that need the yes of whoever wrote what they answer."""

from collections.abc import Iterable

import msgspec

from server.store.db import Read, Write
from server.store.paging import among


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and what became of it. `state`: waiting | accepted | refused.

    `visibility` is what the post becomes with a yes; `request` the id of a ReplyRequest or empty.
    """

    post_id: int
    target_id: int
    decider_id: int
    asker_id: int
    visibility: str
    request: str = ""
    state: str = "waiting"
    asked_ms: int


COLUMNS = ", ".join(Approval.__struct_fields__)


def insert(tx: Write, approval: Approval) -> None:
    """Keep it, once for each post."""
    values = ", ".join(f":{name}" for name in Approval.__struct_fields__)
    tx.run(
        f"INSERT INTO approval ({COLUMNS}) VALUES ({values}) ON CONFLICT DO NOTHING",  # noqa: S608
        **msgspec.structs.asdict(approval),
    )


def by_post(db: Read, post_id: int) -> Approval | None:
    """What is known of an answer."""
    found = db.one(f"SELECT {COLUMNS} FROM approval WHERE post_id = :id", id=post_id)  # noqa: S608
    return Approval(**found) if found else None


def states(db: Read, post_ids: Iterable[int]) -> dict[int, str]:
    """How these answers stand, those of them that needed a yes."""
    found = among(
        db, "SELECT post_id AS id, state FROM approval WHERE post_id IN (:list)", post_ids
    )
    return {row["id"]: row["state"] for row in found}


def decide(tx: Write, known: Approval, state: str) -> bool:
    """An answer stands otherwise now. False where another process has decided meanwhile."""
    return (
        tx.run(
            "UPDATE approval SET state = :state WHERE post_id = :id AND state = :before",
            id=known.post_id,
            state=state,
            before=known.state,
        )
        == 1
    )


def request(tx: Write, post_id: int, uri: str) -> None:
    """It was asked for by this request too."""
    tx.run("UPDATE approval SET request = :uri WHERE post_id = :id", id=post_id, uri=uri)


def waiting(db: Read, decider_id: int, before_id: int, limit: int) -> list[Approval]:
    """What waits for somebody's yes, the latest first."""
    found = db.all(
        f"""
        SELECT {COLUMNS} FROM approval
        WHERE decider_id = :me AND state = 'waiting' AND post_id < :before
        ORDER BY post_id DESC LIMIT :limit
        """,  # noqa: S608
        me=decider_id,
        before=before_id,
        limit=limit,
    )
    return [Approval(**row) for row in found]


def count(db: Read, decider_id: int, limit: int, asker_id: int | None = None) -> int:
    """How many answers (of one asker) wait for somebody, at most `limit`."""
    found = db.all(
        """
        SELECT post_id FROM approval WHERE decider_id = :me AND state = 'waiting'
          AND (CAST(:asker AS BIGINT) IS NULL OR asker_id = :asker) LIMIT :limit
        """,
        me=decider_id,
        asker=asker_id,
        limit=limit,
    )
    return len(found)


def stamped(db: Read, stamp: str, decider_id: int, limit: int) -> list[int]:
    """Answers to this person that a stamp of this id allows."""
    found = db.all(
        """
        SELECT a.post_id FROM post p JOIN approval a ON a.post_id = p.id
        WHERE p.reply_stamp = :stamp AND p.reply_stamp <> '' AND a.decider_id = :decider
        LIMIT :limit
        """,
        stamp=stamp,
        decider=decider_id,
        limit=limit,
    )
    return [row["post_id"] for row in found]
