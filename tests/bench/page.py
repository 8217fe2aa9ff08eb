"""A page of 20 of the home timeline as the client API gives it."""

import tempfile
from pathlib import Path

from server.clock import now_ms
from server.model import Account
from server.services import posts
from server.services.posts import NewPost
from server.store.db import Write
from tests.bench import city, wire
from tests.bench.children import Child
from tests.bench.figures import Figure, Options

AUTHORS = 8
POSTS = 60


async def measure(options: Options) -> list[Figure]:
    """CPU of the server per page; the floor is as many bytes that lie ready."""
    count = 300 if options.quick else 1500
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        token = await _fill(folder)
        request = (
            "GET /api/v1/timelines/home?limit=20 HTTP/1.1\r\n"
            f"Host: {city.HOST}\r\nAuthorization: Bearer {token}\r\n\r\n"
        ).encode()
        front = f"GET / HTTP/1.1\r\nHost: {city.HOST}\r\nAccept-Language: ko\r\n\r\n".encode()
        async with Child.running("tests.bench.serve", folder, 0, *options.profiled()) as server:
            size, rounds = await _rounds(server, request, count, options.rounds)
            _, pages = await _rounds(server, front, count // 10, options.rounds)
    async with Child.running("tests.bench.floors", "page", size) as child:
        _, floors = await _rounds(child, request, count, 3)
    floor = sorted(floors)[1]
    return [
        Figure("page: home timeline of 20 as JSON", "ms CPU each", rounds, aim=0.35, floor=floor),
        Figure("page: the front page for a visitor", "ms CPU each", pages),
    ]


async def _rounds(
    server: Child, request: bytes, count: int, rounds: int
) -> tuple[int, tuple[float, ...]]:
    """How long the body is, and milliseconds of CPU per request, round for round."""
    took: list[float] = []
    body = b""
    for _ in range(1 + rounds):
        before = server.cpu_s()
        seen, body = await wire.ask(int(server.ready), [request] * count, 8)
        if set(seen) != {200}:
            raise RuntimeError(f"no page: {seen} {body[:300]!r}")
        took.append((server.cpu_s() - before) / count * 1000)
    return len(body), tuple(took[1:])


async def _fill(folder: Path) -> str:
    db, sealed = await city.opened(folder), city.locker(folder)
    reader, token = await city.join(db, sealed, "reader")
    for number in range(AUTHORS):
        author, _ = await city.join(db, sealed, f"author{number}")
        await db.write(_write, reader, author)
    await db.close()
    return token


def _write(tx: Write, reader: Account, author: Account) -> None:
    city.follow(tx, reader, author)
    for number in range(POSTS // AUTHORS + 1):
        said = f"Day {number}: " + "오늘 골목에서 만난 이웃 이야기. " * 12 + "#골목"
        posts.write(tx, city.SITE, author, NewPost(content=said), now_ms())
