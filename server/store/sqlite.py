"""SQLite: one writer that commits in groups, a few readers, and one connection on the event loop.

aiosqlite owns the threads. Whatever waits for the writer goes into one `BEGIN IMMEDIATE ...
COMMIT`, each function inside its own `SAVEPOINT`, and every caller is answered after that commit: a
slow disk costs one sync per group, and nobody hears "yes" before the data is safe.

Only the writer writes and checkpoints, and it holds `WriterLock` while it does: SQLite before
3.51.3 can damage a WAL file when two connections do so at once, in one process or in two.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, Self, TypeVar, cast

import aiosqlite

from server.store.transaction import (
    DatabaseError,
    DatabaseUnavailable,
    Dialect,
    IntegrityError,
    Locked,
    Read,
    UniqueViolation,
    Write,
    describe,
)
from server.store.writer_lock import WriterLock

T = TypeVar("T")
E = TypeVar("E", bound=BaseException)
Outcome = tuple[Any, BaseException | None]

MAX_GROUP: Final = 50
BUSY_TIMEOUT_MS: Final = 5_000
STATEMENTS: Final = 512  # compiled statements kept by each connection
WAL_KEPT_BYTES: Final = 64 << 20  # after a checkpoint the log file shrinks to this

_UNIQUE: Final = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
}
_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_TROUBLE: Final = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_LOCKED: "is locked by another process",
    sqlite3.SQLITE_FULL: "has no room left on its disk: make some",
    sqlite3.SQLITE_IOERR: "cannot be read or written",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_READONLY: "may not be written by us: chown it, or set database.url",
    sqlite3.SQLITE_PERM: "may not be read by us: chown it, or set database.url",
    sqlite3.SQLITE_NOTADB: "is not an SQLite database",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore a backup",
}


class Connection(sqlite3.Connection):
    """A `Link`: the standard connection, which also knows what its errors mean."""

    dialect: Dialect = "sqlite"

    def uncounted(self, sql: str) -> int:
        """Python does not count the rows that a `WITH ... INSERT` changes; SQLite does."""
        if sql.lstrip()[:4].upper() != "WITH":
            return 0
        return int(self.execute("SELECT changes()").fetchone()[0])

    def explained(self, error: Exception) -> Exception:
        """Constraints, and trouble with the file, in the words of `transaction`."""
        return explained(error)


def explained(error: E) -> E | DatabaseError:
    """What an error of sqlite3 means; everything else is returned as it is."""
    if not isinstance(error, sqlite3.Error):
        return error
    code = getattr(error, "sqlite_errorcode", 0)  # absent where Python itself complains
    if code in _UNIQUE:
        return UniqueViolation(describe(error))
    if isinstance(error, sqlite3.IntegrityError):
        return IntegrityError(describe(error))
    trouble = _TROUBLE.get(code & 0xFF)  # the primary code of an extended one
    if trouble:
        kind = Locked if code & 0xFF in _LOCKED else DatabaseUnavailable
        return kind(f"The database {trouble} ({describe(error)}).")
    return error


def connect(path: str, *, reader: bool = False) -> Connection:
    """Open `path`, making the file (not its folder) where the writer finds none.

    A reader can change nothing and never checkpoints. Raises `sqlite3.Error`.
    """
    connection = sqlite3.connect(
        path, isolation_level=None, cached_statements=STATEMENTS, factory=Connection
    )
    try:
        connection.row_factory = sqlite3.Row
        for pragma in _pragmas(reader):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _pragmas(reader: bool) -> Sequence[str]:
    busy = f"busy_timeout = {BUSY_TIMEOUT_MS}"
    if reader:
        return busy, "query_only = ON", "wal_autocheckpoint = 0"
    return (
        busy,
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "temp_store = MEMORY",  # else each page that a savepoint may bring back goes to a file
        f"journal_size_limit = {WAL_KEPT_BYTES}",
    )


class _Thread(aiosqlite.Connection):
    """An aiosqlite connection that can run a whole function on its thread."""

    async def call(self, function: Callable[[Connection], T]) -> T:
        """Run `function(connection)`, and wait for it. test_db.py pins the private names here."""
        return await self._execute(function, self._conn)  # type: ignore[no-untyped-call, no-any-return]

    def start(self, function: Callable[[Connection], None]) -> None:
        """Run `function(connection)` after what waits already, and do not wait for it."""
        self._tx.put_nowait((None, partial(function, cast(Connection, self._conn))))


class _Waiting:
    """A function that waits for the writer, and the future of who waits for the function."""

    __slots__ = ("answer", "function")

    def __init__(self, function: Callable[[Write], Any], answer: asyncio.Future[Any]) -> None:
        self.function = function
        self.answer = answer


class Sqlite:
    """An `Engine` over one file."""

    dialect: Dialect = "sqlite"

    def __init__(
        self,
        threads: Sequence[_Thread],
        inline: Connection,
        lock: WriterLock,
        committed: Callable[[], None],
    ) -> None:
        """Use `open`."""
        self._lock = lock
        self._writer, *self._readers = threads
        self._inline = inline
        self._committed = committed
        self._idle: asyncio.LifoQueue[_Thread] = asyncio.LifoQueue()
        for reader in self._readers:
            self._idle.put_nowait(reader)
        self._waiting: deque[_Waiting] = deque()
        self._loop = asyncio.get_running_loop()
        self._quiet = asyncio.Event()  # not set while the writer's thread is at work
        self._quiet.set()
        self._closed = False

    @classmethod
    async def open(cls, path: str, *, readers: int, committed: Callable[[], None]) -> Self:
        """Open every connection; `committed` is called after each commit that changed something.

        Raises `DatabaseUnavailable`.
        """
        _refuse_missing_folder(path)
        threads: list[_Thread] = []
        lock = _lock(path)
        try:
            # First without a thread: one that cannot open its file outlives the event loop.
            with lock.held():
                connect(path).close()
            for number in range(1 + readers):
                thread = _Thread(partial(connect, path, reader=number > 0), 64)
                await thread
                threads.append(thread)
            inline = connect(path, reader=True)
        except sqlite3.Error as error:
            for thread in threads:
                await thread.close()
            lock.close()
            raise _unavailable(path, error) from error
        return cls(threads, inline, lock, committed)

    async def write(self, function: Callable[[Write], T]) -> T:
        """Run `function` in the next group; its own raise undoes only its own changes.

        A caller that is cancelled before its group began is forgotten; after that its function
        takes effect like the others.
        """
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(function, answer))
        if self._quiet.is_set():
            self._quiet.clear()
            self._writer.start(self._work)
        return await answer

    async def read(self, function: Callable[[Read], T]) -> T:
        """Run `function` on a reader's thread."""
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")
        reader = await self._idle.get()
        try:
            return await reader.call(partial(_on_one_snapshot, function))
        finally:
            self._idle.put_nowait(reader)

    async def read_inline(self, function: Callable[[Read], T]) -> T:
        """Run `function` here and now: for reads of well under 0.1 ms."""
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")
        return _on_one_snapshot(function, self._inline)

    def version(self) -> int | None:
        """Another number after each commit to the file, whichever connection or process made it."""
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")
        return int(self._inline.execute("PRAGMA data_version").fetchone()[0])

    def hear(self, callback: Callable[[], object]) -> None:
        """Nobody tells what other processes commit to a file: who has to know looks."""

    async def close(self) -> None:
        """Commit what waits, then close; the writer last, so that it does the final checkpoint."""
        if self._closed:
            return
        self._closed = True
        await self._quiet.wait()
        self._inline.close()
        for reader in self._readers:
            await reader.close()
        try:
            with self._lock.held():
                await self._writer.close()
        except DatabaseUnavailable:
            # Who holds the lock has the file open: ours is not the last connection, so closing it
            # does not checkpoint, and needs no lock.
            await self._writer.close()
        self._lock.close()

    def _work(self, connection: Connection) -> None:
        """On the writer's thread: commit group after group until nobody waits."""
        while True:
            group = self._next_group()
            functions = [waiting.function for waiting in group]
            outcomes, changed = _commit(functions, connection, self._lock)
            if outcomes and all(isinstance(error, Locked) for _, error in outcomes):
                # who came meanwhile has waited too, and would wait for as long again
                behind = self._next_group(len(self._waiting))
                group += behind
                outcomes += outcomes[:1] * len(behind)
            last = not self._waiting
            self._loop.call_soon_threadsafe(self._answer, group, outcomes, changed, last)
            if last:
                return

    def _next_group(self, most: int = MAX_GROUP) -> list[_Waiting]:
        group: list[_Waiting] = []
        while self._waiting and len(group) < most:
            waiting = self._waiting.popleft()
            if not waiting.answer.done():  # done already: its caller was cancelled
                group.append(waiting)
        return group

    def _answer(
        self, group: Sequence[_Waiting], outcomes: Sequence[Outcome], changed: bool, last: bool
    ) -> None:
        """On the event loop: tell a whole group at once."""
        for waiting, (value, error) in zip(group, outcomes, strict=True):
            if waiting.answer.done():
                continue
            if error is None:
                waiting.answer.set_result(value)
            else:
                waiting.answer.set_exception(error)
        if changed:
            self._committed()
        if last and self._waiting:  # somebody came after the thread had looked
            self._writer.start(self._work)
        elif last:
            self._quiet.set()


def _on_one_snapshot(function: Callable[[Read], T], connection: Connection) -> T:
    db = Read(connection)
    connection.execute("BEGIN")
    try:
        return function(db)
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")


def _commit(
    functions: Sequence[Callable[[Write], Any]], connection: Connection, lock: WriterLock
) -> tuple[list[Outcome], bool]:
    """Run a group in one transaction: how each ended, and whether a row changed.

    When the transaction itself fails, that is how all of them ended.
    """
    before = connection.total_changes
    try:
        with lock.held():
            outcomes = _run_together(functions, connection)
    except BaseException as error:
        if connection.in_transaction:
            with suppress(sqlite3.Error):  # the first error is the one to tell
                connection.execute("ROLLBACK")
        return [(None, explained(error))] * len(functions), False
    return outcomes, _any_succeeded(outcomes) and connection.total_changes != before


def _run_together(
    functions: Sequence[Callable[[Write], Any]], connection: Connection
) -> list[Outcome]:
    if not functions:
        return []
    connection.execute("BEGIN IMMEDIATE")
    if len(functions) == 1:
        outcomes = [_alone(functions[0], connection)]
    else:
        outcomes = [_among_others(function, connection) for function in functions]
    connection.execute("COMMIT" if _any_succeeded(outcomes) else "ROLLBACK")
    return outcomes


def _any_succeeded(outcomes: Sequence[Outcome]) -> bool:
    return any(error is None for _, error in outcomes)


def _alone(function: Callable[[Write], Any], connection: Connection) -> Outcome:
    """Run without a savepoint: when it fails the caller rolls everything back."""
    tx = Write(connection)
    try:
        value = function(tx)
        tx.finish()
    except BaseException as error:
        _still_open(connection, error)
        return None, error
    return value, None


def _among_others(function: Callable[[Write], Any], connection: Connection) -> Outcome:
    """Run inside a savepoint: when it fails the others in the group stay."""
    connection.execute("SAVEPOINT member")
    value, error = _alone(function, connection)
    if error is not None:
        connection.execute("ROLLBACK TO member")
    connection.execute("RELEASE member")
    return value, error


def _still_open(connection: Connection, error: BaseException) -> None:
    """A full disk makes SQLite roll the whole transaction back by itself: then all of it failed."""
    if not connection.in_transaction:
        raise DatabaseUnavailable(f"The transaction was lost ({describe(error)}).") from error


def _lock(path: str) -> WriterLock:
    try:
        return WriterLock(f"{path}-lock")
    except OSError as error:
        reason = (error.strerror or "it failed").lower()
        raise DatabaseUnavailable(
            f"The database sqlite:{path} cannot be opened: its lock {path}-lock: {reason}; "
            "let us write there, or set database.url."
        ) from error


def _refuse_missing_folder(path: str) -> None:
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise DatabaseUnavailable(
            f"The database sqlite:{path} cannot be opened: the folder {folder} does not exist; "
            "make it, or set database.url."
        )


def _unavailable(path: str, error: sqlite3.Error) -> DatabaseUnavailable:
    trouble = _TROUBLE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "cannot be opened")
    return DatabaseUnavailable(f"The database sqlite:{path} {trouble} ({describe(error)}).")
