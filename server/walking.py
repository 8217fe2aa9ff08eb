"""Threads made whole: contexts and `replies` of other servers are walked, and what we lack is read.

What a collection says is a hint. A post is taken from its own server alone (FEP-fe34), and hangs in
a thread only below something that it answers there.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakValueDictionary

from federation import parse
from federation.errors import FederationError, Malformed, Unreachable
from federation.http import Fetched, is_activity_type
from federation.origin import host, normal, same_origin
from federation.retry import may_pass
from federation.vocab import Object
from server.clock import HOUR_MS, MINUTE_MS
from server.fetch import Budget, Fetcher, Spent, related
from server.fetch.posts import keep
from server.model import Account, Post, Site
from server.services import contexts
from server.store import posts, walks
from server.store.db import Read, Write

log = logging.getLogger(__name__)

MAX_S: Final = 60.0  # of one walk
MAX_FETCHES: Final = 250
MAX_PAGES: Final = 25
MAX_POSTS: Final = 200  # that are read in one walk
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_HOSTS: Final = 30
MAX_KNOWN: Final = 60  # posts we have whose `replies` are looked at in one walk
MAX_THREAD: Final = 5_000  # posts of one thread; who has more here is read no further
MAX_RESTING: Final = 1_000  # hosts that are remembered
REST_MS: Final = MINUTE_MS
LONGEST_REST_MS: Final = HOUR_MS


class Allowance(Budget):
    """How much one walk may read, of how many hosts."""

    def __init__(self) -> None:
        """The whole of it."""
        super().__init__(MAX_FETCHES)
        self.pages = MAX_PAGES
        self.posts = MAX_POSTS
        self.bytes = MAX_BYTES
        self._asked: set[str] = set()

    def spend(self, uri: str) -> None:
        """Count one fetch. Raises `Spent` when there is nothing left to spend."""
        name = host(uri)
        if self.bytes <= 0 or (name not in self._asked and len(self._asked) >= MAX_HOSTS):
            raise Spent("the walk has read enough")
        self._asked.add(name)
        super().spend(uri)


class Walker:
    """Walks threads; asks each host one thing at a time, and leaves it alone where it is busy."""

    def __init__(self, fetcher: Fetcher) -> None:
        """`fetcher` reads and stores."""
        self.fetcher = fetcher
        self.db = fetcher.db
        self.site = fetcher.site
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._resting: OrderedDict[str, tuple[int, int]] = OrderedDict()

    async def walk(self, post_id: int, found: Callable[[], None] = lambda: None) -> None:
        """Look for what is missing in the thread of a post; `found` is called for each new one.

        What was found before time or allowance ran out stays.
        """
        try:
            async with asyncio.timeout(MAX_S):
                await self._walk(post_id, found)
        except TimeoutError:
            log.info("the walk from post %d took too long", post_id)

    async def again(self, thread_id: int) -> None:
        """One of the later looks; where it brings something, the next one comes soon."""
        new: list[None] = []
        await self.walk(thread_id, lambda: new.append(None))
        if new:
            due_ms = self.fetcher.now_ms() + contexts.PAUSES_MS[0]
            await self.db.write(_step_back, thread_id, due_ms)

    async def _walk(self, post_id: int, found: Callable[[], None]) -> None:
        post = await self.db.read(posts.by_id, post_id)
        if post is None or not post.open:
            return
        if post.reply_to_uri is not None and post.reply_to_id is None:
            await related.ancestors(self.fetcher, post_id)
            post = await self.db.read(posts.by_id, post_id) or post
        root, known = await self.db.read(_begun, post)
        if root is None or len(known) >= MAX_THREAD:
            return
        walk = _Walk(self, root.id, found)
        context = "" if root.local else root.context_uri or post.context_uri
        whole = bool(context) and await walk.collection(context)
        first = [one for one in dict.fromkeys((post.uri, root.uri)) if not self.site.ours(one)]
        if whole:
            await walk.replies(first, deeper=False)
        else:
            await walk.replies(list(dict.fromkeys((*first, *known)))[:MAX_KNOWN], deeper=True)

    async def get(self, uri: str, allowance: Allowance, etag: str = "") -> Fetched:
        """Read an address, in its host's turn. Raises `FederationError`."""
        name = host(uri)
        self._may_ask(name)
        turn = self._turns.setdefault(name, asyncio.Lock())
        async with turn:
            self._may_ask(name)
            try:
                fetched = await self.fetcher.documents.unless_same(uri, allowance, etag)
            except Unreachable as error:
                if _overloaded(error):
                    self._rest(name, error.retry_after_ms)
                raise
        self._resting.pop(name, None)
        allowance.bytes -= len(fetched.body)
        return fetched

    def _may_ask(self, name: str) -> None:
        until_ms, _ = self._resting.get(name, (0, 0))
        if until_ms > self.fetcher.now_ms():
            raise Unreachable(f"{name} is left alone for a while")

    def _rest(self, name: str, asked_ms: int | None) -> None:
        _, before_ms = self._resting.get(name, (0, 0))
        pause_ms = min(max(asked_ms or 0, 2 * before_ms, REST_MS), LONGEST_REST_MS)
        self._resting[name] = (self.fetcher.now_ms() + pause_ms, pause_ms)
        self._resting.move_to_end(name)
        if len(self._resting) > MAX_RESTING:
            self._resting.popitem(last=False)


class _Walk:
    """One walk through one thread."""

    def __init__(self, walker: Walker, thread_id: int, found: Callable[[], None]) -> None:
        self._walker = walker
        self._db = walker.db
        self._thread_id = thread_id
        self._found = found
        self._allowance = Allowance()
        self._seen: set[str] = set()
        self._new: deque[str] = deque()

    async def collection(self, at: str) -> bool:
        """Take what a collection lists; true where that was all, and all of it is settled."""
        start, seen, whole = at, set[str](), True
        while at and at not in seen:
            if self._allowance.pages <= 0 or not same_origin(at, start):
                return False
            seen.add(at)
            self._allowance.pages -= 1
            try:
                at, settled = await self._page(at)
            except FederationError as error:
                log.info("no page of a thread at %s: %s", at, error)
                return False
            whole = whole and settled
        return whole

    async def _page(self, uri: str) -> tuple[str, bool]:
        """The page after this one, and whether everything here is settled."""
        known = await self._db.read(walks.page, uri)
        fetched = await self._walker.get(uri, self._allowance, known["etag"] if known else "")
        if fetched.status == 304:
            return (known["next_uri"] if known else ""), True
        listed = parse.collection(_decoded(fetched, uri))
        settled = True
        for item in listed.items:
            settled = await self._take(item, fetched.url) and settled
        after = (listed.next if listed.items else listed.first or listed.next) or ""
        if settled and fetched.etag:
            await self._remember(uri, fetched.etag, after)
        return after, settled

    async def _remember(self, uri: str, etag: str, after: str) -> None:
        await self._db.write(
            _remember, self._thread_id, (uri, etag, after), self._walker.fetcher.now_ms()
        )

    async def replies(self, uris: list[str], *, deeper: bool) -> None:
        """Take what `replies` of these posts list; of what is new too, where `deeper`."""
        queue = deque(uris)
        asked: set[str] = set()
        while queue or (deeper and self._new):
            uri = queue.popleft() if queue else self._new.popleft()
            if uri in asked or self._walker.site.ours(uri):
                continue
            asked.add(uri)
            if at := await self._replies_of(uri):
                await self.collection(at)

    async def _replies_of(self, uri: str) -> str:
        """Where the answers to a post are listed, on its own server; empty without."""
        try:
            known = await self._db.read(walks.page, uri)
            fetched = await self._walker.get(uri, self._allowance, known["etag"] if known else "")
            at, etag = known["next_uri"] if known else "", known["etag"] if known else ""
            if fetched.status != 304:
                at = parse.id_or_none(_decoded(fetched, uri).get("replies")) or ""
                etag = fetched.etag
        except FederationError as error:
            log.info("no replies of %s: %s", uri, error)
            return ""
        await self._remember(uri, etag, at)  # when, too: the next walk begins with others
        return at if at and same_origin(at, uri) else ""

    async def _take(self, item: str | dict[str, Any], page: str) -> bool:
        """Store one thing that is listed, with what it answers; false where it may work later."""
        if isinstance(item, dict) and item.get("type") == "Create":
            item = item.get("object") or ""
        uri, chain = parse.id_or_none(item), list[Object]()
        try:
            while uri and len(chain) < related.MAX_DEPTH and await self._lacking(uri):
                if self._allowance.posts <= 0:
                    return False
                chain.append(await self._read(uri, item, page))
                uri, item = chain[-1].in_reply_to, ""
            for one in reversed(chain):
                await self._keep(one)
        except FederationError as error:
            log.info("not taken into a thread: %s: %s", uri, error)
            return not may_pass(error)
        return True

    async def _lacking(self, uri: str) -> bool:
        """Whether we neither have it nor looked for it in this walk."""
        if uri in self._seen or self._walker.site.ours(uri) or not normal(uri):
            return False
        self._seen.add(uri)
        return await self._db.read(posts.by_uri, uri) is None

    async def _read(self, uri: str, item: str | dict[str, Any], page: str) -> Object:
        """A post in its own server's words: embedded ones are that on pages of the same origin."""
        self._allowance.posts -= 1
        if isinstance(item, dict) and same_origin(uri, page) and "attributedTo" in item:
            return parse.object_(item)
        return parse.object_(_decoded(await self._walker.get(uri, self._allowance), uri))

    async def _keep(self, found: Object) -> None:
        fetcher = self._walker.fetcher
        author = await fetcher.people.account(found.attributed_to, self._allowance)
        stamp = await fetcher.posts.stamp_of(found, author, self._allowance)
        of = (self._thread_id, found, author, stamp)
        if await self._db.write(_keep_answer, fetcher.site, of, fetcher.now_ms()):
            self._new.append(found.id)
            self._found()


def _decoded(fetched: Fetched, uri: str) -> dict[str, Any]:
    """The document with this very id. Raises `Malformed`."""
    if not is_activity_type(fetched.content_type):
        raise Malformed(f"not an ActivityPub content type: {fetched.content_type[:80]!r}")
    raw = parse.decode(fetched.body)
    if raw.get("id") != uri or not same_origin(uri, fetched.url):
        raise Malformed("the document has another id")
    return raw


def _overloaded(error: Unreachable) -> bool:
    """Whether a host has too much to do, or does not answer at all."""
    return may_pass(error) and not isinstance(error, Spent)


def _begun(db: Read, post: Post) -> tuple[Post | None, list[str]]:
    """What a thread began with, and what strangers wrote in it: first what was not asked lately."""
    root = posts.by_id(db, post.thread_id)
    return root, walks.strangers(db, post.thread_id, MAX_THREAD)


def _step_back(tx: Write, begun_id: int, due_ms: int) -> None:
    """What was walked may have become part of a longer thread on the way."""
    if (post := posts.by_id(tx, begun_id)) is not None:
        walks.step_back(tx, post.thread_id, due_ms)


def _remember(tx: Write, thread_id: int, page: tuple[str, str, str], now_ms: int) -> None:
    uri, etag, after = page
    walks.keep_page(tx, uri, thread_id=thread_id, etag=etag[:256], next_uri=after, read_ms=now_ms)


def _keep_answer(tx: Write, site: Site, of: tuple[int, Object, Account, str], now_ms: int) -> bool:
    """Store a fetched answer to something public in this thread: a list may name what it likes."""
    thread_id, found, author, stamp = of
    answered = posts.by_uri(tx, found.in_reply_to) if found.in_reply_to else None
    if answered is None or not answered.open or answered.thread_id != thread_id:
        return False
    if posts.by_uri(tx, found.id) is not None:
        return False
    return keep(tx, site, found, author, now_ms, stamp) is not None
