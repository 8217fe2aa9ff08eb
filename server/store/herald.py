"""Commits of other processes on PostgreSQL, heard of at once: LISTEN and NOTIFY.

A process notifies after its commits, at most every `PAUSE_S`, on a connection that it has anyway:
a NOTIFY inside each transaction would make all commits of the server wait for one another. One
connection more listens. What is lost (a process that dies right after its commit, a connection
that is made anew) is found by those who look now and then.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psycopg

log = logging.getLogger(__name__)

CHANNEL: Final = "madang"
PAUSE_S: Final = 0.1  # between two notifications of one process
AWAY_S: Final = 1.0  # between two tries to listen again
LONGEST_AWAY_S: Final = 30.0
CONNECT_TIMEOUT_S: Final = 5


class Herald:
    """Listens for the commits of others, and tells them of ours."""

    def __init__(self, url: str, send: Callable[[str], None]) -> None:
        """`send` runs a statement on a connection of ours, without waiting for it."""
        self._url = url
        self._send = send
        self._me = f"{os.getpid()}-{id(self)}"
        self._heard: list[Callable[[], object]] = []
        self._later: asyncio.TimerHandle | None = None
        self._again = False
        self._listening: asyncio.Task[None] | None = None

    def hear(self, callback: Callable[[], object]) -> None:
        """Call `callback()` on the event loop soon after a commit of another process."""
        self._heard.append(callback)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())

    def committed(self) -> None:
        """Tell the others, now or within `PAUSE_S`."""
        if self._listening is None:
            return
        if self._later is not None:
            self._again = True
            return
        self._notify()

    async def close(self) -> None:
        """Hang up."""
        if self._later is not None:
            self._later.cancel()
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        self._listening = None

    def _notify(self) -> None:
        self._again = False
        self._send(f"NOTIFY {CHANNEL}, '{self._me}'")
        self._later = asyncio.get_running_loop().call_later(PAUSE_S, self._rested)

    def _rested(self) -> None:
        self._later = None
        if self._again:
            self._notify()

    async def _listen(self) -> None:
        """Listen for as long as the process lives, on one connection after the other."""
        away_s = AWAY_S
        while True:
            try:
                connection = await _connected(self._url)
                self._tell()  # there may have been commits while nobody listened
                away_s = AWAY_S
                await self._until_lost(connection)
                log.info("the connection that listens for commits was lost; making it anew")
            except psycopg.Error as error:
                log.warning("commits of other processes are not heard: %s", error)
            await asyncio.sleep(away_s)
            away_s = min(2 * away_s, LONGEST_AWAY_S)

    async def _until_lost(self, connection: psycopg.Connection) -> None:
        loop, lost = asyncio.get_running_loop(), asyncio.Event()
        socket = connection.pgconn.socket

        def readable() -> None:
            try:
                connection.pgconn.consume_input()
                self._read(connection)
            except psycopg.Error:
                loop.remove_reader(socket)
                lost.set()

        loop.add_reader(socket, readable)
        try:
            await lost.wait()
        finally:
            loop.remove_reader(socket)
            connection.close()

    def _read(self, connection: psycopg.Connection) -> None:
        others = False
        while (note := connection.pgconn.notifies()) is not None:
            others |= note.extra != self._me.encode()
        if others:
            self._tell()

    def _tell(self) -> None:
        for callback in self._heard:
            callback()


async def _connected(url: str) -> psycopg.Connection:
    """A connection that listens; one that comes when nobody wants it any more is closed."""
    coming = asyncio.ensure_future(asyncio.to_thread(_listening, url))
    try:
        return await asyncio.shield(coming)
    except asyncio.CancelledError:
        with suppress(psycopg.Error):
            (await coming).close()
        raise


def _listening(url: str) -> psycopg.Connection:
    connection = psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_TIMEOUT_S,
        fallback_application_name="madang listening",
        keepalives_idle=30,
    )
    try:
        connection.execute(f"LISTEN {CHANNEL}")
    except BaseException:
        connection.close()
        raise
    return connection
