"""Cities for tests of pages: `city` on SQLite, `any_city` once on each database."""

import shutil

import pytest

from tests.web.city import start, stop


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
