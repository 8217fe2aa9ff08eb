"""The server under test: `python -m tests.bench.serve FOLDER SINK_PORT [PROFILE]`.

It is `madang serve` but for one thing: every name on the network means this machine, at SINK_PORT.
Prints its port when it is ready. With PROFILE, the event loop's profile is written there:
the CPU of its thread, so that nobody's waiting is taken for work.
"""

import asyncio
import cProfile
import signal
import socket
import sys
import time
from pathlib import Path

import uvloop
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.bench.city import config
from web.app import create_app
from web.commands.serve import collect_seldom


class Everywhere(AbstractResolver):
    """Every name is the sink."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the sink's address."""
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def serve(folder: Path, sink_port: int) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app = create_app(config(folder), resolver=Everywhere(sink_port))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    collect_seldom()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Read the arguments and serve."""
    folder, sink_port, *profile = sys.argv[1:]
    profiler = cProfile.Profile(time.thread_time) if profile else None
    if profiler:
        profiler.enable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(folder), int(sink_port)))
    if profiler:
        profiler.disable()
        profiler.dump_stats(profile[0])


if __name__ == "__main__":
    main()
