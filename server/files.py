"""Where the files of media are: a folder here, or a bucket elsewhere (`server.bucket`).

A file has a random name that says nothing but its form, is written whole or not at all, and never
changes. `.raw` is what somebody sent and nobody has made anew yet: it is never shown.
"""

import asyncio
import errno
import logging
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec

from server.config_source import ConfigError
from server.errors import NotFound, StorageFull

log = logging.getLogger(__name__)

RAW: Final = ".raw"
MEDIA_TYPES: Final = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
}
"""What the store shows, by the end of the file's name."""
TAKEN_AWAY: Final = {".zip": "application/zip", ".epub": "application/epub+zip"}
"""What is made for people to take away. Its pages say who may: below /media/ it is not shown."""
LEAST_FREE_BYTES: Final = 256 << 20
STALE_S: Final = 6 * 3600
"""Nothing is on its way for so long: what lies in the scratch folder then was left there."""
SCHEME: Final = "s3://"
OPTIONS: Final = frozenset({"endpoint", "region", "style"})
USUAL_REGION: Final = "us-east-1"

_NAME = re.compile(
    rf"[0-9a-f]{{32}}(?:{'|'.join(map(re.escape, (*MEDIA_TYPES, *TAKEN_AWAY, RAW)))})"
)
_TEMPORARY = ".part"
_CHUNK = 256 * 1024


class StoreAway(Exception):
    """The store does not answer, for a reason that lies outside."""


class Stored(msgspec.Struct, frozen=True):
    """A file of the store."""

    name: str
    bytes: int
    written_ms: int


class Place(msgspec.Struct, frozen=True):
    """Which bucket: `s3://NAME/PREFIX?endpoint=https://...&region=...&style=path|host`."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    region: str = USUAL_REGION
    style: str = "path"


def place_of(address: str) -> Place:
    """The bucket that an address names. Raises `ValueError` with what is wrong with it."""
    parts = urlsplit(address)
    given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if not address.startswith(SCHEME) or not parts.netloc or "@" in parts.netloc:
        raise ValueError("it must look like s3://BUCKET?endpoint=https://HOST")
    if unknown := set(given) - OPTIONS:
        raise ValueError(f"it knows endpoint, region and style, not {min(unknown)}")
    if given.get("style", "path") not in ("path", "host"):
        raise ValueError("style is path or host")
    endpoint = given.get("endpoint", "").rstrip("/")
    if endpoint and not endpoint.startswith(("https://", "http://")):
        raise ValueError("endpoint must begin with https://")
    return Place(
        name=parts.netloc,
        prefix=parts.path.strip("/"),
        endpoint=endpoint,
        region=given.get("region", USUAL_REGION),
        style=given.get("style", "path"),
    )


class Store(Protocol):
    """A place for files. What cannot be reached raises `StoreAway`."""

    scratch: Path
    """A folder on a disk here, for what is on its way in."""

    async def open(self) -> None:
        """Make ready, and remove what an earlier run left half written.

        Raises `ConfigError` where the configuration must change, `OSError`.
        """

    async def trouble(self) -> str:
        """Why nothing can be put there now, in one line; nothing where it can."""

    async def put(self, name: str, source: bytes | Path) -> None:
        """Write a file durably or not at all; a `Path` may be moved. Raises `StorageFull`."""

    async def remove(self, name: str) -> None:
        """Remove a file, if it is there; what cannot be removed now is swept up some day."""

    async def size(self, name: str) -> int | None:
        """How many bytes a file has; None where there is none."""

    def local(self, name: str) -> Path | None:
        """Where the file is on a disk here; None where it has to be fetched."""

    def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`. Raises `NotFound`."""

    def files(self) -> AsyncIterator[Stored]:
        """All files that have names of ours."""


def new_name(end: str) -> str:
    """A name of 128 random bits."""
    return secrets.token_hex(16) + end


def require_name(name: str) -> str:
    """`name`. Raises `NotFound` for what cannot be a name of ours."""
    if _NAME.fullmatch(name) is None:
        raise NotFound("This picture does not exist.")
    return name


def is_name(name: str) -> bool:
    """Whether a file of ours could be called so."""
    return _NAME.fullmatch(name) is not None


async def remove_all(store: Store, names: Iterable[str]) -> None:
    """Remove files that nothing names any more."""
    for name in names:
        if name:
            await store.remove(name)


async def sweep(store: Store, known: Collection[str], before_ms: int) -> int:
    """Remove the files written before `before_ms` that are not `known`; how many that were.

    `before_ms` lies well in the past: a file is older than the row that names it.
    """
    old = [
        file.name
        async for file in store.files()
        if file.name not in known and file.written_ms < before_ms
    ]
    await remove_all(store, old)
    return len(old)


def scratch_folder(store: Store, prefix: str = "") -> "tempfile.TemporaryDirectory[str]":
    """A folder that goes when its `with` ends. Raises `StorageFull`."""
    try:
        return tempfile.TemporaryDirectory(
            prefix=prefix, dir=store.scratch, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise refusal(error) from error


async def fetched(store: Store, name: str, to: Path) -> Path:
    """Where a file can be read on this machine: in the store, or a copy at `to`.

    Raises `NotFound`, `StoreAway`, `StorageFull`.
    """
    if (here := store.local(name)) is not None:
        if not await asyncio.to_thread(here.is_file):
            raise NotFound("This picture does not exist.")
        return here
    try:
        with to.open("wb") as file:
            async for chunk in store.read(name):
                await asyncio.to_thread(file.write, chunk)
    except OSError as error:
        raise refusal(error) from error
    return to


def refusal(error: OSError) -> StorageFull:
    """What a person is told of a file that could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFull("There is no room left for files on this server.")
    return StorageFull("The file could not be stored. Try again later.")


def require_room(folder: Path, bytes: int) -> None:
    """Raise `StorageFull` where so many would leave no room for the city itself."""
    with suppress(OSError):
        if shutil.disk_usage(folder).free < bytes + LEAST_FREE_BYTES:
            raise StorageFull("There is no room left for files on this server.")


def make_scratch(folder: Path) -> None:
    """Make a scratch folder for our eyes only, or take the one that is there, and clean it.

    Raises `ConfigError` that names it where it is of no use.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _require_ours(folder)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"media.scratch {folder} is a file; give a folder.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            f"media.scratch {folder} cannot be used: {reason}; give a folder that is writable."
        ) from None
    clean_scratch(folder)


def _require_ours(folder: Path) -> None:
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(errno.EPERM, "it belongs to somebody else")
    why = unwritable(folder)
    if why is not None and why.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise why  # reading goes on without room


def unwritable(folder: Path) -> OSError | None:
    """Why no file can be made in a folder now."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error


def clean_scratch(folder: Path) -> None:
    """Remove what has been in a scratch folder for hours: who wrote it is gone."""
    before = time.time() - STALE_S
    with suppress(FileNotFoundError):
        for left in folder.iterdir():
            with suppress(OSError):
                if left.stat().st_mtime < before:
                    shutil.rmtree(left) if left.is_dir() else left.unlink()


class Folder:
    """A store below a folder of this machine, in 256 folders of its own."""

    def __init__(self, folder: Path, scratch: Path | None = None) -> None:
        """`scratch` is best on the same disk; by itself it lies in the folder."""
        self._folder = folder.absolute()
        self.scratch = (scratch or folder / "incoming").absolute()

    async def open(self) -> None:
        """Make the folders, and remove what was left half written."""
        await asyncio.to_thread(self._prepare)

    async def put(self, name: str, source: bytes | Path) -> None:
        """Onto the disk, under its name when it is whole."""
        try:
            await asyncio.to_thread(_write, self.path(name), source)
        except OSError as error:
            log.warning("cannot write %s: %s (errno %s)", self.path(name), error, error.errno)
            raise refusal(error) from error

    async def trouble(self) -> str:
        """Tries it."""
        why = await asyncio.to_thread(unwritable, self._folder)
        return f"{self._folder}: {why.strerror} (errno {why.errno})" if why is not None else ""

    async def remove(self, name: str) -> None:
        """Unlink it."""
        try:
            await asyncio.to_thread(self.path(name).unlink, missing_ok=True)
        except OSError as error:
            log.warning("cannot remove %s: %s", name, error)

    async def size(self, name: str) -> int | None:
        """As the disk says."""
        try:
            return (await asyncio.to_thread(self.path(name).stat)).st_size
        except FileNotFoundError:
            return None

    def path(self, name: str) -> Path:
        """Where a file is. Raises `NotFound` for what cannot be a name of ours."""
        return self._folder / require_name(name)[:2] / name

    def local(self, name: str) -> Path | None:
        """As `path`."""
        return self.path(name)

    async def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Chunk by chunk."""
        try:
            file = await asyncio.to_thread(self.path(name).open, "rb")
        except FileNotFoundError:
            raise NotFound("This picture does not exist.") from None
        with file:
            file.seek(start)
            left = end - start if end is not None else None
            while left is None or left > 0:
                chunk = await asyncio.to_thread(file.read, min(_CHUNK, left or _CHUNK))
                if not chunk:
                    return
                left = left - len(chunk) if left is not None else None
                yield chunk

    async def files(self) -> AsyncIterator[Stored]:
        """All at once, as they are now."""
        for file in await asyncio.to_thread(self._list):
            yield file

    def _list(self) -> list[Stored]:
        found: list[Stored] = []
        for path in self._folder.glob("??/*"):
            with suppress(FileNotFoundError):
                if is_name(path.name):
                    about = path.stat()
                    written_ms = about.st_mtime_ns // 1_000_000
                    found.append(Stored(path.name, about.st_size, written_ms))
        return found

    def _prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        make_scratch(self.scratch)
        for left in self._folder.glob(f"??/*{_TEMPORARY}"):
            left.unlink(missing_ok=True)


def _write(path: Path, source: bytes | Path) -> None:
    """The whole file under its name, on the disk, or nothing."""
    if not path.parent.is_dir():
        path.parent.mkdir(exist_ok=True)
        _sync(path.parent.parent)
    part = path.with_suffix(_TEMPORARY)
    try:
        _fill(part, source)
        part.replace(path)
        _sync(path.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _fill(part: Path, source: bytes | Path) -> None:
    """Move a file that is on the same disk, copy another, write bytes."""
    if isinstance(source, Path):
        try:
            source.replace(part)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            shutil.copyfile(source, part)
    with part.open("wb" if isinstance(source, bytes) else "r+b") as file:
        if isinstance(source, bytes):
            file.write(source)
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """A name is on the disk when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
