"""A folder and a bucket keep the same promises; the bucket is one of a real S3 server."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server import files
from server.bucket import Bucket
from server.config import MediaAt
from server.configured_files import store_of
from server.errors import NotFound, StorageFull
from server.files import Folder, Store, StoreAway, new_name, place_of
from tests.buckets import new_bucket, s3


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3() as address:
        yield address


@pytest.fixture(params=["folder", "bucket"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Store]:
    if request.param == "folder":
        made: Store = Folder(tmp_path / "media")
    else:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        address = new_bucket(request.getfixturevalue("endpoint"))
        made = store_of(MediaAt(store=address, scratch=str(tmp_path / "scratch")))
    await made.open()
    yield made


async def content(store: Store, name: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in store.read(name, start, end)])


async def names(store: Store) -> set[str]:
    return {file.name async for file in store.files()}


async def test_what_was_put_is_read_whole_and_in_parts(store: Store) -> None:
    name = new_name(".mp4")
    await store.put(name, b"0123456789")
    assert await store.size(name) == 10
    assert await content(store, name) == b"0123456789"
    assert await content(store, name, 3) == b"3456789"
    assert await content(store, name, 3, 5) == b"34"
    assert await names(store) == {name}


async def test_a_large_file_comes_from_the_disk_and_goes_in_pieces(
    store: Store, tmp_path: Path
) -> None:
    data = os.urandom(11 << 20)  # more than two parts of an upload
    source = tmp_path / "source"
    source.write_bytes(data)
    name = new_name(".mp4")
    await store.put(name, source)
    assert await store.size(name) == len(data)
    assert await content(store, name, 6 << 20, (6 << 20) + 5) == data[6 << 20 : (6 << 20) + 5]
    assert await content(store, name) == data


async def test_what_was_removed_is_gone_and_can_be_removed_again(store: Store) -> None:
    name = new_name(".jpg")
    await store.put(name, b"x")
    for _ in range(2):
        await store.remove(name)
    assert await store.size(name) is None
    assert await names(store) == set()
    with pytest.raises(NotFound):
        await content(store, name)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a.jpg", "", "ab/cd.jpg", f"{'a' * 32}.html", f"{'a' * 32}.jpg\n"]
)
async def test_a_name_that_is_not_ours_leads_nowhere(store: Store, name: str) -> None:
    with pytest.raises(NotFound):
        await store.put(name, b"x")
    with pytest.raises(NotFound):
        store.local(name)
    with pytest.raises(NotFound):
        await content(store, name)


async def test_a_sweep_removes_what_is_old_and_unknown(store: Store) -> None:
    kept, lost = new_name(".jpg"), new_name(".raw")
    for name in (kept, lost):
        await store.put(name, b"x")
    (written, *_) = [file.written_ms async for file in store.files()]
    assert await files.sweep(store, {kept}, written - 60_000) == 0
    assert await files.sweep(store, {kept}, written + 60_000) == 1
    assert await names(store) == {kept}


async def test_a_copy_on_this_machine_is_made_where_there_is_none(
    store: Store, tmp_path: Path
) -> None:
    name = new_name(".raw")
    await store.put(name, b"film")
    here = await files.fetched(store, name, tmp_path / "copy")
    assert here.read_bytes() == b"film"
    await store.remove(name)
    with pytest.raises(NotFound):
        await files.fetched(store, name, tmp_path / "other")


async def test_a_bucket_that_is_not_there_is_away_and_takes_nothing(
    tmp_path: Path, endpoint: str
) -> None:
    place = place_of(f"s3://nobody-made-this?endpoint={endpoint}")
    store = Bucket(place, key_id="key", secret="secret", scratch=tmp_path)
    with pytest.raises(StorageFull):
        await store.put(new_name(".jpg"), b"x")
    with pytest.raises(StoreAway):
        await names(store)
    await store.remove(new_name(".jpg"))  # is written to the log


async def test_a_bucket_that_does_not_answer_is_away(tmp_path: Path) -> None:
    place = place_of("s3://pictures?endpoint=http://127.0.0.1:1")
    store = Bucket(place, key_id="key", secret="secret", scratch=tmp_path)
    async with asyncio.timeout(60):
        with pytest.raises(StoreAway):
            await store.size(new_name(".jpg"))


async def test_what_was_left_on_its_way_long_ago_is_removed(store: Store) -> None:
    old, fresh = store.scratch / "upload-old", store.scratch / "upload-fresh"
    folder = store.scratch / "tmp-old"
    for file in (old, fresh):
        file.write_bytes(b"half")
    folder.mkdir()
    for path in (old, folder):
        os.utime(path, (1000, 1000))
    await store.open()
    assert (old.exists(), folder.exists(), fresh.exists()) == (False, False, True)


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("s3://", "must look like"),
        ("s3://key@bucket", "must look like"),
        ("s3://bucket?endpont=https://x", "not endpont"),
        ("s3://bucket?endpoint=ftp://x", "https://"),
        ("s3://bucket?style=odd", "path or host"),
    ],
)
def test_an_address_of_a_bucket_that_cannot_be_read_says_why(address: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        place_of(address)


def test_an_address_of_a_bucket_has_all_that_is_needed() -> None:
    place = place_of("s3://gm/media/?endpoint=https://s3.example/&region=kr&style=host")
    assert (place.name, place.prefix, place.endpoint) == ("gm", "media", "https://s3.example")
    assert (place.region, place.style) == ("kr", "host")
