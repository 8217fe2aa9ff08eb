"""Two processes never write to one SQLite file at the same time."""

import subprocess
import sys
from pathlib import Path

import pytest

from server.store import writer_lock
from server.store.db import Database, DatabaseUnavailable, Write
from server.store.writer_lock import WriterLock

HOLD = """
import sys
from server.store.writer_lock import WriterLock
with WriterLock(sys.argv[1]).held():
    print("held", flush=True)
    sys.stdin.read()
"""


def _insert(tx: Write) -> None:
    tx.run("CREATE TABLE thing (id INTEGER)")


async def test_a_commit_waits_for_the_other_process_and_then_happens(tmp_path: Path) -> None:
    path = tmp_path / "city.db"
    db = await Database.open(f"sqlite:{path}")
    held = subprocess.Popen(  # noqa: ASYNC220, S603  our own program, and it answers at once
        [sys.executable, "-c", HOLD, f"{path}-lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert held.stdout and held.stdin and held.stdout.readline() == b"held\n"
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(writer_lock, "WAIT_MS", 50)
            with pytest.raises(DatabaseUnavailable, match="locked by another process"):
                await db.write(_insert)
    finally:
        held.stdin.close()
        held.wait()
        held.stdout.close()
    await db.write(_insert)
    await db.close()


def test_the_lock_is_free_again_after_a_raise(tmp_path: Path) -> None:
    lock = WriterLock(str(tmp_path / "lock"))
    with pytest.raises(RuntimeError), lock.held():
        raise RuntimeError
    with WriterLock(str(tmp_path / "lock")).held():
        lock.close()


async def test_closing_ends_the_writer_whoever_holds_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "city.db"
    db = await Database.open(f"sqlite:{path}")
    await db.write(_insert)
    monkeypatch.setattr(writer_lock, "WAIT_MS", 20)
    other = WriterLock(f"{path}-lock")
    with other.held():
        await db.close()
    other.close()
    again = await Database.open(f"sqlite:{path}")
    assert await again.read(lambda read: read.all("SELECT * FROM thing")) == []
    await again.close()
