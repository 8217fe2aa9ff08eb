"""Files on their way in: never much of them in memory, and gone when nobody holds them."""

import gc
import tracemalloc

import pytest

from server.errors import StorageFull, TooLarge
from web.spool import IN_MEMORY_BYTES, Spool


async def chunks(total: int):
    for _ in range(total // 65536):
        yield bytes(65536)


async def test_a_large_file_takes_little_memory_and_goes_when_it_is_let_go(tmp_path):
    spool = Spool(tmp_path, 64 << 20)
    tracemalloc.start()
    upload = await spool.take(chunks(48 << 20), spool.most_bytes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    assert upload.length == 48 << 20
    assert upload.path.stat().st_mode & 0o777 == 0o600
    del upload
    gc.collect()
    assert list(tmp_path.iterdir()) == []


async def test_what_is_too_large_leaves_nothing(tmp_path):
    spool = Spool(tmp_path, 4 << 20)
    for total in (5 << 20, 64 << 20):
        with pytest.raises(TooLarge):
            await spool.take(chunks(total), spool.most_bytes)
        gc.collect()
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(TooLarge):
        await spool.take(chunks(1 << 20), 65536)


async def test_what_is_small_touches_no_disk(tmp_path):
    upload = await Spool(tmp_path / "none", 1).take(chunks(IN_MEMORY_BYTES), IN_MEMORY_BYTES)
    assert (upload.length, upload.path) == (IN_MEMORY_BYTES, None)
    assert not (tmp_path / "none").exists()


async def test_a_disk_that_takes_nothing_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFull):
        await Spool(tmp_path / "file", 8 << 20).take(chunks(2 << 20), 8 << 20)
