"""`madang restore FILE`: an archive of `madang backup`, put into an empty place.

It may be another machine and another kind of database; the domain must be the same, for it is part
of every address in the archive. Pictures and key come first, the rows last and in one transaction:
what is interrupted can be begun again.
"""

import argparse
import gzip
import json
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from server.config import Config, MediaAt
from server.configured_files import store_of
from server.errors import StorageFull
from server.files import is_name
from server.store import archive, exports
from server.store.db import Database, Write
from server.store.migrate import apply_next, migrate, migrations, version
from web.commands.backup import FORMAT
from web.commands.failure import Failure
from web.commands.opening import command, loaded, make_folder, prepare_folder

_PICTURE: Final = re.compile(r"media/(?:[A-Za-z0-9_-]+/)*([A-Za-z0-9_-]+\.[a-z0-9]+)")
_TABLE: Final = re.compile(r"tables/\d+\.([a-z0-9_]+)\.jsonl")


def arguments(parser: argparse.ArgumentParser, _: argparse.ArgumentParser) -> None:
    """`FILE`."""
    parser.add_argument("file", metavar="FILE", help="an archive of `madang backup`")
    parser.set_defaults(run=command(run))


async def run(options: argparse.Namespace) -> None:
    """Put everything back, or say why not."""
    found = loaded(options)
    try:
        _read_whole(options.file)
        with tarfile.open(options.file, "r:gz") as tar:
            about = _about(tar, found)
            await _restore(tar, about, found)
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, ValueError, KeyError):
        raise Failure(f"{options.file} is damaged, or no archive of Madang.") from None
    except StorageFull as error:
        raise Failure(f"Cannot write to {found.media.store}: {error}") from None
    except OSError as error:
        what = error.filename or options.file
        raise Failure(f"Cannot restore {what}: {(error.strerror or str(error)).lower()}.") from None
    print(f"Restored {found.instance.domain} as it was on {about['made']}.")


def _read_whole(name: str) -> None:
    """Compare the checksum at the end before anything is believed."""
    with gzip.open(name) as file:
        while file.read(1 << 20):
            pass


def _about(tar: tarfile.TarFile, found: Config) -> dict[str, Any]:
    """What the archive says of itself, if it is for us. Raises `Failure`."""
    about: dict[str, Any] = json.load(_opened(tar, "madang.json"))
    if about["format"] != FORMAT or about["schema"] > len(migrations()):
        raise Failure(
            f"This archive is of a newer Madang ({about['version']}, database version "
            f"{about['schema']}; this one knows {len(migrations())}); restore it with that one."
        )
    if (about["domain"], about["base_url"]) != (found.instance.domain, found.instance.base_url):
        raise Failure(
            f"This archive is of {about['domain']} at {about['base_url']}; "
            "set instance.domain and instance.base_url to these."
        )
    return about


async def _restore(tar: tarfile.TarFile, about: dict[str, Any], found: Config) -> None:
    prepare_folder(found, make=True)
    db = await Database.open(found.database.url, readers=1, connections=1)
    try:
        if await version(db) and not await db.read(archive.empty):
            raise Failure("The database is not empty; restore into an empty one.")
        while await version(db) < about["schema"]:
            await db.write(apply_next, migrations()[: about["schema"]])
        if await version(db) > about["schema"]:
            raise Failure("The database is newer than the archive; restore into an empty one.")
        _key(tar, found.secrets.file)
        await _pictures(tar, found.media)
        await db.write(_rows, tar, about["tables"])
        await migrate(db)
        await db.write(exports.lose_files)
    finally:
        await db.close()


def _key(tar: tarfile.TarFile, file: Path) -> None:
    key = _opened(tar, "secret.key").read()
    make_folder(file.parent, "secrets.key_file")
    if file.exists():
        if file.read_bytes() != key:
            raise Failure(f"There is another key at {file}; move it away, or set secrets.key_file.")
        return
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(key)


async def _pictures(tar: tarfile.TarFile, at: MediaAt) -> None:
    if at.folder is not None:
        make_folder(at.folder, "media.store")
    store = store_of(at)
    await store.open()
    for member in tar:
        # a name is looked at by itself: nothing leads out of the store
        name = _PICTURE.fullmatch(member.name)
        if member.isfile() and name and is_name(name[1]):
            with tempfile.TemporaryDirectory(dir=store.scratch) as folder:
                copy = Path(folder) / "copy"
                with copy.open("wb") as out:
                    shutil.copyfileobj(_opened(tar, member), out)
                await store.put(name[1], copy)


def _rows(tx: Write, tar: tarfile.TarFile, columns: dict[str, list[str]]) -> None:
    """All rows, in the order of the archive."""
    known = {table.name: table for table in archive.tables(tx)}
    for member in tar:
        if name := _TABLE.fullmatch(member.name):
            table = known[name[1]]
            archive.insert(tx, table, columns[table.name], _lines(tar, member))
            if table.own:
                archive.refer(tx, table, columns[table.name], _lines(tar, member))


def _lines(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    yield from _opened(tar, member)


def _opened(tar: tarfile.TarFile, member: tarfile.TarInfo | str) -> IO[bytes]:
    file = tar.extractfile(member)
    if file is None:
        raise ValueError("no file")
    return file
