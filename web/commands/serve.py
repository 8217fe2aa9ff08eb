"""`madang serve`: migrate, then web, workers and housekeeping, until told to stop."""

import argparse
import asyncio
import fcntl
import gc
import logging
import os
import re
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Sequence
from typing import Final

import aiohttp
import uvloop
from aiohttp import http_parser, web

from server.config import VERSION, Config
from server.store.db import Database
from server.store.migrate import migrate
from web import brand, connections, logs
from web.app import create_app
from web.commands import listening, processes
from web.commands.failure import Failure
from web.commands.opening import loaded, make_folder, prepare_folder, require_writable
from web.connections import Connections

LEAST_AIOHTTP: Final = (3, 14, 5)
DRAIN_S: Final = 4.0  # what answers in flight get to finish
STOP_S: Final = 9.5  # the whole stop: the operator was promised 10 s
OPEN_FILES: Final = 8_192  # every connection is one, and an open page keeps its own
ROLES: Final = frozenset({"web", "worker"})

log = logging.getLogger("madang")


def arguments(parser: argparse.ArgumentParser, _: argparse.ArgumentParser) -> None:
    """`--processes N`, `--role web,worker`."""
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="so many side by side (more than one: PostgreSQL only)",
    )
    parser.add_argument(
        "--role",
        default="web,worker",
        metavar="web,worker",
        help="what this machine does (one of them alone: PostgreSQL only)",
    )
    # sockets that the first of several processes has opened for all of them
    parser.add_argument("--inherit", default="", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    require_parser(aiohttp.__version__)
    found = loaded(options)
    roles = checked_roles(options.role, options.processes, found)
    logs.configure()
    allow_files()
    brand.load(found.instance)
    tls = listening.tls_context(found.server)
    listening.require_authority(found)
    sockets = listening.inherited(options.inherit)
    if not sockets and "web" in roles:
        sockets = listening.listen(found.server.host, found.server.port)
    if not options.inherit:
        prepare(found)
        if trouble := listening.certificate_trouble(found):
            log.warning("%s", trouble)
    if options.processes > 1:
        asyncio.run(processes.supervise(options, sockets, announcement(found, sockets)))
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(found, roles, sockets, tls, quiet=bool(options.inherit)))


def require_parser(version: str) -> None:
    """Refuse an aiohttp that reads requests less strictly than we rely on. Raises `Failure`."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    in_c = http_parser.HttpRequestParser is not http_parser.HttpRequestParserPy
    if numbers < LEAST_AIOHTTP or not in_c:
        what = f"aiohttp {version}" + ("" if in_c else " without its C parser")
        raise Failure(f"Madang does not start with {what}; install aiohttp 3.14.5 or newer.")


def allow_files() -> None:
    """Open up to `OPEN_FILES` at once where the system lets us: 1,024 is a usual beginning."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wish = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wish:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wish, hard))


def checked_roles(text: str, count: int, found: Config) -> frozenset[str]:
    """What this process is to do. Raises `Failure` for what cannot be."""
    roles = frozenset(role.strip() for role in text.split(",") if role.strip())
    if not roles or roles - ROLES:
        raise Failure(f'--role "{text}" is not known; it is web, worker, or web,worker.')
    if count < 1:
        raise Failure("--processes is 1 or more.")
    alone = count == 1 and roles == ROLES
    if not alone and found.database.url.startswith("sqlite:"):
        raise Failure(
            "SQLite has exactly one writing process; leave out --processes and --role, "
            "or set database.url to a PostgreSQL."
        )
    return roles


def prepare(found: Config) -> None:
    """Make the folders that are missing, be the only one, and bring the schema up to date."""
    prepare_folder(found, make=True)
    be_alone(found)
    if found.media.folder is not None:
        make_folder(found.media.folder, "media.store")
        require_writable(found.media.folder, "media.store")
    make_folder(found.secrets.file.parent, "secrets.key_file")
    before, after = asyncio.run(_migrate(found.database.url))
    if before != after:
        log.info("The database went from version %s to version %s.", before, after)


def be_alone(found: Config) -> None:
    """Refuse a second server on one SQLite file: both would do what the other one has in hand.

    The lock ends with the process, however it ends. Raises `Failure`.
    """
    kind, _, path = found.database.url.partition(":")
    if kind != "sqlite":
        return
    try:
        handle = os.open(f"{path}-serving", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Failure(
            f"Another `madang serve` runs on {path} already; stop it, or set database.url."
        ) from None
    except OSError as error:
        reason = (error.strerror or "it failed").lower()
        raise Failure(f"Cannot write {path}-serving: {reason}; set database.url.") from None


async def _migrate(url: str) -> tuple[int, int]:
    db = await Database.open(url, readers=1, connections=1)
    try:
        return await migrate(db)
    finally:
        await db.close()


async def serve(
    found: Config,
    roles: frozenset[str],
    sockets: Sequence[socket.socket],
    tls: ssl.SSLContext | None,
    *,
    quiet: bool = False,
) -> None:
    """Run the application on `sockets` until a signal comes, then stop within 10 s."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    app = create_app(found) if "worker" in roles else create_app(found, work=False)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN_S)
    among = Connections(connections.room(), found.server.trusted_proxies)
    looking = asyncio.create_task(among.run())
    servers: list[asyncio.Server] = []
    try:
        await runner.setup()
        collect_seldom()
        for one in sockets:
            servers.append(await connections.listen(runner, one, tls, among))
        if not quiet:
            print(announcement(found, sockets), flush=True)
        await stop.wait()
        log.info("Stopping.")
    finally:
        await connections.stop(servers, looking)
        await _finish(runner)


def collect_seldom() -> None:
    """Let the collector of garbage pass over what is kept to the end, and look after 10,000 things.

    By itself it looks after 700, several times for each request, and finds next to nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def _finish(runner: web.AppRunner) -> None:
    """Stop accepting, let what is in flight finish, close; what does not end in time is cut off.

    Cutting off is safe: everything acknowledged is committed, and claims run out.
    """
    try:
        async with asyncio.timeout(STOP_S):
            await runner.cleanup()
    except TimeoutError:
        log.warning("Not everything ended within %s s; it will be done again.", STOP_S)
        sys.stdout.flush()
        logging.shutdown()
        os._exit(0)


def announcement(found: Config, sockets: Sequence[socket.socket]) -> str:
    """Who serves, where, and how to stop it."""
    scheme = "https" if found.server.tls_certificate else "http"
    places = ", ".join(f"{scheme}://{listening.place(one)}" for one in sockets)
    where = f"listening on {places}" if places else "a worker, listening nowhere"
    return (
        f"Madang {VERSION}: {found.instance.name} at {found.instance.base_url} "
        f"({where}). Stop with Ctrl+C."
    )
