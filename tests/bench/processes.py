"""What waits for 500 hosts is delivered by one process, and by two: does signing scale?

PostgreSQL only. The sink runs in a process of its own share of the same cores, as does the
database: on two cores two processes cannot be twice as fast, but CPU for each must stay the same.
"""

import os
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from server.clock import now_ms
from server.services import posts
from server.services.new_posts import NewPost
from tests.bench import city, outbound, wire
from tests.bench.children import Child
from tests.bench.figures import Figure, Options

HOSTS: Final = 500
STORIES: Final = 20
TIMEOUT_S: Final = 300


async def measure(options: Options) -> list[Figure]:
    """Deliveries in a second, and CPU for each, with one process and with two."""
    if not os.environ.get(city.SERVER):
        print("    processes: needs --postgresql, for SQLite has one process")
        return []
    stories = 4 if options.quick else STORIES
    rounds = [
        (count, await _deliver(count, stories))
        for _ in range(min(options.rounds, 3))
        for count in (1, 2)  # in turns: the machine is noisy
    ]
    figures = []
    for count in (1, 2):
        found = [one for of, one in rounds if of == count]
        name = "one process" if count == 1 else f"{count} processes"
        rate, cpu = tuple(one[0] for one in found), tuple(one[1] for one in found)
        figures.append(Figure(f"processes: {name}, deliveries", "in a second", rate))
        figures.append(Figure(f"processes: {name}, each delivery", "ms CPU", cpu))
    return figures


async def _deliver(count: int, stories: int) -> tuple[float, float]:
    """Deliveries in a second, from the first to the last that arrives; CPU ms of ours for each."""
    waiting = HOSTS * stories
    with tempfile.TemporaryDirectory() as name:
        folder, sink = Path(name), wire.Sink()
        await _promise(folder, stories)
        await sink.open()
        sink.expect(waiting)
        async with AsyncExitStack() as stack:
            servers = [
                await stack.enter_async_context(
                    Child.running("tests.bench.serve", folder, sink.port)
                )
                for _ in range(count)
            ]
            # what was delivered while the others started is not counted
            before, began = [server.cpu_s() for server in servers], time.perf_counter()
            waiting -= sink.count
            await sink.arrived(TIMEOUT_S)
            took = time.perf_counter() - began
            cpu = sum(server.cpu_s() for server in servers) - sum(before)
        sink.close()
    return waiting / took, cpu / waiting * 1000


async def _promise(folder: Path, stories: int) -> None:
    db, sealed = await city.opened(folder), city.locker(folder)
    author, _ = await city.join(db, sealed, "author")
    await db.write(outbound.follow, HOSTS, HOSTS, author)
    for number in range(stories):
        new = NewPost(content=outbound.STORY, title=f"Morning {number}")
        await db.write(posts.write, city.SITE, author, new, now_ms())
    await db.close()
