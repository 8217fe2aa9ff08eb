"""Several processes on one PostgreSQL, with the claims of the tests' short leases."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from server.clock import HOUR_MS
from server.worker import loop
from tests.faults import forked
from tests.faults.forked import Forked
from tests.faults.world import Instance, _environment
from web import live

SURE_S = forked.LEASE_MS / 1000 - 2.0


class Leased(Forked):
    """As `Forked`; it is sure of a claim for a little less than the short lease."""

    def __init__(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str],
        folder: Path,
        log: Path,
        *,
        told: bool,
    ) -> None:
        """Start `madang` with these arguments. `told`: it looks for nothing by the clock."""
        self._process = forked._server().Process(
            target=_run, args=(list(argv), dict(environ), str(folder), str(log), told)
        )
        self._process.start()


def _run(argv: list[str], environ: dict[str, str], folder: str, log: str, told: bool) -> None:
    loop.SURE_S = SURE_S  # type: ignore[misc]
    if told:
        loop.IDLE_MS = HOUR_MS  # type: ignore[misc]
        live.UNHEARD_S = HOUR_MS / 1000  # type: ignore[misc]
    forked._run(argv, environ, folder, log)


class Fleet:
    """The processes of one city, beside or instead of the one that its `Instance` runs."""

    def __init__(self, instance: Instance) -> None:
        """Its configuration and its database."""
        self._instance = instance
        self._all: list[Leased] = []

    async def worker(self) -> Leased:
        """One that delivers, and listens nowhere."""
        return await self.start("--role", "worker")

    async def start(self, *options: str, port: int = 0, told: bool = False) -> Leased:
        """One more process; `port` where it listens elsewhere than the others.

        `told`: of what others commit it hears because they tell, and in no other way.
        """
        argv = ("--config", str(self._instance.folder / "madang.toml"), "serve", *options)
        more = {"MADANG_SERVER__PORT": str(port)} if port else {}
        folder = self._instance.folder
        log = folder / f"log-{len(self._all)}"
        process = await asyncio.to_thread(
            partial(Leased, argv, _environment() | more, folder, log, told=told)
        )
        self._all.append(process)
        return process

    def logs(self) -> str:
        """What all of them wrote."""
        return "".join(path.read_text() for path in self._instance.folder.glob("log-*"))

    def end(self) -> None:
        """None of them is left, nor of those that they started."""
        for process in self._all:
            if process.poll() is None:
                for number in children(process):
                    os.kill(number, signal.SIGKILL)
                process.kill()
                process.wait(60)


def number_of(process: Forked) -> int:
    """Its process id."""
    assert process._process.pid is not None
    return process._process.pid


def paused(process: Forked) -> bool:
    """Whether it was stopped by a signal."""
    text = Path(f"/proc/{number_of(process)}/stat").read_text()
    return text.rpartition(")")[2].split()[0] == "T"


def children(process: Forked) -> list[int]:
    """The processes that it started."""
    number = number_of(process)
    return [int(one) for one in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
