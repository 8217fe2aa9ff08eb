"""`toot` in processes that need not wait for its imports: most of what a command costs.

One process has imported it and done nothing else. Each run is a fork of that one: the command as it
is, in a process of its own, with its own arguments, environment and streams. `toot login` is
started from nothing.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]
IN_S = 60


class Warm:
    """The process that has imported toot."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"},
        )

    def __enter__(self) -> "Warm":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """It ends with its last order."""
        self._process.communicate(timeout=IN_S)

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """One command, to its end."""
        with tempfile.TemporaryDirectory() as folder:
            streams = [Path(folder) / name for name in ("in", "out", "error")]
            streams[0].write_text(typed, "utf-8")
            order = [list(words), dict(environment), [str(one) for one in streams]]
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            status = int(self._process.stdout.readline())
            said = [one.read_text("utf-8") for one in streams[1:]]
        return subprocess.CompletedProcess(list(words), status, *said)


def _serve() -> None:
    """Take orders from standard input, and say there how each ended."""
    from toot.cli import cli  # noqa: PLC0415  only this process needs it

    for line in sys.stdin:
        words, environment, streams = json.loads(line)
        if not (child := os.fork()):
            with _in_place(environment, streams):
                cli(words, prog_name="toot")
        _, ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended), flush=True)


@contextmanager
def _in_place(environment: Mapping[str, str], streams: Sequence[str]) -> Iterator[None]:
    """With this environment, and files as its streams; afterwards the process is at its end."""
    os.environ.clear()
    os.environ.update(environment)
    how = (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2)
    for standard, (name, mode) in enumerate(zip(streams, how, strict=True)):
        descriptor = os.open(name, mode, 0o600)
        os.dup2(descriptor, standard)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    status = 1
    try:
        yield
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
