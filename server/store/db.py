"""The database: `await db.write(function, ...)` and `await db.read(function, ...)`.

A transaction is a plain function of `(Write, ...)` or `(Read, ...)`. It runs from start to end on
its connection's own thread, so it cannot wait for the network, and costs one thread hop however
many statements it makes. Its return commits; its raise rolls back and reaches the caller.

The functions and their SQL are the same on SQLite (`sqlite.py`) and PostgreSQL (`postgresql.py`).
"""

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from server.store.sqlite import Sqlite
from server.store.transaction import (
    ConnectionLost,
    Contention,
    DatabaseError,
    DatabaseUnavailable,
    Dialect,
    Engine,
    IntegrityError,
    Read,
    Row,
    Spoiled,
    UniqueViolation,
    Write,
    cells,
    record,
    struct,
    structs,
    without_password,
)

__all__ = [
    "ConnectionLost",
    "Contention",
    "Database",
    "DatabaseError",
    "DatabaseUnavailable",
    "Dialect",
    "IntegrityError",
    "Read",
    "Row",
    "Spoiled",
    "UniqueViolation",
    "Write",
    "cells",
    "record",
    "struct",
    "structs",
    "without_password",
]

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D", Read, Write)

READERS: Final = 3
CONNECTIONS: Final = 8


class Database:
    """One database, whichever kind; use it on the event loop that opened it."""

    def __init__(self) -> None:
        """Use `open`."""
        self._engine: Engine
        self._callbacks: list[Callable[[], object]] = []

    @classmethod
    async def open(
        cls, url: str, *, readers: int = READERS, connections: int = CONNECTIONS
    ) -> Self:
        """Open `sqlite:PATH` (with `readers`) or `postgresql://...` (with `connections`).

        The caller closes. Raises `DatabaseUnavailable` with a sentence that names the database,
        never its password.
        """
        database = cls()
        kind, _, rest = url.partition(":")
        if kind == "sqlite" and rest and not rest.startswith(":"):
            database._engine = await Sqlite.open(
                rest, readers=readers, committed=database._announce
            )
        elif kind in {"postgresql", "postgres"} and rest.startswith("//"):
            # Imported here because the driver takes 14 MB that an instance on SQLite need not pay.
            postgresql = import_module("server.store.postgresql")
            database._engine = await postgresql.PostgreSQL.open(
                url, connections=connections, committed=database._announce
            )
        else:
            raise DatabaseUnavailable(
                f"The database {without_password(url)} is of no kind we know:"
                " write sqlite:PATH or postgresql://USER@HOST/NAME."
            )
        return database

    @property
    def dialect(self) -> Dialect:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect

    async def write(
        self, function: Callable[Concatenate[Write, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(tx, ...)` in a transaction: commit its return, roll back its raise.

        It may run more than once (PostgreSQL: a deadlock, a lost race for a unique key, a server
        that was restarted), so it has no effects but those on `tx`. When the commit itself fails
        the caller gets that error: `DatabaseUnavailable` where the database is at fault.
        """
        return await self._engine.write(_bound(function, *args, **kwargs))

    async def read(
        self, function: Callable[Concatenate[Read, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(db, ...)` on one snapshot."""
        return await self._engine.read(_bound(function, *args, **kwargs))

    async def read_inline(
        self, function: Callable[Concatenate[Read, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `read`, without the thread hop on SQLite: only for reads of well under 0.1 ms."""
        return await self._engine.read_inline(_bound(function, *args, **kwargs))

    def version(self) -> int | None:
        """Another number after every commit of anybody; None on PostgreSQL, where nobody knows."""
        return self._engine.version()

    def on_commit(self, callback: Callable[[], object]) -> None:
        """Call `callback()` on the event loop soon after each commit that changed a row."""
        self._callbacks.append(callback)

    def on_commit_elsewhere(self, callback: Callable[[], object]) -> None:
        """Call `callback()` soon after another process committed: on PostgreSQL, and mostly.

        Whoever must not miss anything looks now and then.
        """
        self._engine.hear(callback)

    async def close(self) -> None:
        """Finish what was begun, then close every connection."""
        await self._engine.close()

    def _announce(self) -> None:
        loop = asyncio.get_running_loop()
        for callback in self._callbacks:
            loop.call_soon(callback)


def _bound(
    function: Callable[Concatenate[D, P], T], *args: P.args, **kwargs: P.kwargs
) -> Callable[[D], T]:
    """The function with its arguments, which never raises what a future cannot carry."""

    def call(transaction: D) -> T:
        try:
            return function(transaction, *args, **kwargs)
        except StopIteration as error:
            raise RuntimeError("A transaction function raised StopIteration.") from error

    return call
