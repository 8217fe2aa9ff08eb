"""A disk without room: nothing is half written, reading goes on, and room is all that it takes."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.faults.disk import Disk, small_disk
from tests.faults.oracle import examine
from tests.faults.own_postgresql import own_postgresql
from tests.faults.traffic import App, Traffic, writer
from tests.faults.world import Instance, configuration, until
from tests.web.test_database_away import SAVING

pytestmark = pytest.mark.slow

FULL = "There is no room left for files on this server."


async def test_data_on_a_full_disk_is_refused_and_taken_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        instance = Instance(tmp_path / "alpha", f"sqlite:{disk.folder}/city.db")
        try:
            async with aiohttp.ClientSession() as session:
                app = App(session, instance, await writer(instance))
                traffic = Traffic(app, session, instance)
                async with traffic.peer.listening():
                    await instance.start()
                    await traffic.begin()
                    recovered: list[float] = []
                    await traffic.run_while(_full(disk, traffic, recovered))
                    await traffic.arrived()
            assert {sentence for _, sentence in app.refused} == {SAVING}
            assert instance.stop() == 0
            await examine(instance, traffic)
        finally:
            instance.stop()
    print(traffic.figures(refused=len(app.refused), recovered_s=round(recovered[0], 2)))


async def _full(disk: Disk, traffic: Traffic, recovered: list[float]) -> None:
    """Until people and peers were refused; what can be read meanwhile; and then room again."""
    app, clock = traffic.app, asyncio.get_running_loop().time
    disk.fill()
    await until(lambda: _refused(traffic))
    for path in ("/api/v1/timelines/public", "/api/v1/accounts/verify_credentials", "/@ann"):
        assert await app.once("GET", path) == 200, path
    disk.clear()
    began = clock()

    async def saved() -> bool:
        return await app.once("POST", "/api/v1/markers", home={"last_read_id": "1"}) == 200

    await until(saved)
    recovered.append(clock() - began)


async def _refused(traffic: Traffic) -> bool:
    return len(traffic.app.refused) >= 5 and len(traffic.refused) >= 5


async def test_postgresql_on_a_full_disk_refuses_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    with tempfile.TemporaryDirectory(prefix="faults-") as outside:
        Path(outside).chmod(0o755)  # where we are root, PostgreSQL runs as somebody else
        with small_disk(Path(outside) / "disk", 160) as disk, own_postgresql(disk.folder) as server:
            instance = Instance(tmp_path / "alpha", server.url)
            try:
                async with aiohttp.ClientSession() as session:
                    app = App(session, instance, await writer(instance))
                    await instance.start()
                    kept = [await _write(app) for _ in range(3)]
                    disk.fill()
                    await until(lambda: _refuses(app))
                    assert await app.once("GET", "/api/v1/timelines/public") == 200
                    assert await app.once("GET", "/readyz") == 200
                    disk.clear()
                    began = asyncio.get_running_loop().time()
                    kept.append(await _write(app))
                    took_s = asyncio.get_running_loop().time() - began
                    for post in kept:
                        assert await app.once("GET", f"/api/v1/statuses/{post}") == 200, post
                assert instance.stop() == 0
            finally:
                instance.stop()
    print(f"PostgreSQL: recovered_s={took_s:.2f}")


async def _write(app: App) -> str:
    post = await app.call("POST", "/api/v1/statuses", status="x" * 4_000)
    return str(post["id"])


async def _refuses(app: App) -> bool:
    """Whether one more is refused."""
    return await app.once("POST", "/api/v1/statuses", status="x" * 4_000) == 503


async def test_pictures_on_a_full_disk_are_refused_and_all_else_goes_on(
    tmp_path: Path, sqlite_template: Path
) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        folder = tmp_path / "alpha"
        instance = Instance(folder, f"sqlite:{folder}/city.db")
        text = configuration(instance.port, instance.url, folder)
        store = f'store = "{folder}/media"'
        assert store in text
        (folder / "media").symlink_to(disk.folder)
        instance.configure(text.replace(store, f'{store}\nscratch = "{folder}/scratch"'))
        try:
            async with aiohttp.ClientSession() as session:
                app = App(session, instance, await writer(instance), refusals=frozenset({507}))
                traffic = Traffic(app, session, instance)
                async with traffic.peer.listening():
                    await instance.start()
                    await traffic.begin()
                    shown = await app.picture()
                    await traffic.run_while(_full_of_pictures(disk, traffic, shown))
                    await traffic.arrived()
            assert {sentence for _, sentence in app.refused} == {FULL}
            assert traffic.ledger.pictures
            assert instance.stop() == 0
            await examine(instance, traffic)
        finally:
            instance.stop()
    print(traffic.figures(refused=len(app.refused)))


async def _full_of_pictures(disk: Disk, traffic: Traffic, shown: dict[str, Any]) -> None:
    app = traffic.app
    disk.fill()
    written = len(traffic.ledger.versions)

    async def refused() -> bool:
        return len(app.refused) >= 3 and len(traffic.ledger.versions) > written + 3

    await until(refused)
    for size in ("url", "preview_url"):
        assert await app.once("GET", "/" + shown[size].split("/", 3)[3]) == 200
    pictures = traffic.ledger.pictures
    disk.clear()

    async def shown_again() -> bool:
        return traffic.ledger.pictures > pictures

    await until(shown_again)
