"""The schema, brought forward file by file. There is no way back but a backup.

`migrations/NNNN_name.sql` is written once for both databases; where one of them needs more,
`NNNN_name.sqlite.sql` or `NNNN_name.postgresql.sql` runs after it. Each number is one transaction
together with its row in `schema_version`: interrupted at any statement, nothing of it has happened,
and the next run starts it again. Of two that migrate at once, one waits and then finds it done.
"""

import logging
import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from server.store.db import Database, DatabaseError
from server.store.transaction import Dialect, Read, Write

log = logging.getLogger(__name__)

FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 6_837_264  # any number, the same for everybody who migrates
_NAME: Final = re.compile(r"(?P<number>\d{4})_(?P<name>\w+)\.sql")
_SQLITE_WORDS: Final = re.compile(
    r"\bINTEGER\b|\bBLOB\b|\bREAL\b|\)\s*STRICT\b|,?\s*WITHOUT ROWID\b"
)
_POSTGRESQL_TYPES: Final = {"INTEGER": "BIGINT", "BLOB": "BYTEA", "REAL": "DOUBLE PRECISION"}


class MigrationError(DatabaseError):
    """The schema cannot be brought up to date: a sentence that says why."""


class Migration(msgspec.Struct, frozen=True):
    """One step. `path` is the common file."""

    number: int
    name: str
    path: Path


async def migrate(db: Database, folder: Path = FOLDER) -> tuple[int, int]:
    """Bring the schema up to date; the version before and the version now.

    Raises `MigrationError` when the database is newer than this program.
    """
    steps = migrations(folder)
    before = await version(db)
    _refuse_newer(before, steps)
    if 0 < before < len(steps):
        log.info(
            "The database goes from version %d to version %d; where very many posts are, "
            "that takes minutes.",
            before,
            len(steps),
        )
    while await db.write(apply_next, steps):
        pass
    return before, await version(db)


async def version(db: Database) -> int:
    """The number of the last migration that was applied; 0 in an empty database."""
    return await db.read(current)


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """Every step in order. Raises `MigrationError` when a number is missing or taken twice."""
    found = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    steps = [
        Migration(number, path.stem.partition("_")[2], path)
        for number, path in enumerate(found, start=1)
    ]
    for step in steps:
        if int(step.path.name[:4]) != step.number:
            raise MigrationError(f"The migrations are not numbered in order at {step.path.name}.")
    return steps


def current(db: Read) -> int:
    """The number of the last migration that was applied; 0 in an empty database."""
    exists = db.one(
        "SELECT name FROM sqlite_master WHERE name = 'schema_version'"
        if db.dialect == "sqlite"
        else "SELECT 1 AS name FROM pg_tables"
        " WHERE tablename = 'schema_version' AND schemaname = current_schema()"
    )
    row = exists and db.one("SELECT max(version) AS version FROM schema_version")
    return (row["version"] or 0) if row else 0


def apply_next(tx: Write, steps: Sequence[Migration]) -> bool:
    """Apply the first step that is missing; False when there is none."""
    if tx.dialect == "postgresql":
        tx.all("SELECT pg_advisory_xact_lock(:lock)", lock=_LOCK)
    done = current(tx)
    _refuse_newer(done, steps)
    if done == len(steps):
        return False
    step = steps[done]
    for statement in statements(step, tx.dialect):
        tx.run(statement)
    tx.run(
        "INSERT INTO schema_version (version, name) VALUES (:version, :name)",
        version=step.number,
        name=step.name,
    )
    _refuse_orphans(tx, step)
    return True


def statements(step: Migration, dialect: Dialect) -> Iterator[str]:
    """What a step does in this database, the table of versions first."""
    own = step.path.with_suffix(f".{dialect}.sql")
    text = step.path.read_text("utf-8")
    common = for_postgresql(text) if dialect == "postgresql" else text
    if step.number == 1:
        yield "CREATE TABLE schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)"
    yield from split(common, dialect)
    if own.exists():
        yield from split(own.read_text("utf-8"), dialect)


def split(script: str, dialect: Dialect) -> Iterator[str]:
    """The statements of a script, without their semicolons and without lines of comment.

    A statement ends with a semicolon at the end of a line; those inside the body of a trigger
    (SQLite) or between `$$` (PostgreSQL) belong to it.
    """
    lines: list[str] = []
    for line in script.splitlines():
        if not line.strip() or line.lstrip().startswith("--"):
            continue
        lines.append(line)
        text = "\n".join(lines)
        if line.rstrip().endswith(";") and _complete(text, dialect):
            yield text.strip().removesuffix(";")
            lines.clear()
    if lines:
        raise MigrationError(f"A migration ends in the middle of a statement: {lines[0].strip()}")


def _complete(text: str, dialect: Dialect) -> bool:
    if dialect == "sqlite":
        return sqlite3.complete_statement(text)
    return text.count("$$") % 2 == 0


def for_postgresql(script: str) -> str:
    """The common text with PostgreSQL's types, and without what only SQLite knows."""
    return _SQLITE_WORDS.sub(_postgresql_word, script)


def _postgresql_word(match: re.Match[str]) -> str:
    word = match[0]
    if word.startswith(")"):
        return ")"
    return _POSTGRESQL_TYPES.get(word, "")


def _refuse_newer(done: int, steps: Sequence[Migration]) -> None:
    if done > len(steps):
        raise MigrationError(
            f"The database is at version {done}, and this program knows versions up to"
            f" {len(steps)}: start a newer program, or restore a backup."
        )


def _refuse_orphans(tx: Write, step: Migration) -> None:
    """PostgreSQL checks references as it goes; SQLite does not when a table is rebuilt."""
    if tx.dialect == "sqlite" and (row := tx.one("PRAGMA foreign_key_check")):
        raise MigrationError(
            f"Migration {step.number} would leave rows of {row['table']} that refer to nothing."
        )
