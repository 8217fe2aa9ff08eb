"""Telling open pages that something is new: one look at the database for all who listen.

A commit wakes the hub; it looks at most every `PAUSE_S`, and only while somebody listens. What it
tells is a topic, a count and an id: the listener then reads through the door that everybody uses.
"""

import asyncio
import logging
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

import msgspec

from server.errors import TooMany
from server.ids import first_id, newest
from server.services import live
from server.store.db import Database
from server.store.paging import MAX_LIMIT

log = logging.getLogger(__name__)

PAUSE_S: Final = 0.3  # between two looks, however many commits there are
UNHEARD_S: Final = 2.0  # commits of other processes wake nobody: look anyway
AWAY_S: Final = 5.0  # the same while the database does not answer
MAX_STREAMS: Final = 1_000
MAX_OF_ONE: Final = 24  # of one member or one address, which may be that of a whole school
MOST_COUNTED: Final = MAX_LIMIT


class Crowded(Exception):
    """So many listen that nobody else can."""


class News(msgspec.Struct, frozen=True):
    """Something is new: `count` things (at most `MOST_COUNTED`), the newest of them `last`."""

    topic: str
    count: int
    last: int


class Listener:
    """Somebody who waits for news. However much comes, it keeps one `News` for each topic."""

    def __init__(self, topics: Mapping[str, str], after_id: int, gone: Callable[[], bool]) -> None:
        """`topics` of the hub, each with the name that the listener has for it.

        What is not newer than `after_id` is no news. `gone` says whether nobody is there any more.
        """
        self.topics = topics
        self.gone = gone
        self.closed = False
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
        self._db = db
        self._now_ms = now_ms
        self._listeners: dict[Listener, str] = {}
        self._by_topic: dict[str, set[Listener]] = {}
        self._told: set[live.Came] = set()
        self._marks: live.Marks | None = None
        self._someone = asyncio.Event()
        self._woken = asyncio.Event()
        self._closed = False
        self._most = _room()
        db.on_commit(self._woken.set)

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
        if self._marks is None:
            self._marks = live.marks_at(self._now_ms())
        last_id = max(first_id(self._now_ms()) - 1, newest())
        listener = Listener(topics, after_id or last_id, gone)
        if self._closed:
            listener.close()
        self._listeners[listener] = who
        for topic in topics:
            self._by_topic.setdefault(topic, set()).add(listener)
        self._someone.set()
        try:
            yield listener
        finally:
            self._forget(listener)

    def close(self) -> None:
        """Let everybody go; whoever comes now goes at once."""
        self._closed = True
        for listener in self._listeners:
            listener.close()

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
        owners = [
            int(topic.removeprefix("home:")) for topic in self._by_topic if topic[:5] == "home:"
        ]
        news = await self._db.read(live.look, marks, owners, now_ms)
        for one in news.came:
            if one.topic in self._by_topic and one not in self._told:
                self._told.add(one)
                for listener in self._by_topic[one.topic]:
                    listener.tell(one)
        self._marks = news.marks
        self._told = {one for one in self._told if one.id > news.marks.oldest}
        return 0.0 if news.more else UNHEARD_S - PAUSE_S

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

    def _forget(self, listener: Listener) -> None:
        """It may have been forgotten already."""
        self._listeners.pop(listener, None)
        for topic in listener.topics:
            listeners = self._by_topic.get(topic, set())
            listeners.discard(listener)
            if not listeners:
                self._by_topic.pop(topic, None)


def _room() -> int:
    """How many may listen: half of the files that this process may open are for other things."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_STREAMS if soft == resource.RLIM_INFINITY else min(MAX_STREAMS, soft // 2)
