"""Answers that other servers have and we lack, fetched while somebody reads the thread."""

import asyncio
import logging
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

import msgspec

from federation.errors import FederationError
from server.clock import HOUR_MS, MINUTE_MS
from server.model import Post
from server.services import contexts
from server.walking import Walker

log = logging.getLogger(__name__)

PAUSE_MS: Final = 15 * MINUTE_MS  # between two looks at one post
AT_ONCE: Final = 8
VISITED_PAUSE_MS: Final = HOUR_MS  # between two looks at one post, where visitors alone read it
VISITED_AT_ONCE: Final = 2  # looks under way, beyond which no visitor begins another
VISITED_IN_AN_HOUR: Final = 60  # looks that all visitors together begin
REMEMBERED: Final = 2_000  # posts


class Refresh(msgspec.Struct):
    """One look for answers to a post; `found` counts what was new here."""

    id: str
    began_ms: int
    running: bool = True
    found: int = 0


class Refreshes:
    """Begins refreshes, a few at once and each post now and then, and tells how they go."""

    def __init__(self, walker: Walker, now_ms: Callable[[], int]) -> None:
        """`walker` reads and stores; nothing is asked before `begin`."""
        self._walker = walker
        self._now_ms = now_ms
        self._of_post: OrderedDict[int, Refresh] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._visited_ms: deque[int] = deque()

    def begin(self, post: Post, *, visited: bool = False) -> Refresh | None:
        """The refresh that runs for a post, begun now where it is time; None where none does.

        `visited`: by somebody who is not signed in. All of those together cause no more than a few.
        """
        if post.local or not post.open:
            return None
        now_ms, known = self._now_ms(), self._of_post.get(post.id)
        pause_ms = VISITED_PAUSE_MS if visited else PAUSE_MS
        if known is not None and (known.running or 0 <= now_ms - known.began_ms < pause_ms):
            return known if known.running else None
        if len(self._tasks) >= (VISITED_AT_ONCE if visited else AT_ONCE):
            return None
        if visited and not self._admit(now_ms):
            return None
        begun = Refresh(secrets.token_urlsafe(18), now_ms)
        self._of_post[post.id] = begun
        self._of_post.move_to_end(post.id)
        if len(self._of_post) > REMEMBERED:
            self._of_post.popitem(last=False)
        task = asyncio.create_task(self._run(post, begun))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return begun

    def _admit(self, now_ms: int) -> bool:
        """Count one more look for a visitor, if there is room for it in this hour."""
        while self._visited_ms and self._visited_ms[0] <= now_ms - HOUR_MS:
            self._visited_ms.popleft()
        if len(self._visited_ms) >= VISITED_IN_AN_HOUR:
            return False
        self._visited_ms.append(now_ms)
        return True

    def called(self, id: str) -> Refresh | None:
        """The refresh with this id, running or not."""
        return next((one for one in self._of_post.values() if one.id == id), None)

    async def _run(self, post: Post, refresh: Refresh) -> None:
        def found() -> None:
            refresh.found += 1

        try:
            await self._walker.walk(post.id, found)
            await self._walker.db.write(contexts.opened, post.id, self._now_ms())
        except FederationError as error:
            log.info("no more answers to post %d: %s", post.id, error)
        except Exception:  # ours: the reader who caused it has their answer already
            log.exception("could not look for answers to post %d", post.id)
        finally:
            refresh.running = False

    async def close(self) -> None:
        """End what still runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
