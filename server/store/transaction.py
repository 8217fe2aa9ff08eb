"""What a transaction function is given, and how it can fail.

    DatabaseError               the database refused; the cause is chained
    ├── DatabaseUnavailable     not there, gone, full or locked: a sentence that says which
    │   ├── ConnectionLost      the server hung up before the commit was sent
    │   └── Locked              SQLite: another process has been writing for longer than we wait
    ├── Contention              PostgreSQL chose this transaction as the victim of a deadlock
    ├── Spoiled                 a statement failed, was caught, and the transaction went on
    └── IntegrityError          a constraint said no
        └── UniqueViolation     somebody else was first

Both databases look the same from here: statements are the common subset of SQL with `:name`
parameters, rows are read by column name, truths are 0 and 1, and a statement that failed spoils
its transaction unless it ran inside a `savepoint` (PostgreSQL insists, so SQLite does too).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal, NoReturn, Protocol, TypeVar, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
Dialect = Literal["sqlite", "postgresql"]


class DatabaseError(Exception):
    """The database refused; the driver's own error is the cause."""


class DatabaseUnavailable(DatabaseError):
    """The database is not there, gone, full or locked: a sentence for the operator."""


class ConnectionLost(DatabaseUnavailable):
    """The server hung up before the commit was sent: nothing happened, and trying again is safe."""


class Locked(DatabaseUnavailable):
    """Another process writes, and has for as long as we wait: nothing happened."""


class Contention(DatabaseError):
    """This transaction was sacrificed to another one; the same function may run again."""


class Spoiled(DatabaseError):
    """A statement failed outside a savepoint, so nothing of this transaction can be kept."""

    def __init__(self) -> None:
        """One sentence for whoever wrote the function."""
        super().__init__("A statement failed earlier: catch that outside `with tx.savepoint():`.")


class IntegrityError(DatabaseError):
    """A foreign key, NOT NULL or CHECK constraint said no."""


class UniqueViolation(IntegrityError):
    """A row with this key exists already."""


class Row(Protocol):
    """One row: `row["name"]`, and `Account(**row)`."""

    def keys(self) -> Iterable[str]:
        """The column names, in the order of the query."""
        ...

    def __getitem__(self, name: str, /) -> Any:
        """The value of a column."""
        ...


def record(row: Row) -> dict[str, Any]:
    """A row as `Account(**record(row))` wants it.

    With `Account(**row)` SQLite looks for each name among all of them: four times slower.
    """
    return dict(zip(row.keys(), cells(row), strict=True))


def cells(row: Row) -> Iterable[Any]:
    """The values of a row, in the order of its columns."""
    return row.values() if isinstance(row, dict) else cast(Iterable[Any], row)


def struct(kind: type[S], row: Row) -> S:
    """One row, as `structs` makes many."""
    return kind(*_picked(kind, tuple(row.keys()), isinstance(row, dict))(row))


def structs(kind: type[S], rows: Sequence[Row]) -> list[S]:
    """Rows as values of `kind`, a struct with a column for each field: in any order, among others.

    Fields are given by their places: an account of 45 takes 0.4 us, by their names 6 us.
    """
    if not rows:
        return []
    picked = _picked(kind, tuple(rows[0].keys()), isinstance(rows[0], dict))
    return [kind(*picked(row)) for row in rows]


@lru_cache(maxsize=1024)
def _picked(
    kind: type[msgspec.Struct], columns: tuple[str, ...], named: bool
) -> Callable[[Row], Iterable[Any]]:
    """What takes the fields of `kind` out of a row with these columns, in the order of fields."""
    fields = kind.__struct_fields__
    if named:
        return itemgetter(*fields)
    if columns == fields:
        return cast(Callable[[Row], Iterable[Any]], iter)
    return itemgetter(*map(columns.index, fields))


class Cursor(Protocol):
    """What a statement left behind."""

    @property
    def rowcount(self) -> int:
        """Rows changed; negative when the driver does not count them."""
        ...

    def fetchall(self) -> list[Any]:
        """All remaining rows."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...


class Link(Protocol):
    """A connection as a transaction sees it; each database has one."""

    @property
    def dialect(self) -> Dialect:
        """Which SQL the other side speaks."""
        ...

    def execute(self, sql: str, params: Mapping[str, Any] = ..., /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, sql: str, rows: Sequence[Mapping[str, Any]], /) -> Cursor:
        """Run one statement once per row."""
        ...

    def uncounted(self, sql: str) -> int:
        """Rows changed by the statement that just ran, where its cursor did not count."""
        ...

    def explained(self, error: Exception) -> Exception:
        """The error of this module that a driver's error means, or the error itself."""
        ...


class Read:
    """Questions, all answered from one snapshot."""

    __slots__ = ("_link", "_spoiled", "dialect")

    def __init__(self, link: Link) -> None:
        """Only the databases (and tests) make these."""
        self._link = link
        self._spoiled = False
        self.dialect: Dialect = link.dialect

    def all(self, sql: str, /, **params: Any) -> list[Row]:
        """Every row."""
        try:
            return self._execute(sql, params).fetchall()
        except Exception as error:
            self._fail(error)

    def one(self, sql: str, /, **params: Any) -> Row | None:
        """The first row, or nothing."""
        try:
            return self._execute(sql, params).fetchone()  # type: ignore[no-any-return]
        except Exception as error:
            self._fail(error)

    def finish(self) -> None:
        """Raise `Spoiled` when nothing of this transaction can be kept; else do nothing."""
        if self._spoiled:
            raise Spoiled

    def _execute(self, sql: str, params: Mapping[str, Any]) -> Cursor:
        self.finish()
        return self._link.execute(sql, params)

    def _fail(self, error: Exception) -> NoReturn:
        self._spoiled = True
        failure = self._link.explained(error)
        if failure is error:
            raise error
        raise failure from error


class Write(Read):
    """Questions and changes; all the changes happen, or none."""

    __slots__ = ()

    def run(self, sql: str, /, **params: Any) -> int:
        """Execute; the number of rows changed. Use `one` or `all` for `RETURNING`."""
        try:
            changed = self._execute(sql, params).rowcount
            return changed if changed >= 0 else self._link.uncounted(sql)
        except Exception as error:
            self._fail(error)

    def many(self, sql: str, rows: Sequence[Mapping[str, Any]], /) -> int:
        """Execute once per row of parameters; the number of rows changed by all of them."""
        self.finish()
        if not rows:
            return 0
        try:
            return self._link.executemany(sql, rows).rowcount
        except Exception as error:
            self._fail(error)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only what the body did when it raises, and raise the same error on.

        The place to try something that may break a constraint: after `except UniqueViolation:`
        around this block the transaction goes on. Savepoints nest.
        """
        self.run("SAVEPOINT inner_part")
        try:
            yield
            self.finish()
        except BaseException:
            self._undo()
            raise
        self.run("RELEASE SAVEPOINT inner_part")

    def _undo(self) -> None:
        """Back to the savepoint; where even that fails the transaction stays spoiled."""
        self._spoiled = True
        with suppress(Exception):
            self._link.execute("ROLLBACK TO SAVEPOINT inner_part")
            self._link.execute("RELEASE SAVEPOINT inner_part")
            self._spoiled = False


class Engine(Protocol):
    """One of the two databases; `server.store.db.Database` is its face."""

    @property
    def dialect(self) -> Dialect:
        """Which SQL it speaks."""
        ...

    async def write(self, function: Callable[[Write], T]) -> T:
        """Run in a transaction: commit the return, roll back the raise."""
        ...

    async def read(self, function: Callable[[Read], T]) -> T:
        """Run on one snapshot, on another thread."""
        ...

    async def read_inline(self, function: Callable[[Read], T]) -> T:
        """Run on one snapshot, on the event loop's own thread where that is quicker."""
        ...

    def version(self) -> int | None:
        """Another number after every commit of anybody, where that can be told at once."""
        ...

    def hear(self, callback: Callable[[], object]) -> None:
        """Call it on the event loop after commits of other processes, where they can be heard."""
        ...

    async def close(self) -> None:
        """Finish what was begun, then close every connection."""
        ...


def describe(error: BaseException) -> str:
    """The first line of a driver's message, without its full stop: part of a sentence."""
    return str(error).strip().split("\n", 1)[0].rstrip(".") or type(error).__name__


def without_password(url: str) -> str:
    """The address of a database as a person may read it in a log."""
    if not url.startswith(("postgresql:", "postgres:")):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return "postgresql://..."
    user, at, host = parts.netloc.rpartition("@")
    kept = [(name, value) for name, value in parse_qsl(parts.query) if "password" not in name]
    query = "?" + urlencode(kept, safe="/") if kept else ""
    return f"{parts.scheme}://{user.partition(':')[0]}{at}{host}{parts.path}{query}"
