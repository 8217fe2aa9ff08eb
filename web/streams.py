"""Streams that apps keep open: what each listens to, and what waits to be sent to it.

A message is made once and stands in many queues; a queue that grows to `MAX_WAITING` belongs to
somebody who does not read, and ends.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from server.services.live import Watched

STREAMING: Final = "/api/v1/streaming"
EVENT_HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",  # what packs it keeps it: Caddy's `encode` did
    "X-Accel-Buffering": "no",  # nginx would keep what we say
    "X-Content-Type-Options": "nosniff",
}
MAX_WAITING: Final = 200  # messages
MAX_SUBSCRIPTIONS: Final = 50  # of one stream

Name = tuple[str, ...]
"""A channel as its app calls it: `("user",)`, `("hashtag", "cats")`."""


class Message:
    """An event, as JSON or as a word; without payload where the event says it all."""

    __slots__ = ("_quoted", "event", "payload")

    def __init__(self, event: str, payload: bytes | None) -> None:
        """`payload` has no line breaks, as JSON has none."""
        self.event = event
        self.payload = payload
        self._quoted = b""

    @property
    def quoted(self) -> bytes:
        """`event` and `payload` as members of a JSON object, encoded once for all who get it."""
        if not self._quoted:
            said = {"event": self.event}
            if self.payload is not None:
                said["payload"] = self.payload.decode()
            self._quoted = msgspec.json.encode(said)[1:]
        return self._quoted


class Stream:
    """One open stream of one app. `who`: the member, as the hub counts them."""

    def __init__(self, request: web.Request, account_id: int, token_id: int) -> None:
        """Open; it listens to nothing yet."""
        self.request = request
        self.account_id = account_id
        self.token_id = token_id
        self.names: dict[Name, tuple[str, ...]] = {}
        self.closed = False
        self._waiting: deque[tuple[Name, Message]] = deque()
        self._woken = asyncio.Event()

    def gone(self) -> bool:
        """Whether nobody is there any more."""
        transport = self.request.transport
        return transport is None or transport.is_closing()

    def put(self, name: Name, message: Message) -> None:
        """Send it soon, after what waits. Who does not read what came before is let go."""
        if len(self._waiting) >= MAX_WAITING:
            self.abort()
            return
        self._waiting.append((name, message))
        self._woken.set()

    def close(self) -> None:
        """Let go of whoever waits, for good."""
        self.closed = True
        self._woken.set()

    def abort(self) -> None:
        """End it at once: nothing that is sent would be read."""
        self._waiting.clear()
        if self.request.transport is not None:
            self.request.transport.abort()
        self.close()

    async def wait(self, longest_s: float) -> list[tuple[Name, Message]]:
        """What is to be sent, as soon as something is; nothing after `longest_s` or at the end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._woken.wait()
        self._woken.clear()
        found = list(self._waiting)
        self._waiting.clear()
        return [] if self.closed else found


class Subscription(NamedTuple):
    """A stream's wish to hear of a topic, under a name, from after an id on."""

    stream: Stream
    name: Name
    after_id: int


class Streams:
    """All open streams, by what they listen to."""

    def __init__(self) -> None:
        """None is open."""
        self._open: set[Stream] = set()
        self._by_topic: dict[str, dict[tuple[Stream, Name], int]] = {}

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def open(self, stream: Stream) -> None:
        """From now on it can listen."""
        self._open.add(stream)

    def subscribe(self, stream: Stream, name: Name, topics: Iterable[str], after_id: int) -> bool:
        """Tell `stream` of `topics`, as `name`. False when it listens to too much already."""
        if name in stream.names:
            return True
        if len(stream.names) >= MAX_SUBSCRIPTIONS or stream not in self._open:
            return False
        stream.names[name] = tuple(topics)
        for topic in stream.names[name]:
            self._by_topic.setdefault(topic, {})[stream, name] = after_id
        return True

    def unsubscribe(self, stream: Stream, name: Name) -> None:
        """No more of that."""
        for topic in stream.names.pop(name, ()):
            listeners = self._by_topic.get(topic, {})
            listeners.pop((stream, name), None)
            if not listeners:
                self._by_topic.pop(topic, None)

    def forget(self, stream: Stream) -> None:
        """It has ended; perhaps it was forgotten already."""
        for name in list(stream.names):
            self.unsubscribe(stream, name)
        self._open.discard(stream)

    def hears(self, topic: str) -> bool:
        """Whether anybody listens to it."""
        return topic in self._by_topic

    def listening(self, topic: str, id: int) -> list[Subscription]:
        """Who listens to a topic, and was there before `id` was made."""
        return [
            Subscription(stream, name, after_id)
            for (stream, name), after_id in self._by_topic.get(topic, {}).items()
            if id > after_id
        ]

    def watched(self) -> Watched | None:
        """What has to be looked for; nothing when no stream is open."""
        if not self._open:
            return None
        return Watched(
            owner_ids=self._ids("home:"),
            list_ids=self._ids("list:"),
            token_ids=frozenset(stream.token_id for stream in self._open),
            direct=any(topic.startswith("direct:") for topic in self._by_topic),
        )

    def end(self, token_ids: Iterable[int]) -> None:
        """Close the streams of these tokens, which let nobody in any more."""
        ended = frozenset(token_ids)
        for stream in self._open if ended else ():
            if stream.token_id in ended:
                stream.close()

    def _ids(self, start: str) -> frozenset[int]:
        return frozenset(int(t[len(start) :]) for t in self._by_topic if t.startswith(start))
