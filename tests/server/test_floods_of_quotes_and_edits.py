"""Requests to quote and edits without end: rows have a limit, and whoever is honest goes on."""

from typing import Any

import pytest

from server.clock import HOUR_MS
from server.inbox import quoting
from server.model import Post
from server.services import deferring, reactions
from server.store import posts as post_store
from server.store import tallies
from server.store.db import Write
from server.worker import housekeeping
from tests.server.squares import board, created, listens, page, told
from tests.server.world import (
    CARL,
    EVE,
    MALLORY,
    NOW,
    SITE,
    act,
    deliver,
    join,
    note,
    number,
    say,
    stranger,
)

MANY = 1_000


@pytest.fixture
def dialect() -> str:
    """What is counted is the same on both databases, and a thousand of anything is slow."""
    return "sqlite"


def asks(mine: Post, nth: int, quoter: str = EVE) -> dict[str, Any]:
    """A request to quote, with the quote in it."""
    uri = f"{quoter}/quotes/{nth}"
    quote = note(uri, quoter, quote=mine.uri)
    return act("QuoteRequest", quoter, mine.uri, instrument=quote, id=f"{uri}/request")


def answers(tx: Write, host: str) -> int:
    """How many answers were promised to a server."""
    return number(
        tx,
        """
        SELECT count(*) FROM delivery d JOIN peer p ON p.id = d.peer_id WHERE p.host = :host
        """,
        host=host,
    )


def flood(tx: Write, mine: list[Post], now_ms: int = NOW) -> None:
    """From two people of one server, about these posts in turn."""
    for nth in range(MANY):
        quoter = (EVE, MALLORY)[nth % 2]
        deliver(tx, asks(mine[nth % len(mine)], nth + now_ms, quoter), now_ms=now_ms)


def test_a_server_that_asks_to_quote_one_post_without_end_is_answered_so_often_an_hour(
    tx: Write,
) -> None:
    mine = say(tx, join(tx, "ann"))
    for uri in (EVE, MALLORY, CARL):
        stranger(tx, uri)
    flood(tx, [mine])
    most = quoting.MOST_ASKED_AN_HOUR
    assert answers(tx, "far.test") == most
    assert number(tx, "SELECT count(*) FROM post WHERE local = 0") == most
    assert number(tx, "SELECT count(*) FROM tally") == 1
    deliver(tx, asks(mine, 1, CARL))  # of another server
    assert answers(tx, "other.test") == 1
    assert post_store.by_uri(tx, f"{CARL}/quotes/1") is not None
    deliver(tx, asks(mine, 1, EVE), now_ms=NOW + HOUR_MS)
    assert answers(tx, "far.test") == most + 1


def test_many_posts_make_no_difference_to_who_asks_without_end(tx: Write) -> None:
    ann = join(tx, "ann")
    mine = [say(tx, ann, f"Note {nth}") for nth in range(20)]
    for uri in (EVE, MALLORY):
        stranger(tx, uri)
    flood(tx, mine)
    assert answers(tx, "far.test") == quoting.MOST_ASKED_AN_HOUR


def test_what_is_refused_is_refused_so_often_an_hour(tx: Write) -> None:
    mine = say(tx, join(tx, "ann"), quote_policy="nobody")
    for uri in (EVE, MALLORY):
        stranger(tx, uri)
    flood(tx, [mine])
    assert answers(tx, "far.test") == quoting.MOST_ASKED_AN_HOUR
    assert number(tx, "SELECT count(*) FROM post WHERE local = 0") == 0


def test_an_author_who_edits_a_thread_without_end_is_passed_on_so_often_an_hour(
    tx: Write,
) -> None:
    ann = join(tx, "ann")
    water = board(tx)
    listens(tx, EVE, water)
    listens(tx, CARL, water)
    thread = page("https://far.test/post/1", EVE, water.uri)
    deliver(tx, created(thread))
    begun = post_store.by_uri(tx, thread["id"])
    assert begun is not None
    reactions.boost(tx, SITE, ann, begun.id, NOW)
    for nth in range(400):
        edited = {**thread, "content": f"<p>Version {nth}</p>", "updated": "2026-11-23T12:00:00Z"}
        deliver(tx, act("Update", EVE, edited, id=f"{EVE}/updates/{nth}"))
    assert number(tx, "SELECT count(*) FROM revision") <= post_store.MAX_REVISIONS
    relayed = [one for one in told(tx, water) if isinstance(one, dict) and one["type"] == "Update"]
    assert len(relayed) == deferring.MOST_AN_HOUR["edits"]
    assert number(tx, "SELECT count(*) FROM notification WHERE kind = 'update'") <= 1
    now = post_store.by_uri(tx, thread["id"])
    assert now is not None and now.content == "<p>Version 399</p>"

    other = page("https://other.test/post/1", CARL, water.uri)
    deliver(tx, created(other))
    deliver(tx, act("Update", CARL, {**other, "content": "<p>Mine</p>"}, id=f"{CARL}/updates/1"))
    assert told(tx, water)[-1]["object"]["content"] == "<p>Mine</p>"


def test_counts_of_hours_that_are_over_are_forgotten(tx: Write) -> None:
    assert [tallies.count(tx, "x", NOW) for _ in range(3)] == [1, 2, 3]
    assert tallies.count(tx, "x", NOW + HOUR_MS) == 1
    tallies.count(tx, "y", NOW)
    housekeeping._forget(tx, NOW + HOUR_MS)  # noqa: SLF001
    assert number(tx, "SELECT count(*) FROM tally") == 1
