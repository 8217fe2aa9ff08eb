"""Films, sounds and pictures as an app sends them; from a folder, and from a bucket."""

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
import pillow_heif
import pytest
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from server import films
from server.clock import DAY_MS, now_ms
from server.config import Config, DatabaseAt, Instance, MediaAt, Secrets
from server.files import Store
from server.keyring import Keys
from server.model import Account, Media, Site
from server.services import accounts, media, posts, sessions
from server.services.accounts import NewAccount
from server.services.new_posts import NewPost
from server.store import jobs
from server.store import media as rows_of_media
from server.store.db import Database
from server.worker import housekeeping
from tests import contract
from tests.buckets import new_bucket, s3
from tests.films import film, gif, needs_ffmpeg, sound
from tests.first_start import given_keys
from tests.village import eventually
from tests.web.an_app import ENGLISH, asked
from tests.web.city import sealed
from web.app import create_app
from web.keys import DB, FILMS, PICTURES, SPOOL

HERE = Site(origin="https://gm.example", domain="gm.example", name="광명마당")
NO_KEYS = Keys((b"-", "-"), (b"-", "-"))


@dataclass
class City:
    client: TestClient[Any, Any]
    app: Any
    people: dict[str, Account]
    tokens: dict[str, str]

    @property
    def db(self) -> Database:
        return self.app[DB]

    @property
    def store(self) -> Store:
        return self.app[PICTURES].store

    async def join(self, name: str) -> None:
        new = NewAccount(name=name, email=f"{name}@gm.example", password="-", keys=NO_KEYS)
        account = await self.db.write(accounts.create, HERE, new, now_ms())
        self.people[name] = account
        self.tokens[name] = await self.db.write(
            sessions.create_access_token, account.id, "read write", "test", now_ms()
        )

    async def ask(self, method: str, path: str, who: str = "mina", *, expect=200, **sent) -> Any:
        sent |= {"token": self.tokens[who], "expect": expect, "headers": ENGLISH}
        return (await asked(self.client, method, path, **sent))[0]

    async def sends(self, data: bytes, path: str = "/v2/media", who="mina", expect=200, **fields):
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("file", io.BytesIO(data), filename="x", content_type="application/x-any")
        for name, value in fields.items():
            more = {"filename": "t"} if isinstance(value, bytes) else {}
            form.add_field(name, value, **more)
        return await self.ask("POST", path, who, expect=expect, data=form)

    async def ready(self, sent: dict[str, Any], expect=200) -> dict[str, Any]:
        async def done():
            row = await self.db.read(rows_of_media.by_id, int(sent["id"]))
            return row is not None and row.state != "processing"

        await eventually(done, timeout=60)
        return await self.ask("GET", f"/v1/media/{sent['id']}", expect=expect)

    async def load(self, url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        path = url.removeprefix("https://gm.example")
        async with self.client.get(path, headers=headers) as answer:
            return answer.status, await answer.read(), dict(answer.headers)

    async def files(self) -> set[str]:
        return {file.name async for file in self.store.files()}

    async def rows(self) -> list[Media]:
        return await self.db.read(
            lambda db: [Media(**row) for row in db.all("SELECT * FROM media ORDER BY id")]
        )

    async def agrees(self) -> None:
        """Rows and files are the same ones, and nothing is on its way (I5)."""
        rows = await self.rows()
        assert await self.files() == {
            name for row in rows for name in (row.large, row.medium, row.small) if name
        }
        scratch = self.store.scratch
        assert await eventually(lambda: nothing_in(scratch))


async def nothing_in(folder) -> bool:
    return not folder.exists() or not list(folder.iterdir())


async def start(url: str, at: MediaAt, folder, *, work: bool = True) -> City:
    config = Config(
        instance=Instance(domain="gm.example", base_url="https://gm.example", name="광명마당"),
        database=DatabaseAt(url=url),
        media=at,
        secrets=Secrets(key_file=str(folder / "secret.key")),
    )
    app = create_app(config, work=work)
    contract.hold(app)
    client = TestClient(TestServer(app))
    with given_keys(sealed):
        await client.start_server()
    return City(client, app, {}, {})


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3() as address:
        yield address


@pytest.fixture
async def city(database_url, tmp_path):
    city = await start(database_url, MediaAt(store=str(tmp_path / "media")), tmp_path)
    await city.join("mina")
    await city.join("joon")
    yield city
    await city.client.close()


@pytest.fixture(params=["folder", "bucket"])
async def either(request, sqlite_template, tmp_path):
    """A city on SQLite with each of the stores."""
    at = MediaAt(store=str(tmp_path / "media"))
    if request.param == "bucket":
        at = MediaAt(
            store=new_bucket(request.getfixturevalue("endpoint")),
            access_key_id="key",
            secret_access_key="secret",
            scratch=str(tmp_path / "scratch"),
        )
    shutil.copy(sqlite_template, tmp_path / "city.db")
    city = await start(f"sqlite:{tmp_path}/city.db", at, tmp_path)
    await city.join("mina")
    yield city
    await city.client.close()


def png(width: int = 60, height: int = 40) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


# --- films and sounds


@needs_ffmpeg
async def test_a_film_is_taken_at_once_and_ready_soon(city):
    sent = await city.sends(film(), expect=202, description="하늘", focus="0.5,-1")
    assert (sent["type"], sent["url"], sent["description"]) == ("video", None, "하늘")
    path = f"/v1/media/{sent['id']}"
    await city.ask("GET", path, "joon", expect=404)
    ready = await city.ready(sent)
    assert ready["url"].startswith("https://gm.example/media/")
    assert ready["url"].endswith(".mp4")
    assert ready["preview_url"].endswith(".jpg")
    assert len(ready["blurhash"]) > 20
    meta = ready["meta"]
    assert meta["original"]["width"] == 320
    assert meta["original"]["frame_rate"] == "25/1"
    assert 0.8 < meta["original"]["duration"] < 1.3
    assert meta["original"]["bitrate"] > 0
    assert (meta["small"]["width"], meta["small"]["size"]) == (320, "320x240")
    assert (meta["fps"], meta["size"], meta["audio_encode"]) == (25, "320x240", "aac")
    assert meta["audio_channels"] == "stereo"
    assert meta["length"].startswith("0:00:0")
    assert meta["focus"] == {"x": 0.5, "y": -1.0}
    post = await city.ask("POST", "/v1/statuses", json={"status": "", "media_ids": [sent["id"]]})
    assert post["media_attachments"] == [ready]
    await city.agrees()


@needs_ffmpeg
async def test_a_sound_lasts_and_may_have_a_picture(city):
    sent = await city.sends(sound(".ogg"), expect=202, thumbnail=png(800, 800))
    assert (sent["type"], sent["url"]) == ("audio", None)
    assert sent["preview_url"].endswith(".jpg")
    ready = await city.ready(sent)
    assert ready["url"].endswith(".mp3")
    assert ready["preview_url"] == sent["preview_url"]
    assert ready["meta"]["small"]["width"] == 640
    assert "width" not in ready["meta"]["original"]
    assert ready["meta"]["audio_encode"] == "mp3"
    path = f"/v1/media/{sent['id']}"
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("thumbnail", png(100, 50), filename="t.png")
    changed = await city.ask("PUT", path, data=form)
    assert changed["preview_url"] != ready["preview_url"]
    assert changed["meta"]["small"]["width"] == 100
    await housekeeping.keep_house_once(city.db, city.store, 1 << 30, now_ms())
    await city.agrees()


@needs_ffmpeg
async def test_a_picture_that_moves_goes_on_moving(city):
    ready = await city.ready(await city.sends(gif(), expect=202))
    assert ready["type"] == "gifv"
    assert ready["url"].endswith(".mp4")
    assert "audio_encode" not in ready["meta"]
    assert (await city.sends(gif(1)))["type"] == "image"


@needs_ffmpeg
async def test_the_old_way_waits_and_the_film_is_counted(city, caplog):
    caplog.set_level("INFO", "server.worker.filming")
    sent = await city.sends(film(), "/v1/media")
    assert sent["url"].endswith(".mp4")
    (line,) = [one for one in caplog.records if "was made" in one.getMessage()]
    assert sent["id"] in line.getMessage() and line.ms > 0
    async with city.client.get("/metrics") as answer:
        assert 'madang_films_total{result="made"} 1.0' in await answer.text()
    assert (await city.sends(png(), "/v1/media"))["type"] == "image"


@needs_ffmpeg
async def test_what_is_not_ready_is_not_posted_yet(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "city.db")
    url, at = f"sqlite:{tmp_path}/city.db", MediaAt(store=str(tmp_path / "media"))
    city = await start(url, at, tmp_path, work=False)
    await city.join("mina")
    sent = await city.sends(film(), expect=202)
    path = f"/v1/media/{sent['id']}"
    assert (await city.ask("GET", path, expect=206))["url"] is None
    new = {"status": "Look", "media_ids": [sent["id"]]}
    refused = await city.ask("POST", "/v1/statuses", json=new, expect=422)
    assert "still being prepared" in refused["error"]
    (row,) = await city.rows()
    assert (await city.load(f"/media/{row.large}"))[0] == 404  # nobody sees what was sent
    (name,) = await city.files()
    await city.client.close()

    # whatever stopped the server, the promise is kept by the next one
    again = await start(url, at, tmp_path)
    again.people, again.tokens = city.people, city.tokens
    ready = await again.ready(sent)
    assert ready["url"].endswith(".mp4")
    assert name not in await again.files()
    assert (await again.ask("POST", "/v1/statuses", json=new))["media_attachments"] == [ready]
    await again.client.close()


@needs_ffmpeg
async def test_a_film_that_fails_says_why(city, monkeypatch):
    monkeypatch.setattr(city.app[FILMS], "_make_s", 0)
    sent = await city.sends(film(), expect=202)
    path = f"/v1/media/{sent['id']}"

    async def failed():
        row = await city.db.read(rows_of_media.by_id, int(sent["id"]))
        return row.state == "failed"

    await eventually(failed, timeout=60)
    told = await city.ask("GET", path, expect=422)
    assert "takes too long" in told["error"]
    new = {"status": "Look", "media_ids": [sent["id"]]}
    refused = await city.ask("POST", "/v1/statuses", json=new, expect=422)
    assert "takes too long" in refused["error"]
    await city.agrees()
    names = await city.db.write(rows_of_media.remove_loose, now_ms() + 2 * DAY_MS)
    assert names == []
    assert await city.rows() == []


@needs_ffmpeg
async def test_a_film_has_a_deadline_for_all_that_is_done_with_it(city, monkeypatch):
    monkeypatch.setattr("server.worker.filming.WHOLE_S", 0)
    sent = await city.sends(film(), expect=202)

    async def failed():
        row = await city.db.read(rows_of_media.by_id, int(sent["id"]))
        return row.state == "failed"

    await eventually(failed, timeout=60)
    told = await city.ask("GET", f"/v1/media/{sent['id']}", expect=422)
    assert "takes too long" in told["error"]
    await city.agrees()


@needs_ffmpeg
async def test_a_film_whose_work_is_given_up_has_failed_and_says_so(city, monkeypatch):
    async def broken(self, media_id, *, last):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("server.worker.filming.Filming.finish", broken)
    sent = await city.sends(film(), expect=202)
    given_up = await city.ready(sent, expect=422)
    assert "send it once more" in given_up["error"]
    (parked,) = await city.db.read(jobs.parked)
    assert "ZeroDivisionError" in parked["last_error"]


@needs_ffmpeg
async def test_a_disk_that_is_full_for_long_is_said_at_last(city, monkeypatch):
    monkeypatch.setattr("server.worker.filming.TRIES", 1)
    monkeypatch.setattr(films, "LEAST_FREE_BYTES", 1 << 60)
    monkeypatch.setattr(films, "MAX_MADE_BYTES", 1000)
    sent = await city.sends(film(), expect=202)

    async def failed():
        row = await city.db.read(rows_of_media.by_id, int(sent["id"]))
        return row.state == "failed"

    await eventually(failed, timeout=60)
    assert "no room left" in (await city.ask("GET", f"/v1/media/{sent['id']}", expect=422))["error"]
    await city.agrees()


async def test_without_ffmpeg_films_are_refused_and_not_offered(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "city.db")
    at = MediaAt(store=str(tmp_path / "media"), ffmpeg="")
    city = await start(f"sqlite:{tmp_path}/city.db", at, tmp_path)
    await city.join("mina")
    film_head = b"\0\0\0\x18ftypmp42" + bytes(100)
    assert "ffmpeg" in (await city.sends(film_head, expect=422))["error"]
    assert (await city.sends(png()))["type"] == "image"
    for version in ("v1", "v2"):
        offered = (await city.ask("GET", f"/{version}/instance"))["configuration"]
        types = offered["media_attachments"]["supported_mime_types"]
        assert "image/heic" in types
        assert not [one for one in types if not one.startswith("image/")]
        assert offered["media_attachments"]["video_size_limit"] == 0
    await city.client.close()


@needs_ffmpeg
async def test_with_ffmpeg_they_are_offered(city):
    offered = (await city.ask("GET", "/v2/instance"))["configuration"]["media_attachments"]
    assert {"video/mp4", "audio/mpeg", "image/avif"} <= set(offered["supported_mime_types"])
    assert offered["video_size_limit"] == 80 << 20
    assert offered["video_matrix_limit"] == 3840 * 2160


@needs_ffmpeg
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"\0\0\0\x18ftypmp42\0\0\0\0#EXTM3U\nfile:///etc/passwd\n",
        b"ID3\x04\0\0\0\0\0\0<script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
        b"\0\0\0\x18ftypavif\0\0\0\0avifmif1" + bytes(200),
        b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b"\x2c" + bytes(4) + b"\xff\xff\xff\xff\0\2",
    ],
)
async def test_a_forgery_is_refused_and_leaves_nothing(city, data):
    await city.sends(data, expect=422)
    assert await city.rows() == []
    await city.agrees()


# --- pictures that phones take


def photo(form: str, **more: Any) -> bytes:
    image = Image.new("RGB", (320, 200), (220, 20, 20))
    image.paste((20, 20, 220), (0, 100, 320, 200))
    exif = Image.Exif()
    exif[0x010E] = "hunter2"
    out = io.BytesIO()
    if form == "heic":
        pillow_heif.from_pillow(image).save(out, exif=exif.tobytes(), **more)
    else:
        image.save(out, form, exif=exif, **more)
    return out.getvalue()


@pytest.mark.parametrize("form", ["heic", "avif"])
async def test_a_picture_of_a_phone_becomes_one_that_everybody_reads(city, form):
    data = photo(form)
    assert b"hunter2" in data
    sent = await city.sends(data)
    assert sent["type"] == "image"
    status, body, headers = await city.load(sent["url"])
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert b"hunter2" not in body
    image = Image.open(io.BytesIO(body))
    assert image.size == (320, 200)
    red, _, blue = image.getpixel((10, 10))
    assert red > blue


async def test_a_picture_of_a_phone_is_upright(city):
    """AVIF keeps which way is up in EXIF or in itself; either counts once."""
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (320, 200)).save(out, "avif", exif=exif)
    sent = await city.sends(out.getvalue())
    assert (sent["meta"]["original"]["width"], sent["meta"]["original"]["height"]) == (200, 320)
    out = io.BytesIO()
    turned = pillow_heif.from_pillow(Image.new("RGB", (320, 200)))
    turned.save(out, exif=exif.tobytes())
    sent = await city.sends(out.getvalue())
    original = sent["meta"]["original"]
    assert {original["width"], original["height"]} == {200, 320}


async def test_a_picture_that_says_it_is_huge_is_refused(city):
    """The size in the box `ispe` of a small HEIC and a small AVIF."""
    for form in ("heic", "avif"):
        data = photo(form)
        at = data.index(b"ispe") + 8
        forged = data[:at] + (60_000).to_bytes(4, "big") * 2 + data[at + 8 :]
        refused = await city.sends(forged, expect=422)
        assert "picture" in refused["error"]
    await city.agrees()


# --- what one may send


@needs_ffmpeg
async def test_a_large_upload_never_lives_in_memory_and_has_an_end(city, monkeypatch, tmp_path):
    monkeypatch.setattr(city.app[SPOOL], "most_bytes", 17 << 20)
    monkeypatch.setattr(city.app[FILMS], "limits", films.Limits(bytes=17 << 20))
    (tmp_path / "large").write_bytes(film() + bytes(20 << 20))
    with (tmp_path / "large").open("rb") as large:
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("file", large, filename="x.mp4")
        await city.ask("POST", "/v2/media", expect=413, data=form)
    await city.agrees()
    sent = await city.sends(film() + bytes(16 << 20), expect=202)  # free space behind the film
    assert (await city.rows())[0].bytes > 16 << 20
    await city.ready(sent)
    await city.agrees()
    await city.sends(png() + bytes(16 << 20), expect=413)  # a picture may not have so much
    await city.agrees()


async def test_nobody_fills_the_disk_with_what_is_in_no_post(city, monkeypatch):
    monkeypatch.setattr(media, "MAX_LOOSE", 2)
    first = await city.sends(png())
    await city.sends(png())
    assert "in no post" in (await city.sends(png(), expect=429))["error"]
    assert (await city.sends(png(), who="joon"))["type"] == "image"
    await city.ask("POST", "/v1/statuses", json={"status": "", "media_ids": [first["id"]]})
    await city.sends(png())
    monkeypatch.setattr(media, "MAX_LOOSE_BYTES", 10)
    await city.sends(png(), expect=429)
    await city.agrees()


@needs_ffmpeg
async def test_nobody_keeps_the_makers_busy_alone(city, monkeypatch):
    monkeypatch.setattr(media, "MAX_UNFINISHED", 0)
    assert "still being prepared" in (await city.sends(sound(), expect=429))["error"]
    await city.agrees()


async def test_uploads_at_once_have_an_end(city, monkeypatch):
    monkeypatch.setattr("web.spool.AT_ONCE_OF_ONE", 0)
    await city.sends(png(), expect=429)


async def test_a_full_disk_is_said_before_anything_is_taken(city, monkeypatch):
    monkeypatch.setattr("web.spool.LEAST_FREE_BYTES", 1 << 60)
    assert "no room left" in (await city.sends(png(), expect=507))["error"]


async def test_an_upload_that_breaks_off_leaves_nothing(city):
    reader = b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n" + bytes(
        3 << 20
    )
    headers = {
        "Authorization": f"Bearer {city.tokens['mina']}",
        "Content-Type": "multipart/form-data; boundary=x",
    }
    body = io.BytesIO(reader)
    async with city.client.post("/api/v2/media", data=body, headers=headers) as answer:
        assert answer.status == 400
    await city.agrees()


# --- taking back


async def test_a_file_in_no_post_can_be_deleted_and_one_in_a_post_not(city):
    sent = await city.sends(png())
    path = f"/v1/media/{sent['id']}"
    await city.ask("DELETE", path, "joon", expect=404)
    assert await city.ask("DELETE", path) == {}
    await city.ask("GET", path, expect=404)
    await city.ask("DELETE", path, expect=404)
    assert await city.files() == set()
    kept = await city.sends(png())
    await city.ask("POST", "/v1/statuses", json={"status": "", "media_ids": [kept["id"]]})
    await city.ask("DELETE", f"/v1/media/{kept['id']}", expect=422)
    await city.agrees()


@needs_ffmpeg
async def test_a_film_that_was_deleted_while_it_was_made_leaves_nothing(city):
    sent = await city.sends(film(), expect=202)
    await city.ask("DELETE", f"/v1/media/{sent['id']}")

    async def idle():
        jobs = await city.db.read(lambda db: db.all("SELECT id FROM job"))
        return not jobs

    await eventually(idle, timeout=60)
    await city.agrees()
    assert await city.files() == set()


@needs_ffmpeg
async def test_a_file_that_goes_between_two_looks_parks_no_work(city, monkeypatch):
    async def gone(store, name, to):
        await store.remove(name)
        return store.local(name)

    monkeypatch.setattr("server.worker.filming.fetched", gone)
    sent = await city.sends(film(), expect=202)
    await city.ready(sent, expect=422)
    assert await city.db.read(jobs.parked) == []


# --- served


@needs_ffmpeg
async def test_a_film_is_served_in_parts_from_either_store(either):
    ready = await either.ready(await either.sends(film(), expect=202))
    status, whole, headers = await either.load(ready["url"])
    assert (status, headers["Content-Type"]) == (200, "video/mp4")
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert headers["Content-Length"] == str(len(whole))
    for wanted, start, end in (("0-99", 0, 100), ("100-", 100, len(whole)), ("-50", -50, None)):
        status, part, headers = await either.load(ready["url"], Range=f"bytes={wanted}")
        assert (status, part) == (206, whole[start:end])
        assert headers["Content-Range"].endswith(f"/{len(whole)}")
    assert (await either.load(ready["url"], Range=f"bytes={len(whole)}-"))[0] == 416
    async with either.client.head(ready["url"].removeprefix("https://gm.example")) as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(whole)))
    await either.agrees()


async def test_a_picture_lives_and_dies_in_either_store(either):
    sent = await either.sends(png(2000, 1500))
    for address in (sent["url"], sent["preview_url"]):
        status, body, headers = await either.load(address)
        assert status == 200
        assert headers["Content-Type"].startswith("image/")
        assert Image.open(io.BytesIO(body)).width in (2000, 640)
    assert (await either.load(f"/media/{'0' * 32}.jpg"))[0] == 404
    assert (await either.load(f"/media/{'0' * 32}.raw"))[0] == 404
    post = await either.ask("POST", "/v1/statuses", json={"status": "", "media_ids": [sent["id"]]})
    assert len(await either.files()) >= 2
    await either.agrees()
    await either.db.write(posts.delete, HERE, either.people["mina"], int(post["id"]), now_ms())
    await housekeeping.keep_house_once(either.db, either.store, 1 << 30, now_ms())
    assert await either.files() == set()
    await either.store.put(f"{'ab' * 16}.jpg", b"stray")
    await housekeeping.sweep_files(either.db, either.store, now_ms() + 2 * DAY_MS)
    assert await either.files() == set()


async def test_a_bucket_that_is_away_costs_a_clear_answer(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "city.db")
    at = MediaAt(
        store="s3://pictures?endpoint=http://127.0.0.1:1",
        access_key_id="key",
        secret_access_key="secret",
        scratch=str(tmp_path / "scratch"),
    )
    city = await start(f"sqlite:{tmp_path}/city.db", at, tmp_path)
    await city.join("mina")
    status, _, headers = await city.load(f"/media/{'0' * 32}.jpg")
    assert (status, headers["Cache-Control"]) == (503, "no-store")
    assert "could not be stored" in (await city.sends(png(), expect=507))["error"]
    assert await city.rows() == []
    await city.client.close()


# --- to other servers


@needs_ffmpeg
async def test_peers_are_told_what_a_film_is(city):
    ready = await city.ready(
        await city.sends(film(), expect=202, description="하늘", focus="0.5,0")
    )
    new = NewPost(content="Look", media_ids=(int(ready["id"]),))
    post = await city.db.write(posts.write, HERE, city.people["mina"], new, now_ms())
    answer = await city.client.get(
        post.uri.removeprefix("https://gm.example"), headers={"Accept": "application/activity+json"}
    )
    (attached,) = msgspec.json.decode(await answer.read())["attachment"]
    assert attached["type"] == "Document"
    assert attached["mediaType"] == "video/mp4"
    assert attached["url"] == ready["url"]
    assert (attached["width"], attached["height"]) == (320, 240)
    assert attached["duration"].startswith("PT")
    assert attached["blurhash"] == ready["blurhash"]
    assert attached["focalPoint"] == [0.5, 0.0]
    assert attached["icon"]["url"] == ready["preview_url"]
    assert attached["icon"]["mediaType"] == "image/jpeg"
