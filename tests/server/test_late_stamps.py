"""A yes to one of ours whose stamp cannot be read just then: that is read later, so often."""

from typing import Any

import pytest

from federation.errors import FederationError, Gone, Malformed, Unreachable
from federation.guard import Refused
from server.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.fetch import Fetcher
from server.model import Post
from server.services import looks
from server.store import accounts, jobs
from server.store.db import Database, Read, Write
from server.worker.jobs import JOB_TRIES, Jobs
from tests.server.stamped import QUOTE, REPLY
from tests.server.world import CARL, NOW, SITE, act, deliver, number, post, settle, who

WAYS = {"reply": REPLY, "quote": QUOTE}
WAIT = f"SELECT count(*) FROM job WHERE kind = '{looks.STAMP}' AND state = 'waiting'"
LEFT = f"SELECT count(*) FROM job WHERE kind = '{looks.STAMP}'"


def waiting(tx: Write, way: str) -> Post:
    """Something of ann's has its yes, and nobody could read the stamp."""
    settle(tx)
    mine = WAYS[way].waiting(tx)
    said_yes(tx, way)
    return mine


def said_yes(tx: Write, way: str, id: str = f"{CARL}/accepts/1") -> None:
    stamp = WAYS[way].stamp_uri
    deliver(tx, WAYS[way].answered(tx, "Accept", id=id, result=stamp), {stamp: None})


def out(db: Read, way: str, mine: Post) -> bool:
    """Whether it is let out, with its stamp."""
    found = post(db, mine.uri)
    if way == "reply":
        return (found.visibility, found.reply_stamp) == ("public", REPLY.stamp_uri)
    return (found.quote_state, found.quote_stamp) == ("accepted", QUOTE.stamp_uri)


class Elsewhere:
    """Carl's server: it says one thing after the other, and the last again and again."""

    def __init__(self, *said: Any) -> None:
        self.said = list(said)
        self.asked = 0

    async def document(self, uri: str, *, key: Any, welcome: Any) -> tuple[str, Any]:
        self.asked += 1
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(said, FederationError):
            raise said
        return uri, said


class Clock:
    """What the tests move."""

    now_ms = NOW

    def __call__(self) -> int:
        return self.now_ms


async def look(db: Database, elsewhere: Any, clock: Clock) -> bool:
    """The next job is done when it is due. False without one."""
    due_ms = await db.read(jobs.next_due_ms)
    if due_ms is None:
        return False
    clock.now_ms = max(clock.now_ms, due_ms)
    keyring: Any = None
    fetcher = Fetcher(db, elsewhere, keyring, SITE, "open", clock)
    for job in await db.write(jobs.claim, clock.now_ms, 10):
        await Jobs(db, fetcher, clock, {}).do(job)
    return True


@pytest.mark.parametrize("way", WAYS)
def test_a_stamp_that_cannot_be_read_just_now_is_read_later_once(tx: Write, way: str) -> None:
    mine = waiting(tx, way)
    said_yes(tx, way, f"{CARL}/accepts/2")
    assert number(tx, WAIT) == 1
    assert not out(tx, way, mine)


@pytest.mark.parametrize("way", WAYS)
async def test_it_is_let_out_when_its_server_can_say_again(db: Database, way: str) -> None:
    mine = await db.write(waiting, way)
    busy = Unreachable("busy", code=503, retry_after_ms=HOUR_MS)
    slow = Unreachable("slow down", code=429)
    elsewhere = Elsewhere(busy, Unreachable("timeout"), slow, WAYS[way].stamp(mine.uri))
    clock = Clock()
    began_ms, moments = clock.now_ms, []
    while await look(db, elsewhere, clock):
        moments.append(clock.now_ms - began_ms)
    assert elsewhere.asked == len(moments) == 4
    assert moments[0] == MINUTE_MS
    assert moments[1] >= HOUR_MS
    assert await db.read(out, way, mine)
    assert await db.read(number, LEFT) == 0


@pytest.mark.parametrize(
    "said",
    [
        Gone("deleted"),
        Unreachable("not here", code=404),
        Unreachable("no", code=403),
        Refused("not there"),
        Malformed("what is this?"),
        "another",
    ],
)
async def test_a_definite_answer_is_the_end(db: Database, said: Any) -> None:
    mine = await db.write(waiting, "reply")
    wrong = REPLY.stamp(f"{mine.uri}/another")
    elsewhere, clock = Elsewhere(wrong if said == "another" else said), Clock()
    while await look(db, elsewhere, clock):
        pass
    assert elsewhere.asked == 1
    assert not await db.read(out, "reply", mine)
    assert await db.read(number, LEFT) == 0


async def test_a_server_that_never_answers_is_asked_so_often(db: Database) -> None:
    mine = await db.write(waiting, "quote")
    elsewhere, clock = Elsewhere(Unreachable("timeout")), Clock()
    while await look(db, elsewhere, clock):
        pass
    assert elsewhere.asked == JOB_TRIES
    assert clock.now_ms < NOW + DAY_MS
    assert not await db.read(out, "quote", mine)
    assert await db.read(number, LEFT) == 0


def no_after_all(tx: Write, way: str) -> None:
    deliver(tx, WAYS[way].answered(tx, "Reject"))


def stamp_taken_back(tx: Write, way: str) -> None:
    deliver(tx, act("Delete", CARL, WAYS[way].stamp_uri))


def decider_suspended(tx: Write, way: str) -> None:
    accounts.set_columns(tx, who(tx, CARL).id, state="suspended")


def author_suspended(tx: Write, way: str) -> None:
    accounts.set_columns(tx, who(tx, "ann").id, state="suspended")


@pytest.mark.parametrize(
    ("way", "then"),
    [
        ("reply", no_after_all),
        ("quote", no_after_all),
        ("reply", stamp_taken_back),
        ("quote", stamp_taken_back),
        ("quote", decider_suspended),
        ("reply", author_suspended),
    ],
)
async def test_what_was_decided_meanwhile_holds(db: Database, way: str, then: Any) -> None:
    mine = await db.write(waiting, way)
    await db.write(then, way)
    elsewhere, clock = Elsewhere(WAYS[way].stamp(mine.uri)), Clock()
    while await look(db, elsewhere, clock):
        pass
    assert not await db.read(out, way, mine)
    assert await db.read(number, LEFT) == 0
