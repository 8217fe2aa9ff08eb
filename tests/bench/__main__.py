"""`python -m tests.bench [KIND...] [--quick] [--rounds N]`.

KIND: inbound, outbound, processes, apps, square, thread, memory, streams, search; and
scale, only when it is named, for it makes two cities first.

`--postgresql URL` measures on that server (with the right to create databases), `--postgresql own`
on one that is started for it, instead of on SQLite. The CPU of the database is then not counted.

Nothing here passes or fails: it prints CPU of the server process alone, medians of rounds, and the
ratio to a floor that was measured in the same run. docs/performance.md says what we reached.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import uvloop

from tests.bench import (
    apps,
    city,
    inbound,
    memory,
    outbound,
    processes,
    scale,
    search,
    square,
    streams,
    thread,
)
from tests.bench.figures import Options
from tests.conftest import own_server

KINDS = {
    "inbound": inbound.measure,
    "outbound": outbound.measure,
    "processes": processes.measure,
    "apps": apps.measure,
    "square": square.measure,
    "thread": thread.measure,
    "memory": memory.measure,
    "streams": streams.measure,
    "search": search.measure,
    "scale": scale.measure,
}

LONG = {"scale"}
"""Measured only when they are named."""


async def measure(kinds: list[str], options: Options) -> None:
    """Run the benchmarks one after the other, and print each as it ends."""
    for kind in kinds:
        for figure in await KINDS[kind](options):
            print(figure, flush=True)


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], metavar="KIND")
    parser.add_argument("--quick", action="store_true", help="a fraction of the load")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--profile", default="", metavar="FILE", help="the server's event loop")
    parser.add_argument("--postgresql", default="", metavar="URL", help="a server, or `own`")
    found = parser.parse_args()
    if sys.platform != "linux":
        parser.error("the CPU of another process is read as Linux gives it")
    options = Options(found.rounds, found.quick, found.profile)
    with (
        _server(found.postgresql),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(measure(found.kinds or [kind for kind in KINDS if kind not in LONG], options))


@contextmanager
def _server(url: str) -> Iterator[None]:
    """Tell every part of the benchmarks, in other processes too, where its database is."""
    if not url:
        yield
        return
    with own_server() if url == "own" else nullcontext(url) as found:
        os.environ[city.SERVER] = found
        yield


if __name__ == "__main__":
    main()
