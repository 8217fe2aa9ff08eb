"""What one person does at once on PostgreSQL waits in one order, and never for each other."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.services import posts
from server.store import postgresql
from server.store.db import Contention, Database, DatabaseError, Write
from server.store.peers import add_followers, insert_outbox
from tests.conftest import Server
from tests.server.cases import befriended
from tests.server.world import NOW, SITE, say, settle, stranger, who

MANY = 16


@pytest.fixture
async def pg(postgresql_server: Server, postgresql_template: str) -> AsyncIterator[Database]:
    """A database of its own."""
    url = postgresql_server.create(postgresql_template)
    db = await Database.open(url)
    yield db
    await db.close()
    postgresql_server.drop(url)


async def test_writing_and_deleting_at_once_never_deadlock(
    pg: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[type[DatabaseError]] = []
    again = postgresql._worth_another

    def noted(so_far: list[type[DatabaseError]]) -> bool:
        lost.append(so_far[-1])
        return again(so_far)

    await pg.write(settle)
    await pg.write(befriended)
    ids = [(await pg.write(lambda tx: say(tx, who(tx, "ann"), "one"))).id for _ in range(MANY)]
    monkeypatch.setattr(postgresql, "_worth_another", noted)

    def delete(tx: Write, id: int) -> None:
        posts.delete(tx, SITE, who(tx, "ann"), id, NOW)

    await asyncio.gather(
        *(pg.write(delete, id) for id in ids),
        *(pg.write(lambda tx: say(tx, who(tx, "ann"), "two")) for _ in range(MANY)),
    )
    assert Contention not in lost


async def test_two_who_promise_to_the_same_peers_wait_in_the_order_of_their_ids(
    pg: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows lie in the heap in one order, and in the index of deliveries in another."""
    statements: list[str] = []
    await pg.write(settle)
    await pg.write(befriended)
    run = Write.run

    def noted(tx: Write, sql: str, /, **params: object) -> int:
        statements.append(sql)
        return run(tx, sql, **params)

    def promise(tx: Write) -> None:
        ann = who(tx, "ann")
        stranger(tx, "https://another.test/users/eve")
        insert_outbox(tx, id=1, sender_id=ann.id, body=b"{}", now_ms=NOW)
        assert add_followers(tx, 1, ann.id, NOW)

    monkeypatch.setattr(Write, "run", noted)
    await pg.write(promise)
    assert "ORDER BY id FOR NO KEY UPDATE" in statements[-1]
