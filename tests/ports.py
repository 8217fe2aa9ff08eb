"""Ports for those who must know where they will listen before they do."""

import os
import random
import socket
from typing import Final

_FIRST: Final = 20_000
_EACH: Final = 1_500  # up to eight workers, below what systems give to connections on their way out
_CHANCE: Final = random.SystemRandom()
_LEFT: Final[list[int]] = []


def free_port() -> int:
    """A port on which nobody listens, and that nobody is given by chance until somebody does.

    The system chooses ports from 32768 on for whoever names none: one of those, once released, may
    be gone. Each worker of a run has its own, and gives none a second time before it has given all:
    of two who are given one each, both may listen long after.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    while True:
        if not _LEFT:
            _LEFT.extend(_CHANCE.sample(range(_EACH), _EACH))
        port = _FIRST + worker * _EACH + _LEFT.pop()
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as those who will listen
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
