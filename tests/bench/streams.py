"""A thousand open streams: what they weigh, what an event to all costs, how soon it is there.

Apps listen to their home timelines over WebSockets; one author whom all follow writes. The clients
are in this process: their CPU does not count, but on a small machine their time does.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec

from server.clock import now_ms
from server.ids import new_id
from server.model import Account
from server.services import sessions
from server.store import accounts as account_store
from server.store.db import Write
from tests.bench import city
from tests.bench.children import Child
from tests.bench.figures import Figure, Options

STREAMS = 1_000
EACH = 20  # streams of one member
MAX_MB = 100.0
MAX_S = 1.0


async def measure(options: Options) -> list[Figure]:
    """Memory, CPU of the server for an event to all, and when the last has it."""
    many = STREAMS // 10 if options.quick else STREAMS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        author, tokens = await _fill(folder, many // EACH)
        async with Child.running("tests.bench.serve", folder, 0, *options.profiled()) as server:
            return await _measured(
                server, author, [t for t in tokens for _ in range(EACH)], options
            )


async def _measured(
    server: Child, author: str, tokens: list[str], options: Options
) -> list[Figure]:
    origin = f"http://127.0.0.1:{server.ready}"
    headers = {"Host": city.HOST}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await _post(session, origin, author, "warm")
        before = server.rss_bytes()
        async with _opened(session, origin, tokens) as sockets:
            await _told(session, origin, author, sockets)
            weighs = (server.rss_bytes() - before) / 1e6
            idle = server.cpu_s()
            await asyncio.sleep(3)
            idle_ms = (server.cpu_s() - idle) * 1000 / 3
            rounds = [
                await _round(server, session, origin, author, sockets)
                for _ in range(options.rounds)
            ]
    many = len(tokens)
    return [
        Figure(f"streams: memory for {many} streams", "MB resident", (weighs,), aim=MAX_MB),
        Figure(f"streams: {many} that idle", "ms CPU/s", (idle_ms,)),
        Figure(
            f"streams: one post to all of {many}", "ms CPU each", tuple(cpu for cpu, _ in rounds)
        ),
        Figure(
            "streams: until the last has it",
            "s after answer",
            tuple(took for _, took in rounds),
            aim=MAX_S,
        ),
    ]


async def _round(
    server: Child,
    session: aiohttp.ClientSession,
    origin: str,
    author: str,
    sockets: list[aiohttp.ClientWebSocketResponse],
) -> tuple[float, float]:
    await asyncio.sleep(1)
    cpu = server.cpu_s()
    took = await _told(session, origin, author, sockets)
    return (server.cpu_s() - cpu) * 1000, took


async def _told(
    session: aiohttp.ClientSession,
    origin: str,
    author: str,
    sockets: list[aiohttp.ClientWebSocketResponse],
) -> float:
    """Seconds from the answer to a post until the last has heard of it."""
    id = await _post(session, origin, author, "News for all")
    began = time.monotonic()
    async with asyncio.timeout(30):
        await asyncio.gather(*(_heard(socket, id) for socket in sockets))
    return time.monotonic() - began


async def _heard(socket: aiohttp.ClientWebSocketResponse, id: str) -> None:
    wanted = f'\\"id\\":\\"{id}\\"'
    while wanted not in str((await socket.receive()).data):
        pass


async def _post(session: aiohttp.ClientSession, origin: str, token: str, words: str) -> str:
    headers = {"Authorization": f"Bearer {token}"}
    async with session.post(
        f"{origin}/api/v1/statuses", data={"status": words}, headers=headers
    ) as answer:
        return str(msgspec.json.decode(await answer.read())["id"])


@asynccontextmanager
async def _opened(
    session: aiohttp.ClientSession, origin: str, tokens: list[str]
) -> AsyncIterator[list[aiohttp.ClientWebSocketResponse]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                session.ws_connect(f"{origin}/api/v1/streaming?stream=user&access_token={token}")
            )
            for token in tokens
        ]


async def _fill(folder: Path, members: int) -> tuple[str, list[str]]:
    """The author's token, and one of each member, who all follow the author."""
    db, sealed = await city.opened(folder), city.locker(folder)
    author, token = await city.join(db, sealed, "author")
    tokens = await db.write(_populate, author, members)
    await db.close()
    return token, tokens


def _populate(tx: Write, author: Account, members: int) -> list[str]:
    member = account_store.member(tx, author.id)
    assert member is not None
    tokens = []
    for number in range(members):
        id, name = new_id(now_ms()), f"neighbour{number}"
        one = msgspec.structs.replace(
            author, id=id, name=name, uri=f"{city.SITE.origin}/users/{id}"
        )
        account_store.insert(tx, one)
        account_store.insert_member(
            tx, msgspec.structs.replace(member, account_id=id, email=f"{name}@{city.HOST}")
        )
        city.follow(tx, one, author)
        tokens.append(sessions.create_access_token(tx, id, "read", "bench", now_ms()))
    return tokens
