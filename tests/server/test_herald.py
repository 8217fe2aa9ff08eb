"""Commits of other processes on PostgreSQL, heard of at once; a lost connection is made anew."""

import asyncio

import psycopg
import pytest

from server.clock import HOUR_MS, now_ms
from server.ids import first_id
from server.services import events
from server.store import events as rows
from server.store import herald as module
from server.store import settings
from server.store.db import Database
from server.worker import housekeeping
from tests.village import eventually

pytestmark = pytest.mark.parametrize("dialect", ["postgresql"])  # one process serves on SQLite

LONGEST_S = 30  # of machines that do much else


@pytest.fixture
async def two(database_url):
    """The same database, opened by two processes."""
    one, other = await Database.open(database_url), await Database.open(database_url)
    yield one, other
    await one.close()
    await other.close()


async def test_a_commit_is_heard_elsewhere_and_not_as_an_echo(two, monkeypatch):
    monkeypatch.setattr(module, "PAUSE_S", 0.05)
    one, other = two
    here, there = asyncio.Event(), asyncio.Event()
    one.on_commit_elsewhere(here.set)
    other.on_commit_elsewhere(there.set)
    await asyncio.wait_for(asyncio.gather(here.wait(), there.wait()), LONGEST_S)  # both listen
    here.clear()
    there.clear()
    for _ in range(3):
        await one.write(settings.remember, "x", "y")
    await asyncio.wait_for(there.wait(), LONGEST_S)
    there.clear()
    await one.write(settings.remember, "x", "z")
    await asyncio.wait_for(there.wait(), LONGEST_S)
    assert not here.is_set()


async def test_a_lost_connection_is_made_anew_and_what_was_missed_is_told(
    two, database_url, monkeypatch
):
    monkeypatch.setattr(module, "AWAY_S", 0.01)
    one, other = two
    here, there = asyncio.Event(), asyncio.Event()
    one.on_commit_elsewhere(here.set)
    other.on_commit_elsewhere(there.set)
    await asyncio.wait_for(asyncio.gather(here.wait(), there.wait()), LONGEST_S)  # both listen
    there.clear()

    def cut() -> int:
        with psycopg.connect(database_url, autocommit=True) as link:
            found = link.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'madang listening' AND datname = current_database()"
            ).fetchall()
        return len(found)

    assert await asyncio.to_thread(cut) == 2
    await asyncio.wait_for(
        there.wait(), LONGEST_S
    )  # it listens again: look, there may be something
    there.clear()

    async def heard() -> bool:
        await one.write(settings.remember, "x", "y")
        return there.is_set()

    assert await eventually(heard)


async def test_a_database_that_is_not_there_is_asked_again_and_closing_waits_for_nobody(
    two, monkeypatch
):
    one, _ = two
    monkeypatch.setattr(module, "AWAY_S", 0.01)
    tried = asyncio.Event()
    loop = asyncio.get_running_loop()
    real = module._listening

    def failing(url):
        if not tried.is_set():
            loop.call_soon_threadsafe(tried.set)
            raise psycopg.OperationalError("away")
        return real(url)

    monkeypatch.setattr(module, "_listening", failing)
    there = asyncio.Event()
    one.on_commit_elsewhere(there.set)
    await asyncio.wait_for(there.wait(), LONGEST_S)
    assert tried.is_set()


async def test_what_was_told_is_forgotten_after_a_while(db):
    await db.write(rows.insert, first_id(now_ms() - HOUR_MS), "{}")
    await db.write(events.tell, "filters_changed", events.mine(8), now_ms())
    await db.write(housekeeping._forget, now_ms())
    found = await db.read(rows.after, 0, 10)
    assert ["home:8" in row["data"] for row in found] == [True]
