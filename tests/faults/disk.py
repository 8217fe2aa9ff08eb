"""Disks so small that they are full when a test wants it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """A small disk of its own, in memory."""

    def __init__(self, folder: Path) -> None:
        """Use `small_disk`."""
        self.folder = folder
        self._filling = folder / "filling"

    @property
    def free(self) -> int:
        """Bytes that are left."""
        about = os.statvfs(self.folder)
        return about.f_bavail * about.f_frsize

    def fill(self) -> None:
        """Take everything that is left."""
        with self._filling.open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, file.tell() + self.free)

    def clear(self) -> None:
        """There is room again."""
        self._filling.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Mounted on `folder`, and gone afterwards. Needs root; with CI=true it must work."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = f"a small disk cannot be mounted: {done.stderr.strip()}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
