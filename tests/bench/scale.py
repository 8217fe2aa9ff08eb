"""What a million posts, 100,000 strangers and a million waiting deliveries change.

The same things are done in turns in a small city and in a large one (`tests/bench/populated.py`),
by the functions that the server and its worker call, without HTTP. Each figure of the large city
stands beside that of the small one, as its floor: the aim is that p95 changes by less than a
quarter. `--quick`: 30,000 posts, 10,000 strangers, 30,000 deliveries.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import msgspec

from federation import parse
from federation.inbox import Authentic
from server.clock import now_ms
from server.inbox import door
from server.model import Account, Job, Peer
from server.services import burials, posts, spreading, timelines
from server.services.new_posts import NewPost
from server.store import jobs, peers, queue
from server.store.db import Database, Read, Write
from server.store.paging import Page
from tests.bench import city, inbound, populated
from tests.bench.figures import Figure, Options
from tests.bench.populated import Ids, Size

CLAIMED: Final = 20  # at once: as many as are due in the small city
TURNS: Final = 200
PUBLISHED: Final = 10
WARM: Final = 2  # times that are not counted


class Spent(msgspec.Struct):
    """Milliseconds, each time; CPU is of our process, all of its threads."""

    wall: list[float]
    cpu: list[float]


class City(msgspec.Struct):
    """A database, and what was measured in it."""

    db: Database
    ids: Ids
    size: Size
    author: Account
    senders: list[Account]
    spent: dict[str, Spent]

    @contextmanager
    def measured(self, what: str) -> Iterator[None]:
        """Note what the body takes."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        found = self.spent[what]
        found.cpu.append((time.process_time() - cpu) * 1000)
        found.wall.append((time.perf_counter() - wall) * 1000)


async def measure(options: Options) -> list[Figure]:
    """One database, SQLite or the PostgreSQL of this run."""
    size = populated.QUICK if options.quick else populated.LARGE
    turns, published = (100, 5) if options.quick else (TURNS, PUBLISHED)
    with tempfile.TemporaryDirectory() as name:
        small = await _city(Path(name) / "small", populated.SMALL)
        large = await _city(Path(name) / "large", size)
        for number in range(turns):
            await _in_turns([small, large], number, _turn)
        for number in range(published):
            await _in_turns([small, large], number, _publish)
        figures = _figures(small, large)
        for one in (small, large):
            await one.db.close()
    return figures


async def _city(folder: Path, size: Size) -> City:
    folder.mkdir()
    began = time.perf_counter()
    db = await city.opened(folder)
    author, _ = await city.join(db, city.locker(folder), "author")
    ids = await populated.fill(db, city.config(folder).database.url, size, author)
    took, disk = time.perf_counter() - began, await db.read(populated.size_bytes)
    print(
        f"    {db.dialect}: {size.posts:,} posts, {size.accounts:,} strangers,"
        f" {size.deliveries:,} deliveries: {disk / 1e6:,.0f} MB, made in {took:.0f} s",
        flush=True,
    )
    senders = [await db.read(populated.sender, ids, size, n) for n in range(populated.SENDERS)]
    spent: dict[str, Spent] = defaultdict(lambda: Spent([], []))
    return City(db, ids, size, author, senders, spent)


async def _in_turns(
    cities: list[City], number: int, do: Callable[[City, int], Awaitable[None]]
) -> None:
    """Once in each, the other one first the next time."""
    for one in cities if number % 2 else reversed(cities):
        await do(one, number)


async def _turn(one: City, number: int) -> None:
    await _arrive(one, number)
    await _read(one, number)
    await _claim(one)
    with one.measured("queue: its states, as metrics ask"):
        await one.db.read(_depths)
    with one.measured("queue: as `madang queue` shows it"):
        await one.db.read(_shown)


async def _arrive(one: City, number: int) -> None:
    who = one.senders[number % populated.SENDERS]
    note = inbound.create(who, number)
    liked = populated.our_post_uri(one.ids, one.size, number)
    about = {"actor": who.uri, "to": note["to"]}
    sent = {
        "a note for five": note,
        "a like": {**about, "id": f"{who.uri}/likes/{number}", "type": "Like", "object": liked},
        "a boost": {
            **about,
            "id": f"{who.uri}/boosts/{number}",
            "type": "Announce",
            "object": liked,
        },
        "a deletion": {
            **about,
            "id": f"{who.uri}/deletions/{number}",
            "type": "Delete",
            "object": note["object"]["id"],
        },
    }
    for what, raw in sent.items():
        with one.measured(f"inbox: {what}"):
            await door.take(one.db, city.SITE, _authentic(raw), now_ms())


def _authentic(raw: dict[str, Any]) -> Authentic:
    activity = parse.activity(raw)
    return Authentic(activity, None, f"{activity.actor}#main-key", "cavage")


async def _read(one: City, number: int) -> None:
    reader = populated.member_id(one.ids, number * 37 + 11)
    with one.measured("home timeline, 20 posts"):
        await one.db.read(_home, reader)
    with one.measured("home timeline, its third page"):
        await one.db.read(_home, reader, 2)
    with one.measured("local timeline, 20 posts"):
        await one.db.read(_local, reader)


def _home(db: Read, reader: int, skip: int = 0) -> None:
    page = Page()
    for _ in range(skip):
        entries = timelines.home(db, reader, page)
        page = Page(max_id=entries[-1].id) if entries else page
    timelines.views(db, reader, timelines.home(db, reader, page))


def _local(db: Read, reader: int) -> None:
    timelines.views(db, reader, timelines.local(db, reader, Page()))


async def _claim(one: City) -> None:
    now = now_ms()
    with one.measured(f"claim: {CLAIMED} peers"):
        lanes = await one.db.write(peers.claim, now, CLAIMED, 1)
    with one.measured("claim: when the next peer is due"):
        await one.db.read_inline(peers.next_due_ms)
    with one.measured(f"claim: {CLAIMED} jobs"):
        work = await one.db.write(jobs.claim, now, CLAIMED, 1)
    with one.measured("claim: when the next job is due"):
        await one.db.read_inline(jobs.next_due_ms)
    await one.db.write(_give_back, lanes, work, now)


def _give_back(tx: Write, lanes: list[Peer], work: list[Job], now: int) -> None:
    """One by one, as the worker does it: `release_all` reads every job, and leaves a cold cache."""
    for peer in lanes:
        peers.finish(tx, peer, [], scheme=peer.scheme, slow=False, now_ms=now)
    for job in work:
        jobs.stand_back(tx, job, now)


def _depths(db: Read) -> None:
    queue.failing(db)
    jobs.kinds(db)
    queue.states(db)


def _shown(db: Read) -> None:
    queue.lanes(db)
    queue.parked(db)
    jobs.waiting(db)
    for row in jobs.by_kind(db):
        jobs.last_error(db, row["kind"])
    jobs.parked(db)


async def _publish(one: City, number: int) -> None:
    new = NewPost(content=f"Number {number}: the nets are mended by the water.")
    with one.measured("publishing: the author's own transaction"):
        post = await one.db.write(posts.write, city.SITE, one.author, new, now_ms())
    lane = f"spread:{post.id}"
    while await one.db.read(jobs.lane_waits, lane):
        with one.measured("publishing: the next 250 followers"):
            await one.db.write(_go_on, lane)
    with one.measured("publishing: taken back, and from the first thousand"):
        await one.db.write(posts.delete, city.SITE, one.author, post.id, now_ms())
    lane = f"{burials.JOB}:{post.id}"
    while await one.db.read(jobs.lane_waits, lane):
        with one.measured("publishing: taken back from the next thousand"):
            await one.db.write(_clear, lane)


def _go_on(tx: Write, lane: str) -> None:
    """The work of one job, as the worker that holds it does it."""
    job = jobs.first_of(tx, lane)
    assert job is not None
    jobs.complete(tx, job, now_ms())
    spreading.go_on(tx, msgspec.json.decode(job.payload, type=spreading.Spread), now_ms())


def _clear(tx: Write, lane: str) -> None:
    job = jobs.first_of(tx, lane)
    assert job is not None
    jobs.complete(tx, job, now_ms())
    burials.clear(tx, msgspec.json.decode(job.payload)["post"], now_ms())


def _figures(small: City, large: City) -> list[Figure]:
    name = f"scale: {large.db.dialect}"
    figures = []
    for what, found in large.spent.items():
        floor = small.spent[what]
        for kind, of, beside in (
            ("p50 ms", median(found.wall[WARM:]), median(floor.wall[WARM:])),
            ("p95 ms", _p95(found.wall), _p95(floor.wall)),
            ("p95 ms CPU", _p95(found.cpu), _p95(floor.cpu)),
        ):
            figures.append(Figure(f"{name}: {what}", kind, (of,), floor=beside))
    return figures


def _p95(values: list[float]) -> float:
    """The first few warm up."""
    return quantiles(values[WARM:], n=20, method="inclusive")[-1]
