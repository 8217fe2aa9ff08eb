"""How far an export or a book is that a worker makes for somebody to take away; and its file."""

from typing import Final

import msgspec

from server.store.db import Read, Write


class Kind(msgspec.Struct, frozen=True):
    """What is made: its table, the state while it is made, and the column of when it was done."""

    table: str
    waiting: str
    done: str


EXPORT: Final = Kind("blog_export", "waiting", "ended_ms")
BOOK: Final = Kind("book", "making", "made_ms")


def progress(tx: Write, what: Kind, id: int, done: int, total: int) -> bool:
    """So many of `total` are in it. False where nobody waits for it any more."""
    return (
        tx.run(
            f"""
            UPDATE {what.table} SET done = :done, total = :total
            WHERE id = :id AND state = :waiting
            """,  # noqa: S608
            id=id,
            done=done,
            total=total,
            waiting=what.waiting,
        )
        == 1
    )


def finish(tx: Write, what: Kind, id: int, file: tuple[str, int], now_ms: int) -> bool:
    """It is made; its `file` by name and bytes. False where nobody waits for it any more."""
    return (
        tx.run(
            f"""
            UPDATE {what.table} SET state = 'ready', file = :file, bytes = :bytes, done = total,
                {what.done} = :now
            WHERE id = :id AND state = :waiting
            """,  # noqa: S608
            id=id,
            file=file[0],
            bytes=file[1],
            now=now_ms,
            waiting=what.waiting,
        )
        == 1
    )


def files(db: Read) -> set[str]:
    """The names of all files that a row names."""
    found = (
        db.all(f"SELECT file FROM {what.table} WHERE file <> ''")  # noqa: S608
        for what in (EXPORT, BOOK)
    )
    return {str(row["file"]) for rows in found for row in rows}
