"""Files on their way in: a little in memory, more on the disk, and gone when nobody holds them."""

import asyncio
import os
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from server.errors import StorageFull, TooLarge, TooMany
from server.files import refusal
from web.limits import network

IN_MEMORY_BYTES: Final = 1 << 20
AT_ONCE: Final = 32
AT_ONCE_OF_ONE: Final = 4
"""Uploads of one member: what all of them may lay on the disk has an end."""
AT_ONCE_FROM_ONE: Final = 8
"""Uploads from one address, behind which a school may be."""
LEAST_FREE_BYTES: Final = 256 << 20

_FULL: Final = "There is no room left for files on this server."
_BUSY: Final = "Many files are arriving just now. Try again in a minute."


class Upload(msgspec.Struct, frozen=True, weakref=True):
    """A file that was sent: its bytes, or where they are while this is held.

    What it claims to be is not kept: the bytes decide.
    """

    data: bytes
    path: Path | None = None

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.path.stat().st_size if self.path else len(self.data)

    def head(self, most: int) -> bytes:
        """The first bytes."""
        if self.path is None:
            return self.data[:most]
        with self.path.open("rb") as file:
            return file.read(most)

    def whole(self) -> bytes:
        """All of it, in memory."""
        return self.path.read_bytes() if self.path else self.data


class Spool:
    """Where uploads lie that are too large for memory; how many at once."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """`folder` is the scratch folder of the store. `most_bytes` of a file; 0 where no films are
        taken, and only pictures come.
        """
        self.most_bytes = most_bytes
        self._folder = folder
        self._open = 0
        self._of: Counter[int | str] = Counter()

    @property
    def crowded(self) -> bool:
        """Whether half of the places are taken."""
        return self._open * 2 >= AT_ONCE

    @contextmanager
    def turn(self, account_id: int, address: str) -> Iterator[None]:
        """One of the uploads at once, of a member who sits at an address.

        Raises `TooMany`, and `StorageFull` before the disk is.
        """
        home = network(address)
        if self._of[account_id] >= AT_ONCE_OF_ONE or self._of[home] >= AT_ONCE_FROM_ONE:
            raise TooMany(_BUSY)
        if self._open >= AT_ONCE:
            raise TooMany(_BUSY)
        with suppress(OSError):
            if shutil.disk_usage(self._folder).free < LEAST_FREE_BYTES:
                raise StorageFull(_FULL)
        self._open += 1
        self._of.update((account_id, home))
        try:
            yield
        finally:
            self._open -= 1
            self._of.subtract((account_id, home))
            self._of = +self._of  # those who have none are forgotten

    def require_room(self, bytes: int) -> None:
        """Raise `StorageFull` where so many would fill the disk."""
        with suppress(OSError):
            if shutil.disk_usage(self._folder).free < bytes + LEAST_FREE_BYTES:
                raise StorageFull(_FULL)

    async def take(self, chunks: AsyncIterator[bytes], most: int) -> Upload:
        """A file from its chunks. Raises `TooLarge` and `StorageFull`; then nothing is left."""
        held = bytearray()
        async for chunk in chunks:
            held += chunk
            if len(held) > min(most, IN_MEMORY_BYTES):
                break
        if len(held) > most:
            raise TooLarge(
                "This is too much at once: at most %(kilobytes)s kB.", kilobytes=most >> 10
            )
        if len(held) <= IN_MEMORY_BYTES:
            return Upload(bytes(held))
        return await self._on_disk(held, chunks, most)

    async def keep(self, data: bytes) -> Upload:
        """Bytes as a file, for a program that reads files. Raises `StorageFull`."""
        upload = await asyncio.to_thread(self._begun)
        assert upload.path is not None  # noqa: S101  it was just made
        try:
            await asyncio.to_thread(upload.path.write_bytes, data)
        except OSError as error:
            raise refusal(error) from error
        return upload

    async def _on_disk(self, held: bytearray, chunks: AsyncIterator[bytes], most: int) -> Upload:
        upload = await asyncio.to_thread(self._begun)
        assert upload.path is not None  # noqa: S101  it was just made
        length = 0
        try:
            with upload.path.open("wb") as file:
                async for chunk in chunks:
                    held += chunk
                    if length + len(held) > most:
                        raise TooLarge(
                            "This is too much at once: at most %(kilobytes)s kB.",
                            kilobytes=most >> 10,
                        )
                    if len(held) >= IN_MEMORY_BYTES:
                        await asyncio.to_thread(file.write, bytes(held))
                        length += len(held)
                        held.clear()
                await asyncio.to_thread(file.write, bytes(held))
        except OSError as error:
            raise refusal(error) from error
        return upload

    def _begun(self) -> Upload:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(prefix="upload-", dir=self._folder)
        except OSError as error:
            raise refusal(error) from error
        os.close(handle)
        upload = Upload(b"", Path(name))
        weakref.finalize(upload, _unlink, name)
        return upload


def _unlink(name: str) -> None:
    with suppress(OSError):
        os.unlink(name)
