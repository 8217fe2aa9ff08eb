"""Posts that wait for their time: published whole and once, or kept with the reason."""

import asyncio

import pytest

from server.services import posts, scheduled
from server.services.new_posts import NewPost
from server.store import scheduled as store
from server.store.db import Database, Write
from server.store.transaction import Spoiled
from tests.server.test_failing_statements import Broken, fail_at_every_statement
from tests.server.world import EVE, NOW, SITE, befriend, miscounted, number, ours, settle, who

DUE = NOW + 3_600_000
SAID = "SELECT count(*) FROM post WHERE source = 'Later'"


def plan(tx: Write, **more: object) -> None:
    """Ann, whom eve follows, says something later."""
    settle(tx)
    befriend(tx, who(tx, EVE), who(tx, "ann"))
    new = NewPost(content="Later", **more)  # type: ignore[arg-type]
    scheduled.schedule(tx, who(tx, "ann"), new, DUE, now_ms=NOW)


async def test_it_is_published_whole_or_waits(db: Database) -> None:
    await db.write(plan)
    assert await db.write(scheduled.publish_next, SITE, DUE - 1) is False
    await fail_at_every_statement(db, lambda tx: scheduled.publish_next(tx, SITE, DUE))
    assert await db.read(number, SAID) == 1
    assert await db.read(number, "SELECT count(*) FROM scheduled_post") == 0
    assert await db.write(scheduled.publish_next, SITE, DUE) is False
    assert await db.read(number, SAID) == 1
    assert await db.read(miscounted) == []


async def test_of_many_workers_one_publishes_it(db: Database) -> None:
    await db.write(plan, idempotency_key="once")
    tries = (db.write(scheduled.publish_next, SITE, DUE) for _ in range(6))
    assert sorted(await asyncio.gather(*tries)) == [False] * 5 + [True]
    assert await db.read(number, SAID) == 1


async def test_a_failure_is_kept_whole_and_leaves_no_half_of_the_post(db: Database) -> None:
    await db.write(plan)

    def answered_and_gone(tx: Write) -> None:
        ann, parent = who(tx, "ann"), ours(tx)
        new = NewPost(content="Later", reply_to_id=parent.id)
        tx.run("DELETE FROM scheduled_post")
        scheduled.schedule(tx, ann, new, DUE, now_ms=NOW)
        posts.delete(tx, SITE, ann, parent.id, NOW)

    def publish(tx: Write) -> None:
        try:
            scheduled.publish_next(tx, SITE, DUE)
        except Spoiled as error:  # even the way back to the savepoint failed
            raise Broken from error

    await db.write(answered_and_gone)
    await fail_at_every_statement(db, publish)
    assert await db.read(number, SAID) == 0
    told = "SELECT count(*) FROM notification WHERE kind = 'scheduled'"
    assert await db.read(number, told) == 1
    assert await db.read(store.next_due_ms) is None
    assert await db.read(number, "SELECT count(*) FROM scheduled_post") == 1


async def test_what_breaks_a_constraint_is_kept_with_a_reason_and_not_tried_for_ever(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await db.write(plan)

    def broken(tx: Write, *rest: object) -> None:
        tx.run("INSERT INTO bookmark (account_id, post_id, id) VALUES (NULL, NULL, 1)")

    monkeypatch.setattr(posts, "write", broken)
    assert await db.write(scheduled.publish_next, SITE, DUE) is True
    assert await db.read(store.next_due_ms) is None
    assert await db.read(number, "SELECT count(*) FROM scheduled_post WHERE failure <> ''") == 1
