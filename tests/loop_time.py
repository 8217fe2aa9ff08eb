"""The clock of an event loop, which tests put forward: what was to come late then comes at once."""

import asyncio


class LoopTime:
    """The time of the running loop, with what a test has added to it.

    A limit of time that is long enough for any machine is reached by `forward`, at the moment that
    the test is about, and not before.
    """

    def __init__(self) -> None:
        """The loop goes by this clock from now on."""
        loop = asyncio.get_running_loop()
        self._real = loop.time
        self.ahead_s = 0.0
        loop.time = self._now  # type: ignore[method-assign]

    def forward(self, seconds: float) -> None:
        """So much later, at once."""
        self.ahead_s += seconds

    def _now(self) -> float:
        return self._real() + self.ahead_s
