"""Instances, and scripted servers, for tests that need more than one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.together.peer import Peer
from tests.village import Village

NewPeer = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def village(tmp_path: Path, new_database: Callable[[], str]) -> AsyncIterator[Village]:
    """`await village("alpha.test")` starts an instance; all of them find each other by name."""
    started = Village(tmp_path, new_database)
    yield started
    await started.close()


@pytest.fixture
async def peer(village: Village) -> AsyncIterator[NewPeer]:
    """`await peer("far.test")` starts a scripted server that the instances find by name."""
    started: list[Peer] = []

    async def start(name: str = "far.test", **how: Any) -> Peer:
        one = Peer(name, village, **how)
        await one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        await one.close()
