"""What 10,000 read is shown to them and taken back in portions; nobody else waits for it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from server.model import Account, Post
from server.services import burials, lists, posts, spreading, timelines
from server.services.new_posts import NewPost
from server.store import homes, jobs, streams
from server.store.db import Database, Read, Write
from server.store.lists import List
from server.store.paging import Page
from server.worker.jobs import DEEDS
from tests.server.world import NOW, SITE, join, number

FOLLOWERS = 10_000
BESIDE = 40
"""Rows that publishing may write beside the home timelines: the post, its job, its words."""
FIRST = 1000  # the id of the first follower


class Counting:
    """The largest transaction so far, in rows written."""

    def __init__(self) -> None:
        self.now = 0
        self.each: list[int] = []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.now = 0
        yield
        self.each.append(self.now)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Every row that is written from now on."""
    found = Counting()
    run, many = Write.run, Write.many

    def counted(self: Write, sql: str, /, **params: object) -> int:
        changed = run(self, sql, **params)
        found.now += changed
        return changed

    def counted_many(self: Write, sql: str, rows: list, /) -> int:
        found.now += len(rows)
        return many(self, sql, rows)

    monkeypatch.setattr(Write, "run", counted)
    monkeypatch.setattr(Write, "many", counted_many)
    return found


def crowd(tx: Write, author: Account, many: int = FOLLOWERS, *, notify: int = 0) -> None:
    """So many of ours who follow somebody."""
    numbers = f"""
        (WITH RECURSIVE up(i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM up
            WHERE i < {many - 1}) SELECT i FROM up) AS n
    """
    tx.run(
        f"""
        INSERT INTO account (id, uri, name, url, inbox, created_ms)
        SELECT {FIRST} + i, 'https://here.test/actors/f' || i, 'f' || i, 'x', 'x', 1 FROM {numbers}
        """
    )
    tx.run(
        f"""
        INSERT INTO member (account_id, email, created_ms)
        SELECT {FIRST} + i, 'f' || i || '@here.test', 1 FROM {numbers}
        """
    )
    tx.run(
        f"""
        INSERT INTO follow (follower_id, target_id, id, uri, state, local, notify, created_ms)
        SELECT {FIRST} + i, {author.id}, i, 'follow:' || i, 'accepted', 1, {notify}, 1
        FROM {numbers}
        """
    )


def publish(tx: Write, author: Account) -> Post:
    return posts.write(tx, SITE, author, NewPost(content="The nets are mended."), NOW)


def go_on(tx: Write, post: Post) -> bool:
    """The next job of its fan-out, as the worker does it; whether there was one."""
    job = jobs.first_of(tx, f"spread:{post.id}")
    if job is None:
        return False
    jobs.complete(tx, job, NOW)
    spreading.go_on(tx, msgspec.json.decode(job.payload, type=spreading.Spread), NOW)
    return True


def at_home(db: Read, post: Post) -> int:
    return number(db, "SELECT count(*) FROM home WHERE post_id = :id", id=post.id)


def test_no_transaction_shows_a_post_to_more_than_a_portion(tx: Write, counting: Counting):
    author = join(tx, "author")
    crowd(tx, author)
    with counting.transaction():
        post = publish(tx, author)
    assert at_home(tx, post) <= homes.CHUNK + 1
    more = True
    while more:
        with counting.transaction():
            more = go_on(tx, post)
    assert at_home(tx, post) == FOLLOWERS + 1
    assert max(counting.each) <= homes.CHUNK + BESIDE
    assert homes.CHUNK <= 250


def test_no_transaction_tells_more_than_a_hundred(tx: Write, counting: Counting):
    author = join(tx, "author")
    crowd(tx, author, 350, notify=1)
    told = "SELECT count(*) FROM notification WHERE kind = 'status'"
    post = publish(tx, author)
    steps = [number(tx, told)]
    while go_on(tx, post):
        steps.append(number(tx, told))
    assert steps[-1] == 350
    assert at_home(tx, post) == 351
    assert max(b - a for a, b in zip([0, *steps], steps, strict=False)) <= homes.TOLD


def clear_on(tx: Write, post: Post) -> bool:
    """The next job that takes it back, as the worker does it; whether there was one."""
    job = jobs.first_of(tx, f"{burials.JOB}:{post.id}")
    if job is None:
        return False
    DEEDS[job.kind](tx, SITE, job, msgspec.json.decode(job.payload), NOW)
    return True


def shown_to_all(tx: Write, author: Account) -> Post:
    post = publish(tx, author)
    while go_on(tx, post):
        pass
    return post


def test_what_many_have_at_home_is_taken_back_a_thousand_at_a_time(tx: Write, counting: Counting):
    author, many = join(tx, "author"), 2 * homes.CLEARED + 100
    crowd(tx, author, many)
    post = shown_to_all(tx, author)
    counting.each.clear()
    with counting.transaction():
        posts.delete(tx, SITE, author, post.id, NOW)
    assert at_home(tx, post) == many + 1 - homes.CLEARED
    more = True
    while more:
        with counting.transaction():
            more = clear_on(tx, post)
    assert at_home(tx, post) == 0
    assert max(counting.each) <= homes.CLEARED + BESIDE
    assert homes.CLEARED <= 1000


def test_what_is_taken_back_is_nowhere_at_once_however_many_have_it_still(tx: Write):
    author, many = join(tx, "author"), burials.QUIETLY + 5
    crowd(tx, author, many)
    last = FIRST + many - 1
    post, other = shown_to_all(tx, author), shown_to_all(tx, author)
    harbour = lists.make(tx, List(id=0, account_id=last, title="Harbour"), NOW)
    lists.add(tx, last, harbour.id, [author.id], NOW)
    assert everywhere_at_home(tx, last, harbour.id) == [{post.id, other.id}] * 4
    burials.bury(tx, post, NOW, quietly=True)
    assert number(tx, "SELECT count(*) FROM home WHERE owner_id = :o", o=last) == 2
    assert everywhere_at_home(tx, last, harbour.id) == [{other.id}] * 4
    assert clear_on(tx, post)
    assert number(tx, "SELECT count(*) FROM home WHERE owner_id = :o", o=last) == 1
    assert not clear_on(tx, post)


def everywhere_at_home(db: Read, owner_id: int, list_id: int) -> list[set[int]]:
    """What the owner finds at home and in a list, and what open streams hear of both."""
    return [
        {entry.post_id for entry in timelines.home(db, owner_id, Page())},
        {entry.post_id for entry in lists.timeline(db, owner_id, list_id, Page())},
        {row["post_id"] for row in homes.home_after(db, [owner_id], 0, 10)},
        {row["post_id"] for row in streams.lists_after(db, [list_id], 0, 10)},
    ]


async def test_others_are_served_between_the_chunks(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "CHUNK", 20)
    author = await db.write(join, "author")
    await db.write(crowd, author, 400)
    post = await db.write(publish, author)
    seen_by_others: list[int] = []
    going_on = True
    while going_on:
        # Whoever comes while a chunk is written has their turn before the next one.
        chunk = asyncio.create_task(db.write(go_on, post))
        await db.write(lambda tx: tx.run("UPDATE member SET theme = 'dark' WHERE email = 'x'"))
        seen_by_others.append(await db.read(at_home, post))
        going_on = await chunk
    assert await db.read(at_home, post) == 401
    assert len(seen_by_others) >= 19
    for turn, count in enumerate(seen_by_others, start=2):  # publishing itself was the first
        assert count <= 1 + turn * homes.CHUNK, seen_by_others
