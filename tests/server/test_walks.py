"""Which threads are looked at again, and when."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from federation.errors import Unreachable
from federation.guard import Refused
from server.fetch import Fetcher, Spent
from server.services import contexts
from server.store import accounts, walks
from server.store.db import Write
from server.walking import Allowance, Walker
from tests.server.world import (
    EVE,
    NOW,
    SITE,
    create,
    deliver,
    note,
    number,
    ours,
    post,
    who,
)

ROOT = "https://far.test/notes/root"
ANSWER = "https://far.test/notes/answer"


def hear(tx: Write, id: str, **more: str) -> None:
    """Eve wrote something."""
    deliver(tx, create(note(id, EVE, **more), id=f"{id}/create"))


def test_a_thread_whose_beginning_comes_late_is_looked_at_all_the_same(world: Write) -> None:
    hear(world, ANSWER, inReplyTo=ROOT)
    assert number(world, "SELECT thread_id FROM walk") == post(world, ANSWER).id
    hear(world, ROOT)
    thread = post(world, ANSWER).thread_id
    assert thread == post(world, ROOT).id
    assert number(world, "SELECT thread_id FROM walk") == thread
    assert number(world, "SELECT count(*) FROM walk") == 1


def test_of_two_threads_that_are_one_the_earlier_look_counts(world: Write) -> None:
    hear(world, ROOT)
    root = post(world, ROOT)
    walks.expect(world, root.id, NOW + 10 * contexts.PAUSES_MS[0])
    hear(world, ANSWER, inReplyTo="https://far.test/notes/between")
    walks.keep_page(
        world,
        f"{ANSWER}/replies",
        thread_id=post(world, ANSWER).thread_id,
        etag='"a"',
        next_uri="",
        read_ms=NOW,
    )
    hear(world, "https://far.test/notes/between", inReplyTo=ROOT)
    assert number(world, "SELECT count(*) FROM walk") == 1
    assert number(world, "SELECT due_ms FROM walk") == NOW + contexts.PAUSES_MS[0]
    assert number(world, "SELECT thread_id FROM walk_page") == root.id


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (Unreachable("timeout"), 1),
        (Unreachable("busy", code=503), 1),
        (Unreachable("not here", code=404), 2),
        (Spent("enough"), 2),
        (Refused("not there"), 2),
    ],
)
async def test_a_host_that_does_not_answer_is_left_alone_for_a_while(
    error: Unreachable, asked: int
) -> None:
    times: list[str] = []

    async def unless_same(uri: str, *_: Any) -> None:
        times.append(uri)
        raise error

    documents = SimpleNamespace(unless_same=unless_same)
    fetcher = SimpleNamespace(db=None, site=SITE, now_ms=lambda: NOW, documents=documents)
    walker = Walker(cast(Fetcher, fetcher))
    for n in range(2):
        with pytest.raises(Unreachable):
            await walker.get(f"https://far.test/notes/{n}", Allowance())
    assert len(times) == asked


@pytest.mark.parametrize("who_ends", ["ann", EVE])
def test_a_context_lists_nothing_of_the_suspended(world: Write, who_ends: str) -> None:
    root = ours(world)
    hear(world, ANSWER, inReplyTo=root.uri)
    before = contexts.members(world, root.id, None)[2]
    assert {root.uri, ANSWER} <= set(before)
    ended = who(world, who_ends)
    accounts.set_columns(world, ended.id, state="suspended")
    owner, total, uris = contexts.members(world, root.id, None)
    theirs = {uri for uri in before if post(world, uri).author_id == ended.id}
    assert theirs and uris == [uri for uri in before if uri not in theirs]
    assert total == len(uris)
    assert owner == ("" if who_ends == "ann" else who(world, "ann").uri)
