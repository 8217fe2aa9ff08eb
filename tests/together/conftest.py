"""Instances for tests that need more than one."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.village import Village


@pytest.fixture
async def village(tmp_path: Path, new_database: Callable[[], str]) -> AsyncIterator[Village]:
    """`await village("alpha.test")` starts an instance; all of them find each other by name."""
    started = Village(tmp_path, new_database)
    yield started
    await started.close()
