"""PostgreSQL: the same functions, each on a connection of its own in a small pool of threads.

Reads see one snapshot (`REPEATABLE READ READ ONLY`). Writes run at `READ COMMITTED`, several at a
time, so a function is run again when it lost a race: a deadlock, or a unique key that somebody
else inserted between our look and our insert (the second run sees that row).
"""

import asyncio
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, Self, TypeVar, cast

import psycopg
from psycopg import errors
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper, Loader
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.rows import dict_row
from psycopg.types.numeric import Int8Dumper

from server.store.herald import Herald
from server.store.transaction import (
    ConnectionLost,
    Contention,
    Cursor,
    DatabaseError,
    DatabaseUnavailable,
    Dialect,
    IntegrityError,
    Read,
    UniqueViolation,
    Write,
    describe,
    without_password,
)

T = TypeVar("T")

ATTEMPTS: Final = 5  # runs of one write that loses races
CONNECT_TIMEOUT_S: Final = 10
STATEMENTS: Final = 512  # prepared statements kept by each connection

_BEGIN_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_BEGIN_WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"

# What is not a parameter comes first: literals, quoted names, comments, bodies, casts.
_TOKEN: Final = re.compile(
    r"""
      '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | --[^\n]*
    | /\*.*?\*/
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | ::
    | :(?P<name>[A-Za-z_]\w*)
    | %
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=2048)
def translated(sql: str) -> str:
    """`:name` as psycopg writes it, and every `%` doubled, for it means something to psycopg."""
    return _TOKEN.sub(_translate_token, sql)


def _translate_token(match: re.Match[str]) -> str:
    name = match["name"]
    return f"%({name})s" if name else match[0].replace("%", "%%")


class _BoolAsInt(Dumper):
    """Truths are 0 and 1 in our columns, as in SQLite."""

    oid = psycopg.adapters.types["int8"].oid

    def dump(self, obj: bool) -> Buffer:
        return b"1" if obj else b"0"


class _IntFromBool(Loader):
    """`EXISTS (...)` and comparisons read as 0 and 1, as in SQLite."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data) == b"t")


class _NumberFromNumeric(Loader):
    """`sum` of integers is an int and `avg` a float, as in SQLite; never a Decimal."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return float(text) if "." in text else int(text)


def _adapt(adapters: AdaptersMap) -> None:
    adapters.register_dumper(int, Int8Dumper)  # one type for all, so one plan for each statement
    adapters.register_dumper(bool, _BoolAsInt)
    adapters.register_loader("bool", _IntFromBool)
    adapters.register_loader("numeric", _NumberFromNumeric)


class Connection:
    """A `Link` over one psycopg connection."""

    dialect: Dialect = "postgresql"

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        """Use `connect`."""
        self._connection = connection
        self._cursor = connection.cursor()
        self.changed = False

    @property
    def usable(self) -> bool:
        """Whether the server is still there, as far as we know."""
        return not self._connection.closed

    @property
    def encoding(self) -> str:
        """How the database keeps text."""
        return self._connection.info.parameter_status("server_encoding") or ""

    def begin(self, statement: str) -> None:
        """Start a transaction."""
        self.changed = False
        self._run(statement)

    def commit(self) -> None:
        """Commit; `DatabaseUnavailable` when nobody can know whether it happened."""
        try:
            self._run("COMMIT")
        except psycopg.Error as error:
            failure = explained(error, lost=not self.usable)
            if isinstance(failure, ConnectionLost):
                raise DatabaseUnavailable(
                    "The database hung up during a commit, which may or may not have happened."
                ) from error
            raise failure from error

    def rollback(self) -> None:
        """Undo what is open; a lost connection has undone it already."""
        with suppress(psycopg.Error):
            if self._connection.info.transaction_status != TransactionStatus.IDLE:
                self._run("ROLLBACK")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def execute(self, sql: str, params: Mapping[str, Any] | None = None, /) -> Cursor:
        """Run one statement with `:name` parameters. Its result is read before the next one."""
        cursor = self._cursor.execute(translated(sql), params or {})
        self._note(cursor)
        return cursor

    def executemany(self, sql: str, rows: Sequence[Mapping[str, Any]], /) -> Cursor:
        """Run one statement once per row, in one round trip."""
        self._cursor.executemany(translated(sql), rows)
        self._note(self._cursor)
        return self._cursor

    def uncounted(self, sql: str) -> int:
        """Only definitions go uncounted here, and they change no row."""
        return 0

    def explained(self, error: Exception) -> Exception:
        """Constraints, lost races and lost connections in the words of `transaction`."""
        return explained(error, lost=not self.usable)

    def _run(self, statement: str) -> None:
        """What has neither parameters nor rows, without all that psycopg does for these."""
        result = self._connection.pgconn.exec_(statement.encode())
        if result.status == ExecStatus.COMMAND_OK:
            return
        error = errors.error_from_result(result, encoding="utf-8")
        if error.sqlstate is None:  # the server did not say it: it is gone
            self._connection.close()
            raise psycopg.OperationalError(str(error)) from error
        raise error

    def _note(self, cursor: psycopg.Cursor[Any]) -> None:
        if cursor.rowcount > 0 and not (cursor.statusmessage or "").startswith("SELECT"):
            self.changed = True


def explained(error: Exception, *, lost: bool) -> Exception:
    """What an error of psycopg means; everything else is returned as it is."""
    if isinstance(error, errors.UniqueViolation):
        return UniqueViolation(describe(error))
    if isinstance(error, psycopg.IntegrityError):
        return IntegrityError(describe(error))
    if isinstance(error, errors.SerializationFailure | errors.DeadlockDetected):
        return Contention(describe(error))
    if lost and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return ConnectionLost(f"The database hung up ({describe(error)}).")
    if isinstance(error, errors.InsufficientPrivilege | errors.InvalidSchemaName):
        return DatabaseUnavailable(
            f"The database does not let us ({describe(error)}); make our user its owner."
        )
    if isinstance(error, psycopg.OperationalError):  # a full disk, a shutdown, too many clients
        return DatabaseUnavailable(f"The database cannot work ({describe(error)}).")
    return error


def connect(url: str) -> Connection:
    """Open one connection. Raises `psycopg.Error`."""
    connection = psycopg.connect(
        url,
        autocommit=True,  # we write BEGIN and COMMIT ourselves
        row_factory=dict_row,
        connect_timeout=CONNECT_TIMEOUT_S,
        client_encoding="utf8",
        fallback_application_name="madang",
    )
    connection.prepared_max = STATEMENTS
    _adapt(connection.adapters)
    return Connection(connection)


class PostgreSQL:
    """An `Engine` over a server: every thread of the pool has its own connection."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str, connections: int, committed: Callable[[], None]) -> None:
        """Use `open`."""
        self._url = url
        self._announced = committed
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="database")
        self._mine = threading.local()
        self._all: list[Connection] = []
        self._closed = False
        self._herald = Herald(url, self._send)

    @classmethod
    async def open(cls, url: str, *, connections: int, committed: Callable[[], None]) -> Self:
        """Make the pool and its first connection; the others are made when needed.

        `committed` is called on the event loop after each commit that changed something. Raises
        `DatabaseUnavailable`.
        """
        engine = cls(url, connections, committed)
        try:
            await engine._in_pool(engine._connection)
        except BaseException:
            await engine.close()
            raise
        return engine

    async def write(self, function: Callable[[Write], T]) -> T:
        """Run `function` in a transaction; again when it lost a race or a restarted server."""
        return await self._in_pool(lambda: self._write(function))

    async def read(self, function: Callable[[Read], T]) -> T:
        """Run `function` on one snapshot, once more when the server was restarted."""
        return await self._in_pool(lambda: self._read(function))

    async def read_inline(self, function: Callable[[Read], T]) -> T:
        """As `read`: the server is a network away, and the event loop waits for nobody."""
        return await self.read(function)

    def version(self) -> int | None:
        """Only the server could tell, and to ask it costs as much as to read."""
        return None

    def hear(self, callback: Callable[[], object]) -> None:
        """Call `callback` on the event loop soon after a commit of another process."""
        self._herald.hear(callback)

    async def close(self) -> None:
        """Finish what was begun, then hang up."""
        if self._closed:
            return
        self._closed = True
        await self._herald.close()
        await asyncio.to_thread(self._pool.shutdown)
        for connection in self._all:
            connection.close()

    async def _in_pool(self, function: Callable[[], T]) -> T:
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")
        return await self._loop.run_in_executor(self._pool, function)

    def _connection(self) -> Connection:
        """This thread's connection, made anew when the last one was lost."""
        connection = cast(Connection | None, getattr(self._mine, "connection", None))
        if connection and connection.usable:
            return connection
        try:
            fresh = connect(self._url)
        except psycopg.Error as error:
            raise _unavailable(self._url, error) from error
        if (encoding := fresh.encoding) != "UTF8":
            fresh.close()
            raise DatabaseUnavailable(
                f"The database {without_password(self._url)} keeps text as {encoding}; "
                "make it anew with `createdb --encoding UTF8 --template template0`."
            )
        if connection:
            self._all.remove(connection)
        self._all.append(fresh)
        self._mine.connection = fresh
        return fresh

    def _read(self, function: Callable[[Read], T]) -> T:
        try:
            return self._read_once(function)
        except ConnectionLost:
            return self._read_once(function)

    def _read_once(self, function: Callable[[Read], T]) -> T:
        connection = self._connection()
        _begin(connection, _BEGIN_READ)
        try:
            return function(Read(connection))
        finally:
            connection.rollback()

    def _write(self, function: Callable[[Write], T]) -> T:
        """Run until it commits, fails for a reason of its own, or has lost too often."""
        lost: list[type[DatabaseError]] = []
        while True:
            try:
                return self._write_once(function)
            except (Contention, UniqueViolation, ConnectionLost) as error:
                lost.append(type(error))
                if not _worth_another(lost):
                    raise

    def _write_once(self, function: Callable[[Write], T]) -> T:
        connection = self._connection()
        _begin(connection, _BEGIN_WRITE)
        try:
            tx = Write(connection)
            result = function(tx)
            tx.finish()
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        if connection.changed:
            self._announce()
        return result

    def _committed(self) -> None:
        self._announced()
        self._herald.committed()

    def _send(self, statement: str) -> None:
        """Run a statement soon; whether it arrives is not waited for."""

        def run() -> None:
            with suppress(DatabaseError, psycopg.Error):
                self._connection()._run(statement)

        if not self._closed:
            self._pool.submit(run)

    def _announce(self) -> None:
        with suppress(RuntimeError):  # the event loop is gone: nobody is left to be told
            self._loop.call_soon_threadsafe(self._committed)


def _worth_another(lost: Sequence[type[DatabaseError]]) -> bool:
    """A victim of others runs up to `ATTEMPTS` times; other causes are believed the second time."""
    return len(lost) < ATTEMPTS and (lost[-1] is Contention or lost.count(lost[-1]) == 1)


def _begin(connection: Connection, statement: str) -> None:
    try:
        connection.begin(statement)
    except psycopg.Error as error:
        raise connection.explained(error) from error


def _unavailable(url: str, error: Exception) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The database {without_password(url)} cannot be reached ({describe(error)}); "
        "start it, or set database.url."
    )
