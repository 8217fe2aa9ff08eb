"""Loops that run as long as the process: whatever one round ends with, there is a next one."""

import asyncio

import pytest

from server.store.db import DatabaseUnavailable
from server.worker import due, housekeeping
from tests.village import eventually


class Rounds:
    """Something that fails each time it is done, and counts."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.done = 0

    async def __call__(self, *_: object) -> None:
        self.done += 1
        raise self.error


FAILURES = pytest.mark.parametrize("error", [ValueError("ours"), DatabaseUnavailable("away")])


async def goes_on(loop, rounds):
    async def again():
        return rounds.done >= 3

    running = asyncio.create_task(loop)
    await eventually(again)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@FAILURES
async def test_what_is_due_is_looked_at_again(monkeypatch, error):
    rounds = Rounds(error)
    monkeypatch.setattr(due, "keep_time_once", rounds)
    monkeypatch.setattr(due, "LOOK_S", 0.0)
    await goes_on(due.keep_time(None, None, lambda: 0), rounds)


@FAILURES
async def test_the_house_is_kept_again(monkeypatch, error):
    rounds = Rounds(error)
    monkeypatch.setattr(housekeeping, "keep_house_once", rounds)
    monkeypatch.setattr(housekeeping, "PAUSE_MS", 0)
    await goes_on(housekeeping.keep_house(None, None, 0, lambda: 0), rounds)
