"""What several modules of tests stand on: the desk to which old blogs are brought."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.store.db import Database
from server.worker import importing
from tests.server.import_desk import Desk


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
