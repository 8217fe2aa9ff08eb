"""Posts of other servers, read where they live, and kept with their authors."""

import logging
from collections.abc import Callable

from federation import parse, policies
from federation.errors import FederationError
from federation.vocab import Object
from server.errors import Invalid
from server.fetch.budget import Budget
from server.fetch.documents import Documents
from server.fetch.people import People
from server.model import Account, Post, Site
from server.services import arrivals, forum_arrivals, permissions
from server.store import posts
from server.store.db import Database, Write

log = logging.getLogger(__name__)


class Posts:
    """Reads and stores public posts; nobody is notified."""

    def __init__(
        self,
        db: Database,
        site: Site,
        documents: Documents,
        people: People,
        now_ms: Callable[[], int],
    ) -> None:
        """`people` reads their authors."""
        self._db = db
        self._site = site
        self._documents = documents
        self._people = people
        self._now_ms = now_ms

    async def read(self, uri: str, budget: Budget, *, by: Account | None = None) -> Post | None:
        """Read and store a post and its author. None without one.

        `by` is a stranger's group that tells of it; in its place a known thread comes to stand.
        """
        known = await self._db.read(posts.by_uri, uri)
        if known is not None and (by is None or not forum_arrivals.placeless(known)):
            return known
        try:
            found = parse.object_(await self._documents.read(uri, budget))
            author = await self._people.account(found.attributed_to, budget)
        except FederationError as error:
            log.info("no post at %s: %s", uri, error)
            return known
        if known is not None and by is not None:
            return await self._db.write(_settle, known.id, found, by, self._now_ms())
        stamp = await self.stamp_of(found, author, budget)
        return await self._db.write(keep, self._site, found, author, self._now_ms(), stamp, by=by)

    async def stamp_of(self, found: Object, author: Account, budget: Budget) -> str:
        """The stamp that an answer needs and has, once it was read; else empty."""
        wanted = await self._db.read(permissions.stamp_to_read, found, author)
        if wanted is None:
            return ""
        uri, claim = wanted
        try:
            raw = await self._documents.read(uri, budget)
        except FederationError:
            return ""
        return uri if policies.proves(raw, uri, claim) else ""


def keep(
    tx: Write,
    site: Site,
    found: Object,
    author: Account,
    now_ms: int,
    stamp: str = "",
    *,
    by: Account | None = None,
) -> Post | None:
    """Store a fetched post if everybody may read it, and whom it answers wants it."""
    if author.local or author.state != "active" or found.attributed_to != author.uri:
        return None
    if not arrivals.may_keep(tx, site, found) or arrivals.hidden(found, author):
        return None
    if forum_arrivals.refuses(tx, found, author, now_ms):
        return None
    try:
        return arrivals.keep_post(tx, site, found, author, now_ms, spread=False, by=by, stamp=stamp)
    except Invalid:
        return None


def _settle(tx: Write, id: int, found: Object, group: Account, now_ms: int) -> Post | None:
    post = posts.by_id(tx, id)
    return forum_arrivals.late(tx, post, found, group, now_ms) if post else None
