"""`madang` in processes that need not wait for their imports.

One process has imported what the command needs and done nothing else; each start is a fork of it.
What runs then is the command as it is, in a process of its own, with its own environment, folder
and log: it can be killed like any other. Only the second of imports is spared, which counts where
tests start it a hundred times; tests/web/test_cli.py and test_by_hand.py start it from nothing.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from server.store import jobs, peers
from server.worker import loop
from web import cli, rates
from web.commands import serve as _imported  # noqa: F401  all that a start would wait for

LEASE_MS = 9_000
RENEW_S = LEASE_MS / 3_000
"""A fifth of what they are: who died is found dead after as many looks, not after 45 seconds."""

OFTEN = ("media", "deletes", "edits")
"""What people may do some dozen times in half an hour: here many try fifty times a second."""


class Forked:
    """Such a process; to whoever started it what `subprocess.Popen` is."""

    def __init__(
        self, argv: Sequence[str], environ: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        """Start `madang` with these arguments; what it writes goes to the end of `log`."""
        self._process: BaseProcess = _server().Process(
            target=_run, args=(list(argv), dict(environ), str(folder), str(log))
        )
        self._process.start()

    def poll(self) -> int | None:
        """Its exit status, a signal's number below zero; None as long as it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended. Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("madang", timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """As the kernel, or an operator, does."""
        assert self._process.pid is not None
        if self.poll() is None:
            os.kill(self._process.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "pytest"])
    return context


def _run(argv: list[str], environ: dict[str, str], folder: str, log: str) -> None:
    """The life of such a process."""
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.close(descriptor)
    jobs.LEASE_MS = peers.LEASE_MS = LEASE_MS  # type: ignore[misc]
    loop.RENEW_S = RENEW_S  # type: ignore[misc]
    rates.Rates.__init__ = _generous(rates.Rates.__init__)  # type: ignore[method-assign]
    sys.exit(cli.main(argv))


def _generous(begin: Callable[[rates.Rates, int], None]) -> Callable[[rates.Rates, int], None]:
    """How `Rates` begins, without the limits of what is done `OFTEN`."""

    def begun(counted: rates.Rates, requests: int) -> None:
        begin(counted, requests)
        for name in OFTEN:
            counted.limits[name] = counted.limits["token"]

    return begun
