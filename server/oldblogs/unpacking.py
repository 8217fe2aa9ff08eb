"""The files of a backup that is a zip, or a folder: found by their names, and read within limits.

Nothing that a zip says is believed: its list has a limit before it is read, a name is never used
as a path, sizes are counted while bytes come, and what is packed in another way than blogs pack
is refused.
"""

import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import msgspec

from server.errors import Invalid
from server.oldblogs.stream import UNREADABLE, UNSAFE

MAX_LIST: Final = 12 << 20  # bytes of the list of what is in a zip: it is read at once
MAX_ENTRIES: Final = 150_000
MAX_WHOLE: Final = 16 << 30  # bytes of all that is unpacked
CHUNK_BYTES: Final = 128 * 1024
ZIP: Final = b"PK\x03\x04"
_UTF8: Final = 0x800  # of the flags: the name is UTF-8
_LOCKED: Final = 0x1
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
    KeyError,
)


class Entry(msgspec.Struct, frozen=True):
    """A file of a backup: the parts of its name, and how it is opened."""

    parts: tuple[str, ...]
    open: Callable[[], IO[bytes]]


class Unpacked:
    """Counts all that is read of a backup."""

    def __init__(self, entries: list[Entry]) -> None:
        """Nothing was read yet."""
        self.entries = entries
        self._bytes = 0

    def read(self, entry: Entry, most: int) -> bytes:
        """The first bytes of a file, at most so many. Raises `Invalid`."""
        with _readable(), entry.open() as opened:
            data = opened.read(most)
        self._count(len(data))
        return data

    def save(self, entry: Entry, folder: Path, most: int) -> Path | None:
        """A file as one in `folder`, by a name of ours; None where it has more bytes than `most`.

        Raises `Invalid`, and `OSError` of the folder.
        """
        handle, name = tempfile.mkstemp(dir=folder)
        size = 0
        with os.fdopen(handle, "wb") as into, _opened(entry) as opened:
            while chunk := _chunk(opened):
                size += len(chunk)
                self._count(len(chunk))
                if size > most:
                    break
                into.write(chunk)
        if size > most:
            Path(name).unlink()
            return None
        return Path(name)

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > MAX_WHOLE:
            raise Invalid(UNSAFE)


@contextmanager
def unpacked(file: Path) -> Iterator[Unpacked]:
    """What is in a zip or a folder. Raises `Invalid`."""
    if file.is_dir():
        yield Unpacked(list(_in_folder(file)))
        return
    with _Bounded(file) as raw:
        with _readable():
            archive = zipfile.ZipFile(raw)
        with archive:
            yield Unpacked(list(_in_zip(archive)))


class _Bounded(io.FileIO):
    """A file of which nobody reads much at once, such as the list of a million names."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = os.fstat(self.fileno()).st_size - self.tell()
        if size > MAX_LIST:
            raise Invalid(UNSAFE)
        return super().read(size) or b""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Where a zip says that something is can be before its beginning."""
        if whence == os.SEEK_SET and offset < 0:
            raise zipfile.BadZipFile("an offset below 0")
        return super().seek(offset, whence)


def _in_zip(archive: zipfile.ZipFile) -> Iterator[Entry]:
    found = archive.infolist()
    if len(found) > MAX_ENTRIES:
        raise Invalid(UNSAFE)
    for one in found:
        if not one.filename or one.is_dir():
            continue
        if one.compress_type not in _PACKED or one.flag_bits & _LOCKED:
            raise Invalid(UNSAFE)
        yield Entry(_parts(_name(one)), _opener(archive, one))


def _opener(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: archive.open(one)


def _name(one: zipfile.ZipInfo) -> str:
    """The name in the letters of whoever wrote it: Korean Windows says nothing of its own."""
    if one.flag_bits & _UTF8:
        return one.filename
    try:
        raw = one.filename.encode("cp437")
    except UnicodeEncodeError:
        return one.filename
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return one.filename


def _in_folder(folder: Path) -> Iterator[Entry]:
    count = 0
    for at, _, names in os.walk(folder):  # it follows no links
        for name in sorted(names):
            path = Path(at) / name
            if path.is_symlink() or not path.is_file():
                continue
            if (count := count + 1) > MAX_ENTRIES:
                raise Invalid(UNSAFE)
            yield Entry(path.relative_to(folder).parts, _file_opener(path))


def _file_opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise Invalid(UNREADABLE) from error


@contextmanager
def _opened(entry: Entry) -> Iterator[IO[bytes]]:
    with _readable():
        opened = entry.open()
    with opened:
        yield opened


def _chunk(opened: IO[bytes]) -> bytes:
    with _readable():
        return opened.read(CHUNK_BYTES)
