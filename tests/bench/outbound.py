"""One story to followers on as many hosts, until every one of them has it."""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median

from server.clock import now_ms
from server.model import Account
from server.services import posts
from server.services.new_posts import NewPost
from server.store.db import Database, Write
from tests.bench import city, wire
from tests.bench.children import Child
from tests.bench.figures import Figure, Options

STORY = "Early in the morning the **nets** are mended by the water. " * 20
SLOW_S = 0.1
CROWD = 60_000
CROWD_PEERS = 3_000
TIMEOUT_S = 120


async def measure(options: Options) -> list[Figure]:
    """CPU of the server per delivery, time to reach slow hosts, and time to promise to many."""
    figures = await _town(500, options, slow=True)
    if not options.quick:
        figures += await _town(5_000, options, slow=False)
        figures += await _promise(options)
    return figures


async def _town(hosts: int, options: Options, *, slow: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder, sink = Path(name), wire.Sink()
        token = await _fill(folder, hosts)
        await sink.open()
        looking = city.Looking(folder)
        cpu, wall, promise, late = [], [], [], list[float]()
        profiled = options.profiled(f".{hosts}")
        async with Child.running("tests.bench.serve", folder, sink.port, *profiled) as server:
            for number in range(1 + options.rounds):
                found = await _round(server, sink, looking, _story(token, number), hosts)
                cpu.append(found[0] / hosts * 1000)
                wall.append(found[1])
                promise.append(found[2] * 1000)
            sink.delay_s = SLOW_S
            for number in range(3 if slow else 0):
                found = await _round(server, sink, looking, _story(token, 100 + number), hosts)
                late.append(found[1])
        opened = sink.connections
        looking.close()
        floor = await _floor(sink, hosts)
        sink.close()
    print(f"    {hosts} hosts: {opened} connections were opened for {1 + options.rounds} stories")
    figures = [
        Figure(f"outbound: a story to {hosts} hosts, kept alive", "ms CPU each", tuple(cpu[1:]),
               aim=0.5, floor=floor),
        Figure(f"outbound: the first story to {hosts} hosts", "ms CPU each", (cpu[0],)),
        Figure(f"outbound: {hosts} hosts have it", "s", tuple(wall[1:])),
        Figure(f"outbound: publishing it, answer included ({hosts})", "ms", tuple(promise[1:])),
    ]  # fmt: skip
    if late:
        what = f"outbound: {hosts} hosts that answer after {SLOW_S * 1000:.0f} ms have it"
        figures.append(Figure(what, "s", tuple(late), aim=2.0))
    return figures


async def _round(
    server: Child, sink: wire.Sink, looking: city.Looking, story: bytes, hosts: int
) -> tuple[float, float, float]:
    """CPU seconds, seconds until the last has it, seconds until the author had an answer."""
    sink.expect(hosts)
    before, began = server.cpu_s(), time.perf_counter()
    seen, body = await wire.ask(int(server.ready), [story], 1)
    if set(seen) != {200}:
        raise RuntimeError(f"not published: {seen} {body[:300]!r}")
    answered = time.perf_counter() - began
    await sink.arrived(TIMEOUT_S)
    took = time.perf_counter() - began
    busy = "SELECT (SELECT count(*) FROM delivery) + (SELECT count(*) FROM peer WHERE due_ms > 0)"
    while looking.value(busy):  # noqa: ASYNC110  another process is looked at
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)  # the last bookkeeping is ours too
    return server.cpu_s() - before, took, answered


def _story(token: str, number: int) -> bytes:
    body = json.dumps({"status": f"{STORY} {number}", "title": f"Morning {number}"}).encode()
    head = (
        "POST /api/v1/statuses HTTP/1.1\r\n"
        f"Host: {city.HOST}\r\n"
        f"Authorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _fill(folder: Path, hosts: int) -> str:
    db, sealed = await city.opened(folder), city.locker(folder)
    author, token = await city.join(db, sealed, "author")
    await db.write(follow, hosts, hosts, author)
    await db.close()
    return token


def follow(tx: Write, count: int, hosts: int, author: Account) -> None:
    """So many people on so many hosts follow the author."""
    city.crowd(tx, city.strangers(tx, count, hosts=hosts), author)


async def _floor(sink: wire.Sink, hosts: int) -> float:
    sink.delay_s = 0.0
    some = min(hosts, 500)
    async with Child.running("tests.bench.floors", "outbound", sink.port, some) as child:
        return float(child.ready) / some * 1000


async def _promise(options: Options) -> list[Figure]:
    """How long the transaction takes that promises a story to a crowd; nothing is sent here.

    What it takes beyond its CPU is the disk, and whoever else uses the machine.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        db, sealed = await city.opened(folder), city.locker(folder)
        author, _ = await city.join(db, sealed, "author")
        await db.write(follow, CROWD, CROWD_PEERS, author)
        took = [await _publish(db, author, number) for number in range(1 + options.rounds)]
        await db.close()
    what = f"outbound: promising a story to {CROWD} on {CROWD_PEERS} peers"
    wall, cpu = zip(*took, strict=True)
    print(f"    promised: {CROWD_PEERS} deliveries each, median {median(wall):.1f} ms")
    return [Figure(what, "ms", wall[1:], aim=50), Figure(what, "ms CPU", cpu[1:])]


async def _publish(db: Database, author: Account, number: int) -> tuple[float, float]:
    """Milliseconds of wall and of CPU."""
    new = NewPost(content=STORY, title=f"Morning {number}")
    began, busy = time.perf_counter(), time.process_time()
    await db.write(posts.write, city.SITE, author, new, now_ms())
    took = (time.perf_counter() - began) * 1000, (time.process_time() - busy) * 1000
    await db.write(_sent)
    return took


def _sent(tx: Write) -> None:
    """As if the worker had delivered everything."""
    tx.run("DELETE FROM delivery")
    tx.run("UPDATE peer SET due_ms = NULL")
