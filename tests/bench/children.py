"""Child processes whose CPU is read from outside: the load generator's own does not count."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

READY_S = 30.0
ROOT = Path(__file__).resolve().parents[2]


class Child:
    """A Python module that runs until told to stop, and prints one line when it is ready.

    `async with Child.running(module, ...)` stops it whatever happens.
    """

    def __init__(self, process: asyncio.subprocess.Process, ready: str) -> None:
        self.process = process
        self.ready = ready
        """The line, without its end: a port, or whatever the module has to say."""

    @classmethod
    @asynccontextmanager
    async def running(cls, module: str, *arguments: object) -> AsyncIterator[Self]:
        """Run `python -m module arguments...`; what is between begins after its line."""
        child = await cls._start(module, *arguments)
        try:
            yield child
        finally:
            await child._stop()

    @classmethod
    async def _start(cls, module: str, *arguments: object) -> Self:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *map(str, arguments)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(READY_S):
                line = (await process.stdout.readline()).decode().strip()
        except TimeoutError:
            line = ""
        if not line:
            if process.returncode is None:
                process.kill()
            raise RuntimeError(f"{module} did not become ready")
        return cls(process, line)

    def cpu_s(self) -> float:
        """CPU seconds of all its threads so far, user and system. Linux: clock_getcpuclockid(3)."""
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def rss_bytes(self) -> int:
        """Resident memory of the process and of those that it started."""
        return sum(_rss_bytes(pid) for pid in _family(self.process.pid))

    async def _stop(self) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await self.process.wait()


def _rss_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _family(int(child))
    return found
