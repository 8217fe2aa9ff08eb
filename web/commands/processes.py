"""Several serving processes on the same sockets, for machines with several cores."""

import argparse
import asyncio
import logging
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from typing import Final

from web.commands.failure import Failure

STOP_S: Final = 10.0

log = logging.getLogger("madang")


async def supervise(
    options: argparse.Namespace, sockets: Sequence[socket.socket], announcement: str
) -> None:
    """Run `options.processes` children until a signal comes; when one ends, stop all.

    Raises `Failure` when one of them failed. Whoever runs us (systemd, a container) starts the
    whole again: a fault is never papered over.
    """
    told = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    print(announcement, flush=True)  # who reads it may tell us to stop at once
    for one in sockets:
        one.set_inheritable(True)
    children = [await _start(options, sockets) for _ in range(options.processes)]
    ends = [asyncio.create_task(child.wait()) for child in children]
    stop = asyncio.create_task(told.wait())
    await asyncio.wait([*ends, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    fine = {0, -signal.SIGTERM} if told.is_set() else {0}  # told before it could listen to us
    statuses = await _stop(children, ends)
    if failed := [status for status in statuses if status not in fine]:
        raise Failure(f"A serving process ended with status {failed[0]}; the log says why.")


async def _start(options: argparse.Namespace, sockets: Sequence[socket.socket]) -> Process:
    numbers = [one.fileno() for one in sockets]
    command = ["-m", "web", "serve", "--role", options.role]
    command += ["--inherit", ",".join(map(str, numbers))]
    if options.config:
        command += ["--config", options.config]
    # a session of its own: Ctrl+C reaches us alone, and we pass it on once
    return await asyncio.create_subprocess_exec(
        sys.executable, *command, pass_fds=numbers, start_new_session=True
    )


async def _stop(children: Sequence[Process], ends: Sequence[asyncio.Task[int]]) -> list[int]:
    """Tell all that still run, and end whoever does not listen; their statuses."""
    for child in children:
        if child.returncode is None:
            child.terminate()
    await asyncio.wait(ends, timeout=STOP_S)
    for child in children:
        if child.returncode is None:
            log.warning("A serving process did not stop within %s s; it was ended.", STOP_S)
            child.kill()
    return await asyncio.gather(*ends)
