"""The n-th statement fails, for every n: nothing has happened, and the next try does it once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from server.inbox import door
from server.inbox.context import Arrival
from server.inbox.documents import Documents
from server.keyring import Keys
from server.model import Account
from server.services import accounts, communities, follows, pins, posts, reactions, strangers
from server.services.accounts import NewAccount
from server.services.communities import NewCommunity
from server.services.new_posts import NewPost
from server.store import jobs
from server.store.db import Database, Read, Write
from server.store.leases import ClaimLost
from server.store.transaction import Cursor, Dialect, Link
from tests.server.cases import CASES, Case, befriended
from tests.server.world import (
    CARL,
    EVE,
    LATE,
    NOW,
    SITE,
    act,
    authentic,
    befriend,
    changed,
    create,
    dump,
    miscounted,
    note,
    number,
    ours,
    settle,
    who,
)

MOST_STATEMENTS = 400


class Broken(Exception):
    """The disk is full, the server is gone: this statement and all after it."""


class Failing:
    """A connection that fails at its `at`-th statement."""

    def __init__(self, link: Link, at: int) -> None:
        self._link = link
        self._left = at

    @property
    def dialect(self) -> Dialect:
        return self._link.dialect

    def _count(self) -> None:
        self._left -= 1
        if self._left <= 0:
            raise Broken

    def execute(self, sql: str, params: Mapping[str, Any] = {}, /) -> Cursor:  # noqa: B006
        self._count()
        return self._link.execute(sql, params)

    def executemany(self, sql: str, rows: Sequence[Mapping[str, Any]], /) -> Cursor:
        self._count()
        return self._link.executemany(sql, rows)

    def uncounted(self, sql: str) -> int:
        return self._link.uncounted(sql)

    def explained(self, error: Exception) -> Exception:
        return error if isinstance(error, Broken) else self._link.explained(error)


async def fail_at_every_statement(db: Database, work: Callable[[Write], Any]) -> int:
    """Run `work`, failing at statement 1, 2, 3 ... until it gets through; how many it has."""
    before = await db.read(dump)
    for at in range(1, MOST_STATEMENTS):
        try:
            await db.write(lambda tx, at=at: work(Write(Failing(tx._link, at))))  # type: ignore[misc]
        except Broken:
            assert changed(before, await db.read(dump)) == set(), f"statement {at} left a trace"
        else:
            return at - 1
    raise AssertionError("more statements than anything should need")


# --- handlers


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_an_activity_happens_whole_or_not_at_all(db: Database, case: Case) -> None:
    await db.write(settle)
    await db.write(case.prepare)
    given = authentic(await db.write(case.send))

    def work(tx: Write) -> None:
        actor = door.arrive(tx, given, NOW)
        if actor is not None:
            known = Documents(case.documents)
            door.apply(tx, Arrival(SITE, given.activity, actor, known, NOW))

    assert await fail_at_every_statement(db, work) > 1
    assert await db.read(number, case.effect) == case.expected
    once = await db.read(dump)
    await db.write(work)
    assert changed(once, await db.read(dump)) == set()
    assert await db.read(miscounted) == []


@pytest.mark.parametrize("name", ["Create by reference", "Delete", "Like", "Update of an actor"])
async def test_a_job_ends_with_its_effect_or_waits(db: Database, name: str) -> None:
    case = CASES[name]
    await db.write(settle)
    given = authentic(await db.write(case.send))
    await db.write(door.promise, given, NOW)
    (job,) = await db.write(jobs.claim, NOW, 5)

    def work(tx: Write) -> None:
        door.apply_job(tx, SITE, job, given.activity, Documents(case.documents), NOW)

    await fail_at_every_statement(db, work)
    assert await db.read(number, case.effect) == case.expected
    assert await db.read(jobs.waiting) == 0
    once = await db.read(dump)
    with pytest.raises(ClaimLost):
        await db.write(work)  # a second worker that believed the job was still its own
    assert changed(once, await db.read(dump)) == set()


async def test_a_promise_is_whole(db: Database) -> None:
    await db.write(settle)
    given = authentic(create(note(LATE, EVE)))
    await fail_at_every_statement(db, lambda tx: door.promise(tx, given, NOW))
    await db.write(door.promise, given, NOW)
    assert await db.read(jobs.waiting) == 1


async def test_the_burial_of_a_strangers_posts_goes_on_where_it_stopped(db: Database) -> None:
    await db.write(settle)
    eve = await db.read(who, EVE)
    await fail_at_every_statement(db, lambda tx: strangers.bury_posts(tx, eve.id, NOW, 10))
    assert await db.read(miscounted) == []


# --- services

Service = Callable[[Write], Any]


def _ann(tx: Read) -> Account:
    return who(tx, "ann")


def _write(tx: Write) -> Any:
    new = NewPost(
        content="Hello @eve@far.test and @bob, #market",
        title="A story",
        reply_to_id=ours(tx).id,
        idempotency_key="once",
    )
    return posts.write(tx, SITE, _ann(tx), new, NOW)


def _edit(tx: Write) -> Any:
    return posts.edit(tx, SITE, _ann(tx), ours(tx).id, NewPost(content="Changed #now"), NOW)


def _delete(tx: Write) -> None:
    row = tx.one("SELECT id FROM post WHERE source = 'A public post'")
    if row is not None:
        posts.delete(tx, SITE, _ann(tx), row["id"], NOW)


def _reaction(service: Callable[..., Any]) -> Service:
    def work(tx: Write) -> None:
        row = tx.one("SELECT id FROM post WHERE local = 0")
        assert row is not None
        service(tx, SITE, _ann(tx), row["id"], NOW)

    return work


def _toward(service: Callable[..., Any], uri: str) -> Service:
    return lambda tx: service(tx, SITE, _ann(tx), who(tx, uri).id, NOW)


def _create(tx: Write) -> None:
    keys = Keys((b"sealed", "pem"), (b"sealed", "z6Mk"))
    new = NewAccount(name="dora", email="dora@here.test", password="", keys=keys)
    accounts.create(tx, SITE, new, NOW)


def _found(tx: Write) -> None:
    keys = Keys((b"sealed", "pem"), (b"sealed", "z6Mk"))
    new = NewCommunity(name="market", keys=keys, title="Market")
    communities.create(tx, SITE, new, NOW)


def _followed_market(tx: Write) -> None:
    befriended(tx)
    _found(tx)
    befriend(tx, who(tx, EVE), who(tx, "market"))
    befriend(tx, who(tx, "bob"), who(tx, "market"))


def _pass_on(tx: Write) -> Any:
    new = NewPost(content="Snow on the #market", idempotency_key="once")
    return posts.write(tx, SITE, _ann(tx), new, NOW)


def _passed_on(tx: Write) -> None:
    _followed_market(tx)
    _pass_on(tx)


def _let_go(tx: Write) -> None:
    posts.edit(tx, SITE, _ann(tx), ours(tx, "once").id, NewPost(content="Snow"), NOW)


def _asked(tx: Write) -> None:
    from_eve = authentic(act("Follow", EVE, who(tx, "bob").uri))
    door.receive(tx, SITE, from_eve, NOW)


def _answer(service: Callable[..., Any]) -> Service:
    return lambda tx: service(tx, SITE, who(tx, "bob"), who(tx, EVE).id, NOW)


def _after(service: Callable[..., Any]) -> Service:
    return _reaction(service)


def _nothing(tx: Write) -> None:
    """The town as it is."""


class Deed(msgspec.Struct, frozen=True):
    """A service with its effect; `again` when doing it twice is allowed and changes nothing."""

    work: Service
    effect: str
    prepare: Service = _nothing
    again: bool = True


DEEDS: dict[str, Deed] = {
    "write": Deed(_write, "SELECT count(*) FROM post WHERE title = 'A story'", befriended),
    "edit": Deed(_edit, "SELECT count(*) FROM revision", befriended, again=False),
    "delete": Deed(_delete, "SELECT count(*) FROM post WHERE deleted_ms IS NOT NULL", befriended),
    "like": Deed(_reaction(reactions.like), "SELECT sum(likes) FROM post"),
    "unlike": Deed(
        _reaction(reactions.unlike), "SELECT 1 - sum(likes) FROM post", _reaction(reactions.like)
    ),
    "boost": Deed(_reaction(reactions.boost), "SELECT sum(boosts) FROM post", befriended),
    "unboost": Deed(
        _reaction(reactions.unboost), "SELECT 1 - sum(boosts) FROM post", _reaction(reactions.boost)
    ),
    "pin": Deed(
        lambda tx: pins.pin(tx, SITE, _ann(tx), ours(tx).id, NOW),
        "SELECT count(*) FROM post WHERE pinned_ms IS NOT NULL",
        befriended,
    ),
    "follow a stranger": Deed(
        _toward(follows.follow, CARL), "SELECT count(*) FROM follow WHERE state = 'pending'"
    ),
    "follow a neighbour": Deed(
        _toward(follows.follow, "bob"), "SELECT count(*) FROM follow WHERE state = 'pending'"
    ),
    "unfollow": Deed(
        _toward(follows.unfollow, EVE), "SELECT 1 - followers_count FROM account WHERE name = 'eve'"
    ),
    "authorize": Deed(
        _answer(follows.authorize),
        "SELECT followers_count FROM account WHERE name = 'bob'",
        _asked,
        again=False,
    ),
    "reject": Deed(
        _answer(follows.reject),
        "SELECT 1 - count(*) FROM follow WHERE state = 'pending'",
        _asked,
        again=False,
    ),
    "block": Deed(_toward(follows.block, EVE), "SELECT count(*) FROM block", befriended),
    "unblock": Deed(
        _toward(follows.unblock, EVE), "SELECT 1 - count(*) FROM block", _toward(follows.block, EVE)
    ),
    "mute": Deed(
        lambda tx: follows.mute(tx, _ann(tx).id, who(tx, EVE).id, None, True, NOW),
        "SELECT count(*) FROM mute",
    ),
    "found a neighbourhood": Deed(_found, "SELECT count(*) FROM community", again=False),
    "pass on": Deed(
        _pass_on, "SELECT count(*) FROM home WHERE booster_id IS NOT NULL", _followed_market
    ),
    "let go": Deed(_let_go, "SELECT 1 - sum(boosts) FROM post", _passed_on, again=False),
    "join": Deed(_create, "SELECT count(*) FROM member WHERE email LIKE 'dora%'", again=False),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
async def test_what_people_do_happens_whole_or_not_at_all(db: Database, deed: Deed) -> None:
    await db.write(settle)
    await db.write(deed.prepare)
    assert await fail_at_every_statement(db, deed.work) > 1
    assert await db.read(number, deed.effect) == 1
    if deed.again:
        once = await db.read(dump)
        await db.write(deed.work)
        assert changed(once, await db.read(dump)) == set()
    assert await db.read(miscounted) == []


async def test_a_failing_database_answers_the_peer_later_and_forgets_nothing(db: Database) -> None:
    """`take` falls back on a promise when the handler has a bug: acknowledged, and kept."""
    await db.write(settle)
    given = authentic(create(note(LATE, EVE)))
    await door.take(db, SITE, given, NOW)
    assert await db.read(number, "SELECT count(*) FROM post WHERE uri = :uri", uri=LATE) == 1
