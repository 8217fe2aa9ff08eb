"""Search in what we know: people and communities, hashtags, and posts by their words.

Of posts only what is for everybody is found, by authors who let everybody find it; and what the
viewer had to do with. Numbers of results are told to nobody: they are not even counted.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

import msgspec

from server import text
from server.ids import first_id
from server.model import Account, Entry
from server.services import communities, indexing
from server.services.asking import Asked, Period
from server.store import accounts, blog, names, posts
from server.store import search as store
from server.store.db import Read
from server.store.paging import LAST_ID, MAX_LIMIT, Page
from server.store.search import Candidates, Sought
from server.text.finding import Need, either, marked

MOST_LOOKED_AT: Final = 600  # posts whose words are compared for one page
MOST_CHARACTERS: Final = 250_000  # of all of them
CHARACTERS_SKIPPED: Final = 4_000  # more, for each post of the pages before
MOST_SKIPPED: Final = 2_000_000  # characters of those: who skips much looks on from a post instead
AT_ONCE: Final = 400  # posts whose lengths are read
RELATED_LOOKED_AT: Final = 300  # of those with which the viewer had to do
SPARE: Final = 8  # more than are wanted: some will not fit
LATEST_MS: Final = 4_102_444_800_000  # 2100
EARLIEST_MS: Final = 946_684_800_000  # 2000


class Results(msgspec.Struct, frozen=True):
    """A window on what was found. `older_id`: where to look on for older ones, if there may be any.

    A window may be empty and yet not the last: for one page only so many posts are compared.
    """

    entries: list[Entry] = []
    older_id: int | None = None


def people(
    db: Read,
    viewer_id: int | None,
    wanted: str,
    limit: int,
    *,
    following: bool = False,
    offset: int = 0,
    groups: bool | None = None,
) -> list[Account]:
    """Accounts by handle or name, those first whom the viewer follows; or only those.

    `groups`: only communities, or only people.
    """
    found = names.search(db, names.Wanted(wanted, viewer_id or 0, following, groups), limit, offset)
    known = accounts.by_ids(db, found)
    return [known[id] for id in found]


def completions(db: Read, viewer_id: int, begun: str, limit: int) -> list[Account]:
    """Whom somebody may mean who has typed `begun` after an @: those they follow come first."""
    wanted = begun.lower().partition("@")[0]
    if not wanted:
        return []
    known = accounts.followed_like(db, viewer_id, wanted, limit)
    others = accounts.beginning(db, wanted, limit)
    return list({account.id: account for account in (*known, *others)}.values())[:limit]


def hashtags(db: Read, wanted: str, limit: int, offset: int = 0) -> list[str]:
    """Hashtags that begin so."""
    start = text.normal_tag(wanted.lstrip("#"))
    return posts.hashtags_like(db, start, limit, offset) if start else []


# --- posts


def find(
    db: Read,
    viewer_id: int | None,
    asked: Asked,
    page: Page,
    *,
    author_id: int = 0,
    offset: int = 0,
) -> Results:
    """Posts that fit, newest first. `author_id` 0: by anybody. `offset` skips that many."""
    sought = _sought(db, viewer_id, asked, author_id)
    if sought is None:
        return Results()
    sought = _within(sought, asked.period, page)
    limit = max(1, min(page.limit, MAX_LIMIT))
    return _search(db, viewer_id or 0, sought, asked.period, _Window(offset, limit))


class _Window(msgspec.Struct, frozen=True):
    offset: int
    limit: int

    @property
    def end(self) -> int:
        return self.offset + self.limit


class _Looking:
    """The posts whose words are compared for one page: a few at a time, until they are as many, or
    as long, as are compared for one.
    """

    def __init__(self, db: Read, candidates: Candidates, skipped: int) -> None:
        self._db = db
        self._candidates = candidates
        self._rest = iter(candidates)
        self._all = False
        self._waiting: list[int] = []
        before = min(skipped * CHARACTERS_SKIPPED, MOST_SKIPPED)
        self._left = (MOST_LOOKED_AT + skipped, MOST_CHARACTERS + before)
        self._last: int | None = None
        self.looked_at = 0

    @property
    def go_on(self) -> int | None:
        """After which post to look on; None where there is nothing more."""
        if self._all and not self._waiting:
            return self._candidates.end
        return self._last

    def some(self, many: int) -> list[int]:
        """The next, `many` at most; none at the end."""
        posts, characters = self._left
        ids = self._next(min(many, posts))
        long = indexing.characters(self._db, ids)
        taken: list[int] = []
        for id in ids:
            if long.get(id, 0) > characters and (taken or self.looked_at):  # one always can be
                break
            characters -= long.get(id, 0)
            taken.append(id)
        self._waiting = ids[len(taken) :]
        self._left = (posts - len(taken), characters)
        self.looked_at += len(taken)
        self._last = taken[-1] if taken else self._last
        return taken

    def _next(self, many: int) -> list[int]:
        more = list(islice(self._rest, max(0, many - len(self._waiting))))
        found = [*self._waiting, *more]
        self._all = len(found) < many
        return found[:many]


def _search(db: Read, viewer: int, sought: Sought, period: Period, window: _Window) -> Results:
    also = store.related(db, viewer, sought, RELATED_LOOKED_AT + window.offset) if viewer else ()
    looking = _Looking(db, Candidates(db, sought, also), window.offset)
    found: list[Entry] = []
    many = window.end + SPARE
    while len(found) <= window.end and (ids := looking.some(min(many, AT_ONCE))):
        found += _fitting(db, viewer, sought, period, ids)
        many = 4 * looking.looked_at
    chosen = found[window.offset : window.end]
    last = chosen[-1].id if len(found) > window.end else looking.go_on
    return Results(chosen[::-1] if sought.upwards else chosen, last)


def _fitting(
    db: Read, viewer: int, sought: Sought, period: Period, ids: Sequence[int]
) -> list[Entry]:
    """Those of the posts that say what is sought and that the viewer may find, in this order.

    Their words come first: few of the many that may fit do, and only of those it is asked who may
    see them.
    """
    said = indexing.described(db, ids, sought.needs)
    fitting = [
        id
        for id in ids
        if id in said and period.has(said[id].published_ms) and _fits(sought, said[id].words)
    ]
    allowed = store.allowed(db, viewer, fitting)
    return [allowed[id] for id in fitting if id in allowed]


def _fits(sought: Sought, words: str) -> bool:
    return all(need.among(words) for need in sought.needs) and not any(
        need.among(words) for need in sought.without
    )


def _sought(db: Read, viewer_id: int | None, asked: Asked, author_id: int) -> Sought | None:
    """What the index is asked for; None where nothing can fit."""
    if asked.strange or (asked.nothing and not author_id):
        return None
    people = [named(db, viewer_id, handle) for handle in asked.authors]
    needs = [
        *asked.needs,
        *([_by(author_id)] if author_id else ()),
        *(_by(account.id) if account else None for account in people),
        *(_in(db, place) for place in asked.places),
        *(either(_filed(db, category)) for category in asked.categories),
    ]
    unwanted = [named(db, viewer_id, handle) for handle in asked.not_authors]
    not_filed = [mark for category in asked.not_categories for mark in _filed(db, category)]
    without = (
        *asked.without,
        *(_by(account.id) for account in unwanted if account),
        *map(marked, not_filed),
    )
    known = tuple(need for need in needs if need is not None)
    return Sought(known, without) if len(known) == len(needs) else None


def _by(account_id: int) -> Need:
    return marked(indexing.author(account_id))


def named(db: Read, viewer_id: int | None, handle: str) -> Account | None:
    """Whom a handle names; `me` is the viewer."""
    if handle.lower() == "me":
        return accounts.by_id(db, viewer_id) if viewer_id else None
    name, _, domain = handle.removeprefix("@").partition("@")
    return accounts.by_handle(db, name, domain.lower())


def _in(db: Read, place: str) -> Need | None:
    """Posts in a community: those that stand there, are filed there by a team blog, or carry the
    hashtag of a neighbourhood.
    """
    account = named(db, None, place)
    if account is None or account.kind != "Group":
        account = communities.by_tag(db, place)
    if account is None:
        return None
    tag, there = communities.tag_of(db, account), indexing.community(account.id)
    return either((there, f"#{tag}")) if tag else marked(there)


def _filed(db: Read, name: str) -> list[str]:
    """The marks of posts under a category, or under one below it; with a hashtag of that name."""
    called = "".join(name.split())
    known = blog.categories_called(db, called)
    return [*(indexing.category(id) for id in known), f"#{text.normal_tag(called)}"]


def _within(sought: Sought, period: Period, page: Page) -> Sought:
    """Between the ids of a page, and in a period: nothing comes to us before it was written."""
    needs = sought.needs
    if period != Period():
        until_ms = min(period.until_ms or LATEST_MS, LATEST_MS)
        since_ms = min(max(period.since_ms, EARLIEST_MS), until_ms)
        needs = (*needs, indexing.written_between(since_ms, until_ms))
    return Sought(
        needs,
        sought.without,
        lower=max(page.since_id or 0, page.min_id or 0, first_id(period.since_ms) - 1),
        upper=page.max_id if page.max_id is not None else LAST_ID,
        upwards=page.min_id is not None,
    )
