"""Pictures of other servers that we keep for a while: which file each is, when it was last seen.

`about` says what a picture is for and where it comes from: `avatar https://far.example/face.png`.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from server.store.db import Read, Write
from server.store.paging import listed

ROWS_AT_ONCE: Final = 200


class Kept(msgspec.Struct, frozen=True):
    """`file` is a name in the store, or empty where it could not be had at `failed_ms`."""

    file: str
    failed_ms: int | None
    seen_ms: int


def one(db: Read, about: str) -> Kept | None:
    """What we have of a picture."""
    row = db.one(
        "SELECT file, failed_ms, seen_ms FROM remote_picture WHERE url = :about", about=about
    )
    return Kept(**row) if row else None


def keep(tx: Write, about: str, file: str, bytes: int, now_ms: int) -> str:
    """Note a picture's file; the name of the one that it replaces, or nothing."""
    before = one(tx, about)
    tx.run(
        """
        INSERT INTO remote_picture (url, file, bytes, failed_ms, seen_ms)
        VALUES (:about, :file, :bytes, NULL, :now)
        ON CONFLICT (url) DO UPDATE SET file = excluded.file, bytes = excluded.bytes,
          failed_ms = NULL, seen_ms = excluded.seen_ms
        """,
        about=about,
        file=file,
        bytes=bytes,
        now=now_ms,
    )
    return before.file if before else ""


def fail(tx: Write, about: str, now_ms: int) -> None:
    """Note that a picture cannot be had at present."""
    tx.run(
        """
        INSERT INTO remote_picture (url, failed_ms, seen_ms) VALUES (:about, :now, :now)
        ON CONFLICT (url) DO UPDATE SET file = '', bytes = 0, failed_ms = excluded.failed_ms,
          seen_ms = excluded.seen_ms
        """,
        about=about,
        now=now_ms,
    )


def see(tx: Write, about: str, now_ms: int) -> None:
    """Somebody looked at it."""
    tx.run("UPDATE remote_picture SET seen_ms = :now WHERE url = :about", about=about, now=now_ms)


def forget_failures(tx: Write, before_ms: int) -> int:
    """What could not be had is tried again after a while, and then its row is made anew."""
    return tx.run(
        "DELETE FROM remote_picture WHERE seen_ms < :before AND file = ''", before=before_ms
    )


def total(db: Read) -> int:
    """The bytes of all of them."""
    row = db.one("SELECT coalesce(sum(bytes), 0) AS bytes FROM remote_picture")
    return int(row["bytes"]) if row else 0


def drop(tx: Write, most: int) -> list[str]:
    """Forget those not seen for longest until at most `most` bytes are left; the names of their
    files. At most `ROWS_AT_ONCE` go at once: call it until none does.
    """
    left, gone = total(tx), []
    oldest = (
        "SELECT url, file, bytes FROM remote_picture WHERE file != '' ORDER BY seen_ms LIMIT :n"
    )
    for row in tx.all(oldest, n=ROWS_AT_ONCE) if left > most else ():
        if left <= most:
            break
        left -= row["bytes"]
        gone.append(row)
    _remove(tx, [row["url"] for row in gone])
    return [row["file"] for row in gone]


def _remove(tx: Write, about: Sequence[str]) -> None:
    if about:
        sql, params = listed("DELETE FROM remote_picture WHERE url IN (:list)", about)
        tx.run(sql, **params)


def files(db: Read) -> set[str]:
    """The names of all their files."""
    return {row["file"] for row in db.all("SELECT file FROM remote_picture WHERE file != ''")}
