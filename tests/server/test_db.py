"""Transactions, on both databases: all or nothing, on one snapshot, answered after the commit."""

import asyncio
import gc
import sqlite3
import threading
from contextlib import asynccontextmanager

import aiosqlite
import pytest

from server.store import postgresql, sqlite
from server.store.db import (
    ConnectionLost,
    Contention,
    Database,
    DatabaseError,
    DatabaseUnavailable,
    IntegrityError,
    Read,
    Spoiled,
    UniqueViolation,
    Write,
    without_password,
)


class Regretted(Exception):
    """What a function under test raises."""


def make(tx: Write) -> None:
    """Two tables to play with."""
    tx.run("CREATE TABLE box (id BIGINT PRIMARY KEY, label TEXT NOT NULL)")
    tx.run(
        "CREATE TABLE thing (id BIGINT PRIMARY KEY, box_id BIGINT NOT NULL"
        " REFERENCES box DEFERRABLE INITIALLY DEFERRED)"
    )


def put(tx: Write, id: int, label: str = "") -> int:
    """One more box."""
    tx.run("INSERT INTO box (id, label) VALUES (:id, :label)", id=id, label=label)
    return id


def put_and_regret(tx: Write, id: int) -> None:
    """A box that must not stay."""
    put(tx, id)
    raise Regretted


def orphan(tx: Write, id: int) -> None:
    """A thing in no box, which only the commit notices."""
    tx.run("INSERT INTO thing (id, box_id) VALUES (:id, -1)", id=id)


def ids(db: Read) -> list[int]:
    """The boxes that are there."""
    return [row["id"] for row in db.all("SELECT id FROM box ORDER BY id")]


@pytest.fixture
async def db(blank_url):
    """An open database with `make`'s tables."""
    database = await Database.open(blank_url)
    await database.write(make)
    yield database
    await database.close()


@pytest.fixture
async def lite(tmp_path):
    """The same, on SQLite alone."""
    database = await Database.open(f"sqlite:{tmp_path / 'lite.db'}")
    await database.write(make)
    yield database
    await database.close()


@pytest.fixture
async def pg(postgresql_server):
    """The same, on PostgreSQL alone."""
    url = postgresql_server.create()
    database = await Database.open(url)
    await database.write(make)
    yield database
    await database.close()
    postgresql_server.drop(url)


@pytest.fixture
def boxes(tx):
    """`tx` with `make`'s tables."""
    make(tx)
    return tx


@asynccontextmanager
async def busy(database):
    """While the writer is busy with something else, what comes waits together."""
    started, go_on = threading.Event(), threading.Event()

    def hold(tx: Write) -> None:
        started.set()
        assert go_on.wait(60)

    holding = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(started.wait, 60)
    yield
    await asyncio.sleep(0)  # lets tasks made meanwhile begin
    go_on.set()
    await holding


# What a transaction is


async def test_a_return_commits_and_a_raise_rolls_back(db):
    assert await db.write(put, 1) == 1
    with pytest.raises(Regretted):
        await db.write(put_and_regret, 2)
    assert await db.read(ids) == [1]


async def test_keyword_arguments_reach_the_function(db):
    await db.write(put, 1, label="한글 % :id")
    row = await db.read(Read.one, "SELECT label FROM box WHERE id = :id", id=1)
    assert row["label"] == "한글 % :id"


async def test_a_read_sees_one_snapshot_whatever_is_committed_meanwhile(db):
    first_look, written = threading.Event(), threading.Event()

    def look_twice(reader: Read) -> tuple[list[int], list[int]]:
        before = ids(reader)
        first_look.set()
        assert written.wait(60)
        return before, ids(reader)

    looking = asyncio.create_task(db.read(look_twice))
    await asyncio.to_thread(first_look.wait, 60)
    await db.write(put, 1)
    written.set()
    assert await looking == ([], [])
    assert await db.read(ids) == [1]


@pytest.mark.parametrize("how", ["read", "read_inline"])
async def test_a_read_cannot_write(db, how):
    with pytest.raises(Exception, match=r"read-?only"):
        await getattr(db, how)(Read.all, "INSERT INTO box (id, label) VALUES (1, '') RETURNING id")
    assert await db.read(ids) == []
    assert not hasattr(Read, "run")


async def test_a_read_sees_what_was_just_acknowledged(db):
    for id in range(20):
        await db.write(put, id)
        assert (await db.read(ids))[-1] == id
        assert (await db.read_inline(ids))[-1] == id


async def test_a_read_that_raises_leaves_its_connection_usable(db):
    def fail(reader: Read) -> None:
        ids(reader)
        raise Regretted

    for _ in range(10):
        with pytest.raises(Regretted):
            await db.read(fail)
        with pytest.raises(Regretted):
            await db.read_inline(fail)
    assert await db.read(ids) == await db.read_inline(ids) == []


async def test_a_failing_commit_reaches_the_caller_and_keeps_nothing(db):
    def both(tx: Write) -> None:
        put(tx, 1)
        orphan(tx, 1)

    with pytest.raises((DatabaseError, sqlite3.Error), match=r"(?i)foreign key"):
        await db.write(both)
    assert await db.read(ids) == []
    await db.write(put, 2)
    assert await db.read(ids) == [2]


async def test_many_at_once_all_happen(db):
    done = await asyncio.gather(*(db.write(put, id) for id in range(200)))
    assert done == list(range(200))
    assert await db.read(ids) == list(range(200))


async def test_one_that_fails_takes_no_other_with_it(db):
    outcomes = await asyncio.gather(
        *(db.write(put_and_regret if id % 7 == 3 else put, id) for id in range(60)),
        return_exceptions=True,
    )
    assert await db.read(ids) == [id for id in range(60) if id % 7 != 3]
    assert [type(outcome) for outcome in outcomes if outcome != 0 and not outcome] == []
    assert sum(isinstance(outcome, Regretted) for outcome in outcomes) == 9


async def test_a_cancelled_caller_breaks_nobody_else(db):
    started, go_on = threading.Event(), threading.Event()

    def slow(tx: Write) -> None:
        put(tx, 1)
        started.set()
        assert go_on.wait(60)

    cancelled = asyncio.create_task(db.write(slow))
    await asyncio.to_thread(started.wait, 60)
    others = [asyncio.create_task(db.write(put, id)) for id in (2, 3)]
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    go_on.set()
    assert await asyncio.gather(*others) == [2, 3]
    await db.close()  # waits for the function of the cancelled caller too


async def test_a_cancelled_reader_gives_its_connection_back(db):
    started, go_on = threading.Semaphore(0), threading.Event()

    def slow(reader: Read) -> None:
        ids(reader)
        started.release()
        assert go_on.wait(60)

    slows = [asyncio.create_task(db.read(slow)) for _ in range(3)]
    for _ in slows:
        await asyncio.to_thread(started.acquire, timeout=60)
    for task in slows:
        task.cancel()
    await asyncio.gather(*slows, return_exceptions=True)
    go_on.set()
    assert await asyncio.gather(*(db.read(ids) for _ in range(20))) == [[]] * 20


async def test_a_function_that_raises_stop_iteration_is_answered(db):
    def stop(tx: Write) -> None:
        next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        await db.write(stop)


async def test_whoever_waits_for_commits_hears_of_those_that_changed_a_row(db):
    heard = asyncio.Queue()
    db.on_commit(lambda: heard.put_nowait("commit"))
    await db.write(ids)
    await db.write(Write.run, "DELETE FROM box WHERE id = 99")
    with pytest.raises(Regretted):
        await db.write(put_and_regret, 1)
    await db.write(put, 1)
    assert await asyncio.wait_for(heard.get(), 60) == "commit"
    await db.write(Write.all, "INSERT INTO box (id, label) VALUES (2, '') RETURNING id")
    assert await asyncio.wait_for(heard.get(), 60) == "commit"
    await db.read(ids)
    assert heard.empty()


async def test_closing_finishes_what_waits_and_refuses_what_comes_after(blank_url):
    database = await Database.open(blank_url)
    await database.write(make)
    waiting = [asyncio.create_task(database.write(put, id)) for id in range(120)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*waiting) == list(range(120))
    for refused in (database.write, database.read, database.read_inline):
        with pytest.raises(DatabaseUnavailable, match="closed"):
            await refused(ids)
    await database.close()
    again = await Database.open(blank_url)
    assert await again.read(ids) == list(range(120))
    await again.close()


# Statements


def test_rows_are_read_by_name_and_make_values(boxes):
    put(boxes, 5, "five")
    row = boxes.one("SELECT id, label FROM box")
    assert (row["id"], row["label"]) == (5, "five")
    assert dict(**row) == {"id": 5, "label": "five"}
    assert list(row.keys()) == ["id", "label"]
    assert boxes.one("SELECT id FROM box WHERE id = 6") is None


def test_changed_rows_are_counted(boxes):
    assert boxes.run("INSERT INTO box (id, label) VALUES (1, ''), (2, '')") == 2
    assert boxes.run("UPDATE box SET label = 'x' WHERE id > :id", id=1) == 1
    assert boxes.run("INSERT INTO box (id, label) VALUES (1, '') ON CONFLICT DO NOTHING") == 0
    assert (
        boxes.run("WITH b AS (SELECT id FROM box) DELETE FROM box WHERE id IN (SELECT id FROM b)")
        == 2
    )
    assert boxes.run("CREATE TABLE more (id BIGINT)") == 0


def test_many_rows_are_inserted_at_once(boxes):
    sql = "INSERT INTO box (id, label) VALUES (:id, :label)"
    assert boxes.many(sql, [{"id": id, "label": "x"} for id in range(30)]) == 30
    assert boxes.many(sql, []) == 0
    assert ids(boxes) == list(range(30))
    with pytest.raises(UniqueViolation):
        boxes.many(sql, [{"id": 40, "label": ""}, {"id": 1, "label": ""}])


def test_truths_are_numbers_in_and_out(boxes):
    put(boxes, 1)
    row = boxes.one(
        "SELECT :yes AS yes, :no AS no, EXISTS (SELECT 1 FROM box) AS some", yes=True, no=False
    )
    assert [repr(row[name]) for name in ("yes", "no", "some")] == ["1", "0", "1"]


def test_sums_are_integers_and_averages_fractions(boxes):
    boxes.many("INSERT INTO box (id, label) VALUES (:id, '')", [{"id": id} for id in (1, 2, 2**60)])
    row = boxes.one("SELECT sum(id) AS total, count(*) AS n FROM box")
    assert [repr(value) for value in (row["total"], row["n"])] == [repr(2**60 + 3), "3"]
    assert boxes.one("SELECT avg(id) AS mean FROM box WHERE id < 3")["mean"] == 1.5
    assert boxes.one("SELECT sum(id) AS total FROM box WHERE id < 0")["total"] is None


def test_one_parameter_may_be_used_twice_and_be_none(boxes):
    put(boxes, 1)
    sql = "SELECT id FROM box WHERE (CAST(:max AS BIGINT) IS NULL OR id < :max)"
    assert len(boxes.all(sql, max=None)) == 1
    assert len(boxes.all(sql, max=1)) == 0


def test_a_key_that_is_taken_is_a_unique_violation_whatever_the_database(boxes):
    put(boxes, 1)
    with pytest.raises(UniqueViolation) as violation, boxes.savepoint():
        put(boxes, 1)
    assert violation.value.__cause__ is not None
    with pytest.raises(IntegrityError) as missing, boxes.savepoint():
        boxes.run("INSERT INTO box (id, label) VALUES (2, NULL)")
    assert not isinstance(missing.value, UniqueViolation)


def test_a_savepoint_undoes_only_its_own_part(boxes):
    put(boxes, 1)
    with pytest.raises(Regretted), boxes.savepoint():
        put_and_regret(boxes, 2)
    with boxes.savepoint():
        put(boxes, 3)
        with pytest.raises(UniqueViolation), boxes.savepoint():
            put(boxes, 4)
            put(boxes, 1)
        put(boxes, 5)
    assert ids(boxes) == [1, 3, 5]


def test_a_failure_caught_without_a_savepoint_spoils_the_transaction(boxes):
    put(boxes, 1)
    with pytest.raises(UniqueViolation):
        put(boxes, 1)
    with pytest.raises(Spoiled):
        put(boxes, 2)
    with pytest.raises(Spoiled):
        boxes.many("INSERT INTO box (id, label) VALUES (:id, '')", [{"id": 3}])
    with pytest.raises(Spoiled):
        boxes.finish()


def test_a_failure_caught_inside_a_savepoint_undoes_the_savepoint(boxes):
    def careless() -> None:
        with boxes.savepoint():
            put(boxes, 1)
            with pytest.raises(UniqueViolation):
                put(boxes, 1)

    with pytest.raises(Spoiled):
        careless()
    put(boxes, 2)
    assert ids(boxes) == [2]


async def test_a_function_that_ignores_a_failed_statement_does_not_commit(db):
    def careless(tx: Write) -> str:
        put(tx, 1)
        try:
            put(tx, 1)
        except UniqueViolation:
            return "fine"
        return "never"

    with pytest.raises(Spoiled):
        await db.write(careless)
    assert await db.read(ids) == []


def test_an_error_in_the_statement_itself_is_passed_on(boxes):
    with pytest.raises(Exception, match="nowhere"), boxes.savepoint():
        boxes.all("SELECT * FROM nowhere")
    assert ids(boxes) == []


# Opening


async def test_a_database_that_cannot_be_opened_is_named_in_a_sentence(tmp_path):
    (tmp_path / "text.db").write_text("This is not a database, but it is long enough. " * 99)
    for url, reason in {
        f"sqlite:{tmp_path}/missing/city.db": "folder .*missing does not exist",
        f"sqlite:{tmp_path}/text.db": "is not an SQLite database",
        f"sqlite:{tmp_path}": "cannot be opened",
        "sqlite:": "write sqlite:PATH",
        "sqlite::memory:": "write sqlite:PATH",
        "mysql://city:secret@here/db": "write sqlite:PATH",
        "postgresql://city:secret@127.0.0.1:1/city": "cannot be reached",
        f"postgresql://city:secret@/city?host={tmp_path}&sslpassword=secret": "cannot be reached",
    }.items():
        with pytest.raises(DatabaseUnavailable, match=reason) as unavailable:
            await Database.open(url)
        sentence = str(unavailable.value)
        assert sentence.startswith("The database ")
        assert sentence.endswith(".")
        assert "secret" not in sentence.replace("mysql://city:secret", "")


def test_an_address_is_shown_without_its_password():
    assert without_password("postgresql://a:b@host:5/c?password=d&x=/y") == (
        "postgresql://a@host:5/c?x=/y"
    )
    assert without_password("postgresql:///c") == "postgresql:///c"
    assert without_password("postgresql://[") == "postgresql://..."
    assert without_password("sqlite:var/a.db") == "sqlite:var/a.db"


# SQLite alone


async def test_aiosqlite_still_has_the_private_names_we_use(tmp_path):
    async with aiosqlite.connect(tmp_path / "a.db") as thread:
        before = asyncio.Event()
        loop = asyncio.get_running_loop()
        thread._tx.put_nowait((None, lambda: loop.call_soon_threadsafe(before.set)))
        await asyncio.wait_for(before.wait(), 60)
        there = await thread._execute(lambda a, b: (a, b, threading.current_thread()), 1, 2)
        assert there[:2] == (1, 2)
        assert there[2] is not threading.current_thread()
        assert isinstance(thread._conn, sqlite3.Connection)


async def statements_of_writer(database: Database) -> list[str]:
    """A list to which every statement of the writer is added from now on."""
    seen: list[str] = []
    await database._engine._writer.call(lambda link: link.set_trace_callback(seen.append))
    return seen


async def test_what_waits_together_is_committed_together(lite):
    seen = await statements_of_writer(lite)
    async with busy(lite):
        writing = [asyncio.create_task(lite.write(put, id)) for id in range(200)]
    await asyncio.gather(*writing)
    assert seen.count("COMMIT") == 1 + 200 / sqlite.MAX_GROUP
    seen.clear()
    await lite.write(put, 1000)
    assert [sql.split()[0] for sql in seen] == ["BEGIN", "INSERT", "COMMIT"]


async def test_nobody_is_answered_before_the_commit(lite, tmp_path):
    committing, go_on = threading.Event(), threading.Event()

    def hold_the_commit(statement: str) -> None:
        if statement == "COMMIT":
            committing.set()
            assert go_on.wait(60)

    await lite._engine._writer.call(lambda link: link.set_trace_callback(hold_the_commit))
    writing = [asyncio.create_task(lite.write(put, id)) for id in range(3)]
    await asyncio.to_thread(committing.wait, 60)
    assert await lite.read(ids) == []
    assert not any(task.done() for task in writing)
    go_on.set()
    assert await asyncio.gather(*writing) == [0, 1, 2]
    other = sqlite.connect(str(tmp_path / "lite.db"), reader=True)
    assert ids(Read(other)) == [0, 1, 2]
    other.close()


async def test_a_commit_that_fails_is_heard_by_everybody_in_the_group(lite):
    async with busy(lite):
        writing = [
            asyncio.create_task(lite.write(what, id))
            for what, id in ((put, 1), (orphan, 1), (put, 2))
        ]
    outcomes = await asyncio.gather(*writing, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [IntegrityError] * 3
    assert await lite.read(ids) == []
    assert await lite.write(put, 3) == 3


async def test_a_full_disk_is_said_and_survived(lite):
    def fill(tx: Write, first: int) -> None:
        tx.many(
            "INSERT INTO box (id, label) VALUES (:id, :label)",
            [{"id": first + id, "label": "x" * 1000} for id in range(500)],
        )

    def limit(pages: int):
        return lambda link: link.execute(f"PRAGMA max_page_count = {pages}").fetchall()

    await lite._engine._writer.call(limit(20))
    for writes in (1, 3):
        outcomes = await asyncio.gather(
            *(lite.write(fill, n * 1000) for n in range(writes)), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable] * writes
        assert "no room" in str(outcomes[0])
        assert await lite.read(ids) == []
    await lite._engine._writer.call(limit(10_000))
    await lite.write(fill, 0)
    assert len(await lite.read(ids)) == 500


async def test_a_database_locked_by_another_process_is_said_and_survived(lite, tmp_path):
    await lite._engine._writer.call(lambda link: link.execute("PRAGMA busy_timeout = 1").fetchall())
    other = sqlite.connect(str(tmp_path / "lite.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable, match="locked by another"):
        await lite.write(put, 1)
    other.execute("ROLLBACK")
    other.close()
    assert await lite.write(put, 1) == 1


async def test_whoever_was_cancelled_before_its_group_began_is_forgotten(lite):
    async with busy(lite):
        waiting = [asyncio.create_task(lite.write(put, id)) for id in (1, 2, 3)]
        await asyncio.sleep(0)
        waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await lite.read(ids) == [1, 3]


def test_a_loop_that_ends_while_a_write_runs_hangs_nobody(tmp_path):
    async def leave() -> None:
        database = await Database.open(f"sqlite:{tmp_path / 'left.db'}")
        await database.write(make)
        task = asyncio.create_task(database.write(put, 1))
        await asyncio.sleep(0)
        task.cancel()
        await database.close()

    asyncio.run(leave())
    gc.collect()


@pytest.fixture
def synced(unsynced, monkeypatch):
    """SQLite waits for the disk, as it does outside of tests."""
    monkeypatch.setattr(sqlite, "_pragmas", unsynced)


async def test_only_the_writer_may_write_and_checkpoint(synced, lite, tmp_path):
    def pragmas(link: sqlite.Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "query_only", "wal_autocheckpoint")
        return {name: link.execute(f"PRAGMA {name}").fetchone()[0] for name in names}

    writer = await lite._engine._writer.call(pragmas)
    assert (writer["journal_mode"], writer["synchronous"], writer["foreign_keys"]) == ("wal", 2, 1)
    assert (writer["query_only"], writer["wal_autocheckpoint"]) == (0, 1000)
    for reader in [await thread.call(pragmas) for thread in lite._engine._readers] + [
        pragmas(lite._engine._inline)
    ]:
        assert (reader["query_only"], reader["wal_autocheckpoint"]) == (1, 0)
    await lite.write(put, 1)
    await lite.close()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["lite.db", "lite.db-lock"]  # the log went into it


async def test_what_a_savepoint_may_bring_back_is_kept_in_memory(lite):
    def kept(link: sqlite.Connection) -> int:
        return int(link.execute("PRAGMA temp_store").fetchone()[0])

    in_memory = 2
    assert await lite._engine._writer.call(kept) == in_memory


# PostgreSQL alone


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT :a, :b_2", "SELECT %(a)s, %(b_2)s"),
        ("SELECT :a::text", "SELECT %(a)s::text"),
        ("SELECT ':a' || :a", "SELECT ':a' || %(a)s"),
        ("SELECT 'it''s :a', :a", "SELECT 'it''s :a', %(a)s"),
        ('SELECT ":a" FROM t', 'SELECT ":a" FROM t'),
        ("SELECT 1 -- don't :a\n, :a", "SELECT 1 -- don't :a\n, %(a)s"),
        ("SELECT /* :a ' */ :a", "SELECT /* :a ' */ %(a)s"),
        ("SELECT $$:a$$, $x$ :a $$ $x$, :a", "SELECT $$:a$$, $x$ :a $$ $x$, %(a)s"),
        ("SELECT a LIKE '50%' AND 7 % :n = 1", "SELECT a LIKE '50%%' AND 7 %% %(n)s = 1"),
    ],
)
def test_parameters_are_translated_where_they_are_parameters(sql, expected):
    assert postgresql.translated(sql) == expected


def backend(db: Read) -> int:
    """The server's process behind this connection."""
    return db.one("SELECT pg_backend_pid() AS pid")["pid"]


async def test_a_restarted_server_is_not_noticed_by_reads_or_writes(pg, postgresql_server):
    for use in (pg.read, pg.write):
        pid = await use(backend)
        postgresql_server.run(f"SELECT pg_terminate_backend({pid}, 5000)")
        assert await use(backend) != pid
    await pg.write(put, 1)
    assert await pg.read(ids) == [1]


async def test_a_connection_lost_in_the_middle_of_a_write_runs_it_again(pg, postgresql_server):
    pids = []

    def unlucky_once(tx: Write) -> int:
        pids.append(backend(tx))
        put(tx, 1)
        if len(pids) == 1:
            postgresql_server.run(f"SELECT pg_terminate_backend({pids[0]}, 5000)")
        with tx.savepoint():
            return put(tx, 2)

    assert await pg.write(unlucky_once) == 2
    assert len(set(pids)) == 2
    assert await pg.read(ids) == [1, 2]


async def test_a_connection_that_is_always_lost_is_said(pg, postgresql_server):
    runs = []

    def unlucky(tx: Write) -> None:
        runs.append(backend(tx))
        postgresql_server.run(f"SELECT pg_terminate_backend({runs[-1]}, 5000)")
        put(tx, 1)

    with pytest.raises(ConnectionLost, match="hung up"):
        await pg.write(unlucky)
    assert len(runs) == 2


async def test_a_connection_lost_at_the_commit_is_not_tried_again(pg, postgresql_server):
    runs = []

    def unlucky(tx: Write) -> None:
        put(tx, 1)
        runs.append(backend(tx))
        postgresql_server.run(f"SELECT pg_terminate_backend({runs[-1]}, 5000)")

    with pytest.raises(DatabaseUnavailable, match="may or may not") as unavailable:
        await pg.write(unlucky)
    assert not isinstance(unavailable.value, ConnectionLost)
    assert len(runs) == 1


async def test_the_victim_of_a_deadlock_runs_again(pg):
    await pg.write(put, 1)
    await pg.write(put, 2)
    both = threading.Barrier(2)
    runs = []

    def lock(tx: Write, first: int, second: int) -> None:
        runs.append(first)
        tx.run("UPDATE box SET label = label || 'x' WHERE id = :id", id=first)
        if len(runs) <= 2:
            both.wait(60)
        tx.run("UPDATE box SET label = label || 'x' WHERE id = :id", id=second)

    await asyncio.gather(pg.write(lock, 1, 2), pg.write(lock, 2, 1))
    assert len(runs) >= 3  # on a busy machine the server may choose more than one victim
    assert [row["label"] for row in await pg.read(Read.all, "SELECT label FROM box")] == ["xx"] * 2


async def test_contention_without_end_is_said_after_five_runs(pg):
    runs = []

    def always(tx: Write) -> None:
        runs.append(1)
        raise Contention("again")

    with pytest.raises(Contention):
        await pg.write(always)
    assert len(runs) == postgresql.ATTEMPTS


async def test_a_lost_race_for_a_key_runs_again_and_sees_the_winner(pg):
    both = threading.Barrier(2)
    runs = []

    def find_or_put(tx: Write) -> str:
        runs.append(1)
        if tx.one("SELECT id FROM box WHERE id = 1"):
            return "found"
        if len(runs) <= 2:
            both.wait(60)
        put(tx, 1)
        return "put"

    assert sorted(await asyncio.gather(pg.write(find_or_put), pg.write(find_or_put))) == [
        "found",
        "put",
    ]


async def test_a_key_that_is_really_taken_is_said_after_a_second_look(pg):
    await pg.write(put, 1)
    with pytest.raises(UniqueViolation):
        await pg.write(put, 1)


async def test_writes_run_side_by_side(pg):
    both = threading.Barrier(4)

    def meet(tx: Write, id: int) -> int:
        put(tx, id)
        both.wait(60)
        return id

    assert await asyncio.gather(*(pg.write(meet, id) for id in range(4))) == [0, 1, 2, 3]
