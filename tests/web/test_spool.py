"""Files on their way in: never much of them in memory, and gone when nobody holds them."""

import gc
import tracemalloc
from contextlib import ExitStack

import pytest

from server.errors import StorageFull, TooLarge, TooMany
from web.spool import AT_ONCE, AT_ONCE_FROM_ONE, AT_ONCE_OF_ONE, IN_MEMORY_BYTES, Spool


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


def open_at_once(spool, asks):
    """How many of these may send at the same time."""
    got = 0
    with ExitStack() as held:
        for account_id, address in asks:
            try:
                held.enter_context(spool.turn(account_id, address))
            except TooMany:
                continue
            got += 1
    return got


def test_one_member_has_a_few_places_wherever_they_sit(tmp_path):
    spool = Spool(tmp_path, 0)
    assert open_at_once(spool, [(1, f"192.0.2.{n}") for n in range(40)]) == AT_ONCE_OF_ONE
    assert open_at_once(spool, [(1, "192.0.2.1"), (2, "192.0.2.2")]) == 2


def test_one_address_has_some_places_however_many_members_sit_there(tmp_path):
    spool = Spool(tmp_path, 0)
    assert open_at_once(spool, [(n, "192.0.2.1") for n in range(40)]) == AT_ONCE_FROM_ONE
    assert open_at_once(spool, [(n, f"2001:db8::{n:x}") for n in range(40)]) == AT_ONCE_FROM_ONE


def test_places_have_an_end_and_come_back(tmp_path):
    spool = Spool(tmp_path, 0)
    asks = [(n, f"192.0.2.{n}") for n in range(100)]
    assert open_at_once(spool, asks) == AT_ONCE
    assert open_at_once(spool, asks) == AT_ONCE
    assert not spool.crowded
    assert not spool._of  # nobody is remembered
    with ExitStack() as held:
        for n, address in asks[: AT_ONCE // 2]:
            held.enter_context(spool.turn(n, address))
        assert spool.crowded
