"""Ten servers, a fifth of the deliveries lost, and threads that are whole everywhere afterwards."""

import random
from typing import Any

import pytest

from federation.errors import Unreachable
from federation.http import Answer, Client
from server.model import Post
from server.store import walks
from server.worker import due
from tests.village import City, Village, eventually
from web.keys import WORKER

SERVERS = 10
FOLLOWED = 2  # whom each of the ten follows
THREADS = 3
REPLIES = 240
LOST = 0.2
MINUTE_MS = 60_000
AT_MOST_MIN = 60  # of the simulated clock after the healing

Threads = dict[str, dict[str, str | None]]
"""By root: each post, and what it answers."""

OPEN = """
    SELECT p.uri, p.reply_to_uri, r.uri AS root FROM post p JOIN post r ON r.id = p.thread_id
    WHERE p.deleted_ms IS NULL AND p.visibility IN ('public', 'unlisted')
"""


async def _idle(cities: list[City]) -> None:
    """Wait until nothing is due anywhere: what failed rests until its time."""

    async def none_due() -> bool:
        for city in cities:
            now = city.clock()
            busy = await city.rows(
                """
                SELECT 1 FROM job WHERE state = 'waiting' AND due_ms <= :now + 60000
                UNION ALL
                SELECT 1 FROM peer WHERE due_ms <= :now OR claimed_until_ms > :now
                """,
                now=now,
            )
            if busy:
                return False
        return True

    await eventually(none_due, timeout=120)


async def _later(cities: list[City], ms: int) -> None:
    """The clock of all of them moves on, and they do what is due."""
    for city in cities:
        city.clock.ahead_ms += ms
        city.wake()
    await _idle(cities)


async def _shown(city: City, roots: set[str]) -> dict[str, set[str]]:
    """By root: what this server shows of each thread that it shows at all."""
    found: dict[str, set[str]] = {}
    for row in await city.rows(OPEN):
        if row["root"] in roots:
            found.setdefault(row["root"], set()).add(row["uri"])
    return found


async def _talk(cities: list[City], chance: random.Random) -> Threads:
    """People answer what they see, wherever they are: by root, each post and what it answers."""
    threads: Threads = {}
    for n in range(THREADS):
        root = await cities[n].write(f"p{n}", f"Thread {n}")
        threads[root.uri] = {root.uri: None}
    await _idle(cities)
    for n in range(REPLIES):
        seeing: list[tuple[City, str, list[str]]] = []
        for city in cities:
            shown = await _shown(city, set(threads))
            seeing += [(city, root, sorted(uris)) for root, uris in shown.items()]
        city, root, uris = chance.choice(seeing)
        above = chance.choice(uris)
        parent = await city.post_at(above)
        assert parent is not None
        said: Post = await city.write(next(iter(city.people)), f"{n}", reply_to_id=parent.id)
        threads[root][said.uri] = above
        if n % 8 == 7:
            await _later(cities, 1_000)
    return threads


class Roads:
    """The way between servers, on which deliveries are lost for a while."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, chance: random.Random) -> None:
        self.losing = False
        self.lost = self.sent = 0
        deliver = Client.post

        async def post(client: Client, *args: Any, **more: Any) -> Answer:
            if not self.losing:
                return await deliver(client, *args, **more)
            self.sent += 1
            if chance.random() < LOST:
                self.lost += 1
                raise Unreachable("lost on the way")
            return await deliver(client, *args, **more)

        monkeypatch.setattr(Client, "post", post)


async def _ten(village: Village) -> list[City]:
    """Each of ten cities has one person, who follows some of the others."""
    cities = [await village(f"c{n}.test") for n in range(SERVERS)]
    for n, city in enumerate(cities):
        await city.join(f"p{n}")
    for n, city in enumerate(cities):
        for step in range(1, FOLLOWED + 1):
            other = (n + step) % SERVERS
            await city.follow(f"p{n}", f"@p{other}@c{other}.test")
    await village.settle()
    return cities


async def _healed(cities: list[City]) -> int:
    """After how many minutes everything that was lost is delivered."""
    for minutes in range(AT_MOST_MIN):
        if not sum([await city.count("delivery") for city in cities]):
            return minutes
        await _later(cities, MINUTE_MS)
    raise AssertionError("deliveries are not tried again")


async def _counted(cities: list[City], threads: Threads) -> tuple[int, int, int]:
    """Posts to show, those that are there, and those with what `replies` of the roots list."""
    wanted = arrived = mastodon = 0
    for city in cities:
        for root, uris in (await _shown(city, set(threads))).items():
            every = threads[root]
            beside = {uri for uri, above in every.items() if above == root}
            wanted += len(every)
            arrived += len(uris & every.keys())
            mastodon += len((uris | beside) & every.keys())
    return wanted, arrived, mastodon


async def _whole(cities: list[City], threads: Threads) -> int:
    """After how many minutes of walks nothing is missing."""
    for minutes in range(AT_MOST_MIN):
        wanted, arrived, _ = await _counted(cities, threads)
        if arrived == wanted:
            return minutes
        for city in cities:
            city.clock.ahead_ms += MINUTE_MS
            await city.app[WORKER].keep_time_once()
        await _idle(cities)
    raise AssertionError(f"{wanted - arrived} of {wanted} are still missing")


@pytest.mark.timeout(1_200)  # ten servers: a busy machine takes minutes
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_after_the_healing_every_server_shows_every_public_reply(
    village: Village, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(7)
    roads, cities = Roads(monkeypatch, chance), await _ten(village)
    with monkeypatch.context() as at_rest:  # nobody walks before it is counted what is missing
        others = tuple(one for one in due.WORK if one[0] is not walks.next_due_ms)
        at_rest.setattr(due, "WORK", others)
        roads.losing = True
        threads = await _talk(cities, chance)
        roads.losing = False
        healed = await _healed(cities)
        wanted, arrived, mastodon = await _counted(cities, threads)
    minutes = await _whole(cities, threads)
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{SERVERS} servers, {THREADS} threads, {REPLIES} replies, {roads.lost} of "
            f"{roads.sent} deliveries lost; all delivered {healed} min after the healing. "
            f"{wanted} posts to show: {arrived} were delivered, {mastodon} by Mastodon's rule "
            f"({100 * mastodon / wanted:.1f} %), all of them by walks after {minutes} min more."
        )
    assert roads.lost > 0.1 * roads.sent
    assert mastodon < wanted
