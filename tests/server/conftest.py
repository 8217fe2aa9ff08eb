"""What several modules of tests stand on: a settled world, the desk for old blogs."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.store.db import Database, Write
from server.worker import importing
from tests.server.import_desk import Desk
from tests.server.world import settle


@pytest.fixture
def world(tx: Write) -> Write:
    settle(tx)
    return tx


@pytest.fixture
async def any_desk(db: Database, tmp_path: Path) -> Desk:
    return await Desk(db, tmp_path).open()


@pytest.fixture
async def desk(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setattr(importing, "PAUSE_S", 0.0)
    shutil.copy(sqlite_template, tmp_path / "desk.db")
    db = await Database.open(f"sqlite:{tmp_path}/desk.db")
    yield await Desk(db, tmp_path).open()
    await db.close()
