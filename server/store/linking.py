"""Pages elsewhere to which stories of ours link, and what they were told of it."""

from typing import Final

import msgspec

from server.store.db import Read, Write, record


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A link of a story, or one that is `gone` from it.

    `told`: how its page heard of it the last time, webmention | trackback | none (it takes
    neither); empty before. `waiting`: there is something to tell it, at `due_ms` or by a job.
    """

    id: int
    post_id: int
    url: str
    told: str = ""
    told_ms: int | None = None
    gone: int = 0
    waiting: int = 1
    tries: int = 0
    due_ms: int | None = None


COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(Told))


def by_id(db: Read, id: int) -> Told | None:
    """The one with this id."""
    found = db.one("SELECT * FROM link_told WHERE id = :id", id=id)
    return Told(**record(found)) if found else None


def of_post(db: Read, post_id: int) -> list[Told]:
    """All of a story."""
    found = db.all("SELECT * FROM link_told WHERE post_id = :post ORDER BY id", post=post_id)
    return [Told(**record(row)) for row in found]


def insert(tx: Write, told: Told) -> None:
    """A story has a link."""
    tx.run(
        f"INSERT INTO link_told ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})",  # noqa: S608
        **msgspec.structs.asdict(told),
    )


def wait(tx: Write, id: int, due_ms: int | None, *, gone: bool, tries: int = 0) -> None:
    """There is something to tell, at `due_ms` or by a job that was promised."""
    tx.run(
        """
        UPDATE link_told SET waiting = 1, due_ms = :due, gone = :gone, tries = :tries
        WHERE id = :id
        """,
        id=id,
        due=due_ms,
        gone=int(gone),
        tries=tries,
    )


def settle(tx: Write, id: int, told: str, now_ms: int) -> None:
    """Its page was told so."""
    tx.run(
        """
        UPDATE link_told SET told = :told, told_ms = :now, waiting = 0, due_ms = NULL, tries = 0
        WHERE id = :id
        """,
        id=id,
        told=told,
        now=now_ms,
    )


def remove(tx: Write, id: int) -> None:
    """Nothing more is to be told."""
    tx.run("DELETE FROM link_told WHERE id = :id", id=id)


def next_due_ms(db: Read) -> int | None:
    """When the next page is to be told."""
    found = db.one("SELECT due_ms FROM link_told WHERE due_ms IS NOT NULL ORDER BY due_ms LIMIT 1")
    return int(found["due_ms"]) if found else None


def planned(db: Read) -> int:
    """How many pages are to be told, now or later."""
    found = db.one("SELECT count(*) AS n FROM link_told WHERE due_ms > 0")
    return int(found["n"]) if found else 0


def first_due(db: Read, now_ms: int) -> Told | None:
    """What is due first."""
    found = db.one(
        "SELECT * FROM link_told WHERE due_ms <= :now ORDER BY due_ms LIMIT 1", now=now_ms
    )
    return Told(**record(found)) if found else None
