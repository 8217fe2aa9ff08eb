"""A database that outlives the processes that use it, and what one process sees of it.

The SQL is real, and so are the transactions: each function runs from start to end. What is not real
is the disk: what is committed is safe. Before and after every transaction the process may wait, or
die, as chance wills.
"""

import sqlite3
from collections.abc import Callable
from typing import Protocol, TypeVar

from server import ids
from server.store import migrate, sqlite
from server.store.db import Database
from server.store.transaction import Dialect, Read, Write

T = TypeVar("T")

_NOTES = (
    "CREATE TEMP TABLE promised (n INTEGER PRIMARY KEY, id INTEGER, sender_id INTEGER, body BLOB)",
    "CREATE TEMP TABLE owed (peer_id INTEGER, n INTEGER)",
    "CREATE TEMP TABLE arrived (n INTEGER PRIMARY KEY, uri TEXT)",
    "CREATE TEMP TABLE applied (n INTEGER PRIMARY KEY, uri TEXT, actor TEXT)",
    """
    CREATE TEMP TRIGGER note_arrival AFTER INSERT ON main.activity BEGIN
        INSERT INTO arrived (uri) VALUES (new.uri);
    END
    """,
    """
    CREATE TEMP TRIGGER note_promise AFTER INSERT ON main.outbox BEGIN
        INSERT INTO promised (id, sender_id, body) VALUES (new.id, new.sender_id, new.body);
    END
    """,
    """
    CREATE TEMP TRIGGER note_debt AFTER INSERT ON main.delivery BEGIN
        INSERT INTO owed (peer_id, n)
        SELECT new.peer_id, max(n) FROM promised WHERE id = new.outbox_id;
    END
    """,
    "CREATE TEMP TABLE given_back (work TEXT, id INTEGER)",
    """
    CREATE TEMP TRIGGER note_lane AFTER UPDATE ON main.peer
    WHEN old.claimed_until_ms > 0 AND new.claimed_until_ms = 0 BEGIN
        INSERT INTO given_back VALUES ('Peer', new.id);
    END
    """,
    """
    CREATE TEMP TRIGGER note_job AFTER UPDATE ON main.job
    WHEN old.claimed_until_ms > 0 AND new.claimed_until_ms = 0 BEGIN
        INSERT INTO given_back VALUES ('Job', new.id);
    END
    """,
    """
    CREATE TEMP TRIGGER note_done AFTER DELETE ON main.job BEGIN
        INSERT INTO given_back VALUES ('Job', old.id);
    END
    """,
)
"""What was ever promised and to whom, what arrived and what had its effect, in the order of the
commits; and what the last of them gave back: for the oracle alone."""


class Life(Protocol):
    """A process, as its database sees it."""

    last_id: int

    async def step(self, what: str, /) -> None:
        """A moment passes; it may be the last."""

    def gave_back(self, work: str, id: int, /) -> None:
        """It committed that a `Peer` or a `Job` is not in its hands any more."""


class Disk:
    """What one city has stored. It is made once, and can be as it was then again and again."""

    def __init__(self, settle: Callable[[Write], None]) -> None:
        """`settle` fills it after the migrations."""
        self._connection = _connect()
        tx, steps = Write(self._connection), migrate.migrations()
        self._connection.execute("PRAGMA foreign_keys = OFF")
        while migrate.apply_next(tx, steps):
            pass
        self._connection.execute("PRAGMA foreign_keys = ON")
        settle(tx)
        for statement in _NOTES:
            self._connection.execute(statement)
        self.commits = 0

    def begin(self) -> None:
        """Everything from here on is forgotten by `reset`."""
        self._connection.execute("BEGIN")
        self.commits = 0

    def reset(self) -> None:
        """As it was when it began."""
        self._connection.execute("ROLLBACK")

    def write(self, function: Callable[[Write], T]) -> tuple[T, bool]:
        """Commit what it returns, roll back what it raises; whether a row changed."""
        self._connection.execute("DELETE FROM temp.given_back")
        before = self._connection.total_changes
        self._connection.execute("SAVEPOINT whole")
        try:
            tx = Write(self._connection)
            value = function(tx)
            tx.finish()
        except BaseException:
            self._connection.execute("ROLLBACK TO whole")
            self._connection.execute("RELEASE whole")
            raise
        self._connection.execute("RELEASE whole")
        changed = self._connection.total_changes != before
        self.commits += changed
        return value, changed

    def read(self, function: Callable[[Read], T]) -> T:
        """What it finds."""
        return function(Read(self._connection))

    def given_back(self) -> list[tuple[str, int]]:
        """Kind and id of what the last transaction gave back."""
        found = self._connection.execute("SELECT work, id FROM temp.given_back").fetchall()
        return [(row["work"], row["id"]) for row in found]

    def faults(self) -> list[str]:
        """What SQLite itself finds wrong with the file."""
        wrong = [str(dict(row)) for row in self._connection.execute("PRAGMA foreign_key_check")]
        said = [row[0] for row in self._connection.execute("PRAGMA integrity_check")]
        return wrong + [one for one in said if one != "ok"]


def _connect() -> sqlite.Connection:
    connection = sqlite3.connect(
        ":memory:", isolation_level=None, cached_statements=1024, factory=sqlite.Connection
    )
    connection.row_factory = sqlite3.Row
    return connection


class Engine:
    """An `Engine` of one process over a disk that others may use as well."""

    dialect: Dialect = "sqlite"

    def __init__(self, disk: Disk, life: Life, committed: Callable[[], None]) -> None:
        """`committed` is called after each commit of this process that changed something."""
        self._disk = disk
        self._life = life
        self._committed = committed

    async def write(self, function: Callable[[Write], T]) -> T:
        """In a transaction of its own; the process may end before it, and before it hears of it."""
        await self._life.step("write")
        value, changed = self._as_this_process(lambda: self._disk.write(function))
        if changed:
            for work, id in self._disk.given_back():
                self._life.gave_back(work, id)
            self._committed()
        await self._life.step("written")
        return value

    async def read(self, function: Callable[[Read], T]) -> T:
        """On one snapshot, after a moment."""
        await self._life.step("read")
        return self._as_this_process(lambda: self._disk.read(function))

    async def read_inline(self, function: Callable[[Read], T]) -> T:
        """Here and now."""
        await self._life.step("inline")
        return self._as_this_process(lambda: self._disk.read(function))

    def version(self) -> int | None:
        """Another number after every commit of anybody."""
        return self._disk.commits

    def hear(self, callback: Callable[[], object]) -> None:
        """Nobody tells what other processes commit: who has to know looks."""

    async def close(self) -> None:
        """Nothing to close."""

    def _as_this_process(self, do: Callable[[], T]) -> T:
        """Each process has its own memory of the last id that it made."""
        ids._last = self._life.last_id  # noqa: SLF001
        try:
            return do()
        finally:
            self._life.last_id = ids._last  # noqa: SLF001


def database(disk: Disk, life: Life) -> Database:
    """The database as the code of one process is given it."""
    db = Database()
    db._engine = Engine(disk, life, db._announce)  # noqa: SLF001
    return db
