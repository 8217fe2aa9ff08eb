"""What cannot be used says what to do: buckets, folders, and the place of what is on its way."""

import logging
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from server.bucket import Bucket
from server.config import ConfigError, MediaAt
from server.config import load as configuration
from server.configured_files import store_of
from server.errors import StorageFull
from server.files import Folder, new_name, place_of
from server.store_watch import StoreWatch
from tests.buckets import new_bucket, s3

DENIED = (
    b"<?xml version='1.0'?><Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>"
)


@pytest.fixture(autouse=True)
def nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "MADANG_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3() as address:
        yield address


@pytest.fixture
async def denying() -> AsyncIterator[str]:
    """A server that takes no key."""

    async def deny(request: web.Request) -> web.Response:
        return web.Response(status=403, body=DENIED, content_type="application/xml")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", deny)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield "http://{}:{}".format(*runner.addresses[0][:2])
    await runner.cleanup()


def bucket(address: str, scratch: Path) -> Bucket:
    return Bucket(place_of(address), key_id="key", secret="secret", scratch=scratch)


async def test_what_is_wrong_with_a_bucket_is_said_in_words(
    endpoint: str, denying: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cases = {
        f"s3://nobody-made-this?endpoint={endpoint}": "make the bucket first",
        f"s3://pictures?endpoint={denying}": "the key is wrong or may not read and write",
        "s3://pictures?endpoint=http://127.0.0.1:1": "127.0.0.1:1 does not answer",
    }
    for address, sentence in cases.items():
        store = bucket(address, tmp_path)
        assert sentence in await store.trouble()
        with pytest.raises(StorageFull) as full:
            await store.put(new_name(".jpg"), b"x")
        assert sentence in str(full.value.__cause__)
        assert sentence in caplog.text
    assert "Debug source" not in caplog.text and "<Error>" not in caplog.text
    assert await bucket(new_bucket(endpoint), tmp_path).trouble() == ""


async def test_a_bucket_elsewhere_without_a_key_asks_no_machine_for_one(tmp_path: Path) -> None:
    store = Bucket(place_of("s3://pictures?endpoint=http://127.0.0.1:1"), scratch=tmp_path)
    with pytest.raises(ConfigError, match=r"set media\.access_key_id or AWS_ACCESS_KEY_ID"):
        await store.open()
    assert "127.0.0.1:1 does not answer" in await store.trouble()


async def test_a_scratch_folder_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for store in (str(tmp_path / "media"), "s3://pictures?endpoint=http://127.0.0.1:1"):
        for scratch in (file, file / "below"):
            at = MediaAt(
                store=store, scratch=str(scratch), access_key_id="a", secret_access_key="b"
            )
            with pytest.raises(ConfigError, match=r"media\.scratch .*file"):
                await store_of(at).open()


@pytest.mark.parametrize("address", ["gs://b/p", "S3://b/p", "s3:/b/p", "S3:b", "file:///srv/m"])
def test_an_address_that_is_almost_a_bucket_does_not_become_a_folder(
    address: str, tmp_path: Path
) -> None:
    (tmp_path / "madang.toml").write_text(f'[media]\nstore = "{address}"')
    with pytest.raises(ConfigError, match="s3://BUCKET"):
        configuration(tmp_path / "madang.toml", {})


async def test_what_cannot_be_written_is_named_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Folder(tmp_path / "media")
    await store.open()
    name = new_name(".jpg")
    store.path(name).parent.write_bytes(b"a file where a folder should be")
    with pytest.raises(StorageFull, match="The file could not be stored"):
        await store.put(name, b"x")
    assert str(store.path(name)) in caplog.text and "errno" in caplog.text


async def test_the_log_hears_once_that_nothing_can_be_stored_and_once_that_it_can(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder = tmp_path / "media"
    watch = StoreWatch(Folder(folder))
    for _ in range(2):
        await watch.look()
    assert not watch.up
    folder.mkdir()
    for _ in range(2):
        await watch.look()
    assert watch.up
    said = [record.getMessage() for record in caplog.records]
    assert [str(folder) in line for line in said] == [True, False]
