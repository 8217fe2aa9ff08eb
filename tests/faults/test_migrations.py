"""Migrations that are stopped at any statement: the next start completes them, with every row."""

import asyncio
import os
import random
import signal
from contextlib import closing, suppress

import pytest

from server.store import archive, migrate, postgresql, sqlite
from server.store.db import Database, Read, Write
from server.store.transaction import Dialect, UniqueViolation
from tests.faults import forked
from tests.faults.oracle import whole
from tests.faults.rounds import many

pytestmark = pytest.mark.slow

Link = sqlite.Connection | postgresql.Connection
KILLS = many(3, 30)
COLUMNS = {
    "sqlite": "SELECT name, type FROM pragma_table_info(:name)",
    "postgresql": "SELECT attname AS name, format_type(atttypid, -1) AS type FROM pg_attribute"
    " WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped",
}
SCHEMA = {
    "sqlite": "SELECT name, sql AS text FROM sqlite_master ORDER BY name",
    "postgresql": """
        SELECT c.relname || '.' || a.attname AS name, format_type(a.atttypid, -1) AS text
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind = 'r'
          AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
        ORDER BY name
    """,
}


class Stopped(Exception):
    """The power went."""


class Stopping(Write):
    """A transaction that ends before its n-th statement."""

    __slots__ = ("left",)

    def run(self, sql: str, /, **params: object) -> int:
        """Stop when none is left."""
        if self.left == 0:
            raise Stopped
        self.left -= 1
        return super().run(sql, **params)


def opened(url: str) -> Link:
    """A connection as the program has it."""
    kind, _, path = url.partition(":")
    return sqlite.connect(path) if kind == "sqlite" else postgresql.connect(url)


def fill(link: Link, number: int) -> None:
    """A row in every table that there is, as some older release may have left it."""
    db = Write(link)
    link.execute("BEGIN")
    for table in archive.tables(db):
        values = {
            row["name"]: _value(str(row["type"]).lower(), number)
            for row in db.all(COLUMNS[link.dialect], name=table.name)
        }
        marks = ", ".join(f":{name}" for name in values)
        with suppress(UniqueViolation), db.savepoint():  # a migration made one with this key
            db.run(f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({marks})", **values)
    link.execute("COMMIT")


def _value(type: str, number: int) -> object:
    if type in ("integer", "bigint"):
        return number
    if type in ("text", "character varying"):
        return f"x{number}"
    return f"x{number}".encode() if type in ("blob", "bytea") else 0.5


def schema(db: Read) -> list[tuple[str, str]]:
    """Everything that was made, and how."""
    return [(row["name"], row["text"]) for row in db.all(SCHEMA[db.dialect])]


def rows(db: Read) -> dict[str, list[bytes]]:
    """Every row of every table."""
    return {table.name: list(archive.lines(db, table)) for table in archive.tables(db)}


def test_every_migration_stopped_at_every_statement_has_not_happened(
    dialect: Dialect, blank_url: str
) -> None:
    """Briefly: at every third statement on SQLite; on PostgreSQL at some of every fifth file."""
    steps, stops = migrate.migrations(), 0
    stride, files = many(3, 1), many(1 if dialect == "sqlite" else 5, 1)
    with closing(opened(blank_url)) as link:
        for number in range(len(steps)):
            if number % files:
                assert not _stopped(link, -1)
                continue
            if number:
                fill(link, number)
            before = schema(Read(link)), rows(Read(link)) if number else {}
            at = number % stride
            while _stopped(link, at):
                stops += 1
                assert schema(Read(link)) == before[0]
                at += stride * files
            there = rows(Read(link))
            assert not [name for name, had in before[1].items() if had and there.get(name) == []]
        assert migrate.current(Read(link)) == len(steps)
        whole(Read(link))
    print(f"{dialect}: {len(steps)} migrations stopped {stops} times")


def _stopped(link: Link, at: int) -> bool:
    """Whether the next migration stopped before its statement `at`; else it is done."""
    tx = Stopping(link)
    tx.left = at
    link.execute("BEGIN")
    try:
        migrate.apply_next(tx, migrate.migrations())
    except Stopped:
        link.execute("ROLLBACK")
        return True
    link.execute("COMMIT")
    return False


# --- really killed


def _migrate_and_die(url: str, dies_at: int) -> None:
    """The life of a process that is killed before its n-th statement."""
    run, left = Write.run, [dies_at]

    def dying(tx: Write, sql: str, /, **params: object) -> int:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return run(tx, sql, **params)

    Write.run = dying  # type: ignore[method-assign]
    asyncio.run(_migrated(url))


async def _migrated(url: str) -> None:
    db = await Database.open(url, readers=1, connections=1)
    try:
        await migrate.migrate(db)
    finally:
        await db.close()


def test_whoever_is_killed_while_it_migrates_leaves_it_to_the_next(
    blank_url: str, dialect: Dialect, request: pytest.FixtureRequest
) -> None:
    chance, context = random.Random(3), forked._server()
    versions = []
    for number in range(KILLS):
        process = context.Process(
            target=_migrate_and_die, args=(blank_url, 30 + chance.randrange(90) + 80 * number)
        )
        process.start()
        process.join(60)
        assert process.exitcode in (0, -signal.SIGKILL)
        with closing(opened(blank_url)) as link:
            versions.append(migrate.current(Read(link)))
            if versions[-1]:
                fill(link, versions[-1])
            if process.exitcode == 0:
                break
    asyncio.run(_migrated(blank_url))
    with closing(opened(blank_url)) as link:
        whole(Read(link))
        found = schema(Read(link))
    assert found == _fresh(dialect, request), "as of one that was never killed"
    print(f"{dialect}: killed at versions {versions}")


def _fresh(dialect: Dialect, request: pytest.FixtureRequest) -> list[tuple[str, str]]:
    template = request.getfixturevalue(f"{dialect}_template")
    url = f"sqlite:{template}" if dialect == "sqlite" else str(template)
    with closing(opened(url)) as link:
        return schema(Read(link))
