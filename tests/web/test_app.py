"""What the composition root promises before the first request."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from server.config import Config, ConfigError, DatabaseAt, Instance, MediaAt, Secrets
from server.secrets import SecretError
from server.store import entry_rules
from server.store import remote_pictures as store
from web.app import create_app
from web.keys import DB


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
    with pytest.raises(ConfigError, match=r'set instance\.domain = "first\.test"'):
        await other.start_server()


async def test_a_lost_key_is_not_replaced(new_database: Callable[[], str], tmp_path: Path) -> None:
    config = _config(tmp_path, new_database(), "first.test")
    async with TestClient(TestServer(create_app(config))):
        config.secrets.file.unlink()
    with pytest.raises(SecretError, match="put it back"):
        await TestServer(create_app(config)).start_server()
    assert not config.secrets.file.exists()


async def test_the_metrics_tell_of_a_database_that_is_away(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    at_ms = [1_800_000_000_000]
    config = _config(tmp_path, new_database(), "first.test")
    app = create_app(config, clock=lambda: at_ms[0])
    async with TestClient(TestServer(app)) as client:
        told = await (await client.get("/metrics")).text()
        assert "madang_database_up 1.0" in told
        assert 'madang_jobs_waiting{kind="media"} 0.0' in told
        assert 'madang_job_oldest_seconds{kind="push"} 0.0' in told
        assert 'madang_queue{queue="deliveries",state="resting"} 0.0' in told
        assert 'madang_queue_oldest_seconds{queue="jobs",state="parked"} 0.0' in told
        for kind in (
            *("receive", "import", "claim", "export", "book", "ping", "tell-link", "walk"),
            *("index", "poll", "ancestors"),
        ):
            assert f'madang_jobs_waiting{{kind="{kind}"}} 0.0' in told
        for kind in ("ping", "tell-link", "walk", "index", "tell-followers"):
            assert f'madang_planned{{kind="{kind}"}} 0.0' in told
        assert "madang_scheduled_late 0.0" in told
        assert "madang_store_up 1.0" in told
        assert 'madang_pushes_total{result="taken"} 0.0' in told
        assert 'madang_films_total{result="made"} 0.0' in told
        assert "madang_remote_pictures_bytes 0.0" in told
        assert "madang_live_streams 0.0" in told
        async with client.get("/live?topics=local"):
            listened = await (await client.get("/metrics")).text()
        assert "madang_live_streams 1.0" in listened
        await app[DB].write(store.keep, "avatar https://far.test/a.png", "a" * 32 + ".webp", 700, 1)
        at_ms[0] += 1_000
        assert "madang_remote_pictures_bytes 0.0" in await (await client.get("/metrics")).text()
        at_ms[0] += 10_000
        told = await (await client.get("/metrics")).text()
        assert "madang_remote_pictures_bytes 700.0" in told
        assert "process_resident_memory_bytes" in told
        assert "_created" not in told
        await app[DB].close()
        at_ms[0] += 6_000  # what pages were made of is not fresh any more; what was counted is
        answer = await client.get("/metrics")
        assert answer.status == 200
        assert "madang_database_up 0.0" in await answer.text()
        assert (await client.get("/readyz")).status == 503
        assert (await client.get("/healthz")).status == 200
        assert (await client.get("/")).status == 503
        there = {"X-Forwarded-For": "203.0.113.7"}
        for path, status in {
            "/metrics": 404,
            "/healthz": 200,
            "/icons/mark.svg": 200,  # needs no database
            "/": 503,
        }.items():
            assert (await client.get(path, headers=there)).status == status, path


async def test_who_is_shut_out_stays_out_while_the_database_is_away(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    at_ms = [1_800_000_000_000]
    app = create_app(_config(tmp_path, new_database(), "first.test"), clock=lambda: at_ms[0])
    async with TestClient(TestServer(app)) as client:
        network = entry_rules.AddressRule(
            id=1,
            network="203.0.113.0/24",
            severity="no_access",
            comment="",
            expires_ms=None,
            created_ms=1,
        )
        await app[DB].write(entry_rules.insert_address, network)
        there = {"X-Forwarded-For": "203.0.113.7"}
        assert (await client.get("/icons/mark.svg", headers=there)).status == 403
        await app[DB].close()
        at_ms[0] += 6_000
        assert (await client.get("/icons/mark.svg", headers=there)).status == 403
