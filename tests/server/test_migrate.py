"""Migrations: forward only, whole or not at all, on both databases."""

import asyncio
from pathlib import Path

import pytest

from server.store import migrate
from server.store.db import Database, DatabaseError, Read, Write
from server.store.migrate import MigrationError

FIRST = """
-- A tree; its trunk first.
CREATE TABLE tree (
    id INTEGER PRIMARY KEY,
    height REAL NOT NULL DEFAULT 0,  -- metres
    rings BLOB
) STRICT;

CREATE TABLE leaf (
    tree_id INTEGER NOT NULL REFERENCES tree,
    name TEXT NOT NULL DEFAULT 'a; b',
    PRIMARY KEY (tree_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX leaf_name ON leaf (name);
"""
SECOND = """
ALTER TABLE tree ADD COLUMN name TEXT NOT NULL DEFAULT '';
INSERT INTO tree (id, name) VALUES (1, 'oak');
INSERT INTO leaf (tree_id, name) VALUES (1, 'green');
"""
ONLY_SQLITE = """
CREATE TRIGGER falls AFTER DELETE ON leaf BEGIN
    UPDATE tree SET height = height - 1 WHERE id = old.tree_id;
    UPDATE tree SET name = name WHERE id = old.tree_id;
END;
"""
ONLY_POSTGRESQL = """
CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tree SET height = height - 1 WHERE id = old.tree_id;
    RETURN old;
END;
$$;
CREATE TRIGGER falls AFTER DELETE ON leaf FOR EACH ROW EXECUTE FUNCTION fall();
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two migrations, the second with a part of its own for each database."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_tree.sql").write_text(FIRST)
    (folder / "0002_oak.sql").write_text(SECOND)
    (folder / "0002_oak.sqlite.sql").write_text(ONLY_SQLITE)
    (folder / "0002_oak.postgresql.sql").write_text(ONLY_POSTGRESQL)
    return folder


@pytest.fixture
async def blank(blank_url):
    """An open database without tables."""
    database = await Database.open(blank_url)
    yield database
    await database.close()


def schema(db: Read) -> list[str]:
    """The names of everything that was made."""
    sql = (
        "SELECT name FROM sqlite_master ORDER BY name"
        if db.dialect == "sqlite"
        else "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " ORDER BY name"
    )
    return [row["name"] for row in db.all(sql)]


class Interrupted(Exception):
    """The power went."""


class InterruptedWrite(Write):
    """A transaction whose n-th change never comes back."""

    __slots__ = ("left",)

    def run(self, sql, /, **params):
        """Fail when none is left."""
        if self.left == 0:
            raise Interrupted
        self.left -= 1
        return super().run(sql, **params)


def interrupted_at(tx: Write, n: int, folder: Path) -> int:
    """Migrate everything in one go, but stop before change `n`; how many changes there were."""
    interrupted = InterruptedWrite(tx._link)
    interrupted.left = n
    while migrate.apply_next(interrupted, migrate.migrations(folder)):
        pass
    return n - interrupted.left


async def test_a_migration_brings_a_blank_database_up_to_date_once(blank, folder):
    assert await migrate.version(blank) == 0
    assert await migrate.migrate(blank, folder) == (0, 2)
    assert await migrate.migrate(blank, folder) == (2, 2)
    assert await migrate.version(blank) == 2


async def test_the_part_of_each_database_runs_after_the_common_part(blank, folder):
    await migrate.migrate(blank, folder)

    def prune(tx: Write) -> float:
        tx.run("DELETE FROM leaf")
        return tx.one("SELECT height FROM tree")["height"]

    assert await blank.write(prune) == -1


async def test_a_migration_interrupted_at_any_statement_has_not_happened(blank, folder):
    before = await blank.read(schema)
    interruptions = 0
    while True:
        try:
            await blank.write(interrupted_at, interruptions, folder)
        except Interrupted:
            interruptions += 1
            assert await blank.read(schema) == before
            continue
        break
    assert interruptions > 8
    assert await migrate.migrate(blank, folder) == (2, 2)


async def test_an_interrupted_second_migration_leaves_the_first(blank, folder):
    late = {path: path.read_text() for path in folder.glob("0002*")}
    for path in late:
        path.unlink()
    assert await migrate.migrate(blank, folder) == (0, 1)
    before = await blank.read(schema)
    for path, text in late.items():
        path.write_text(text + "INSERT INTO nothing VALUES (1);\n")
    with pytest.raises(Exception, match="nothing"):
        await migrate.migrate(blank, folder)
    assert await blank.read(schema) == before
    assert await migrate.version(blank) == 1
    for path, text in late.items():
        path.write_text(text)
    assert await migrate.migrate(blank, folder) == (1, 2)


async def test_two_who_migrate_at_once_do_it_once(blank, blank_url, folder):
    other = await Database.open(blank_url)
    try:
        both = await asyncio.gather(migrate.migrate(blank, folder), migrate.migrate(other, folder))
    finally:
        await other.close()
    assert {after for _, after in both} == {2}
    assert len(await blank.read(Read.all, "SELECT version FROM schema_version")) == 2


async def test_a_database_newer_than_the_program_is_refused_with_a_sentence(blank, folder):
    await migrate.migrate(blank, folder)
    for path in folder.glob("0002*"):
        path.unlink()
    with pytest.raises(MigrationError, match="at version 2.*up to 1"):
        await migrate.migrate(blank, folder)


async def test_the_migrations_of_the_city_run_on_a_blank_database(blank):
    steps = len(migrate.migrations())
    assert await migrate.migrate(blank) == (0, steps)
    assert {"account", "post", "delivery"} <= set(await blank.read(schema))


async def test_numbers_wider_than_32_bits_and_bytes_and_fractions_fit(blank, folder):
    await migrate.migrate(blank, folder)

    def plant(tx: Write) -> dict:
        tx.run(
            "INSERT INTO tree (id, height, rings) VALUES (:id, :height, :rings)",
            id=2**62,
            height=1.5,
            rings=b"\x00\xff",
        )
        return dict(tx.one("SELECT * FROM tree WHERE id = :id", id=2**62))

    planted = await blank.write(plant)
    assert planted == {"id": 2**62, "height": 1.5, "rings": b"\x00\xff", "name": ""}
    assert type(planted["rings"]) is bytes


def test_numbers_without_gaps_are_demanded(folder):
    (folder / "0004_gap.sql").write_text("SELECT 1;\n")
    with pytest.raises(MigrationError, match="0004_gap"):
        migrate.migrations(folder)


def test_a_file_that_ends_in_the_middle_of_a_statement_is_refused():
    with pytest.raises(MigrationError, match="CREATE TABLE half"):
        list(migrate.split("CREATE TABLE half (\n  id INTEGER", "sqlite"))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_statement_ends_with_a_semicolon_at_the_end_of_a_line(dialect):
    script = "-- first; of all;\nINSERT INTO a VALUES ('x;y');\n\nINSERT INTO a\nVALUES ('z');\n"
    assert list(migrate.split(script, dialect)) == [
        "INSERT INTO a VALUES ('x;y')",
        "INSERT INTO a\nVALUES ('z')",
    ]


def test_the_body_of_a_trigger_or_function_is_not_cut():
    assert len(list(migrate.split(ONLY_SQLITE, "sqlite"))) == 1
    assert len(list(migrate.split(ONLY_POSTGRESQL, "postgresql"))) == 2


def test_a_failed_migration_is_a_database_error():
    assert issubclass(MigrationError, DatabaseError)
