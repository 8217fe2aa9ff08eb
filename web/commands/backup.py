"""`madang backup FILE`: database, media and key as one archive, taken while the server runs.

The archive is a compressed tar: `madang.json` says what it is, `secret.key` is the key, `tables/`
has the rows of one snapshot in an order that can be restored, `media/` our own pictures, films
and sounds. Those of other servers, which are kept for a while, and exports are left out.
"""

import argparse
import io
import json
import os
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from typing import IO, Final

from server.config import VERSION, Config
from server.configured_files import store_of
from server.errors import NotFound
from server.files import Store, StoreAway
from server.secrets import vault
from server.store import archive, exports, imports, remote_pictures
from server.store.db import Read
from server.store.migrate import current
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, many, new_file, require_writable

FORMAT: Final = 1


def arguments(parser: argparse.ArgumentParser, _: argparse.ArgumentParser) -> None:
    """`FILE`."""
    parser.add_argument("file", metavar="FILE", help="the archive to write; it must not exist yet")
    parser.set_defaults(run=command(run))


async def run(options: argparse.Namespace) -> None:
    """Write the archive whole, or not at all."""
    found = loaded(options)
    file = new_file(options.file)
    vault(found.secrets.file, make=False)
    draft = file.with_name(f".{file.name}.part")
    require_writable(file.parent, "the folder")
    try:
        # it holds the key: for our eyes only, from its first byte
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as tar:
                async with database(found) as db:
                    rows = await db.read(_rows, tar, found)
                    passing = await db.read(_passing)
                pictures = await _media(tar, store_of(found.media), passing)
            raw.flush()
            os.fsync(raw.fileno())
        draft.rename(file)
    except StoreAway as error:
        raise Failure(f"Cannot read {found.media.store}: {error}") from None
    except OSError as error:
        reason = (error.strerror or "it failed").lower()
        raise Failure(f"Cannot write {file}: {reason}.") from None
    finally:
        draft.unlink(missing_ok=True)
    kept = f"{many(rows, 'row')} and {many(pictures, 'picture')}"
    print(f"{file}: {kept}. It holds the key: keep it safe.")


def _rows(db: Read, tar: tarfile.TarFile, found: Config) -> int:
    """Everything of one snapshot; how many rows."""
    tables = archive.tables(db)
    about = {
        "format": FORMAT,
        "version": VERSION,
        "schema": current(db),
        "domain": found.instance.domain,
        "base_url": found.instance.base_url,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "tables": {table.name: table.columns for table in tables},
    }
    _add(tar, "madang.json", json.dumps(about, ensure_ascii=False, indent=2).encode())
    _add(tar, "secret.key", found.secrets.file.read_bytes())
    count = 0
    for number, table in enumerate(tables):
        with tempfile.TemporaryFile() as lines:
            for line in archive.lines(db, table):
                lines.write(line)
                count += 1
            _add_file(tar, f"tables/{number:03}.{table.name}.jsonl", lines)
        _progress(f"{table.name}, {number + 1} of {len(tables)} tables")
    return count


def _passing(db: Read) -> set[str]:
    """Files that can be had or made again, and old blogs on their way in, with all that guests
    typed.
    """
    return remote_pictures.files(db) | imports.files(db) | exports.files(db)


async def _media(tar: tarfile.TarFile, store: Store, passing: set[str]) -> int:
    """The files but those `passing`; one deleted meanwhile is no longer needed. How many."""
    count = 0
    names = sorted([file.name async for file in store.files() if file.name not in passing])
    for name in names:
        with tempfile.TemporaryFile() as copy:
            try:
                async for chunk in store.read(name):
                    copy.write(chunk)
            except NotFound:
                continue
            _add_file(tar, f"media/{name[:2]}/{name}", copy)
        count += 1
        _progress(f"{count} pictures")
    return count


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    _add_file(tar, name, io.BytesIO(data))


def _add_file(tar: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size = file.seek(0, io.SEEK_END)
    member.mode = 0o600
    member.mtime = int(datetime.now(UTC).timestamp())
    file.seek(0)
    tar.addfile(member, file)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="\r", file=sys.stderr, flush=True)
