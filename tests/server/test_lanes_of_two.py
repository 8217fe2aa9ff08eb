"""Two processes promise work of one lane, and their clocks differ."""

import pytest

from server import ids
from server.store import jobs
from server.store.db import Write
from tests.server.world import NOW


def test_what_comes_later_is_done_later_though_its_process_lives_in_the_past(
    tx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.enqueue(tx, "first", "lane", b"{}", NOW)
    monkeypatch.setattr(ids, "_last", 0)  # another process, whose clock is a minute behind
    jobs.enqueue(tx, "second", "lane", b"{}", NOW - 60_000)
    done = []
    while found := jobs.claim(tx, NOW, 10):
        for job in found:
            done.append(job.kind)
            jobs.complete(tx, job, NOW)
    assert done == ["first", "second"]
