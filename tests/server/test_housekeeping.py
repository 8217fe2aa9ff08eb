"""What is old is forgotten, and nothing else."""

from pathlib import Path

import pytest

from server.clock import DAY_MS
from server.files import Folder
from server.store import activities, homes, walks
from server.store.db import Database, Write
from server.worker import housekeeping
from tests.server.world import NOW, join, number, ours, say, settle


def _three_entries_each(tx: Write) -> None:
    settle(tx)
    post = ours(tx)
    tx.run("DELETE FROM home")
    for name in ("one", "two", "three"):
        owner = join(tx, f"reader_{name}")
        for id in (1, 2, 3):
            homes.add_home(tx, owner.id, post.id + id, post.id)


async def test_of_every_home_timeline_the_newest_entries_stay(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "KEPT", 2)
    monkeypatch.setattr(housekeeping, "HOMES_AT_ONCE", 2)
    await db.write(_three_entries_each)
    for _ in range(2):  # a second time there is nothing to cut
        await housekeeping.trim_homes(db)
        kept = "SELECT count(*) AS n FROM home"
        oldest = "SELECT count(*) AS n FROM home WHERE id = (SELECT min(post_id) FROM home) + 1"
        assert await db.read(number, kept) == 6
        assert await db.read(number, oldest) == 0


async def test_however_much_was_seen_long_ago_is_forgotten_in_one_round(
    db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(activities.forget, "__defaults__", (2,))
    monkeypatch.setattr(activities.forget_graves, "__defaults__", (2,))

    def seen(tx: Write) -> None:
        for nth in range(7):
            activities.record(tx, f"https://far.test/{nth}", NOW - housekeeping.SEEN_MS - 1)
            activities.bury(tx, f"https://far.test/{nth}", NOW - housekeeping.GRAVES_MS - 1)
        activities.record(tx, "https://far.test/lately", NOW)

    await db.write(seen)
    await housekeeping.keep_house_once(db, Folder(tmp_path), 1 << 20, NOW)
    assert await db.read(number, "SELECT count(*) AS n FROM activity") == 1
    assert await db.read(number, "SELECT count(*) AS n FROM tombstone") == 0


async def test_a_short_home_timeline_is_left_alone(db: Database) -> None:
    def one(tx: Write) -> None:
        settle(tx)
        reader = join(tx, "reader")
        say(tx, reader, "mine")

    await db.write(one)
    before = await db.read(number, "SELECT count(*) AS n FROM home")
    await housekeeping.trim_homes(db)
    assert before > 0
    assert await db.read(number, "SELECT count(*) AS n FROM home") == before


def _pages_of_two_threads(tx: Write) -> None:
    settle(tx)
    walked, left = ours(tx).id, ours(tx, "private").id
    tx.run("DELETE FROM walk")
    walks.expect(tx, walked, NOW)
    for n in range(5):
        of = {"etag": "", "next_uri": "", "read_ms": NOW - 2 * DAY_MS}
        walks.keep_page(tx, f"https://far.test/{n}/walked", thread_id=walked, **of)
        walks.keep_page(tx, f"https://far.test/{n}/left", thread_id=left, **of)
    walks.keep_page(
        tx, "https://far.test/lately", thread_id=left, etag="", next_uri="", read_ms=NOW
    )


async def test_pages_of_threads_at_which_nobody_looks_again_are_forgotten(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "PAGES_AT_ONCE", 3)
    await db.write(_pages_of_two_threads)
    await housekeeping.sweep_pages(db, NOW)
    assert await db.read(number, "SELECT count(*) FROM walk_page WHERE uri LIKE '%left'") == 0
    assert await db.read(number, "SELECT count(*) FROM walk_page WHERE uri LIKE '%walked'") == 5
    assert await db.read(number, "SELECT count(*) FROM walk_page WHERE uri LIKE '%lately'") == 1
