"""Cities for tests of pages: `city` on SQLite, `any_city` once on each database; `world`."""

import shutil

import pytest
import pytest_asyncio

from tests.web.city import start, stop
from tests.web.viewers import build


@pytest.fixture
async def city(sqlite_template, tmp_path, request):
    shutil.copy(sqlite_template, tmp_path / "city.db")
    city = await start(f"sqlite:{tmp_path}/city.db", tmp_path, getattr(request, "param", "open"))
    yield city
    await stop(city)


@pytest.fixture
async def any_city(database_url, tmp_path, request):
    """As `city`, on each database."""
    city = await start(database_url, tmp_path, getattr(request, "param", "open"))
    yield city
    await stop(city)


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["sqlite", "postgresql"])
async def world(request, tmp_path_factory):
    """A city with people and posts of every kind, which all tests of a module look at."""
    folder = tmp_path_factory.mktemp("viewers")
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        shutil.copy(template, folder / "city.db")
        city = await start(f"sqlite:{folder}/city.db", folder)
        yield await build(city)
        await stop(city)
        return
    server = request.getfixturevalue("postgresql_server")
    url = server.create(request.getfixturevalue("postgresql_template"))
    city = await start(url, folder)
    yield await build(city)
    await stop(city)
    server.drop(url)
