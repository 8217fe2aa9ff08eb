"""To whom of those that listen a post is shown, and how it looks to each."""

from collections.abc import Iterable

import msgspec

from server.model import Entry, Post
from server.services import reading, timelines
from server.store import posts as post_store
from server.store import streams as store
from server.store import timelines as timeline_store
from server.store.db import Read


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be shown to these viewers: a post, or with `booster_id` the boost `entry_id`.

    `fresh`: nobody can have liked it yet.
    """

    post_id: int
    entry_id: int
    booster_id: int | None
    fresh: bool
    viewers: frozenset[int]


class Shown(msgspec.Struct, frozen=True):
    """An entry, and those to whom it looks the same."""

    entry: Entry
    viewers: frozenset[int]


def shown(db: Read, tellings: list[Telling]) -> list[list[Shown]]:
    """For each telling, the entry as it looks to each of the viewers who may and want to see it.

    A few statements, and a few more for each post that is not for everybody; whoever wrote it is
    always in a group of their own.
    """
    found = post_store.by_ids(db, [one.post_id for one in tellings])
    entries = {
        entry.post_id: entry for entry in timeline_store.entries(db, timelines.NOBODY, list(found))
    }
    tellings = [one if one.post_id in entries else _nobody(one) for one in tellings]
    spared = _spared(db, tellings, found)
    opinions = _Opinions.read(db, tellings, found)
    answer: list[list[Shown]] = []
    for one in tellings:
        if not one.viewers:
            answer.append([])
            continue
        post, entry = found[one.post_id], entries[one.post_id]
        asking = sorted(
            id
            for id in one.viewers
            if (id, post.author_id) not in spared and (id, one.booster_id) not in spared
        )
        readers = reading.readers_among(db, post, asking)
        placed = msgspec.structs.replace(entry, id=one.entry_id, booster_id=one.booster_id)
        answer.append(_grouped(placed, post, readers, opinions))
    return answer


def filtering(db: Read, viewer_ids: Iterable[int]) -> dict[int, int]:
    """Who of them has filters, so that everything looks different to them: `member.filters`."""
    return store.filtering(db, viewer_ids)


def special(db: Read, tellings: Iterable[Telling]) -> set[int]:
    """The posts among them that look different to everybody."""
    return store.special(db, {one.post_id for one in tellings})


def _nobody(telling: Telling) -> Telling:
    return msgspec.structs.replace(telling, viewers=frozenset())


def _spared(
    db: Read, tellings: list[Telling], found: dict[int, Post]
) -> set[tuple[int, int]] | set[tuple[int, int | None]]:
    viewers = _viewers(tellings)
    authors = {found[one.post_id].author_id for one in tellings if one.viewers}
    boosters = {one.booster_id for one in tellings if one.viewers and one.booster_id}
    return store.spared(db, viewers, sorted(authors | boosters))


class _Opinions(msgspec.Struct, frozen=True):
    """What viewers did with posts, as pairs of both."""

    liked: frozenset[tuple[int, int]]
    boosted: frozenset[tuple[int, int]]
    bookmarked: frozenset[tuple[int, int]]
    muting: frozenset[tuple[int, int]]

    @classmethod
    def read(cls, db: Read, tellings: list[Telling], found: dict[int, Post]) -> "_Opinions":
        """Of new posts only whether their conversation is muted, which only answers can be."""
        known = [one for one in tellings if one.viewers and not one.fresh]
        did = store.opinions(db, _viewers(known), sorted({one.post_id for one in known}))
        threads = {
            found[one.post_id].thread_id
            for one in tellings
            if one.viewers and (not one.fresh or found[one.post_id].reply_to_id)
        }
        muting = store.muting(db, _viewers(tellings), sorted(threads)) if threads else set()
        return cls(
            **{name: frozenset(pairs) for name, pairs in did.items()}, muting=frozenset(muting)
        )

    def of(self, viewer_id: int, post: Post) -> tuple[bool, bool, bool, bool, bool]:
        """Liked, boosted, bookmarked, muted, and whether it is their own."""
        pair = (viewer_id, post.id)
        return (
            pair in self.liked,
            pair in self.boosted,
            pair in self.bookmarked,
            (viewer_id, post.thread_id) in self.muting,
            viewer_id == post.author_id,
        )


def _viewers(tellings: Iterable[Telling]) -> list[int]:
    return sorted({id for one in tellings for id in one.viewers})


def _grouped(entry: Entry, post: Post, readers: set[int], opinions: _Opinions) -> list[Shown]:
    groups: dict[tuple[bool, bool, bool, bool, bool], set[int]] = {}
    for id in readers:
        groups.setdefault(opinions.of(id, post), set()).add(id)
    return [
        Shown(
            msgspec.structs.replace(
                entry,
                liked=int(liked),
                boosted=int(boosted),
                bookmarked=int(kept),
                muted=int(muted),
            ),
            frozenset(viewers),
        )
        for (liked, boosted, kept, muted, _), viewers in groups.items()
    ]
