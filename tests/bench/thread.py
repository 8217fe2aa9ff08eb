"""The page of a thread of 1,000 replies, for a visitor and for a member."""

import random
import tempfile
from pathlib import Path

from server.clock import now_ms
from server.model import Account
from server.services import posts, sessions
from server.services.new_posts import NewPost
from server.store.db import Write
from tests.bench import city, wire
from tests.bench.children import Child
from tests.bench.figures import Figure, Options

REPLIES = 1000
AUTHORS = 40


async def measure(options: Options) -> list[Figure]:
    """CPU of the server per page."""
    count = 10 if options.quick else 40
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, cookie = await _fill(folder)
        request = f"GET {path} HTTP/1.1\r\nHost: {city.HOST}\r\nAccept-Language: ko\r\n"
        asked = {
            "a visitor": f"{request}\r\n",
            "a member": f"{request}Cookie: {cookie}\r\n\r\n",
        }
        async with Child.running("tests.bench.serve", folder, 0, *options.profiled()) as server:
            return [
                Figure(
                    f"thread: {REPLIES} replies, the page for {who}",
                    "ms CPU each",
                    await _rounds(server, text.encode(), count, options.rounds),
                )
                for who, text in asked.items()
            ]


async def _rounds(server: Child, request: bytes, count: int, rounds: int) -> tuple[float, ...]:
    took: list[float] = []
    for _ in range(1 + rounds):
        before = server.cpu_s()
        seen, body = await wire.ask(int(server.ready), [request] * count, 2)
        if set(seen) != {200}:
            raise RuntimeError(f"no page: {seen} {body[:300]!r}")
        took.append((server.cpu_s() - before) / count * 1000)
    return tuple(took[1:])


async def _fill(folder: Path) -> tuple[str, str]:
    """The address of the thread, and the cookie of somebody who reads it."""
    db, sealed = await city.opened(folder), city.locker(folder)
    people = [(await city.join(db, sealed, f"author{number}"))[0] for number in range(AUTHORS)]
    reader, _ = await city.join(db, sealed, "reader")
    root = await db.write(_write, people)
    token = await db.write(sessions.sign_in, reader.id, "Firefox", "127.0.0.1", now_ms())
    await db.close()
    return f"/@{people[0].name}/{root}", f"madang={token}"


def _write(tx: Write, people: list[Account]) -> int:
    """A third of the replies answer the first post, the others any that is there."""
    chance = random.Random(7)  # noqa: S311  the same thread each time
    said = "오늘 골목에서 만난 이웃 이야기. " * 6
    root = posts.write(tx, city.SITE, people[0], NewPost(content=said), now_ms())
    ids = [root.id]
    for number in range(REPLIES):
        to = root.id if number % 3 == 0 else chance.choice(ids)
        new = NewPost(content=f"{number}: {said}", reply_to_id=to)
        ids.append(posts.write(tx, city.SITE, people[number % AUTHORS], new, now_ms()).id)
    return root.id
