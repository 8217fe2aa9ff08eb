"""Under what a post is found, and how the index of posts is kept up: by the worker, step by step.

A post that somebody writes is noted in the same commit (`store.search_index.note`) and found at
once, because a search looks at what waits. The rest is done later, when nobody waits for it:
to read HTML and cut words costs more than to store them, and stretches are written for thousands of
posts together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import msgspec

from server import text
from server.clock import DAY_MS
from server.model import Site
from server.store import jobs, names, posts
from server.store import search_index as store
from server.store.bitmaps import SIZE
from server.store.db import Read, Row, Write
from server.text.finding import Need, is_mark, spelled, terms, with_marks, with_stems

JOB: Final = "index"
WAITING_AT_ONCE: Final = 200  # posts
OLD_AT_ONCE: Final = 500
NAMES_AT_ONCE: Final = 200
TERMS_AT_ONCE: Final = 4_000  # in one transaction
RECENT_AT_ONCE: Final = 200
MAX_TERMS: Final = 500_000  # different ones of a stretch: who writes what nobody says fills memory
MAX_CHARACTERS: Final = 16_000_000  # of all posts of a stretch
MOST_RECENT_CHARACTERS: Final = 4_000_000  # of all posts that stand in no stretch yet
CHECK_AFTER_MS: Final = DAY_MS  # what may not be found has left the index by then
_FAMILIES: Final = {"gifv": "video", "unknown": "media"}


class Found(msgspec.Struct, frozen=True):
    """What of a post is looked at: its words and marks (`spelled`), and when it was written."""

    words: str
    published_ms: int


def described(db: Read, post_ids: Sequence[int], needs: Iterable[Need] = ()) -> dict[int, Found]:
    """Under what these posts are found, whoever may find them; without those that are deleted, and
    those that do not say what `needs` ask of their words.
    """
    wanted = [need for need in needs if need.pattern and not is_mark(need.pattern.strip())]
    pictured: dict[int, list[Row]] = {}
    for row in store.pictured(db, post_ids):
        pictured.setdefault(row["post_id"], []).append(row)
    said: dict[int, str] = {}
    for row in store.said(db, post_ids):
        words = _words(row, pictured.get(row["id"], ()))
        if all(need.among(words) for need in wanted):
            said[row["id"]] = words
    found: dict[int, Found] = {}
    for row in store.about(db, said):
        marks = _marks(row, pictured.get(row["id"], ()))
        found[row["id"]] = Found(with_marks(said[row["id"]], marks), row["published_ms"])
    return found


def characters(db: Read, post_ids: Sequence[int]) -> dict[int, int]:
    """How long the texts of these posts are."""
    return store.characters(db, post_ids)


def _words(row: Row, media: Sequence[Row]) -> str:
    said = [row["title"], row["warning"], text.plain(row["content"]), *_options(row)]
    said += [one["alt"] for one in media]
    return spelled("\n".join(filter(None, said)))


def _options(row: Row) -> list[str]:
    if row["kind"] != "question":
        return []
    extra: dict[str, Any] = msgspec.json.decode(row["extra"])
    return [str(title) for title, *_ in extra.get("options", [])]


def _marks(row: Row, media: Sequence[Row]) -> Iterator[str]:
    yield f"a:{row['author_id']}"
    yield f"k:{kind(row)}"
    if row["community_id"]:
        yield community(row["community_id"])
    yield from _filed(row)
    if row["language"]:
        yield f"l:{row['language'].lower().partition('-')[0]}"
    if media:
        yield "m:media"
    yield from sorted(
        {f"m:{_FAMILIES.get(one['kind'], one['kind'])}" for one in media} - {"m:media"}
    )
    if row["kind"] == "question":
        yield "m:poll"
    yield from (f"#{tag}" for tag in with_stems(msgspec.json.decode(row["tags"], type=list[str])))
    at = datetime.fromtimestamp(row["published_ms"] / 1000, UTC)
    yield f"y:{at.year}"
    yield f"t:{at.year}{at.month:02}"


def _filed(row: Row) -> Iterator[str]:
    """Where a story stands in its team blog."""
    if row["neighbourhood_id"]:
        yield community(row["neighbourhood_id"])
    yield from (category(id) for id in (row["category_id"], row["category_above_id"]) if id)


def kind(row: Row) -> str:
    """comment | thread | story | post: a story of a team blog is no thread."""
    if row["reply_to_uri"] is not None:
        return "comment"
    if row["community_id"] and row["community_kind"] != "blog":
        return "thread"
    return "story" if row["kind"] == "article" else "post"


def author(account_id: int) -> str:
    """The mark of posts by an account."""
    return f"a:{account_id}"


def community(account_id: int) -> str:
    """The mark of posts in a community."""
    return f"c:{account_id}"


def category(id: int) -> str:
    """The mark of stories in a category of a team blog, or in one below it."""
    return f"g:{id}"


def written_between(since_ms: int, until_ms: int) -> Need:
    """Posts of the years and months between two moments, and perhaps some around them."""
    first, last = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (since_ms, until_ms))
    marks = [f"y:{year}" for year in range(first.year + 1, last.year)]
    for year in {first.year, last.year}:
        least = first.month if year == first.year else 1
        most = last.month if year == last.year else 12
        marks += [f"t:{year}{month:02}" for month in range(least, most + 1)]
    return Need(any=tuple(marks))


# --- keeping it up


def due_ms(db: Read) -> int | None:
    """When there is something to do, 0 for at once; None when somebody promised to do it."""
    if jobs.lane_waits(db, JOB):
        return None
    there = store.waiting(db, 1) or store.old(db) or _enough(db)
    if there or names.old(db) is not None or store.retired(db) is not None:
        return 0
    found = store.next_to_check(db)
    return found["checked_ms"] + CHECK_AFTER_MS if found else None


def promise(tx: Write, site: Site, now_ms: int) -> bool:
    """Let the worker do it. False: there is no more to promise."""
    jobs.enqueue_once(tx, JOB, JOB, {}, now_ms)
    return False


def put_off(tx: Write, site: Site, now_ms: int) -> None:
    """It is looked for again anyway."""


Look = tuple[dict[int, int], dict[int, str]]


def look(db: Read) -> Look:
    """Posts that wait, how often each was noted, and the words of those that can be found."""
    noted = store.waiting(db, WAITING_AT_ONCE)
    return noted, findable(db, list(noted))


def looked(tx: Write, noted: Mapping[int, int], words: Mapping[int, str]) -> None:
    """Write down what `look` saw."""
    for id, times in noted.items():
        store.looked_at(tx, id, times, words.get(id))


class Old(msgspec.Struct, frozen=True):
    """Some old posts that can be found; `before_id` is None after the last."""

    author_id: int
    seen_id: int
    before_id: int | None
    words: dict[int, str]
    tags: dict[int, list[str]]


def look_back(db: Read, many: int = OLD_AT_ONCE) -> Old | None:
    """Old posts that have not been looked at; None when all have."""
    found = store.old(db)
    if found is None:
        return None
    author_id, seen_id = found["author_id"], found["before_id"]
    ids = store.before(db, author_id, seen_id, many)
    new = [id for id in ids if id not in store.contained(db, ids)] if author_id else ids
    words = findable(db, new)
    stems = {} if author_id else _stems(db, ids)
    return Old(author_id, seen_id, ids[-1] if len(ids) == many else None, words, stems)


def looked_back(tx: Write, old: Old) -> None:
    """Write down what `look_back` saw."""
    store.put(tx, old.words)
    for id, tags in old.tags.items():
        posts.add_missing_hashtags(tx, id, tags)
    store.go_on(tx, old.author_id, old.seen_id, old.before_id)


def _stems(db: Read, post_ids: Sequence[int]) -> dict[int, list[str]]:
    """Hashtags without their particles, under which old posts do not stand yet."""
    found: dict[int, list[str]] = {}
    for row in store.about(db, post_ids):
        tags = msgspec.json.decode(row["tags"], type=list[str])
        if stems := [tag for tag in with_stems(tags) if tag not in tags]:
            found[row["id"]] = stems
    return found


def findable(db: Read, post_ids: Iterable[int]) -> dict[int, str]:
    """The words of those of the posts that everybody may find."""
    ids = sorted(store.findable(db, post_ids))
    return {id: found.words for id, found in described(db, ids).items()}


# --- stretches


class Stretch(msgspec.Struct, frozen=True):
    """So many posts by ascending ids, and at which places of them each term is."""

    words: dict[int, str]
    places: dict[str, list[int]]


class Filling:
    """A stretch while it is filled."""

    def __init__(self) -> None:
        """Nothing is in it."""
        self.words: dict[int, str] = {}
        self.characters = 0
        self._places: dict[str, list[int]] = {}

    @property
    def full(self) -> bool:
        """Whether it takes no further post."""
        return (
            len(self.words) >= SIZE
            or self.characters > MAX_CHARACTERS
            or len(self._places) > MAX_TERMS
        )

    def take(self, found: Mapping[int, str]) -> None:
        """As many of these posts, by ascending ids, as there is room for."""
        for id, said in found.items():
            if self.full:
                return
            for term in terms(said):
                self._places.setdefault(term, []).append(len(self.words))
            self.words[id] = said
            self.characters += len(said)

    def made(self) -> Stretch:
        """What it is now."""
        return Stretch(self.words, self._places)


def _enough(db: Read) -> bool:
    """Whether so much stands in no stretch yet that a search had to look through it for long."""
    return store.many_recent(db, SIZE, MOST_RECENT_CHARACTERS)


def gather(db: Read) -> Stretch | None:
    """The oldest posts that stand in no stretch, if they are enough for one, or long enough."""
    if not _enough(db):
        return None
    filling, last = Filling(), 0
    while not filling.full and (some := store.recent(db, RECENT_AT_ONCE, last)):
        filling.take(some)
        last = max(some)
    return filling.made()


def stretch(words: Mapping[int, str]) -> Stretch:
    """What these posts make, or as many of them as fit; ids ascend."""
    filling = Filling()
    filling.take(words)
    return filling.made()


def pieces(made: Stretch) -> Iterator[list[tuple[str, list[int]]]]:
    """Its terms in order, as many at a time as one transaction writes."""
    rest = iter(sorted(made.places.items()))
    while some := list(islice(rest, TERMS_AT_ONCE)):
        yield some


def write_stretch(tx: Write, made: Stretch, now_ms: int = 0) -> int:
    """All of it in one transaction: for tests and for measuring."""
    id = store.next_stretch(tx)
    for some in pieces(made):
        store.write_terms(tx, id, some)
    store.finish(tx, id, made.words, now_ms)
    return id


# --- words that are gone


def to_check(db: Read, now_ms: int) -> tuple[int, list[int]] | None:
    """A stretch at which nobody looked for `CHECK_AFTER_MS`, and its posts if any of them cannot be
    found any more, or not by the same words; without posts it is as it should be.
    """
    found = store.next_to_check(db)
    if found is None or found["checked_ms"] + CHECK_AFTER_MS > now_ms:
        return None
    ids = store.ids_of(db, found["id"])
    return found["id"], ids if _stale(db, ids, found["checked_ms"]) else []


def _stale(db: Read, post_ids: Sequence[int], since_ms: int) -> bool:
    return any(
        len(store.findable(db, some)) < len(some) or store.changed(db, some, since_ms)
        for some in batched(post_ids)
    )


def batched(post_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many as are looked at in one transaction."""
    for at in range(0, len(post_ids), OLD_AT_ONCE):
        yield post_ids[at : at + OLD_AT_ONCE]


def replace(
    tx: Write, stretch_id: int, new_id: int, made: Stretch, now_ms: int, *, left: Mapping[int, str]
) -> None:
    """A stretch has been written anew, as another; `left` had no room in it any more."""
    store.put(tx, left)
    store.finish(tx, new_id, made.words, now_ms)
    store.retire(tx, stretch_id)


def dissolve(tx: Write, stretch_id: int, words: Mapping[int, str]) -> None:
    """Few are left of a stretch: they go into one of the next."""
    store.put(tx, words)
    store.retire(tx, stretch_id)


def few(words: Mapping[int, str]) -> bool:
    """Whether so little is left of a stretch that it is not worth the look."""
    return len(words) <= SIZE // 4
