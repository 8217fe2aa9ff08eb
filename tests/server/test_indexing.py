"""The worker keeps the index: what is written is looked at, and stretches are made of the many."""

from functools import partial
from typing import Any

import pytest

from server.model import Account, Job
from server.services import asking, indexing, search
from server.store import jobs, search_index
from server.store import posts as rows
from server.store.db import Database, Read, Write
from server.store.paging import Page
from server.worker import due
from server.worker.indexing import Indexing
from tests.server.world import NOW, SITE, join, number, say


def written(tx: Write, author: Account, many: int) -> list[int]:
    return [say(tx, author, f"시장 소식 {n}").id for n in range(many)]


def found(db: Read) -> list[int]:
    asked = asking.read("시장", "UTC")
    return [entry.id for entry in search.find(db, None, asked, Page()).entries]


def promised(tx: Write) -> Job:
    (job,) = jobs.claim(tx, NOW, 9)
    assert job.kind == indexing.JOB
    return job


async def test_the_worker_looks_at_what_is_new_and_makes_stretches(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "SIZE", 3)
    ann = await db.write(join, "ann")
    ids = await db.write(written, ann, 8)
    await due.keep_time_once(db, SITE, lambda: NOW)
    await due.keep_time_once(db, SITE, lambda: NOW)
    await Indexing(db, lambda: NOW).do(await db.write(promised))
    count = partial(db.read, number)
    assert await count("SELECT count(*) FROM search_waiting") == 0
    assert await count("SELECT count(*) FROM search_recent") == 2
    assert await count("SELECT count(*) FROM search_stretch") == 2
    assert await count("SELECT count(*) FROM job") == 0
    assert await db.read(found) == ids[::-1]
    assert await db.read(indexing.due_ms) == NOW + indexing.CHECK_AFTER_MS


@pytest.mark.parametrize(("kept", "left"), [(7, 3), (1, 0)])
async def test_words_that_are_gone_have_left_the_index_a_day_later(
    db: Database, monkeypatch: pytest.MonkeyPatch, kept: int, left: int
) -> None:
    monkeypatch.setattr(indexing, "SIZE", 8)
    monkeypatch.setattr(indexing, "TERMS_AT_ONCE", 5)
    ann = await db.write(join, "ann")
    ids = await db.write(written, ann, 8)
    clock = NOW
    worker = Indexing(db, lambda: clock)
    while await worker.step():
        pass
    term = "SELECT count(*) FROM search_term WHERE term = :term"
    for number_of in range(kept, 8):
        post = await db.read(rows.by_id, ids[number_of])
        await db.write(rows.bury, post, NOW)
    clock += indexing.CHECK_AFTER_MS - 1
    assert not await worker.step()
    clock += 1
    while await worker.step():
        pass
    for number_of in range(8):
        there = await db.read(number, term, term=str(number_of))
        assert there == (1 if left and number_of < kept else 0)
    assert await db.read(found) == ids[:kept][::-1]
    assert await db.read(number, "SELECT count(*) FROM search_recent") == (0 if left else kept)
    assert await db.read(number, "SELECT count(*) FROM search_stretch") == (1 if left else 0)


async def test_a_job_does_so_much_and_then_others_may_be_promised(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.worker.indexing.STEPS", 1)
    monkeypatch.setattr(indexing, "WAITING_AT_ONCE", 2)
    ann = await db.write(join, "ann")
    ids = await db.write(written, ann, 5)
    for left in (3, 1, 0):
        await due.keep_time_once(db, SITE, lambda: NOW)
        await Indexing(db, lambda: NOW).do(await db.write(promised))
        assert await db.read(number, "SELECT count(*) FROM search_waiting") == left
        assert await db.read(found) == ids[::-1]


def test_what_nobody_says_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {id: " ".join(f"w{id}n{n}" for n in range(100)) for id in range(1, 26)}

    def recent(db: Any, limit: int, after_id: int) -> dict[int, str]:
        return {id: words[id] for id in list(words)[after_id : after_id + limit]}

    monkeypatch.setattr(search_index, "recent", recent)
    monkeypatch.setattr(search_index, "many_recent", lambda db, many, _: len(words) >= many)
    monkeypatch.setattr(indexing, "SIZE", 20)
    monkeypatch.setattr(indexing, "MAX_TERMS", 900)
    monkeypatch.setattr(indexing, "RECENT_AT_ONCE", 3)
    tx: Any = None
    made = indexing.gather(tx)
    assert made is not None and list(made.words) == list(range(1, 11))
    assert len(made.places) == 1_000 and made.places["w10n7"] == [9]
    monkeypatch.setattr(indexing, "MAX_TERMS", 10**9)
    monkeypatch.setattr(indexing, "MAX_CHARACTERS", 1_500)
    few = indexing.gather(tx)
    assert few is not None and len(few.words) == 3
    monkeypatch.setattr(indexing, "MAX_CHARACTERS", 10**9)
    whole = indexing.gather(tx)
    assert whole is not None and list(whole.words) == list(range(1, 21))
