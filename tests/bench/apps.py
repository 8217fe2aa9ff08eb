"""What apps ask for most, by token: timelines, a thread, notifications, and a post.

The floor of a page is as many bytes that lie ready; that of a post is `floors.posting`.
"""

import tempfile
from collections.abc import Callable
from itertools import count as counting
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlencode

from server.clock import now_ms
from server.model import Account
from server.services import bookmarks, filters, notifications, posts
from server.services.new_posts import NewPost
from server.store.db import Database, Write
from server.store.filters import Filter
from tests.bench import city, wire
from tests.bench.children import Child
from tests.bench.figures import Figure, Options

AUTHORS = 8
POSTS = 60
REPLIES = 200
TOLD = 784  # notifications
STRANGERS = 100
FOLLOWERS = 5  # of whoever posts
CONNECTIONS = 8


class World(NamedTuple):
    """Tokens: of a reader, of one who has filters and saved posts, of an author."""

    reader: str
    careful: str
    author: str
    author_id: int
    root_id: int


class Case(NamedTuple):
    """Something to ask for: the request with a number, and a part of the usual load."""

    what: str
    request: Callable[[int], bytes]
    aim: float | None = None
    part: float = 1.0
    floor: str = "page"


async def measure(options: Options) -> list[Figure]:
    """CPU of the server per request."""
    count = 200 if options.quick else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = asked(await fill(folder))
        numbers = counting()
        sizes, found = [], []
        async with Child.running("tests.bench.serve", folder, 0, *options.profiled()) as server:
            for case in cases:
                many = max(10, int(count * case.part))
                size, took = await rounds(server, case, numbers, many, options.rounds)
                sizes.append(size)
                found.append(took)
    floors = [await _floor(case, size, count) for case, size in zip(cases, sizes, strict=True)]
    return [
        Figure(f"apps: {case.what}", "ms CPU each", took, aim=case.aim, floor=floor)
        for case, took, floor in zip(cases, found, floors, strict=True)
    ]


async def rounds(
    child: Child, case: Case, numbers: "counting[int]", many: int, times: int
) -> tuple[int, tuple[float, ...]]:
    """How long the answer is, and milliseconds of CPU per request, round for round."""
    took: list[float] = []
    body = b""
    for _ in range(1 + times):
        requests = [case.request(next(numbers)) for _ in range(many)]
        before = child.cpu_s()
        seen, body = await wire.ask(int(child.ready), requests, CONNECTIONS)
        if set(seen) != {200}:
            raise RuntimeError(f"{case.what}: {seen} {body[:300]!r}")
        took.append((child.cpu_s() - before) / many * 1000)
    return len(body), tuple(took[1:])


async def _floor(case: Case, size: int, many: int) -> float:
    async with Child.running("tests.bench.floors", case.floor, size) as child:
        return median((await rounds(child, case, counting(), many, 3))[1])


def asked(world: World) -> list[Case]:
    """Everything that is measured."""

    def get(path: str, token: str = "") -> Callable[[int], bytes]:
        who = f"Authorization: Bearer {token}\r\n" if token else ""
        text = f"GET {path} HTTP/1.1\r\nHost: {city.HOST}\r\n{who}\r\n".encode()
        return lambda number: text

    api, reader = "/api/v1", world.reader
    context = f"{api}/statuses/{world.root_id}/context"
    return [
        Case("home timeline of 20", get(f"{api}/timelines/home?limit=20", reader), aim=0.35),
        Case(
            "the same for who has filters and saved posts",
            get(f"{api}/timelines/home?limit=20", world.careful),
        ),
        Case("public timeline of 20, nobody's", get(f"{api}/timelines/public?limit=20")),
        Case(
            "20 statuses of an account",
            get(f"{api}/accounts/{world.author_id}/statuses?limit=20", reader),
        ),
        Case(f"context of {REPLIES} replies", get(context, reader), aim=5, part=0.1),
        Case("notifications, 40", get(f"{api}/notifications?limit=40", reader), part=0.2),
        Case(
            f"notifications in groups, 40 of {TOLD}",
            get("/api/v2/notifications?limit=40", reader),
            part=0.1,
        ),
        Case(
            f"a post with a mention and two hashtags, {FOLLOWERS} followers",
            lambda number: _post(world.author, number),
            part=0.2,
            floor="posting",
        ),
    ]


def _post(token: str, number: int) -> bytes:
    said = f"{number}번째 소식, @author1 님과 함께. 오늘 골목에서 만난 이웃 이야기. #골목 #이웃"
    body = urlencode({"status": said, "visibility": "public"}).encode()
    return (
        f"POST /api/v1/statuses HTTP/1.1\r\nHost: {city.HOST}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


# --- the city


async def fill(folder: Path) -> World:
    """A few people who write and read, and strangers who like what they read."""
    db, sealed = await city.opened(folder), city.locker(folder)
    reader, token = await city.join(db, sealed, "reader")
    careful, careful_token = await city.join(db, sealed, "careful")
    authors = [await city.join(db, sealed, f"author{number}") for number in range(AUTHORS)]
    people = [account for account, _ in authors]
    root_id = await db.write(_talk, people)
    for author in people:
        await db.write(_write, (reader, careful), author)
    await _notify(db, reader)
    await db.write(_care, careful)
    await db.write(_befriend, people)
    await db.close()
    return World(token, careful_token, authors[0][1], people[0].id, root_id)


def _write(tx: Write, readers: tuple[Account, ...], author: Account) -> None:
    for reader in readers:
        city.follow(tx, reader, author)
    for number in range(POSTS // AUTHORS + 1):
        said = f"Day {number}: " + "오늘 골목에서 만난 이웃 이야기. " * 12 + "#골목"
        posts.write(tx, city.SITE, author, NewPost(content=said), now_ms())


def _talk(tx: Write, people: list[Account]) -> int:
    """A thread; every third reply answers the first post, the others one of the last few."""
    said = "오늘 골목에서 만난 이웃 이야기. " * 6
    root = posts.write(tx, city.SITE, people[0], NewPost(content=said), now_ms())
    ids = [root.id]
    for number in range(REPLIES):
        to = root.id if number % 3 == 0 else ids[-1 - number % min(7, len(ids))]
        new = NewPost(content=f"{number}: {said}", reply_to_id=to)
        author = people[number % AUTHORS]
        ids.append(posts.write(tx, city.SITE, author, new, now_ms()).id)
    return root.id


async def _notify(db: Database, to: Account) -> None:
    """Likes and boosts of a few posts, follows, and now and then a mention."""
    strangers = await db.write(city.strangers, STRANGERS, hosts=10)
    mine = [await db.write(_say, to, f"{number}번째 글") for number in range(TOLD // STRANGERS + 1)]
    await db.write(_told, to, strangers, mine)


def _say(tx: Write, author: Account, said: str) -> int:
    return posts.write(tx, city.SITE, author, NewPost(content=said), now_ms()).id


def _told(tx: Write, to: Account, strangers: list[Account], mine: list[int]) -> None:
    for number in range(TOLD):
        who = strangers[number % STRANGERS]
        kind = ("favourite", "favourite", "reblog")[number % 3]
        notifications.notify(tx, to, kind, who, mine[number // STRANGERS], now_ms())


def _care(tx: Write, careful: Account) -> None:
    for word in ("강아지", "고양이", "Day 3"):
        new = Filter(
            id=0,
            account_id=careful.id,
            title=word,
            contexts="home public",
            action="warn",
            expires_ms=None,
        )
        filters.make(tx, new, [filters.Change(keyword=word)], now_ms())
    for entry in tx.all("SELECT post_id FROM home WHERE owner_id = :me LIMIT 30", me=careful.id):
        bookmarks.save(tx, city.SITE, careful, entry["post_id"], now_ms())


def _befriend(tx: Write, people: list[Account]) -> None:
    for follower in people[1:FOLLOWERS]:
        city.follow(tx, follower, people[0])
