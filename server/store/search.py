"""Finding posts by what they say: newest first, whatever was written about it and how often.

A search reads the posts that are new (`search_waiting`, `search_recent`), then stretch after
stretch of 8192 posts, the newest first, until it has enough. In each it intersects the places of
its terms: a term that half of all posts have costs no more than one that few have, and nothing
takes longer than one look at every stretch.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any, Final, TypeVar

import msgspec

from server.model import Entry
from server.store.bitmaps import SIZE, places, unpacked, unpacked_ids
from server.store.conditions import FOUND, SEARCHABLE, SHOWN
from server.store.db import Read, Row, cells
from server.store.paging import LAST_ID, among, listed, padded
from server.store.search_index import PART, ids_of
from server.text.finding import Need

T = TypeVar("T")

WAITING: Final = 100  # new posts that are looked at one by one
GROUP: Final = 4  # stretches that are looked at first; then twice as many, and so on
MOST_AT_ONCE: Final = 32  # stretches
EVERYWHERE: Final = (1 << SIZE) - 1
RELATED: Final = 300  # the latest posts of each kind with which somebody had to do


class Sought(msgspec.Struct, frozen=True):
    """What is looked for: posts that have all of `needs` and, as far as terms can tell, none of
    `without`; between two ids, neither of them included. `upwards`: the oldest first.
    """

    needs: tuple[Need, ...] = ()
    without: tuple[Need, ...] = ()
    lower: int = 0
    upper: int = LAST_ID
    upwards: bool = False

    def first(self, ids: Iterable[int], limit: int) -> list[int]:
        """Those of `ids` that come first, in order, once each."""
        inside = {id for id in ids if self.lower < id < self.upper}
        return sorted(inside, reverse=not self.upwards)[:limit]


def candidates(db: Read, sought: Sought, limit: int) -> list[int]:
    """The first `limit` posts that may be what is sought: whoever asks compares their words."""
    found = [*_waiting(db, sought), *_recent(db, sought, limit)]
    rest = stretches(db, sought)
    many = GROUP
    while rest:
        first = sought.first(found, limit)
        if len(first) == limit and _behind(sought, rest[0], first[-1]):
            break
        group, rest = rest[:many], rest[many:]
        many = min(many * 2, MOST_AT_ONCE)
        found += _in_stretches(db, sought, group, limit)
    return sought.first(found, limit)


def _behind(sought: Sought, stretch: Row, id: int) -> bool:
    """Whether all that follows comes after the post `id`."""
    return bool(stretch["first_id"] > id if sought.upwards else stretch["last_id"] < id)


def _waiting(db: Read, sought: Sought) -> list[int]:
    return [
        row["post_id"]
        for row in db.all(
            """
            SELECT post_id FROM search_waiting WHERE post_id > :lower AND post_id < :upper
            ORDER BY post_id DESC LIMIT :limit
            """,
            lower=sought.lower,
            upper=sought.upper,
            limit=WAITING,
        )
    ]


def _recent(db: Read, sought: Sought, limit: int) -> list[int]:
    position = "strpos" if db.dialect == "postgresql" else "instr"
    patterns = {f"p{n}": need.pattern for n, need in enumerate(sought.needs) if need.pattern}
    not_in = {f"n{n}": need.pattern for n, need in enumerate(sought.without) if need.pattern}
    conditions = [f"{position}(words, :{name}) > 0" for name in patterns]
    conditions += [f"{position}(words, :{name}) = 0" for name in not_in]
    found = db.all(
        f"""
        SELECT post_id FROM search_recent
        WHERE post_id > :lower AND post_id < :upper {"".join(f"AND {one} " for one in conditions)}
        ORDER BY post_id {"ASC" if sought.upwards else "DESC"} LIMIT :limit
        """,  # noqa: S608
        lower=sought.lower,
        upper=sought.upper,
        limit=limit,
        **patterns,
        **not_in,
    )
    return [row["post_id"] for row in found]


def stretches(db: Read, sought: Sought) -> list[Row]:
    """(id, first_id, last_id) of every stretch in which there can be something, in order."""
    return db.all(
        f"""
        SELECT id, first_id, last_id FROM search_stretch
        WHERE last_id > :lower AND first_id < :upper
        ORDER BY {"first_id" if sought.upwards else "last_id DESC"}
        """,  # noqa: S608
        lower=sought.lower,
        upper=sought.upper,
    )


def _in_stretches(db: Read, sought: Sought, group: Sequence[Row], limit: int) -> list[int]:
    """What may be sought in these stretches, the first `limit` of each."""
    bits = _matching(db, sought, [row["id"] for row in group])
    chosen: list[tuple[int, int]] = []
    found: list[int] = []
    for row in group:
        matching = bits.get(row["id"], 0)
        if not matching:
            continue
        if row["last_id"] < sought.upper and row["first_id"] > sought.lower:
            first = places(matching, upwards=sought.upwards)
            chosen += [(row["id"], place) for place, _ in zip(first, range(limit), strict=False)]
        else:  # only some of it lies where we look
            ids = ids_of(db, row["id"])
            found += sought.first((ids[place] for place in places(matching)), limit)
    return [*found, *_ids(db, chosen)]


def _ids(db: Read, chosen: Sequence[tuple[int, int]]) -> list[int]:
    """The posts at these places (stretch, place)."""
    parts = {(stretch, place // PART) for stretch, place in chosen}
    stored: dict[tuple[int, int], list[int]] = {}
    for stretch in {stretch for stretch, _ in parts}:
        rows = among(
            db,
            """
            SELECT part, post_ids FROM search_part WHERE stretch_id = :stretch AND part IN (:list)
            """,
            _padded([part for of, part in parts if of == stretch], -1),
            stretch=stretch,
        )
        stored |= {(stretch, row["part"]): unpacked_ids(row["post_ids"]) for row in rows}
    return [stored[stretch, place // PART][place % PART] for stretch, place in chosen]


def _padded(values: Sequence[T], nothing: T) -> list[T]:
    """As `padded`, with what there is not: few statements differ."""
    room = 1 << max(0, len(values) - 1).bit_length()
    return [*values, *[nothing] * (room - len(values))]


def _matching(db: Read, sought: Sought, stretch_ids: Sequence[int]) -> dict[int, int]:
    """The places of each stretch (those without any left out) where all the terms are."""
    exact = [need for need in sought.without if need.exact]
    terms = {term for need in (*sought.needs, *exact) for term in (*need.all, *need.any)}
    held = _places(db, stretch_ids, terms)
    bits: dict[int, int] = {}
    for id in stretch_ids:
        at = _Stretch(held.get(id, {}))
        if matching := reduce(and_, map(at.having, sought.needs), at.anything(sought.needs)):
            bits[id] = matching & ~reduce(or_, map(at.having, exact), 0)
    for need in sought.needs:
        if need.start and bits:
            begun = _begun(db, [id for id in stretch_ids if id in bits], need.start)
            bits = {id: some for id in bits if (some := bits[id] & begun.get(id, 0))}
    return bits


class _Stretch(msgspec.Struct, frozen=True):
    """The places of terms in one stretch."""

    held: dict[str, int]

    def having(self, need: Need) -> int:
        """Where it is, as far as `all` and `any` of it tell."""
        bits = reduce(and_, (self.held.get(term, 0) for term in need.all), EVERYWHERE)
        if need.any:
            bits &= reduce(or_, (self.held.get(term, 0) for term in need.any), 0)
        return bits

    @staticmethod
    def anything(needs: Sequence[Need]) -> int:
        """Every place, where anything is sought at all."""
        return EVERYWHERE if needs else 0


def _places(
    db: Read, stretch_ids: Sequence[int], terms: Iterable[str]
) -> dict[int, dict[str, int]]:
    sql, named = listed(
        """
        SELECT stretch_id, term, places FROM search_term
        WHERE stretch_id IN (:stretches) AND term IN (:list)
        """,
        _padded(sorted(terms), ""),
    )
    of = {f"s{n}": id for n, id in enumerate(_padded(stretch_ids, 0))}
    sql = sql.replace("(:stretches)", f"({', '.join(f':{name}' for name in of)})")
    found: dict[int, dict[str, int]] = {}
    for row in db.all(sql, **named, **of):
        found.setdefault(row["stretch_id"], {})[row["term"]] = unpacked(row["places"])
    return found


def _begun(db: Read, stretch_ids: Sequence[int], start: str) -> dict[int, int]:
    """The places of each stretch that have a term which begins so."""
    found: dict[int, int] = {}
    for id in stretch_ids:
        for row in db.all(
            """
            SELECT places FROM search_term
            WHERE stretch_id = :stretch AND term >= :start AND term < :after
            """,
            stretch=id,
            start=start,
            after=start + "\U0010ffff",
        ):
            found[id] = found.get(id, 0) | unpacked(row["places"])
    return found


# --- whoever looks


def allowed(db: Read, viewer_id: int, post_ids: Iterable[int]) -> dict[int, Entry]:
    """Those of the posts that the viewer may find, and wants to see."""
    found = among(
        db,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.id IN (:list) AND p.visibility = 'public' AND p.deleted_ms IS NULL
          AND {FOUND} AND {SEARCHABLE}
        """,  # noqa: S608
        padded(post_ids),
        me=viewer_id,
    )
    return {row["id"]: Entry(*cells(row)) for row in found}


_RELATED: Final = " UNION ".join(
    f"SELECT * FROM ({one} LIMIT {RELATED}) AS h{n}"  # noqa: S608
    for n, one in enumerate(
        (
            "SELECT id FROM post WHERE author_id = :me AND deleted_ms IS NULL ORDER BY id DESC",
            "SELECT post_id FROM mention WHERE account_id = :me ORDER BY post_id DESC",
            "SELECT post_id FROM favourite WHERE account_id = :me ORDER BY id DESC",
            "SELECT post_id FROM boost WHERE account_id = :me ORDER BY id DESC",
            "SELECT post_id FROM bookmark WHERE account_id = :me ORDER BY id DESC",
        )
    )
)


def related(db: Read, viewer_id: int, sought: Sought, limit: int) -> list[int]:
    """Posts with which the viewer had to do, whose authors do not let everybody find them.

    Of the latest `RELATED` that they wrote, liked, boosted or saved, or that name them, those that
    seem to have the words: no index keeps these.
    """
    runs = [run for need in sought.needs for run in _plain_runs(need)]
    params: dict[str, Any] = {f"r{n}": f"%{run}%" for n, run in enumerate(runs)}
    likes = "".join(
        f" AND lower(p.title || ' ' || p.content || ' ' || p.warning || p.extra) LIKE :{name}"
        for name in params
    )
    found = db.all(
        f"""
        SELECT p.id FROM ({_RELATED}) AS few JOIN post p ON p.id = few.id
        JOIN account a ON a.id = p.author_id
        WHERE a.indexable = 0 AND p.visibility = 'public' AND p.deleted_ms IS NULL
          AND p.id > :lower AND p.id < :upper {likes}
        ORDER BY p.id {"ASC" if sought.upwards else "DESC"} LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        lower=sought.lower,
        upper=sought.upper,
        limit=limit,
        **params,
    )
    return [row["id"] for row in found]


def _plain_runs(need: Need) -> Iterator[str]:
    for run in need.pattern.split():
        if ":" not in run and not run.startswith("#"):
            yield run
