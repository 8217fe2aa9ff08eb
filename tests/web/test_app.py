"""What the composition root promises before the first request."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from server.config import Config, ConfigError, DatabaseAt, Instance, MediaAt, Secrets
from web.app import create_app


def _config(folder: Path, url: str, domain: str) -> Config:
    return Config(
        instance=Instance(domain=domain, base_url=f"https://{domain}"),
        database=DatabaseAt(url=url),
        media=MediaAt(store=str(folder / "media")),
        secrets=Secrets(key_file=str(folder / "secret.key")),
    )


async def test_a_database_keeps_the_domain_of_its_first_start(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    url = new_database()
    for _ in range(2):
        async with TestClient(TestServer(create_app(_config(tmp_path, url, "first.test")))) as same:
            assert (await same.get("/readyz")).status == 200
    other = TestServer(create_app(_config(tmp_path, url, "second.test")))
    with pytest.raises(ConfigError, match=r"instance\.domain.*first\.test"):
        await other.start_server()
