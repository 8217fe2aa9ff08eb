"""A backup while everything goes on, restored elsewhere: what was acknowledged before is there."""

import asyncio
import copy
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from server.files import Folder
from server.store import media
from server.store.db import Database, Read
from tests.faults.oracle import whole
from tests.faults.rounds import many
from tests.faults.traffic import App, Ledger, Traffic, quickly, writer
from tests.faults.world import Instance

pytestmark = pytest.mark.slow

POSTS = many(12, 300)


async def test_a_backup_under_load_has_what_was_acknowledged_before_it_began(
    tmp_path: Path, new_database: Callable[[], str], blank_url: str
) -> None:
    instance, archive = Instance(tmp_path / "alpha", new_database()), tmp_path / "city.tar.gz"
    before: list[tuple[Ledger, set[str]]] = []
    meanwhile: list[int] = []

    async def backup() -> None:
        while len(traffic.ledger.versions) < POSTS:
            await passed.get()
        said = {one["object"]["id"] for one in traffic.peer.said if one["type"] == "Create"}
        before.append((copy.deepcopy(traffic.ledger), said))
        print(await quickly(instance, "backup", str(archive)))
        meanwhile.append(len(traffic.ledger.versions) - POSTS)

    passed: asyncio.Queue[str] = asyncio.Queue()
    other = Instance(tmp_path / "beta", blank_url, instance.port)
    try:
        async with aiohttp.ClientSession() as session:
            token = await writer(instance)
            traffic = Traffic(App(session, instance, token), session, instance, passed.put)
            async with traffic.peer.listening():
                await instance.start()
                await traffic.begin()
                await traffic.run_while(backup())
                assert instance.stop() == 0

                await quickly(other, "restore", str(archive))
                await _restored(other, *before[0])
                await other.start()
                there = App(session, other, token)
                assert await there.once("GET", "/api/v1/accounts/verify_credentials") == 200
                live = [uri for uri in before[0][0].versions if uri not in before[0][0].deleted]
                for uri in live[:3]:
                    assert await there.once("GET", uri.removeprefix(instance.origin)) == 200, uri
                assert await there.once("POST", "/api/v1/statuses", status="We are back") == 200
                assert other.stop() == 0
    finally:
        instance.stop()
        other.stop()
    assert "Traceback" not in instance.log() + other.log()
    print(traffic.figures(written_meanwhile=meanwhile[0]))


async def _restored(other: Instance, ledger: Ledger, said: set[str]) -> None:
    """Everything of before is there, whole; and every picture that is named."""
    db = await Database.open(other.url)
    try:
        await db.read(whole)
        there = {
            row["uri"]: row["deleted_ms"]
            for row in await db.read(Read.all, "SELECT uri, deleted_ms FROM post")
        }
        assert said | set(ledger.versions) <= set(there)
        for uri in ledger.deleted:
            assert there[uri] is not None
        store, named = Folder(other.folder / "media"), await db.read(media.files)
        assert len(named) >= ledger.pictures
        for name in named:
            assert await store.size(name), f"{name} is named and not there"
    finally:
        await db.close()
