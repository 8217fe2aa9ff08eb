"""Zips: the same content gives the same bytes, and no name leads out of where they are unpacked."""

import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

MAX_SLUG: Final = 60  # characters
MAX_SLUG_BYTES: Final = 120
_FIXED: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can tell
_PLAIN_FILE: Final = 0o100644 << 16
_UNIX: Final = 3
_NO_SLUG: Final = re.compile(r"[^\w]+")
_PART: Final = re.compile(r"[\w-][\w.-]*")


def slug(title: str) -> str:
    """A title as a part of a file's name: letters, digits and hyphens of any script."""
    plain = _NO_SLUG.sub("-", unicodedata.normalize("NFC", title).lower()).strip("-_")
    cut = plain[:MAX_SLUG].encode()[:MAX_SLUG_BYTES].decode(errors="ignore").strip("-_")
    return cut or "story"


def require_safe(name: str) -> str:
    """`name`, which must be relative and lead nowhere else. Raises `ValueError`: our own fault."""
    if not all(_PART.fullmatch(part) and not part.endswith(".") for part in name.split("/")):
        raise ValueError(f"no name for a file in a zip: {name!r}")
    return name


class Zip:
    """A zip that is written file by file, none of them twice."""

    def __init__(self, path: Path) -> None:
        """Begins it. The caller closes."""
        self._zip = ZipFile(path, "w", allowZip64=True)
        self._names: set[str] = set()

    def __contains__(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._names

    def add(self, name: str, data: bytes, *, packed: bool = True) -> None:
        """A whole file."""
        with self.file(name, len(data), packed=packed) as out:
            out.write(data)

    def copy(self, name: str, source: IO[bytes]) -> None:
        """A file from an open one, which is read from its beginning."""
        size = source.seek(0, io.SEEK_END)
        source.seek(0)
        with self.file(name, size) as out:
            while chunk := source.read(256 * 1024):
                out.write(chunk)

    @contextmanager
    def file(self, name: str, size: int, *, packed: bool = True) -> Iterator[IO[bytes]]:
        """A file of about `size` bytes, to be written; another one only after it is closed."""
        info = ZipInfo(require_safe(name), _FIXED)
        info.compress_type = ZIP_DEFLATED if packed else ZIP_STORED
        info.create_system, info.external_attr, info.file_size = _UNIX, _PLAIN_FILE, size
        self._names.add(name)
        with self._zip.open(info, "w") as out:
            yield out

    def close(self) -> None:
        """Write what a zip ends with."""
        self._zip.close()
