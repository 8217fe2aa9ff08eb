"""Strangers' pictures are fetched once, kept within a budget, and refused without a long wait."""

import asyncio
import errno
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from federation.errors import Unreachable
from federation.http import TooLong
from server import remote_pictures
from server.errors import NotFound, StorageFull, TooLarge, TooMany
from server.fetch import Fetcher
from server.films import Films
from server.media import Pictures
from server.remote_pictures import RemotePictures
from server.store import remote_pictures as store
from server.store.db import Database, DatabaseError, Write
from server.worker import housekeeping
from tests.films import film, needs_ffmpeg, sound
from tests.server.world import NOW, SITE
from tests.village import eventually

FACE = "https://far.test/face.png"
PLENTY = 1 << 30


def picture(colour: str = "teal", size: int = 80) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(out, "PNG")
    return out.getvalue()


def noise(seed: int) -> bytes:
    """A picture of some size on the disk."""
    out = io.BytesIO()
    Image.effect_noise((300, 300), 60 + seed).convert("RGB").save(out, "PNG")
    return out.getvalue()


class Web:
    """What other servers answer, in the place of `Client`; who asks may be made to wait."""

    def __init__(self) -> None:
        self.has: dict[str, bytes | Exception] = {}
        self.asked: list[str] = []
        self.now = 0
        self.most = 0
        self.go = asyncio.Event()
        self.go.set()

    async def film(self, url: str, sink: Any, *, max_bytes: int, welcome: Any) -> None:
        data = (await self.picture(url, max_bytes=max_bytes, welcome=welcome)).body
        for at in range(0, len(data), 4096):
            if at + 4096 > max_bytes:
                raise TooLong("more")
            await sink(data[at : at + 4096])

    async def picture(self, url: str, *, max_bytes: int, welcome: Any) -> Any:
        assert await welcome(url)
        self.asked.append(url)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.go.wait()
        finally:
            self.now -= 1
        found = self.has.get(url, Unreachable("404"))
        if isinstance(found, Exception):
            raise found
        return type("Fetched", (), {"body": found})


class Town:
    """A database, a folder, other servers, and a clock."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.folder, self.web, self.now_ms = db, folder, Web(), NOW
        self.fetcher = Fetcher(db, self.web, None, SITE, "open", lambda: self.now_ms)  # type: ignore[arg-type]
        self.store = Pictures(folder)
        self.remote = RemotePictures(self.fetcher, self.store, PLENTY)

    def budget(self, bytes: int) -> None:
        self.remote = RemotePictures(self.fetcher, self.store, bytes)

    def files(self) -> set[str]:
        return {path.name for path in self.folder.rglob("*") if path.is_file()}

    async def rows(self) -> list[dict[str, Any]]:
        return await self.db.read(
            lambda db: [dict(row) for row in db.all("SELECT * FROM remote_picture ORDER BY url")]
        )

    async def agrees(self) -> bool:
        """Whether files and rows are the same ones."""
        return self.files() == await self.db.read(store.files)


@pytest.fixture
async def town(db: Database, tmp_path: Path) -> AsyncIterator[Town]:
    made = Town(db, tmp_path / "media")
    await made.store.open()
    yield made
    await made.remote.close()


async def test_a_picture_is_fetched_once_and_kept(town: Town) -> None:
    town.web.has[FACE] = picture()
    name = await town.remote.file("avatar", FACE)
    assert await town.remote.file("avatar", FACE) == name
    assert town.web.asked == [FACE]
    (row,) = await town.rows()
    assert row == {
        "url": f"avatar {FACE}",
        "file": name,
        "bytes": remote_pictures.room_of(town.store.store.path(name).stat().st_size),
        "failed_ms": None,
        "seen_ms": NOW,
    }


async def test_what_it_is_for_decides_its_size(town: Town) -> None:
    town.web.has[FACE] = picture(size=2000)
    sizes = {}
    for kind in ("avatar", "picture", "emoji"):
        path = town.store.store.path(await town.remote.file(kind, FACE))
        sizes[kind] = Image.open(io.BytesIO(path.read_bytes())).size
    assert sizes == {"avatar": (400, 400), "picture": (1280, 1280), "emoji": (128, 128)}
    assert await town.agrees()


async def test_many_who_look_at_once_cause_one_fetch(town: Town) -> None:
    town.web.has[FACE] = picture()
    town.web.go.clear()
    looks = [asyncio.create_task(town.remote.file("avatar", FACE)) for _ in range(20)]
    await eventually(lambda: _true(town.web.asked))
    looks[0].cancel()  # who looked first goes away
    town.web.go.set()
    names = {await look for look in looks[1:]}
    assert len(names) == 1
    assert town.web.asked == [FACE]


@pytest.mark.parametrize(
    "answer",
    [Unreachable("500"), b"no picture", b'<svg xmlns="http://www.w3.org/2000/svg"/>', b""],
)
async def test_a_failure_is_remembered_for_ten_minutes(
    town: Town, answer: bytes | Exception
) -> None:
    town.web.has[FACE] = answer
    for _ in range(3):
        with pytest.raises(NotFound):
            await town.remote.file("picture", FACE)
    assert town.web.asked == [FACE]
    assert town.files() == set()
    town.web.has[FACE] = picture()
    town.now_ms += remote_pictures.FAILED_MS
    assert await town.remote.file("picture", FACE) in town.files()
    assert (await town.rows())[0]["failed_ms"] is None


async def test_a_clock_that_went_back_does_not_keep_a_failure(town: Town) -> None:
    with pytest.raises(NotFound):
        await town.remote.file("picture", FACE)
    town.web.has[FACE] = picture()
    town.now_ms -= 1
    assert await town.remote.file("picture", FACE)


async def test_a_server_that_never_ends_its_answer_is_given_up(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_pictures, "FETCH_S", 0.01)
    town.web.go.clear()
    with pytest.raises(NotFound):
        await town.remote.file("picture", FACE)
    assert (await town.rows())[0]["failed_ms"] == NOW


@pytest.mark.parametrize(
    "url",
    [f"{SITE.origin}/media/a.jpg", "https://HERE.test:443/sign-out", "https:///", "nothing"],
)
async def test_we_never_ask_ourselves(town: Town, url: str) -> None:
    with pytest.raises(NotFound):
        await town.remote.file("picture", url)
    assert town.web.asked == []


def hosts_of(town: Town, number: int, *, host: str = "") -> list[str]:
    urls = [f"https://{host.format(n) or f'h{n}.test'}/{n}.png" for n in range(number)]
    town.web.has.update(dict.fromkeys(urls, picture()))
    return urls


async def started(town: Town, urls: list[str]) -> list[asyncio.Task[str]]:
    """Look at all of these; every answer is held back."""
    town.web.go.clear()
    looks = [asyncio.create_task(town.remote.file("emoji", url)) for url in urls]
    await eventually(lambda: _true(len(town.remote._making) == len(urls)))
    return looks


async def _true(found: object) -> bool:
    return bool(found)


async def test_eight_are_fetched_at_once_and_two_of_one_server(town: Town) -> None:
    looks = await started(town, hosts_of(town, 20))
    await eventually(lambda: _true(town.web.now == remote_pictures.AT_ONCE))
    town.web.go.set()
    assert len({await look for look in looks}) == 20
    assert town.web.most == remote_pictures.AT_ONCE
    town.web.most = 0
    looks = await started(town, hosts_of(town, 6, host="one.test"))
    await eventually(lambda: _true(town.web.now == remote_pictures.AT_ONCE_OF_A_DOMAIN))
    town.web.go.set()
    assert len({await look for look in looks}) == 6
    assert town.web.most == remote_pictures.AT_ONCE_OF_A_DOMAIN


async def test_who_waits_too_long_is_told_to_come_back_and_nothing_is_remembered(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_pictures, "WAIT_S", 0.05)
    looks = await started(town, hosts_of(town, 3, host="one.test"))
    done, _ = await asyncio.wait(looks, return_when=asyncio.FIRST_COMPLETED)
    assert [type(one.exception()) for one in done] == [TooMany]
    town.web.go.set()
    for look in set(looks) - done:
        await look
    assert await town.remote.file("emoji", "https://one.test/2.png")
    assert all(row["file"] for row in await town.rows())


async def test_who_looked_before_it_was_kept_does_not_have_it_fetched_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.web.has[FACE] = picture()
    read, looked, goes_on = town.db.read, asyncio.Event(), asyncio.Event()

    async def late(function: Any, *args: Any) -> Any:
        found = await read(function, *args)
        if function is store.one and not looked.is_set():
            looked.set()
            await goes_on.wait()
        return found

    monkeypatch.setattr(town.db, "read", late)
    early = asyncio.create_task(town.remote.file("picture", FACE))
    await looked.wait()
    file = await town.remote.file("picture", FACE)
    goes_on.set()
    assert await early == file
    assert town.web.asked == [FACE]


async def test_a_crowd_is_told_at_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_pictures, "MAX_WAITING", 3)
    looks = await started(town, hosts_of(town, 3))
    with pytest.raises(TooMany):
        await town.remote.file("emoji", "https://late.test/1.png")
    town.web.go.set()
    await asyncio.gather(*looks)
    assert town.remote._making == {}


async def test_all_names_of_a_domain_are_one_and_leave_room_for_others(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One who answers nothing under a thousand names holds up nobody else's pictures."""
    monkeypatch.setattr(remote_pictures, "MAX_WAITING_OF_A_DOMAIN", 12)
    looks = await started(town, hosts_of(town, 12, host="n{}.slow.test"))
    await eventually(lambda: _true(town.web.now == remote_pictures.AT_ONCE_OF_A_DOMAIN))
    with pytest.raises(TooMany):
        await town.remote.file("emoji", "https://another.slow.test/1.png")
    looks += [asyncio.create_task(town.remote.file("emoji", hosts_of(town, 1)[0]))]
    await eventually(lambda: _true(town.web.now == remote_pictures.AT_ONCE_OF_A_DOMAIN + 1))
    town.web.go.set()
    assert len({await look for look in looks}) == 13
    assert not town.remote._waiting


async def test_what_nobody_has_seen_for_longest_goes_first(town: Town) -> None:
    sizes = []
    for number in range(4):
        url = f"https://h{number}.test/a.png"
        town.web.has[url] = noise(number)
        town.now_ms += remote_pictures.SEEN_MS
        name = await town.remote.file("picture", url)
        sizes.append(remote_pictures.room_of(town.store.store.path(name).stat().st_size))
    town.now_ms += remote_pictures.SEEN_MS
    await town.remote.file("picture", "https://h0.test/a.png")  # the oldest is seen again
    town.budget(sum(sizes))
    town.web.has["https://h4.test/a.png"] = noise(4)
    town.now_ms += 1
    await town.remote.file("picture", "https://h4.test/a.png")
    left = [row["url"] for row in await town.rows()]
    assert "picture https://h0.test/a.png" in left
    assert "picture https://h4.test/a.png" in left
    assert "picture https://h1.test/a.png" not in left
    assert await town.db.read(store.total) <= sum(sizes)
    assert await town.agrees()


async def test_a_tiny_picture_takes_the_room_that_its_file_takes(town: Town) -> None:
    """Millions of single dots would fill the disk long before their bytes filled the budget."""
    url = "https://dots.test/1.png"
    town.web.has[url] = picture(size=1)
    path = town.store.store.path(await town.remote.file("emoji", url))
    assert path.stat().st_size < 1000
    assert [row["bytes"] for row in await town.rows()] == [4096]


async def test_a_smaller_budget_is_kept_by_housekeeping(town: Town) -> None:
    for url in hosts_of(town, 5):
        await town.remote.file("picture", url)
    total = await town.db.read(store.total)
    await housekeeping.keep_house_once(town.db, town.store.store, total // 2, town.now_ms)
    assert 0 < await town.db.read(store.total) <= total // 2
    assert await town.agrees()


async def test_failures_are_forgotten_by_housekeeping(town: Town) -> None:
    town.web.has["https://far.test/b.png"] = picture()
    await town.remote.file("picture", "https://far.test/b.png")
    with pytest.raises(NotFound):
        await town.remote.file("picture", FACE)
    for after, rows in ((0, 2), (remote_pictures.FAILED_MS + 1, 1)):
        await housekeeping.keep_house_once(town.db, town.store.store, PLENTY, NOW + after)
        assert len(await town.rows()) == rows


async def test_a_file_that_is_lost_is_fetched_again(town: Town) -> None:
    town.web.has[FACE] = picture()
    first = await town.remote.file("avatar", FACE)
    await town.store.store.remove(first)
    second = await town.remote.file("avatar", FACE)
    assert second != first
    assert town.web.asked == [FACE, FACE]
    assert await town.agrees()


async def test_a_database_that_fails_leaves_no_file(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(tx: Write, *_: Any) -> str:
        raise DatabaseError("the disk is full")

    town.web.has[FACE] = picture()
    monkeypatch.setattr(store, "keep", broken)
    with pytest.raises(DatabaseError):
        await town.remote.file("avatar", FACE)
    assert town.files() == set()
    monkeypatch.undo()
    assert await town.remote.file("avatar", FACE) in town.files()


async def test_while_the_disk_is_full_nothing_is_fetched_for_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    other = "https://other.test/face.png"
    town.web.has = {FACE: picture(), other: picture()}
    monkeypatch.setattr(os, "fsync", full)
    for url in (FACE, FACE, other):
        with pytest.raises(StorageFull, match="no room"):
            await town.remote.file("avatar", url)
    assert town.web.asked == [FACE]
    assert caplog.text.count("pictures of other servers wait") == 1
    assert town.files() == set() and await town.rows() == []
    monkeypatch.undo()
    town.now_ms += remote_pictures.FULL_MS
    assert await town.remote.file("avatar", FACE) in town.files()


async def test_a_kill_between_file_and_row_leaves_nothing_after_a_sweep(town: Town) -> None:
    town.web.has[FACE] = picture()
    kept = await town.remote.file("avatar", FACE)
    await town.store.process_remote("avatar", picture())  # and then the process was killed
    assert len(town.files()) == 2
    day_ms = housekeeping.LOOSE_MEDIA_MS
    await housekeeping.sweep_files(town.db, town.store.store, _file_time(town, kept))
    assert len(town.files()) == 2  # it may be a picture whose row is about to be written
    await housekeeping.sweep_files(
        town.db, town.store.store, _file_time(town, kept) + day_ms + 60_000
    )
    assert town.files() == {kept}


def _file_time(town: Town, name: str) -> int:
    return town.store.store.path(name).stat().st_mtime_ns // 1_000_000


async def test_fetches_end_with_the_server(town: Town) -> None:
    (look,) = await started(town, hosts_of(town, 1))
    await town.remote.close()
    with pytest.raises(asyncio.CancelledError):
        await look
    assert town.files() == set()


# --- rows


def test_the_file_that_is_replaced_is_told(tx: Write) -> None:
    assert store.keep(tx, "avatar a", "1.webp", 10, NOW) == ""
    assert store.keep(tx, "avatar a", "2.webp", 20, NOW + 1) == "1.webp"
    assert store.total(tx) == 20
    store.fail(tx, "avatar a", NOW + 2)
    assert store.one(tx, "avatar a") == store.Kept("", NOW + 2, NOW + 2)
    assert (store.total(tx), store.files(tx)) == (0, set())


def test_no_more_is_dropped_than_must_be(tx: Write) -> None:
    for number in range(5):
        store.keep(tx, f"emoji {number}", f"{number}.webp", 10, NOW + number)
    store.fail(tx, "emoji failed", NOW - 1)
    assert store.drop(tx, 50) == []
    assert store.drop(tx, 31) == ["0.webp", "1.webp"]
    assert store.total(tx) == 30
    assert store.one(tx, "emoji failed") is not None


def test_many_are_dropped_in_portions(tx: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROWS_AT_ONCE", 2)
    for number in range(5):
        store.keep(tx, f"emoji {number}", f"{number}.webp", 10, NOW + number)
    assert [len(store.drop(tx, 0)) for _ in range(4)] == [2, 2, 1, 0]


# --- films


FILM = "https://far.test/film"


def with_films(town: Town, *, most: int = 1 << 20, program: str = "ffmpeg") -> None:
    films = Films(town.folder / "incoming", program=program)
    town.remote = RemotePictures(town.fetcher, town.store, PLENTY, films, film_bytes=most)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("data", "end"),
    [
        (lambda: film(".mp4"), ".mp4"),
        (lambda: film(".mov"), ".mp4"),
        (lambda: film(".webm"), ".webm"),
        (lambda: sound(".mp3"), ".mp3"),
        (lambda: sound(".ogg"), ".ogg"),
        (lambda: sound(".m4a"), ".m4a"),
    ],
)
async def test_a_film_of_a_stranger_is_looked_at_and_passed_on(
    town: Town, data: Any, end: str
) -> None:
    with_films(town)
    town.web.has[FILM] = data()
    name = await town.remote.file("film", FILM)
    assert name.endswith(end)
    assert town.store.store.path(name).read_bytes() == data()
    assert await town.remote.file("film", FILM) == name
    assert town.web.asked == [FILM]
    assert await town.agrees()


@needs_ffmpeg
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"<script>alert(1)</script>",
        b"ID3\x04\0\0\0\0\0\0<script>",
        b"\0\0\0\x18ftypmp42" + bytes(99),
        picture(),
    ],
)
async def test_what_only_looks_like_a_film_is_not_passed_on(town: Town, data: bytes) -> None:
    with_films(town)
    town.web.has[FILM] = data
    for _ in range(2):
        with pytest.raises(NotFound):
            await town.remote.file("film", FILM)
    assert town.web.asked == [FILM]
    assert town.files() == set()


@needs_ffmpeg
async def test_a_film_that_is_too_large_is_said_to_be_so(town: Town) -> None:
    with_films(town, most=1000)
    town.web.has[FILM] = film()
    with pytest.raises(TooLarge):
        await town.remote.file("film", FILM)
    with pytest.raises(NotFound):  # a moment later, without asking again
        await town.remote.file("film", FILM)
    assert town.web.asked == [FILM]
    assert town.files() == set()


async def test_without_ffmpeg_no_film_is_fetched(town: Town) -> None:
    for _ in range(2):
        with pytest.raises(NotFound):
            await town.remote.file("film", FILM)
        with_films(town, program="")
    assert town.web.asked == []


@needs_ffmpeg
async def test_films_and_pictures_share_the_budget(town: Town) -> None:
    with_films(town)
    town.web.has = {FILM: film(), FACE: picture()}
    old = await town.remote.file("film", FILM)
    town.now_ms += 1000
    fresh = await town.remote.file("avatar", FACE)
    assert await town.db.read(store.total) > 12_000
    await housekeeping.keep_house_once(town.db, town.store.store, 10_000, town.now_ms)
    assert town.files() == {fresh} != {old}
