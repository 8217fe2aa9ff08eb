"""Every row of every table, in a form that either database reads: for backups and for moving house.

A line is a JSON array in the order of the table's columns; bytes are `{"bytes": base64}`. Tables
come in an order in which references point backwards. A table's references to itself are left empty
when its rows are inserted, and set when all of them are there.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from server.store.db import Read, Write

ROWS_AT_ONCE: Final = 1_000
SKIPPED: Final = frozenset({"schema_version", "remote_picture"})
"""Migrations write the one; the other is kept for a while and can be fetched again."""

_TABLES: Final = {
    "sqlite": "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
    " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "postgresql": "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()",
}
_COLUMNS: Final = {
    "sqlite": "SELECT name, pk AS place FROM pragma_table_info(:name) ORDER BY cid",
    "postgresql": """
        SELECT a.attname AS name,
            coalesce(array_position(CAST(i.indkey AS smallint[]), a.attnum) + 1, 0) AS place
        FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
        WHERE a.attrelid = to_regclass(:name) AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
    """,
}
_REFERENCES: Final = {
    "sqlite": 'SELECT "table" AS target, "from" AS source FROM pragma_foreign_key_list(:name)',
    "postgresql": """
        SELECT t.relname AS target, a.attname AS source
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.confrelid
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.contype = 'f' AND c.conrelid = to_regclass(:name)
    """,
}


class Table(msgspec.Struct, frozen=True):
    """A table, its primary key, the other tables it refers to, and columns that refer to itself."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    targets: frozenset[str]
    own: tuple[str, ...]


def tables(db: Read) -> list[Table]:
    """Every table with data of ours, those first to which others refer."""
    names = sorted(row["name"] for row in db.all(_TABLES[db.dialect]))
    waiting = [_table(db, name) for name in names if name not in SKIPPED]
    ordered: list[Table] = []
    while waiting:
        done = {table.name for table in ordered}
        ready = [table for table in waiting if table.targets <= done]
        if not ready:
            raise ValueError(f"tables refer to each other: {[table.name for table in waiting]}")
        ordered += ready
        waiting = [table for table in waiting if table not in ready]
    return ordered


def _table(db: Read, name: str) -> Table:
    columns = db.all(_COLUMNS[db.dialect], name=name)
    references = db.all(_REFERENCES[db.dialect], name=name)
    key = sorted((row["place"], row["name"]) for row in columns if row["place"])
    return Table(
        name=name,
        columns=tuple(row["name"] for row in columns),
        key=tuple(column for _, column in key),
        targets=frozenset(row["target"] for row in references) - {name},
        own=tuple(row["source"] for row in references if row["target"] == name),
    )


def lines(db: Read, table: Table) -> Iterator[bytes]:
    """The rows of a table in the order of its key, a line each, read in portions."""
    key = ", ".join(table.key)
    marks = ", ".join(f":{column}" for column in table.key)
    after: dict[str, Any] = {}
    while True:
        where = f"WHERE ({key}) > ({marks})" if after else ""
        rows = db.all(
            f"SELECT * FROM {table.name} {where} ORDER BY {key} LIMIT :rows",  # noqa: S608
            rows=ROWS_AT_ONCE,
            **after,
        )
        for row in rows:
            values = [row[column] for column in table.columns]
            yield json.dumps(values, ensure_ascii=False, default=_bytes).encode() + b"\n"
        if len(rows) < ROWS_AT_ONCE:
            return
        after = {column: rows[-1][column] for column in table.key}


def insert(tx: Write, table: Table, columns: list[str], found: Iterable[bytes]) -> int:
    """Insert lines whose values stand in the order of `columns`; how many.

    References of the table to itself stay empty: see `refer`. Raises `ValueError` for a column that
    the table does not have.
    """
    if not set(table.key) <= set(columns) <= set(table.columns):
        raise ValueError(f"{table.name} has other columns")
    names = ", ".join(columns)
    marks = ", ".join(f":{column}" for column in columns)
    sql = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608
    empty = dict.fromkeys(table.own)
    count = 0
    for portion in _portions(found):
        rows = [dict(zip(columns, _values(line), strict=True)) | empty for line in portion]
        tx.many(sql, rows)
        count += len(rows)
    return count


def refer(tx: Write, table: Table, columns: list[str], found: Iterable[bytes]) -> None:
    """Set the references of a table to itself, from the same lines."""
    where = " AND ".join(f"{column} = :{column}" for column in table.key)
    changes = ", ".join(f"{own} = :{own}" for own in table.own)
    wanted = {*table.key, *table.own}
    for portion in _portions(found):
        rows = (dict(zip(columns, _values(line), strict=True)) for line in portion)
        tx.many(
            f"UPDATE {table.name} SET {changes} WHERE {where}",  # noqa: S608
            [
                {column: row[column] for column in wanted}
                for row in rows
                if any(row[own] is not None for own in table.own)
            ],
        )


def empty(db: Read) -> bool:
    """Whether no table holds a row."""
    return all(
        db.one(f"SELECT 1 AS one FROM {table.name} LIMIT 1") is None  # noqa: S608
        for table in tables(db)
    )


def _portions(found: Iterable[bytes]) -> Iterator[list[bytes]]:
    iterator = iter(found)
    while portion := list(islice(iterator, ROWS_AT_ONCE)):
        yield portion


def _values(line: bytes) -> list[Any]:
    return [
        base64.b64decode(value["bytes"]) if isinstance(value, dict) else value
        for value in json.loads(line)
    ]


def _bytes(value: object) -> dict[str, str]:
    if not isinstance(value, bytes | memoryview):
        raise TypeError(type(value))
    return {"bytes": base64.b64encode(value).decode()}
