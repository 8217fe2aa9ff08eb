"""What one cause may make us fetch, counted over everything that follows from it."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from federation import parse
from federation.errors import FederationError
from server import walking
from server.fetch import Budget, Spent, backfill, keys
from server.fetch.budget import MAX_FETCHES, MAX_HOSTS_OF_A_DOMAIN
from server.fetch.related import MAX_DEPTH
from server.store import jobs
from server.store.db import Database, Read
from server.worker import jobs as worker_jobs
from server.worker.jobs import LOOKS
from tests.server.outside import FAR, outside
from tests.server.sinks import Works, go
from tests.server.world import EVE, GROUP, NOTE, NOW, act, create, note, number, post, settle, who

MANY = "https://h{}.many.test"
FETCHING = (*LOOKS, "walk", "receive")
sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@pytest.fixture
async def works(db: Database, tmp_path: Path) -> AsyncIterator[Works]:
    await db.write(settle)
    async with outside(tmp_path, "far.test", "away.test", "*.many.test") as world:
        yield Works(db, world, tmp_path)


def waiting(db: Read) -> list[str]:
    """What is promised that would fetch, and threads that will be walked."""
    promised = [
        row["kind"] for row in db.all("SELECT kind FROM job WHERE state = 'waiting' ORDER BY id")
    ]
    walks = number(db, "SELECT count(*) FROM walk")
    return [kind for kind in promised if kind in FETCHING] + ["walk"] * walks


async def answers(works: Works, uri: str) -> None:
    """Eve's note answers what is at this address."""
    id = (await works.read(post, NOTE)).id
    await works.change(
        "UPDATE post SET reply_to_uri = :uri, reply_to_id = NULL WHERE id = :id", uri=uri, id=id
    )
    await LOOKS["ancestors"](works.fetcher, {"post": id})


def test_a_budget_is_fifty_fetches_of_ten_hosts_of_a_domain():
    budget = Budget()
    for nth in range(MAX_HOSTS_OF_A_DOMAIN):
        budget.spend(f"https://h{nth}.evil.test/")
    with pytest.raises(Spent):
        budget.spend("https://one.more.evil.test/")
    for _ in range(MAX_FETCHES - MAX_HOSTS_OF_A_DOMAIN):
        budget.spend("https://other.test/")
    with pytest.raises(Spent):
        budget.spend("https://other.test/")
    assert (MAX_FETCHES, MAX_DEPTH, MAX_HOSTS_OF_A_DOMAIN) == (50, 20, 10)


def test_a_part_spends_what_the_whole_has():
    whole = Budget(3)
    parts = [Budget(2, of=whole), Budget(2, of=whole)]
    for part in (parts[0], parts[0], parts[1]):
        part.spend("https://far.test/")
    for part in parts:
        with pytest.raises(Spent):
            part.spend("https://far.test/")


@sqlite
async def test_answers_without_end_are_read_twenty_deep_and_promise_nothing_more(
    works: Works,
) -> None:
    before = await works.read(waiting)
    await answers(works, f"{FAR}/led?n=0")
    asked = works.outside.asked
    assert len(asked) <= MAX_FETCHES  # redirects are fetches: they count
    assert MAX_FETCHES // 3 - 1 <= len({path for _, path in asked if "/led" in path}) <= MAX_DEPTH
    assert await works.read(waiting) == before


@sqlite
async def test_a_chain_over_many_names_of_one_domain_ends_at_the_tenth(works: Works) -> None:
    await answers(works, f"{MANY.format(0)}/led?of={MANY.format('%7B%7D')}&n=0")
    hosts = {name for name, _ in works.outside.asked}
    assert len(hosts) == MAX_HOSTS_OF_A_DOMAIN


@sqlite
async def test_redirects_over_many_names_of_one_domain_are_counted(works: Works) -> None:
    world, budget = works.outside, Budget()
    for nth in range(MAX_FETCHES):
        world.target = MANY.format(nth)
        with suppress(FederationError):
            await works.fetcher.people.actor(f"https://away.test/eve?n={nth}", budget)
    hosts = {name for name, _ in world.asked} - {"away.test"}
    assert len(hosts) <= MAX_HOSTS_OF_A_DOMAIN
    assert len(world.asked) <= MAX_FETCHES


@sqlite
async def test_a_key_that_leads_on_and_on_costs_a_few_fetches(works: Works) -> None:
    for nth in range(3):
        works.outside.target = "https://away.test/on"
        before = len(works.outside.asked)
        await go(
            works,
            lambda works, base: works.fetcher.keys.fetch(base, NOW),
            f"https://away.test/{nth}",
        )
        assert len(works.outside.asked) - before <= keys.MAX_FETCHES


@sqlite
async def test_a_batch_has_one_budget_over_all_its_jobs(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_jobs, "MAX_BATCH", 12)
    told = [
        create(note(f"{FAR}/p{nth}", f"{FAR}/eve?n={nth}"), id=f"{FAR}/c{nth}") for nth in range(30)
    ]
    announce = msgspec.json.encode(act("Announce", GROUP, told, id=f"{GROUP}/announces/1"))
    await works.db.write(jobs.enqueue, "receive", GROUP, announce, NOW)
    done = 0
    while claimed := await works.db.write(jobs.claim, NOW, 100):
        for job in claimed:
            await works.jobs.do(job)
            done += 1
    assert done > len(told)
    assert len(works.outside.asked) == 12


@sqlite
async def test_who_names_a_batch_of_their_own_gets_no_more_for_it(works: Works) -> None:
    plain = act("Like", GROUP, NOTE, partOf="https://far.test/x")
    budget = works.jobs._budget(parse.activity(plain))
    assert budget.left == MAX_FETCHES


@sqlite
async def test_a_thread_of_very_many_posts_is_read_no_further(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = (await works.read(post, NOTE)).id
    await works.change(
        "UPDATE post SET context_uri = :uri WHERE id = :id", uri=f"{FAR}/list", id=id
    )
    monkeypatch.setattr(walking, "MAX_THREAD", 1)
    await works.walker.walk(id)
    assert works.outside.asked == []


@sqlite
async def test_a_walk_reads_so_many_hosts_pages_and_posts_and_no_more(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "MAX_FETCHES", 6)
    id = (await works.read(post, NOTE)).id
    listed = f"{FAR}/list?of={FAR}&n=0"
    await works.change("UPDATE post SET context_uri = :uri WHERE id = :id", uri=listed, id=id)
    await works.walker.walk(id)
    assert 0 < len(works.outside.asked) <= 6


@sqlite
async def test_no_collection_leads_to_another_server(works: Works) -> None:
    eve, id = await works.read(who, EVE), (await works.read(post, NOTE)).id
    group = await works.read(who, GROUP)
    astray = f"{FAR}/astray?of={FAR.replace('far', 'away')}&n=0"
    await works.change("UPDATE post SET context_uri = :uri WHERE id = :id", uri=astray, id=id)
    await works.walker.walk(id)
    await works.change(
        "UPDATE post SET context_uri = '', uri = :uri WHERE id = :id", uri=f"{astray}&again", id=id
    )
    await works.walker.walk(id)
    await works.change("UPDATE account SET outbox = :uri WHERE id = :id", uri=astray, id=eve.id)
    await go(works, lambda works, _: backfill.look(works.fetcher, eve.id), "")
    change = (
        "UPDATE account SET uri = :g, moderators_uri = :uri, featured_uri = :uri WHERE id = :id"
    )
    await works.change(change, g=f"{FAR}/group", uri=astray, id=group.id)
    await LOOKS["group"](works.fetcher, {"account": group.id})
    asked = [host for host, path in works.outside.asked if "/astray" in path]
    assert len(asked) >= 5
    assert {host for host, _ in works.outside.asked} == {"far.test"}
