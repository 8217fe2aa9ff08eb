"""HTML that was made before from the same values is not made again.

A part of a page is kept by everything that it was made from: by the values themselves, not by
their names. So nothing kept can be out of date, and nobody is shown by it what they were not to be
shown anyway: who asks has read those values for this very viewer, a moment ago.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from http import HTTPStatus
from typing import Final, Generic, TypeVar

import msgspec
from aiohttp import web
from markupsafe import Markup

T = TypeVar("T")

MAX_CHARACTERS: Final = 8_000_000
"""Of HTML, and of what it was made from: that is kept too. Some 1,000 posts in 20 MB."""
MAX_AGE_MS: Final = 3000
"""Of a whole answer."""


class Parts:
    """Parts of pages, least recently used first out, bounded in characters."""

    def __init__(self, most: int = MAX_CHARACTERS) -> None:
        """Empty; `most` characters are kept."""
        self._kept: OrderedDict[Hashable, tuple[Markup, int]] = OrderedDict()
        self._room = most

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def get(self, made_of: Hashable, make: Callable[[], Markup]) -> Markup:
        """What `make` makes of `made_of` and of nothing else."""
        found = self._kept.get(made_of)
        if found is not None:
            self._kept.move_to_end(made_of)
            return found[0]
        made = make()
        characters = len(made) + _characters(made_of)
        self._kept[made_of] = made, characters
        self._room -= characters
        while self._room < 0:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._room += dropped
        return made


def _characters(made_of: object) -> int:
    """Of all text in a value: a long story of which a few buttons are made is kept with them."""
    if isinstance(made_of, str):
        return len(made_of)
    if isinstance(made_of, msgspec.Struct):
        made_of = msgspec.structs.astuple(made_of)
    return sum(map(_characters, made_of)) if isinstance(made_of, tuple) else 0


class Pages:
    """Whole answers that are the same for many who ask, kept until somebody writes something.

    `forget` is to be called after every commit of this process. Another process may write too, on
    PostgreSQL, and nobody tells us: no answer is older than `MAX_AGE_MS`.
    """

    def __init__(self, most: int = 64) -> None:
        """Empty; `most` answers are kept."""
        self._kept: OrderedDict[Hashable, tuple[int, web.Response]] = OrderedDict()
        self._most = most
        self._turn = 0

    async def get(
        self, name: Hashable, now_ms: int, make: Callable[[], Awaitable[web.Response]]
    ) -> web.Response:
        """The answer called `name`, made now where none is kept: a response of its own each time.

        What is made from before a commit and ready only after it is answered, and not kept.
        """
        found = self._kept.get(name)
        if found is not None and 0 <= now_ms - found[0] < MAX_AGE_MS:
            return _again(found[1])
        turn = self._turn
        made = await make()
        if turn == self._turn and made.status == HTTPStatus.OK:
            self._kept[name] = (now_ms, _again(made))
            self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made

    def forget(self) -> None:
        """Something was written."""
        self._turn += 1
        self._kept.clear()


def _again(response: web.Response) -> web.Response:
    return web.Response(body=response.body, status=response.status, headers=response.headers)


class Lately(Generic[T]):
    """One value that may be a little old: asked for often, slow to find, and of no weight."""

    def __init__(self, for_ms: int) -> None:
        """Nothing yet; what is found serves for `for_ms`."""
        self._for_ms = for_ms
        self._found: tuple[int, T] | None = None
        self._finding = asyncio.Lock()

    async def get(self, now_ms: int, find: Callable[[], Awaitable[T]]) -> T:
        """The value as it was a moment ago, or as it is; found once for all who ask meanwhile."""
        if (known := self._fresh(now_ms)) is not None:
            return known[1]
        async with self._finding:
            known = self._fresh(now_ms) or (now_ms, await find())
            self._found = known
        return known[1]

    def forget(self) -> None:
        """What was found is not true any more."""
        self._found = None

    def _fresh(self, now_ms: int) -> tuple[int, T] | None:
        found = self._found
        return found if found and 0 <= now_ms - found[0] < self._for_ms else None
