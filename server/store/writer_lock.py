"""One writing process at a time, for SQLite: a lock on a file beside the database.

SQLite before 3.51.3 can damage its log when two processes write or checkpoint at the same instant.
`madang post` may write while `madang serve` runs: whoever commits holds this lock while it does.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from server.store.transaction import Locked

WAIT_MS: Final = 5_000
PAUSE_S: Final = 0.002


class WriterLock:
    """`with lock.held():` around everything that changes the database file or its log."""

    def __init__(self, path: str) -> None:
        """Open `path` beside the database, made where it is missing. Raises `OSError`."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock. Raises `Locked` when another process keeps it."""
        self._take()
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _take(self) -> None:
        deadline = time.monotonic() + WAIT_MS / 1000
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Locked("The database is locked by another process.") from None
                time.sleep(PAUSE_S)
                continue
            return

    def close(self) -> None:
        """Give the file back; what was held is free."""
        os.close(self._file)
