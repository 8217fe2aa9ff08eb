"""Finding posts by what they say: newest first, whatever was written about it and how often.

A search reads the posts that are new (`search_waiting`, `search_recent`), then stretch after
stretch of 8192 posts, the newest first, until it has enough. In each it intersects the places of
its terms: a term that half of all posts have costs no more than one that few have, and nothing
takes longer than one look at every stretch.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from heapq import heappop, heappush, heapreplace
from itertools import islice
from operator import or_
from typing import Any, Final, TypeVar

import msgspec

from server.model import Entry
from server.store.bitmaps import SIZE, common, places, unpacked, unpacked_ids
from server.store.conditions import FOUND, SEARCHABLE, SHOWN
from server.store.db import Read, Row, cells
from server.store.paging import LAST_ID, among, listed, padded
from server.store.search_index import PART
from server.text.finding import Need

T = TypeVar("T")

WAITING: Final = 100  # new posts that are looked at one by one
GROUP: Final = 4  # stretches that are looked at first; then twice as many, and so on
MOST_AT_ONCE: Final = 32  # stretches
RECENT: Final = 512  # of the posts that stand in no stretch yet, at a time
RECENT_CHARACTERS: Final = 4_000_000  # of those that are looked through for one page
SOON: Final = 8  # places, or parts, of each stretch that are read at once
EVERY_PART: Final = (1 << PART) - 1
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

    def after(self, id: int, other: int) -> bool:
        """Whether the post `id` comes after the `other`."""
        return id > other if self.upwards else id < other

    def beyond(self, id: int | None) -> tuple[int, int]:
        """`lower` and `upper` of what comes after this one, or (None) of everything."""
        if id is None:
            return self.lower, self.upper
        return (id, self.upper) if self.upwards else (self.lower, id)


class Candidates:
    """Posts that may be what is sought, in order, each once; and those of `also` in their places.

    Whoever asks compares their words, and takes as many as are wanted: nothing is read before.
    """

    def __init__(self, db: Read, sought: Sought, also: Iterable[int] = ()) -> None:
        """Nothing is read yet."""
        self._db = db
        self._sought = sought
        self._also = also
        self._recent = _Recent(db, sought)

    @property
    def end(self) -> int | None:
        """Where to look on, when not all was looked through: with what comes after this id."""
        return self._recent.end

    def __iter__(self) -> Iterator[int]:
        """The ids."""
        db, sought = self._db, self._sought
        first = [*_waiting(db, sought), *self._also]
        heads = _Heads(sought.upwards)
        heads.add(iter(sought.first(first, len(first))))
        heads.add(self._recent.ids())
        rest, many, last = self._inside(stretches(db, sought)), GROUP, 0
        while rest or heads.next:
            while rest and not (heads.next and _behind(sought, rest[0], heads.next)):
                group, rest = rest[:many], rest[many:]
                many = min(many * 2, MOST_AT_ONCE)
                for source in _in_stretches(db, sought, group):
                    heads.add(source)
            if self.end is not None and sought.after(heads.next, self.end):
                return
            if heads.next:
                id = heads.take()
                if id != last:
                    yield id
                last = id
            rest = self._inside(rest)

    def _inside(self, rest: list[Row]) -> list[Row]:
        """Stretches that do not all come after the end."""
        end = self.end
        if end is None:
            return rest
        return [one for one in rest if not _behind(self._sought, one, end)]


def _behind(sought: Sought, stretch: Row, id: int) -> bool:
    """Whether all that follows comes after the post `id`."""
    return sought.after(stretch["first_id" if sought.upwards else "last_id"], id)


class _Heads:
    """Lists of ids, each in order, of which the first is taken wherever it stands."""

    def __init__(self, upwards: bool) -> None:
        self._sign = 1 if upwards else -1
        self._heap: list[tuple[int, int, Iterator[int]]] = []
        self._added = 0

    @property
    def next(self) -> int:
        """What comes first; 0 where there is nothing."""
        return self._sign * self._heap[0][0] if self._heap else 0

    def add(self, source: Iterator[int]) -> None:
        """Another list."""
        self._added += 1
        if (id := next(source, None)) is not None:
            heappush(self._heap, (self._sign * id, self._added, source))

    def take(self) -> int:
        """`next`, and go on to what follows it."""
        key, number, source = self._heap[0]
        if (id := next(source, None)) is None:
            heappop(self._heap)
        else:
            heapreplace(self._heap, (self._sign * id, number, source))
        return self._sign * key


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


class _Recent:
    """What stands in no stretch yet and has the words: looked through post by post, some at a time,
    until they were as long as is looked through for one page; `end` is the last of them then.
    """

    def __init__(self, db: Read, sought: Sought) -> None:
        self.end: int | None = None
        self._db = db
        self._sought = sought
        self._conditions, self._params = _having_words(sought, db.dialect)

    def ids(self) -> Iterator[int]:
        """The ids, in order."""
        left, many, last = RECENT_CHARACTERS, RECENT, None
        while True:
            lower, upper = self._sought.beyond(last)
            some = _measured(self._db, lower, upper, many, upwards=self._sought.upwards)
            if some is None:
                return
            if some["characters"] > left:
                if many == 1:
                    self.end = last
                    return
                many = max(1, some["n"] // 2)
                continue
            yield from self._fitting(some)
            left -= some["characters"]
            last = some["oldest"] if not self._sought.upwards else some["newest"]

    def _fitting(self, some: Row) -> list[int]:
        found = self._db.all(
            f"""
            SELECT post_id FROM search_recent
            WHERE post_id >= :oldest AND post_id <= :newest {self._conditions}
            ORDER BY post_id {"ASC" if self._sought.upwards else "DESC"}
            """,  # noqa: S608
            oldest=some["oldest"],
            newest=some["newest"],
            **self._params,
        )
        return [row["post_id"] for row in found]


def _measured(db: Read, lower: int, upper: int, many: int, *, upwards: bool) -> Row | None:
    """(oldest, newest, n, characters) of the next posts in no stretch; None at the end."""
    found = db.one(
        f"""
        SELECT min(post_id) AS oldest, max(post_id) AS newest, count(*) AS n,
               coalesce(sum(characters), 0) AS characters
        FROM (SELECT post_id, characters FROM search_recent
              WHERE post_id > :lower AND post_id < :upper
              ORDER BY post_id {"ASC" if upwards else "DESC"} LIMIT :many) AS few
        """,  # noqa: S608
        lower=lower,
        upper=upper,
        many=many,
    )
    return found if found and found["n"] else None


def _having_words(sought: Sought, dialect: str) -> tuple[str, dict[str, str]]:
    """Conditions on `words`, each after an AND, and their parameters."""
    position = "strpos" if dialect == "postgresql" else "instr"
    wanted = {f"p{n}": need.pattern for n, need in enumerate(sought.needs) if need.pattern}
    not_in = {f"n{n}": need.pattern for n, need in enumerate(sought.without) if need.pattern}
    conditions = [f"{position}(words, :{name}) > 0" for name in wanted]
    conditions += [f"{position}(words, :{name}) = 0" for name in not_in]
    for number, marks in enumerate(need.any for need in sought.needs if need.any):
        named = {f"m{number}n{n}": f" {mark} " for n, mark in enumerate(marks)}
        one = " OR ".join(f"{position}(words, :{name}) > 0" for name in named)
        conditions.append(f"({one})")
        wanted |= named
    return "".join(f"AND {one} " for one in conditions), wanted | not_in


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


def _in_stretches(db: Read, sought: Sought, group: Sequence[Row]) -> list[Iterator[int]]:
    """What may be sought in these stretches: a list of each in which there is any."""
    bits = _matching(db, sought, [row["id"] for row in group])
    soon = {
        (id, place // PART)
        for id, matching in bits.items()
        for place in islice(places(matching, upwards=sought.upwards), SOON)
    }
    parts = _parts(db, soon)
    return [
        _listed(db, sought, row["id"], bits[row["id"]], parts.get(row["id"], {}))
        for row in group
        if row["id"] in bits
    ]


def _listed(
    db: Read, sought: Sought, stretch_id: int, bits: int, parts: dict[int, list[int]]
) -> Iterator[int]:
    """The posts at these places; `parts` have been read, the others are when they are wanted."""
    order = range(SIZE // PART) if sought.upwards else reversed(range(SIZE // PART))
    wanted = [part for part in order if bits >> (part * PART) & EVERY_PART]
    for number, part in enumerate(wanted):
        if part not in parts:
            next_ones = {(stretch_id, one) for one in wanted[number : number + SOON]}
            parts = _parts(db, next_ones)[stretch_id]
        ids = parts[part]
        inside = places(bits >> (part * PART) & EVERY_PART, upwards=sought.upwards)
        for place in inside:
            if sought.lower < ids[place] < sought.upper:
                yield ids[place]


def _parts(db: Read, wanted: Collection[tuple[int, int]]) -> dict[int, dict[int, list[int]]]:
    """The ids of these parts (stretch, part) of stretches."""
    if not wanted:
        return {}
    pairs = _padded(sorted(wanted), (0, 0))
    values = ", ".join(f"(CAST(:s{n} AS BIGINT), CAST(:p{n} AS BIGINT))" for n in range(len(pairs)))
    named = {f"s{n}": stretch for n, (stretch, _) in enumerate(pairs)}
    named |= {f"p{n}": part for n, (_, part) in enumerate(pairs)}
    found: dict[int, dict[int, list[int]]] = {}
    for row in db.all(
        f"""
        WITH wanted (stretch_id, part) AS (VALUES {values})
        SELECT t.stretch_id, t.part, t.post_ids FROM wanted w
        JOIN search_part t ON t.stretch_id = w.stretch_id AND t.part = w.part
        """,  # noqa: S608
        **named,
    ):
        found.setdefault(row["stretch_id"], {})[row["part"]] = unpacked_ids(row["post_ids"])
    return found


def _padded(values: Sequence[T], nothing: T) -> list[T]:
    """As `padded`, with what there is not: few statements differ."""
    room = 1 << max(0, len(values) - 1).bit_length()
    return [*values, *[nothing] * (room - len(values))]


def _matching(db: Read, sought: Sought, stretch_ids: Sequence[int]) -> dict[int, int]:
    """The places of each stretch (those without any left out) where all the terms are."""
    terms = _Terms.of(sought)
    held = _places(db, stretch_ids, terms.named)
    bits = {id: some for id in stretch_ids if (some := terms.at(held.get(id, {})))}
    for need in sought.needs:
        if need.start and bits:
            begun = _begun(db, list(bits), need.start)
            bits = {id: some for id in bits if (some := bits[id] & begun.get(id, 0))}
    return bits


class _Terms(msgspec.Struct, frozen=True):
    """The terms of what is sought: all of `every`, one of each of `any`, and nothing of `without`,
    each of which is a list of terms that stand together.
    """

    every: tuple[str, ...]
    any: tuple[tuple[str, ...], ...]
    without: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, sought: Sought) -> "_Terms":
        return cls(
            tuple(dict.fromkeys(term for need in sought.needs for term in need.all)),
            tuple(need.any for need in sought.needs if need.any),
            tuple(need.all for need in sought.without if need.exact),
        )

    @property
    def named(self) -> set[str]:
        """All of them."""
        return {*self.every, *(term for some in (*self.any, *self.without) for term in some)}

    def at(self, held: Mapping[str, bytes]) -> int:
        """Where they fit in a stretch that has the terms at these places."""
        if any(term not in held for term in self.every):
            return 0
        bits = common([held[term] for term in self.every])
        for some in self.any:
            bits &= reduce(or_, (unpacked(held[term]) for term in some if term in held), 0)
        for some in self.without:
            if bits and all(term in held for term in some):
                bits &= ~common([held[term] for term in some])
        return bits


def _places(
    db: Read, stretch_ids: Sequence[int], terms: Iterable[str]
) -> dict[int, dict[str, bytes]]:
    """Where each stretch has these terms, as it is stored."""
    sql, named = listed(
        """
        SELECT stretch_id, term, places FROM search_term
        WHERE stretch_id IN (:stretches) AND term IN (:list)
        """,
        _padded(sorted(terms), ""),
    )
    of = {f"s{n}": id for n, id in enumerate(_padded(stretch_ids, 0))}
    sql = sql.replace("(:stretches)", f"({', '.join(f':{name}' for name in of)})")
    found: dict[int, dict[str, bytes]] = {}
    for row in db.all(sql, **named, **of):
        found.setdefault(row["stretch_id"], {})[row["term"]] = row["places"]
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
    seem to have the words: no index keeps these. The ids of the few are compared, not those of
    posts: PostgreSQL would take that for a reason to read every post there is.
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
          AND few.id > :lower AND few.id < :upper {likes}
        ORDER BY few.id {"ASC" if sought.upwards else "DESC"} LIMIT :limit
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
