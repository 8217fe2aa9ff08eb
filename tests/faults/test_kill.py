"""`kill -9` at any moment: what was acknowledged is kept, and nothing happens twice.

I1, I2, I3 and I5 of the security notes, with real processes and real sockets. The moments come by
chance from a fixed seed: while answers are under way, just after a 202 in either direction.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from server.store.db import Database, Read
from tests.faults.world import Instance, Peer, Person, Reaper, until

FOLLOWERS = 2


@dataclass
class Ledger:
    """What the instance has acknowledged to its own writer."""

    versions: dict[str, int] = field(default_factory=dict)
    """uri of each post to how many edits of it were acknowledged."""
    deleted: set[str] = field(default_factory=set)


class App:
    """An impatient app: sends again whatever was not acknowledged, as it was."""

    def __init__(self, session: aiohttp.ClientSession, instance: Instance, token: str) -> None:
        """`token` of the writer."""
        self._session = session
        self._instance = instance
        self._headers = {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, key: str = "", **json: Any) -> Any:
        """The first good answer's JSON; None when the thing is gone already."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        done: list[Any] = []

        async def answered() -> bool:
            try:
                async with self._session.request(
                    method, self._instance.origin + path, json=json or None, headers=headers
                ) as answer:
                    body = await answer.read()
                    assert answer.status in (200, 404, 410, 503), (answer.status, body)
                    if answer.status in (404, 410):
                        assert method == "DELETE", path
                        done.append(None)
                    elif answer.status == 200:
                        done.append(msgspec.json.decode(body))
            except (OSError, aiohttp.ClientError):
                pass
            return bool(done)

        await until(answered)
        return done[0]


@pytest.fixture
async def world(
    tmp_path: Path, blank_url: str
) -> AsyncIterator[tuple[Instance, str, aiohttp.ClientSession]]:
    """An instance with a writer, her token, and connections to it."""
    instance = Instance(tmp_path / "alpha", blank_url)
    await asyncio.to_thread(instance.madang, "account", "create", "ann", "--email", "a@b.example")
    token = await asyncio.to_thread(
        instance.madang, "token", "create", "ann", "--scopes", "read write follow"
    )
    async with aiohttp.ClientSession() as session:
        yield instance, token.strip(), session
    instance.stop()


@pytest.mark.parametrize(
    ("seed", "kills", "rounds"),
    [(1, 5, 14), pytest.param(2, 40, 120, marks=pytest.mark.slow)],
)
async def test_nothing_acknowledged_is_lost_and_nothing_happens_twice(
    world: tuple[Instance, str, aiohttp.ClientSession], seed: int, kills: int, rounds: int
) -> None:
    instance, token, session = world
    reaper = Reaper(instance, seed, 0)
    peer = Peer(lambda moment: reaper.passing(moment))
    people = [peer.join(f"p{i}") for i in range(4)]
    app, ledger = App(session, instance, token), Ledger()
    async with peer.listening():
        await instance.start()
        ann = (await app.call("GET", "/api/v1/accounts/verify_credentials"))["uri"]
        for person in people[:FOLLOWERS]:
            await peer.say(session, instance, person, peer.act("Follow", person, ann))
        first = await app.call("POST", "/api/v1/statuses", key="first", status="The first")
        ledger.versions[first["uri"]] = 0

        reaper = Reaper(instance, seed, kills)
        await asyncio.gather(
            _writes(app, ledger, reaper, rounds),
            *(_answers(session, instance, peer, one, first["uri"], rounds) for one in people),
        )
        while not reaper.done:  # chance left some over
            await reaper.passing("at rest")
        assert instance.kills == kills

        wanted = _promised(ledger)
        await until(lambda: _came(peer, wanted), within_s=90)
        _in_order(peer)
    assert instance.stop() == 0, instance.log()

    db = await Database.open(instance.url)
    try:
        await db.read(_kept, peer, ledger, first["uri"])
    finally:
        await db.close()
    assert "Traceback" not in instance.log(), instance.log()


async def _writes(app: App, ledger: Ledger, reaper: Reaper, rounds: int) -> None:
    """Ann writes, edits some of it, deletes a little."""
    chance = random.Random(7)
    for i in range(rounds):
        post = await app.call("POST", "/api/v1/statuses", key=f"key-{i}", status=f"Post {i}")
        ledger.versions[post["uri"]] = 0
        await reaper.passing("the app was told 200")
        if chance.random() < 0.5:
            await app.call("PUT", f"/api/v1/statuses/{post['id']}", status=f"Post {i}, edited")
            ledger.versions[post["uri"]] += 1
            await reaper.passing("an edit was acknowledged")
        if chance.random() < 0.25:
            await app.call("DELETE", f"/api/v1/statuses/{post['id']}")
            ledger.deleted.add(post["uri"])


async def _answers(
    session: aiohttp.ClientSession,
    instance: Instance,
    peer: Peer,
    person: Person,
    post: str,
    rounds: int,
) -> None:
    """Somebody far away likes, shares and answers; some of it arrives again and again."""
    chance = random.Random(person.uri)
    await peer.say(session, instance, person, peer.act("Like", person, post))
    await peer.say(session, instance, person, peer.act("Announce", person, post))
    for _ in range(rounds):
        activity = peer.note(person, post)
        for _ in range(1 + (chance.random() < 0.3)):
            await peer.say(session, instance, person, activity)


def _promised(ledger: Ledger) -> Counter[tuple[str, str]]:
    """(type, post) of the least that the peer must hear."""
    promised: Counter[tuple[str, str]] = Counter()
    for uri, edits in ledger.versions.items():
        promised["Create", uri] = 1
        if edits:
            promised["Update", uri] = edits
    for uri in ledger.deleted:
        promised["Delete", uri] = 1
    return promised


def _said(body: bytes) -> tuple[str, str]:
    raw = msgspec.json.decode(body)
    about = raw["object"]
    return raw["type"], about["id"] if isinstance(about, dict) else about


async def _came(peer: Peer, promised: Counter[tuple[str, str]]) -> bool:
    came = Counter(_said(body) for body in peer.deliveries().values())
    return all(came[what] >= count for what, count in promised.items())


def _in_order(peer: Peer) -> None:
    """What is about one post came in its order; each kind of promise under one id. I3."""
    last: dict[str, int] = {}
    creates: Counter[str] = Counter()
    for body in peer.deliveries().values():
        kind, about = _said(body)
        if kind not in ("Create", "Update", "Delete"):
            continue
        creates[about] += kind == "Create"
        rank = {"Create": 0, "Update": 1, "Delete": 1_000}[kind]
        if kind == "Update":
            rank = int(msgspec.json.decode(body)["id"].rpartition("-")[2])
        assert rank > last.get(about, -1), f"{kind} of {about} came late"
        last[about] = rank
    assert set(creates.values()) == {1}


def _kept(db: Read, peer: Peer, ledger: Ledger, first: str) -> None:
    """The rows afterwards are exactly what was said. I1, I2, I5."""
    strangers = {activity["object"]["id"] for activity in peer.said if activity["type"] == "Create"}
    have = [row["uri"] for row in db.all("SELECT uri FROM post WHERE local = 0")]
    assert sorted(have) == sorted(strangers)
    ours = db.all("SELECT uri, content, deleted_ms FROM post WHERE local = 1")
    assert sorted(row["uri"] for row in ours) == sorted(ledger.versions)
    for row in ours:
        assert (row["deleted_ms"] is not None) == (row["uri"] in ledger.deleted)
        if ledger.versions[row["uri"]] and row["deleted_ms"] is None:
            assert "edited" in row["content"]
    post = db.one("SELECT replies, likes, boosts FROM post WHERE uri = :uri", uri=first)
    assert post is not None
    assert (post["likes"], post["boosts"]) == (len(peer.people), len(peer.people))
    assert post["replies"] == len(strangers)
    ann = db.one(
        "SELECT followers_count, posts_count FROM account WHERE domain = '' AND name = 'ann'"
    )
    assert ann is not None
    assert ann["followers_count"] == FOLLOWERS
    assert ann["posts_count"] == len(ledger.versions) - len(ledger.deleted)
    notified = db.one("SELECT count(*) AS n FROM notification WHERE kind = 'favourite'")
    assert notified is not None and notified["n"] == len(peer.people)
    # the search index is worked up later, from notes of its own; threads are looked at again
    for table in ("job WHERE kind NOT IN ('index', 'walk')", "delivery", "parked_delivery"):
        assert db.all(f"SELECT * FROM {table}") == [], table
