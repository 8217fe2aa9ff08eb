"""What no design on these parts can go below: `python -m tests.bench.floors KIND ARGUMENT...`.

`inbound`: a bare aiohttp POST, one RSA verification, one decoded document and five statements of
SQLite in groups of 50. `posting`: a bare aiohttp POST of a form, five statements and a commit for
each. `outbound SINK_PORT HOSTS`: one RSA signature and a bare aiohttp POST over
kept-alive connections. `page BYTES`: bytes that lie ready, from a bare aiohttp GET. The two servers
print their port and run until SIGTERM; `outbound` prints its CPU seconds for one story, and ends.
"""

import asyncio
import hashlib
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import msgspec
import uvloop
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from tests.bench.serve import Everywhere

GROUP = 50
AT_ONCE = 256
ROUNDS = 5
SAID = b"(request-target): post /inbox\nhost: bench.test\ndate: now\ndigest: SHA-256=x"


async def until_stopped(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> None:
    """Answer every request with `handler` until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await stop.wait()
    await runner.cleanup()


async def inbound() -> None:
    """Verify, decode, store; nothing else."""
    private = generate_private_key(65537, 2048)
    signature, public = private.sign(SAID, PKCS1v15(), SHA256()), private.public_key()
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        for table in "abcde":
            db.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, body BLOB)")
        written = 0

        async def handler(request: web.Request) -> web.Response:
            nonlocal written
            body = await request.read()
            hashlib.sha256(body).digest()
            public.verify(signature, SAID, PKCS1v15(), SHA256())
            msgspec.json.decode(body)
            if written % GROUP == 0:
                db.execute("BEGIN IMMEDIATE")
            for table in "abcde":
                db.execute(f"INSERT INTO {table} (body) VALUES (?)", (body[:400],))  # noqa: S608
            written += 1
            if written % GROUP == 0:
                db.execute("COMMIT")
            return web.Response(status=202)

        await until_stopped(handler)
        db.close()


async def posting(size: int) -> None:
    """Read a form, store, commit; the answer has `size` bytes."""
    ready = b"x" * size
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        for table in "abcde":
            db.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, body BLOB)")

        async def handler(request: web.Request) -> web.Response:
            said = str((await request.post())["status"]).encode()
            db.execute("BEGIN IMMEDIATE")
            for table in "abcde":
                db.execute(f"INSERT INTO {table} (body) VALUES (?)", (said,))  # noqa: S608
            db.execute("COMMIT")
            return web.Response(body=ready, content_type="application/json")

        await until_stopped(handler)
        db.close()


async def page(size: int) -> None:
    """Bytes that lie ready."""
    ready = b"x" * size

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=ready, content_type="application/json")

    await until_stopped(handler)


async def outbound(sink_port: int, hosts: int) -> None:
    """Sign and post; the median of a few stories after a first one that opens the connections."""
    private = generate_private_key(65537, 2048)
    connector = aiohttp.TCPConnector(limit=0, resolver=Everywhere(sink_port))
    body = b"{" + b"x" * 2000 + b"}"
    async with aiohttp.ClientSession(connector=connector) as session:

        async def lane(waiting: Iterator[int]) -> None:
            for number in waiting:
                value = private.sign(SAID, PKCS1v15(), SHA256()).hex()
                url = f"http://h{number}.test/inbox"
                async with session.post(url, data=body, headers={"Signature": value}) as answer:
                    await answer.read()

        took = []
        for _ in range(1 + ROUNDS):
            before = time.process_time()
            waiting = iter(range(hosts))

            await asyncio.gather(*(lane(waiting) for _ in range(min(AT_ONCE, hosts))))
            took.append(time.process_time() - before)
    print(sorted(took[1:])[ROUNDS // 2], flush=True)


def main() -> None:
    """Run the floor that is named first."""
    kinds: dict[str, Callable[..., Awaitable[None]]] = {
        "inbound": inbound,
        "outbound": outbound,
        "page": page,
        "posting": posting,
    }
    kind, *arguments = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(kinds[kind](*map(int, arguments)))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
