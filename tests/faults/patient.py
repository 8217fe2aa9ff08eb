"""An instance that waits for the answers of others for as long as a test may take."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from federation.http import Client
from tests.faults import forked
from tests.faults.forked import Forked
from tests.faults.world import Instance, _environment

WAITS_S = 600.0


class Patient(Instance):
    """As `Instance`; no delivery of its own ends because the machine is slow."""

    def _launch(self) -> Forked:
        argv = ("--config", str(self._config), "serve")
        return _Process(argv, _environment(), self.folder, self.folder / "log")


class _Process(Forked):
    def __init__(
        self, argv: Sequence[str], environ: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        self._process = forked._server().Process(
            target=_run, args=(list(argv), dict(environ), str(folder), str(log))
        )
        self._process.start()


def _run(argv: list[str], environ: dict[str, str], folder: str, log: str) -> None:
    Client.__init__.__kwdefaults__["total_s"] = WAITS_S
    forked._run(argv, environ, folder, log)
