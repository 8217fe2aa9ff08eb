"""A city that has grown for a year, made by SQL in batches: the same rows each time, no chance.

Every table that arriving, reading, claiming and publishing touch has rows in proportion: a third of
the posts are replies, one in twenty is ours, each has a like, one in ten a boost, one in five a
hashtag. Some authors are followed and liked far more often than others. The words of the search
are left out: `tests.bench.search` is about those.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final, LiteralString, cast

import msgspec
import psycopg

from server.clock import DAY_MS, now_ms
from server.ids import first_id
from server.model import Account
from server.store import accounts
from server.store.db import Database, Read
from server.store.jobs import BEHIND_MS
from tests.bench import city

MEMBERS: Final = 10_000  # who all follow one author of ours
SENDERS: Final = 20  # strangers, each followed by five of ours, in a city of any size
BY_FIVE: Final = 5
AT_ONCE: Final = 20_000  # rows of a transaction
_LONG: Final = "The ferry was late again, so the whole quay talked about bread. " * 4
_GOLDEN: Final = 2_654_435_761


class Size(msgspec.Struct, frozen=True):
    """How much there is; `home` is the entries of each home timeline."""

    posts: int
    accounts: int
    hosts: int
    deliveries: int
    home: int


SMALL: Final = Size(posts=1_000, accounts=300, hosts=30, deliveries=1_000, home=60)
QUICK: Final = Size(posts=30_000, accounts=10_000, hosts=300, deliveries=30_000, home=60)
LARGE: Final = Size(posts=1_000_000, accounts=100_000, hosts=3_000, deliveries=1_000_000, home=200)


class Ids(msgspec.Struct, frozen=True):
    """Where ids begin, as SQL that makes them of a number `i`."""

    start_ms: int
    step_ms: int

    def of(self, block: int, number: str = "i") -> str:
        """Things other than posts: one block for each kind of thing."""
        return f"({first_id(self.start_ms + block * 1000)} + {number})"

    def post(self, number: str = "i") -> str:
        """A post: they come one after the other, until a day ago."""
        first = first_id(self.start_ms + DAY_MS)
        return f"({first} + ({number}) * {self.step_ms << 22})"

    def at(self, number: str = "i") -> str:
        """When that was, in milliseconds."""
        return f"({self.start_ms + DAY_MS} + ({number}) * {self.step_ms})"


ACCOUNT, MEMBER, PEER, FOLLOW, FOLLOWED, FAN, LIKE, BOOST, TOLD, OUTBOX, JOB = range(11)


async def fill(db: Database, url: str, size: Size, author: Account) -> Ids:
    """Make it; every member follows `author`. Nobody else may use the database meanwhile."""
    now = now_ms()
    start = now - 365 * DAY_MS
    ids = Ids(start, (363 * DAY_MS) // size.posts)
    with _loader(url) as run:
        for many, sql in _statements(size, ids, author, now, blob=_blob(db)):
            for begin in range(0, many, AT_ONCE):
                end = min(begin + AT_ONCE, many) - 1
                run(sql.replace("FROM n", f"FROM ({_numbers(begin, end)}) AS n"))
        for sql in _counts(author):
            run(sql)
    _settle(url)
    return ids


def _blob(db: Database) -> str:
    return "BYTEA" if db.dialect == "postgresql" else "BLOB"


def _numbers(first: int, last: int) -> str:
    return (
        f"WITH RECURSIVE up(i) AS (SELECT CAST({first} AS BIGINT)"  # noqa: S608
        f" UNION ALL SELECT i + 1 FROM up WHERE i < {last}) SELECT i FROM up"
    )


def _hash(number: str, below: int) -> str:
    return f"((({number}) * {_GOLDEN}) % 1000003 % {below})"


def _some(number: str, below: int) -> str:
    """One of so many, the first ones far more often than the last."""
    found = f"((({number}) * {_GOLDEN}) % 1000003)"
    return f"({found} * {found} / 1000003 * {below} / 1000003)"


def _statements(
    size: Size, ids: Ids, author: Account, now: int, *, blob: str
) -> Iterator[tuple[int, str]]:
    """(how many rows, the statement that inserts those of `n`)."""
    yield from _people(size, ids, now)
    yield from _follows(size, ids, author)
    yield from _posts(size, ids)
    yield from _around(size, ids, now)
    yield from _queue(size, ids, author, now, blob)


def _people(size: Size, ids: Ids, now: int) -> Iterator[tuple[int, str]]:
    yield (
        size.hosts,
        f"""
        INSERT INTO peer (id, host, inbox, created_ms)
        SELECT {ids.of(PEER)}, 'h' || i || '.test', 'http://h' || i || '.test/inbox',
               {ids.start_ms} FROM n
    """,
    )
    yield (
        size.hosts,
        f"""
        INSERT INTO host (name, first_seen_ms, last_seen_ms)
        SELECT 'h' || i || '.test', {ids.start_ms}, {now + DAY_MS} FROM n
    """,
    )
    host = f"'http://h' || (i % {size.hosts}) || '.test"
    actor = f"{host}/users/u' || i"
    yield (
        size.accounts + SENDERS,
        f"""
        INSERT INTO account (id, uri, name, domain, display_name, bio, url, inbox, outbox,
            followers_uri, peer_id, last_post_ms, created_ms, fetched_ms)
        SELECT {ids.of(ACCOUNT)}, {actor}, 'u' || i, 'h' || (i % {size.hosts}) || '.test',
            'Neighbour ' || i, '<p>Bikes, bread and the river.</p>', {host}/@u' || i,
            {actor} || '/inbox', {actor} || '/outbox', {actor} || '/followers',
            {ids.of(PEER, f"(i % {size.hosts})")}, {now} - i * 1000, {ids.start_ms}, {now} FROM n
    """,
    )
    yield (
        size.accounts + SENDERS,
        f"""
        INSERT INTO remote_key (uri, account_id, owner, pem, fetched_ms)
        SELECT {actor} || '#main-key', {ids.of(ACCOUNT)}, {actor}, '{"k" * 450}', {now} FROM n
    """,
    )
    ours = f"'{city.SITE.origin}/actors/m' || i"
    yield (
        MEMBERS,
        f"""
        INSERT INTO account (id, uri, name, display_name, url, inbox, followers_uri, last_post_ms,
            created_ms)
        SELECT {ids.of(MEMBER)}, {ours}, 'm' || i, 'Member ' || i, {ours}, {ours} || '/inbox',
            {ours} || '/followers', {now} - i * 1000, {ids.start_ms} FROM n
    """,
    )
    yield (
        MEMBERS,
        f"""
        INSERT INTO member (account_id, email, created_ms, confirmed_ms)
        SELECT {ids.of(MEMBER)}, 'm' || i || '@{city.HOST}', {ids.start_ms}, {ids.start_ms} FROM n
    """,
    )


def _follow(ids: Ids, block: int, follower: str, target: str, local: int) -> str:
    return f"""
        INSERT INTO follow (follower_id, target_id, id, uri, state, local, created_ms)
        SELECT {follower}, {target}, {ids.of(block)}, 'follow:{block}:' || i, 'accepted', {local},
            {ids.start_ms} FROM n WHERE true ON CONFLICT DO NOTHING
    """


def _follows(size: Size, ids: Ids, author: Account) -> Iterator[tuple[int, str]]:
    """Everybody elsewhere follows five of ours; ours follow 50 each, the senders, and `author`."""
    stranger, fan = ids.of(ACCOUNT, f"(i / {BY_FIVE})"), ids.of(MEMBER, _hash("i", MEMBERS))
    yield size.accounts * BY_FIVE, _follow(ids, FOLLOWED, stranger, fan, 0)
    liked = ids.of(ACCOUNT, _some("i", size.accounts))
    yield MEMBERS * 50, _follow(ids, FOLLOW, ids.of(MEMBER, "(i / 50)"), liked, 1)
    sender = ids.of(ACCOUNT, f"({size.accounts} + i / {BY_FIVE})")
    some = ids.of(MEMBER, "(i * 97)")
    yield SENDERS * BY_FIVE, _follow(ids, FAN, some, sender, 1).replace("'follow:", "'sent:")
    yield (
        MEMBERS,
        _follow(ids, FAN, ids.of(MEMBER), str(author.id), 1).replace(
            ids.of(FAN), ids.of(FAN, "(1000 + i)")
        ),
    )
    yield (
        25,
        f"""
        INSERT INTO following_peer (target_id, peer_id, followers)
        SELECT {author.id}, {ids.of(PEER)}, 1 FROM n
    """,
    )


def _posts(size: Size, ids: Ids) -> Iterator[tuple[int, str]]:
    parent = f"(i - 1 - {_hash('i', 50)})"
    parent = f"({parent} - ({parent}) % 3 + 1)"  # one that is no reply
    reply = "i % 3 = 0 AND i > 60"
    stranger = _some("i + 17", size.accounts)
    host = f"'http://h' || ({stranger} % {size.hosts}) || '.test"
    uri = _post_uri(size, ids, "i")
    yield (
        size.posts,
        f"""
        INSERT INTO post (id, uri, url, author_id, local, kind, visibility, content, language, tags,
            reply_to_uri, reply_to_id, thread_id, published_ms)
        SELECT {ids.post()}, {uri},
            CASE WHEN i % 20 = 0 THEN {uri} ELSE {host}/@u' || {stranger} || '/' || i END,
            CASE WHEN i % 20 = 0 THEN {ids.of(MEMBER, _hash("i", MEMBERS))}
                 ELSE {ids.of(ACCOUNT, stranger)} END,
            CASE WHEN i % 20 = 0 THEN 1 ELSE 0 END, 'note',
            CASE WHEN i % 20 = 7 THEN 'followers' WHEN i % 7 = 1 THEN 'unlisted' ELSE 'public' END,
            '<p>{_LONG}' || i || '</p>', CASE WHEN i % 3 = 1 THEN 'en' ELSE 'ko' END,
            CASE WHEN i % 5 = 0 THEN '["t' || {_some("i", 2000)} || '"]' ELSE '[]' END,
            CASE WHEN {reply} THEN {_post_uri(size, ids, parent)} END,
            CASE WHEN {reply} THEN {ids.post(parent)} END,
            CASE WHEN {reply} THEN {ids.post(parent)} ELSE {ids.post()} END, {ids.at()} FROM n
    """,
    )
    yield (
        size.posts // 5,
        f"""
        INSERT INTO hashtag (tag, post_id)
        SELECT 't' || {_some("i * 5", 2000)}, {ids.post("i * 5")} FROM n
    """,
    )
    yield (
        size.posts // 10,
        f"""
        INSERT INTO mention (post_id, account_id)
        SELECT {ids.post("i * 10 + 1")}, {ids.of(MEMBER, _hash("i", MEMBERS))} FROM n
    """,
    )


def _post_uri(size: Size, ids: Ids, number: str) -> str:
    stranger = _some(f"({number}) + 17", size.accounts)
    theirs = (
        f"'http://h' || ({stranger} % {size.hosts}) || '.test/users/u' || {stranger}"
        f" || '/statuses/' || ({number})"
    )
    ours = f"'{city.SITE.origin}/objects/' || {ids.post(number)}"
    return f"CASE WHEN ({number}) % 20 = 0 THEN {ours} ELSE {theirs} END"


def _around(size: Size, ids: Ids, now: int) -> Iterator[tuple[int, str]]:
    """Likes, boosts, home timelines, notifications, and what arrived."""
    who = ids.of(ACCOUNT, _some("i * 3 + 1", size.accounts))
    yield (
        size.posts,
        f"""
        INSERT INTO favourite (post_id, account_id, id, uri, created_ms)
        SELECT {ids.post(_some("i * 7 + 3", size.posts))}, {who}, {ids.of(LIKE)},
            'http://h1.test/likes/' || i, {ids.start_ms} FROM n WHERE true ON CONFLICT DO NOTHING
    """,
    )
    yield (
        size.posts // 10,
        f"""
        INSERT INTO boost (id, post_id, account_id, uri, created_ms)
        SELECT {ids.of(BOOST)}, {ids.post(_some("i * 11 + 5", size.posts))}, {who},
            'http://h1.test/boosts/' || i, {ids.start_ms} FROM n WHERE true ON CONFLICT DO NOTHING
    """,
    )
    place, apart = f"(i % {size.home})", min(50, size.posts // size.home)
    behind = f"{place} * {apart} + ((i / {size.home}) * 31 + {place} * 7) % {apart}"
    post = ids.post(f"({size.posts - 1} - ({behind}))")
    yield (
        MEMBERS * size.home,
        f"""
        INSERT INTO home (owner_id, id, post_id)
        SELECT {ids.of(MEMBER, f"(i / {size.home})")}, {post}, {post} FROM n
    """,
    )
    yield (
        size.posts // 10,
        f"""
        INSERT INTO notification (id, account_id, kind, from_id, post_id, created_ms)
        SELECT {ids.of(TOLD)}, {ids.of(MEMBER, _hash("i", MEMBERS))}, 'favourite', {who},
            {ids.post("i * 10")}, {ids.start_ms} FROM n
    """,
    )
    yield (
        size.posts,
        f"""
        INSERT INTO activity (uri, received_ms)
        SELECT {_post_uri(size, ids, "i")} || '/activity', {ids.at()} FROM n
    """,
    )


def _queue(size: Size, ids: Ids, author: Account, now: int, blob: str) -> Iterator[tuple[int, str]]:
    """Each activity waits for a tenth of the peers, a fifth of which fail; jobs in lanes of ten."""
    share = size.hosts // 10
    body = '{"type": "Create", "object": "' + "x" * 1500 + '"}'
    yield (
        -(-size.deliveries // share),
        f"""
        INSERT INTO outbox (id, sender_id, body, created_ms)
        SELECT {ids.of(OUTBOX)}, {author.id}, CAST('{body}' AS {blob}), {ids.start_ms} FROM n
    """,
    )
    yield (
        size.deliveries,
        f"""
        INSERT INTO delivery (peer_id, outbox_id)
        SELECT {ids.of(PEER, f"((i % {share}) * 10 + (i / {share}) % 10)")},
            {ids.of(OUTBOX, f"(i / {share})")} FROM n
    """,
    )
    yield (
        1,
        f"""
        UPDATE peer SET due_ms = {now} - id % 1000 WHERE id % 5 <> 4
    """,
    )
    yield (
        1,
        f"""
        UPDATE peer SET due_ms = {now + DAY_MS}, failing_since_ms = {now - DAY_MS}, attempts = 5
        WHERE due_ms IS NULL
    """,
    )
    due = f"CASE WHEN i / 10 % 2 = 0 THEN {now} - i % 1000 ELSE {now + DAY_MS} END"
    yield (
        max(size.deliveries // 10, 400),
        f"""
        INSERT INTO job (id, kind, lane, payload, due_ms)
        SELECT {ids.of(JOB)}, 'receive', 'http://far.test/users/w' || (i / 10),
            CAST('{body}' AS {blob}), CASE WHEN i % 10 > 0 THEN {BEHIND_MS} ELSE {due} END FROM n
    """,
    )


def _counts(author: Account) -> list[str]:
    return [
        """
        INSERT INTO following_peer (target_id, peer_id, followers)
        SELECT f.target_id, a.peer_id, count(*) FROM follow f JOIN account a ON a.id = f.follower_id
        WHERE f.local = 0 GROUP BY f.target_id, a.peer_id
        """,
        f"UPDATE account SET followers_count = {MEMBERS} WHERE id = {author.id}",  # noqa: S608
        """
        UPDATE post SET likes = (SELECT count(*) FROM favourite WHERE post_id = post.id),
            boosts = (SELECT count(*) FROM boost WHERE post_id = post.id)
        """,
    ]


@contextmanager
def _loader(url: str) -> Iterator[Callable[[str], None]]:
    """Runs statements as fast as it can be done: nothing of it is measured, nothing is checked."""
    kind, _, path = url.partition(":")
    if kind == "sqlite":
        with closing(sqlite3.connect(path, isolation_level=None)) as link:
            for pragma in ("synchronous = OFF", "cache_size = -200000", "foreign_keys = OFF"):
                link.execute(f"PRAGMA {pragma}")
            yield lambda sql: link.execute(sql) and None
            link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with psycopg.connect(url, autocommit=True) as server:
        with suppress(psycopg.Error):  # only a superuser may
            server.execute("SET session_replication_role = replica")
        server.execute("SET synchronous_commit = off")
        yield lambda sql: server.execute(cast(LiteralString, sql)) and None


def _settle(url: str) -> None:
    """What PostgreSQL does by itself, some minutes later."""
    if not url.startswith("sqlite:"):
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("VACUUM ANALYZE")
            with suppress(psycopg.Error):
                server.execute("CHECKPOINT")


def size_bytes(db: Read) -> int:
    """How much disk the database takes."""
    if db.dialect == "sqlite":
        row = db.one("SELECT page_count * page_size AS n FROM pragma_page_count, pragma_page_size")
    else:
        row = db.one("SELECT pg_database_size(current_database()) AS n")
    return int(row["n"]) if row else 0


def sender(db: Read, ids: Ids, size: Size, number: int) -> Account:
    """One of the strangers from whom something arrives."""
    id = first_id(ids.start_ms + ACCOUNT * 1000) + size.accounts + number % SENDERS
    found = accounts.by_id(db, id)
    assert found is not None
    return found


def member_id(ids: Ids, number: int) -> int:
    """One of ours who reads."""
    return first_id(ids.start_ms + MEMBER * 1000) + number % MEMBERS


def our_post_uri(ids: Ids, size: Size, number: int) -> str:
    """A post of ours: of `SENDERS` who like them in turns, none meets the same one again soon."""
    place = (number // SENDERS * 7919 + number % SENDERS * 389) % (size.posts // 20) * 20
    id = first_id(ids.start_ms + DAY_MS) + place * (ids.step_ms << 22)
    return f"{city.SITE.origin}/objects/{id}"
