"""The client, and peers for it, until the test ends."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from federation.http import (
    Client,
)
from tests.federation.loopback import Handler, Peer, opened


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Peer]]]:
    """`await serve(handler)`: a peer on loopback until the test ends."""
    runners = []

    async def start(handler: Handler, **options: Any) -> Peer:
        peer = Peer(handler)
        runner = web.ServerRunner(web.Server(peer.handle), shutdown_timeout=0)
        await runner.setup()
        options = {"host": "127.0.0.1", "port": 0} | options
        site = web.TCPSite(runner, **options)
        await site.start()
        peer.port = site._server.sockets[0].getsockname()[1]
        runners.append(runner)
        return peer

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with opened() as client:
        yield client
