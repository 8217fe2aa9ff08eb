"""Telling open pages and apps that something is new: one look at the database for all who listen.

A commit wakes the hub, on PostgreSQL also that of another process; it looks at most every
`PAUSE_S`, and only while somebody listens. What it tells a page is a topic, a count and an id: the
page then reads through the door that everybody uses. What came for apps is carried to them by
`carry`, which reads for many at once.
"""

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, Protocol

import msgspec

from server.errors import TooMany
from server.ids import first_id, newest
from server.services import live
from server.store.db import Database
from server.store.paging import MAX_LIMIT
from web.streams import Stream, Streams

log = logging.getLogger(__name__)

PAUSE_S: Final = 0.3  # between two looks, however many commits there are
UNHEARD_S: Final = 1.0  # commits of other processes may wake nobody: look anyway
GOODBYE_S: Final = 1.0  # what those that listen get to end well
AWAY_S: Final = 5.0  # the same while the database does not answer
MAX_STREAMS: Final = 2_000
MAX_OF_ONE: Final = 24  # of one member or one address, which may be that of a whole school
MOST_COUNTED: Final = MAX_LIMIT


class Crowded(Exception):
    """So many listen that nobody else can."""


class News(msgspec.Struct, frozen=True):
    """Something is new: `count` things (at most `MOST_COUNTED`), the newest of them `last`."""

    topic: str
    count: int
    last: int


Carry = Callable[[list[live.Came]], Awaitable[None]]
"""Brings what came to the apps that listen."""


class Open(Protocol):
    """Whatever is kept open: a page's listener or an app's stream."""

    def gone(self) -> bool:
        """Whether nobody is there any more."""

    def close(self) -> None:
        """Let go of it, for good."""


class Listener:
    """Somebody who waits for news. However much comes, it keeps one `News` for each topic."""

    def __init__(self, topics: Mapping[str, str], after_id: int, gone: Callable[[], bool]) -> None:
        """`topics` of the hub, each with the name that the listener has for it.

        What is not newer than `after_id` is no news. `gone` says whether nobody is there any more.
        """
        self.topics = topics
        self.closed = False
        self._gone = gone
        self._after_id = after_id
        self._news: dict[str, News] = {}
        self._woken = asyncio.Event()

    def tell(self, news: live.Came) -> None:
        """Something came; together with what was not fetched yet it stays one piece of news."""
        if news.id <= self._after_id:
            return
        name = self.topics[news.topic]
        known = self._news.get(name, News(name, 0, 0))
        count = min(known.count + 1, MOST_COUNTED)
        self._news[name] = News(name, count, max(known.last, news.of))
        self._woken.set()

    def gone(self) -> bool:
        """Whether nobody is there any more."""
        return self._gone()

    def close(self) -> None:
        """Let go of whoever waits, for good."""
        self.closed = True
        self._woken.set()

    async def wait(self, longest_s: float) -> list[News]:
        """What is new, as soon as something is; nothing after `longest_s` or at the end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._woken.wait()
        self._woken.clear()
        found, self._news = list(self._news.values()), {}
        return found


class Hub:
    """Looks for what is new and tells those who listen."""

    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        """Nothing is looked for before `run`, and then only while somebody listens."""
        self.streams = Streams()
        self.carry: Carry | None = None
        self._db = db
        self._now_ms = now_ms
        self._listeners: dict[Open, str] = {}
        self._by_topic: dict[str, set[Listener]] = {}
        self._told: set[live.Came] = set()
        self._marks: live.Marks | None = None
        self._someone = asyncio.Event()
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        self._closed = False
        self._most = _room()
        db.on_commit(self._woken.set)
        db.on_commit_elsewhere(self._woken.set)

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

    @property
    def position(self) -> int:
        """Where to go on after what was told: a time, so that it tells of nobody's posts."""
        return self._marks.oldest if self._marks else live.marks_at(self._now_ms()).oldest

    @contextmanager
    def listen(
        self, topics: Mapping[str, str], who: str, *, after_id: int = 0, gone: Callable[[], bool]
    ) -> Iterator[Listener]:
        """Hear of `topics` from now on, or from `after_id` on as far as the hub knows it.

        `who` may listen `MAX_OF_ONE` times. Raises `TooMany` or `Crowded`.
        """
        self._make_room(who)
        listener = Listener(topics, after_id or self._latest(), gone)
        self._welcome(listener, who)
        for topic in topics:
            self._by_topic.setdefault(topic, set()).add(listener)
        try:
            yield listener
        finally:
            self._forget(listener)

    @contextmanager
    def keep(self, stream: Stream) -> Iterator[None]:
        """Keep an app's stream, which may then `subscribe`. Raises as `listen` does."""
        who = f"@{stream.account_id}"
        self._make_room(who)
        self.streams.open(stream)
        self._welcome(stream, who)
        try:
            yield
        finally:
            self._forget(stream)

    def subscribe(self, stream: Stream, name: tuple[str, ...], topics: tuple[str, ...]) -> bool:
        """Tell the stream of `topics` from now on. False when it listens to too much already."""
        return self.streams.subscribe(stream, name, topics, self._latest())

    def end(self, token_ids: Iterable[int]) -> None:
        """Close what these tokens opened: they were revoked."""
        self.streams.end(token_ids)

    def _latest(self) -> int:
        """What is newer than this is made after now."""
        return max(first_id(self._now_ms()) - 1, newest())

    def _welcome(self, one: Open, who: str) -> None:
        if self._marks is None:
            self._marks = live.marks_at(self._now_ms())
        if self._closed:
            one.close()
        self._listeners[one] = who
        self._someone.set()

    async def close(self) -> None:
        """Let everybody go, and wait for it a moment; whoever comes now goes at once."""
        self._closed = True
        for listener in self._listeners:
            listener.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                while self._listeners:
                    self._ended.clear()
                    await self._ended.wait()

    async def run(self) -> None:
        """Look after commits, and now and then without one, for as long as somebody listens."""
        while True:
            await self._someone.wait()
            self._woken.clear()
            rest_s = await self._look_safely()
            await asyncio.sleep(PAUSE_S)
            with suppress(TimeoutError):  # `wait_for` of 3.11 may swallow that it was cancelled
                async with asyncio.timeout(rest_s):
                    await self._woken.wait()
            self._let_go()

    async def _look_safely(self) -> float:
        """Look; for how long nothing needs to be done unless a commit wakes us."""
        try:
            return await self._look()
        except Exception as error:  # pages are then as still as they were without us
            log.warning("live updates wait: %r", error)
            await asyncio.sleep(AWAY_S)
            return 0.0

    async def _look(self) -> float:
        marks, now_ms = self._marks or live.marks_at(self._now_ms()), self._now_ms()
        watched = self.streams.watched()
        owners = {int(topic[5:]) for topic in self._by_topic if topic[:5] == "home:"}
        owners |= watched.owner_ids if watched else set()
        news = await self._db.read(live.look, marks, sorted(owners), now_ms, watched)
        fresh = [one for one in news.came if self._hears(one.topic) and one not in self._told]
        self._told.update(fresh)
        self._tell_pages(fresh)
        self._marks = news.marks
        self._told = {one for one in self._told if one.id > news.marks.oldest}
        self.streams.end(news.ended)
        if self.carry is not None and (carried := self._for_apps(fresh)):
            await self.carry(carried)
        return 0.0 if news.more else UNHEARD_S - PAUSE_S

    def _hears(self, topic: str) -> bool:
        return topic in self._by_topic or self.streams.hears(topic)

    def _for_apps(self, fresh: list[live.Came]) -> list[live.Came]:
        return sorted(
            (one for one in fresh if self.streams.hears(one.topic)), key=lambda one: one.id
        )

    def _tell_pages(self, fresh: list[live.Came]) -> None:
        for one in fresh:
            if not one.event:
                for listener in self._by_topic.get(one.topic, ()):
                    listener.tell(one)

    def _let_go(self) -> None:
        """End what nobody reads any more; at the last one's end there is nothing left to do."""
        for listener in self._listeners:
            if listener.gone():
                listener.close()
        if not self._listeners:
            self._someone.clear()
            self._marks = None
            self._told.clear()

    def _make_room(self, who: str) -> None:
        if len(self._listeners) < self._most and self._of(who) < MAX_OF_ONE:
            return
        for listener in [one for one in self._listeners if one.gone()]:
            listener.close()
            self._forget(listener)
        if len(self._listeners) >= self._most:
            raise Crowded
        if self._of(who) >= MAX_OF_ONE:
            raise TooMany("You have too many pages open. Close some, then load this one again.")

    def _of(self, who: str) -> int:
        return sum(1 for one in self._listeners.values() if one == who)

    def _forget(self, one: Open) -> None:
        """It may have been forgotten already."""
        self._listeners.pop(one, None)
        self._ended.set()
        if isinstance(one, Stream):
            self.streams.forget(one)
        if not isinstance(one, Listener):
            return
        listener = one
        for topic in listener.topics:
            listeners = self._by_topic.get(topic, set())
            listeners.discard(listener)
            if not listeners:
                self._by_topic.pop(topic, None)


def _room() -> int:
    """How many may listen: half of the files that this process may open are for other things."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_STREAMS if soft == resource.RLIM_INFINITY else min(MAX_STREAMS, soft // 2)
