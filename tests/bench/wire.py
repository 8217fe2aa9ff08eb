"""HTTP as thin as it gets: a generator of requests over kept-alive connections, and a sink."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator

TIMEOUT_S = 60.0
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


class Messages:
    """Cuts a stream into HTTP messages that carry a Content-Length, or no body."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """(head, body) of every message that is complete now."""
        self._buffer += data
        while True:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end or len(rest) < (length := _length(head)):
                return
            self._buffer = rest[length:]
            yield head, rest[:length]


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


class _Asker(asyncio.Protocol):
    """One connection: sends the next request when the last is answered."""

    def __init__(self, requests: Iterator[bytes], seen: Counter[int]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.last = b""
        self._requests = requests
        self._seen = seen
        self._messages = Messages()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        for head, body in self._messages.feed(data):
            self._seen[int(head[9:12])] += 1
            self.last = body
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the server closed the connection"))

    def _next(self) -> None:
        if (request := next(self._requests, None)) is not None:
            self._transport.write(request)
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()


async def ask(port: int, requests: Iterable[bytes], connections: int) -> tuple[Counter[int], bytes]:
    """Send every request, `connections` at a time; how often each status came, and a last body."""
    loop, seen, waiting = asyncio.get_running_loop(), Counter[int](), iter(requests)
    askers = [
        (await loop.create_connection(lambda: _Asker(waiting, seen), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    async with asyncio.timeout(TIMEOUT_S):
        await asyncio.gather(*(asker.done for asker in askers))
    return seen, askers[0].last


class Sink:
    """Every peer of the fediverse in one server: accepts what comes, after `delay_s`."""

    def __init__(self) -> None:
        self.count = 0
        self.connections = 0
        self.delay_s = 0.0
        self.port = 0
        self._wanted = 0
        self._enough = asyncio.Event()

    async def open(self) -> None:
        """Listen on a port of the system's choice."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Peer(self), "127.0.0.1", 0, backlog=4096)
        self._server = server
        self.port = server.sockets[0].getsockname()[1]

    def expect(self, count: int) -> None:
        """From now on, wait for so many."""
        self.count, self._wanted = 0, count
        self._enough.clear()

    async def arrived(self, timeout_s: float) -> None:
        """All that were expected are here. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout_s):
            await self._enough.wait()

    def took(self) -> None:
        """One more arrived."""
        self.count += 1
        if self.count == self._wanted:
            self._enough.set()

    def close(self) -> None:
        """Stop listening."""
        self._server.close()


class _Peer(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._messages = Messages()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._sink.connections += 1

    def data_received(self, data: bytes) -> None:
        for _ in self._messages.feed(data):
            self._sink.took()
            if self._sink.delay_s:
                loop = asyncio.get_running_loop()
                loop.call_later(self._sink.delay_s, self._transport.write, ACCEPTED)
            else:
                self._transport.write(ACCEPTED)
