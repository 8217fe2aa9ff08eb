"""What most commands begin with: the configuration, and a database that is up to date."""

import argparse
import asyncio
import errno
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import uvloop

from server import config
from server.config import Config
from server.errors import NotFound
from server.model import Account
from server.store import accounts
from server.store.db import Database, Read
from server.store.migrate import migrate, migrations, version
from web import i18n
from web.commands.failure import Failure


def loaded(options: argparse.Namespace) -> Config:
    """The configuration that `--config`, the environment and the working directory give."""
    found = config.load(options.config, os.environ)
    i18n.require(found.instance.languages)
    return found


def command(
    function: Callable[[argparse.Namespace], Coroutine[Any, Any, None]],
) -> Callable[[argparse.Namespace], None]:
    """A coroutine function as what `options.run` calls: on an event loop of its own."""

    def run(options: argparse.Namespace) -> None:
        """Run it to its end."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(function(options))

    return run


@asynccontextmanager
async def database(found: Config, *, make: bool = False) -> AsyncIterator[Database]:
    """The open database of this configuration, at the version of this program.

    With `make`, an empty or missing one is made; otherwise `Failure` says how to make it. One that
    is older is never migrated in passing: `madang serve` may be running on it.
    """
    prepare_folder(found, make=make)
    db = await Database.open(found.database.url, readers=1, connections=1)
    try:
        await _require_version(db, make)
        yield db
    finally:
        await db.close()


def prepare_folder(found: Config, *, make: bool) -> None:
    """Make the folder of an SQLite file, or refuse when the file is missing and may not be made."""
    kind, _, path = found.database.url.partition(":")
    if kind != "sqlite":
        return
    file = Path(path)
    if not make and not file.exists():
        raise Failure(f"There is no database at {file} yet; run `madang migrate` to make it.")
    make_folder(file.parent, "database.url")
    if file.is_dir():
        raise Failure(f"{file} is a folder, not a database; set database.url.")
    if file.exists() and not os.access(file, os.R_OK):
        raise Failure(f"The database {file} may not be read by us: chown it, or set database.url.")
    if make:
        # everybody's letters: for our eyes only; SQLite gives its log the same rights
        with suppress(OSError):  # whatever is in the way, opening it says so
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def new_file(name: str) -> Path:
    """A file that is to be made. Raises `Failure` where there is one."""
    file = Path(name)
    try:
        there = file.exists()
    except OSError as error:
        raise Failure(f"Cannot write {file}: {_reason(error)}.") from None
    if there:
        raise Failure(f"{file} exists already; name another file.")
    return file


def _reason(error: OSError) -> str:
    return (error.strerror or "it failed").lower()


def require_writable(folder: Path, key: str) -> None:
    """Refuse a folder in which we cannot make a file. Raises `Failure`."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return  # reading goes on without room
        raise Failure(f"Cannot write in {key} {folder}: {_reason(error)}.") from None


def make_folder(folder: Path, key: str) -> None:
    """Make a folder; above it only what lies in the working directory.

    Elsewhere a wrong path is more likely than a wish for many new folders. Raises `Failure`.
    """
    try:
        folder.mkdir(parents=not folder.is_absolute(), exist_ok=True)
    except FileNotFoundError:
        raise Failure(f"There is no folder {folder.parent}; make it, or set {key}.") from None
    except (FileExistsError, NotADirectoryError):
        raise Failure(f"{folder} is a file, not a folder; set {key}.") from None
    except OSError as error:
        raise Failure(f"Cannot make the folder {folder}: {_reason(error)}; set {key}.") from None


async def _require_version(db: Database, make: bool) -> None:
    have, need = await version(db), len(migrations())
    if make and have == 0:
        await migrate(db)
    elif have < need:
        raise Failure(
            f"The database is at version {have} and this program needs {need}; "
            "run `madang migrate`."
        )
    elif have > need:
        raise Failure(
            f"The database is at version {have} and this program knows {need}; "
            "run the newer program that made it."
        )


def local_account(db: Read, name: str) -> Account:
    """The person of ours with this name. Raises `NotFound`; nobody acts as a community."""
    found = accounts.by_handle(db, name.removeprefix("@").lower())
    if found is None or found.kind != "Person":
        raise NotFound("There is no account %(name)s here; see `madang account list`.", name=name)
    return found


def say_data(options: argparse.Namespace, data: Any, lines: list[str]) -> None:  # noqa: ANN401
    """Print `data` as JSON where `--json` was given, else the lines for people."""
    if options.json:
        print(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        print("\n".join(lines), flush=True)


def many(number: int, noun: str) -> str:
    """`1 story`, `2 stories`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


def read_text(file: str | None) -> str:
    """A text file in UTF-8, or standard input. Raises `Failure`."""
    try:
        data = Path(file).read_bytes() if file and file != "-" else sys.stdin.buffer.read()
        return data.decode()
    except OSError as error:
        raise Failure(f"Cannot read {file}: {_reason(error)}.") from None
    except UnicodeDecodeError:
        raise Failure(f"{file or 'Standard input'} is not text in UTF-8.") from None
