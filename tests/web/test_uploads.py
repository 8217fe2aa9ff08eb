"""What is sent comes in time, and by turns: by an app or a form, for a post or for a profile."""

import asyncio
import io

import aiohttp
import pytest
from aiohttp import StreamReader

from server.clock import now_ms
from server.services import sessions
from tests.loop_time import LoopTime
from tests.village import eventually
from tests.web.city import COOKIE, a_picture, start, stop
from web import intake, pace
from web.keys import SPOOL
from web.spool import IN_MEMORY_BYTES

HEAD = (
    b"POST %s HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n%s"
    b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 3000000\r\n\r\n"
)
FILE = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\nabc'
TEXT = b'--x\r\nContent-Disposition: form-data; name="description"\r\n\r\nabc'
PLACES = [
    (b"POST", "/api/v2/media", b"file"),
    (b"PUT", "/api/v1/media/1", b"thumbnail"),
    (b"PATCH", "/api/v1/accounts/update_credentials", b"avatar"),
    (b"PATCH", "/api/v1/profile", b"header"),
]


@pytest.fixture
async def city(sqlite_url, tmp_path):
    found = await start(sqlite_url, tmp_path)
    yield found
    await stop(found)


@pytest.fixture
def sqlite_url(sqlite_template, tmp_path):
    (tmp_path / "city.db").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:{tmp_path}/city.db"


async def of_app(city, person):
    token = await city.db.write(
        sessions.create_access_token, person.account.id, "read write", "test", now_ms()
    )
    return {"Authorization": f"Bearer {token}"}


def lines(headers):
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())


async def answered(city, data):
    """The status that a connection gets that sends this, and then nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", city.server.port)
    writer.write(data)
    async with asyncio.timeout(30):
        line = await reader.readline()
    writer.close()
    return int(line.split()[1])


@pytest.mark.parametrize("part", [FILE, TEXT], ids=["file", "text"])
@pytest.mark.parametrize(("method", "path", "field"), PLACES)
async def test_a_file_that_drips_in_loses_its_place(city, monkeypatch, method, path, field, part):
    monkeypatch.setattr(pace, "LOOK_S", 0.05)
    mina = await city.join("mina")
    head = HEAD.replace(b"POST", method) % (path.encode(), lines(await of_app(city, mina)))
    assert await answered(city, head + (part % field if part is FILE else part)) == 408
    assert city.app[SPOOL]._open == 0


async def test_a_picture_in_a_form_that_drips_in_loses_its_place(city, monkeypatch):
    monkeypatch.setattr(pace, "LOOK_S", 0.05)
    mina = await city.join("mina")
    (cookie,) = (one.value for one in mina.client.session.cookie_jar if one.key == COOKIE)
    for path, field in ((b"/write/picture", b"picture"), (b"/settings/profile", b"avatar")):
        head = HEAD % (path, lines({"Cookie": f"{COOKIE}={cookie}"}))
        assert await answered(city, head + FILE % field) == 408
    assert city.app[SPOOL]._open == 0


async def test_what_comes_fast_enough_may_take_its_time(city, monkeypatch):
    monkeypatch.setattr(pace, "LEAST_BYTES", 1)
    clock, came, feed = LoopTime(), [0], StreamReader.feed_data

    def noted(self, data, *rest):
        came[0] += len(data)
        feed(self, data, *rest)

    monkeypatch.setattr(StreamReader, "feed_data", noted)
    mina = await city.join("mina")
    sent = b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n"
    sent += a_picture() + b"\r\n--x--\r\n"

    part = -(-len(sent) // 8)

    async def slowly():
        for at in range(0, len(sent), part):
            yield sent[at : at + part]

            async def read(sent_so_far=len(sent[: at + part])):  # noqa: B008  of this turn
                return came[0] >= sent_so_far

            await eventually(read)
            clock.forward(0.6 * pace.LOOK_S)  # it looks often, and each time there is more

    headers = await of_app(city, mina) | {"Content-Type": "multipart/form-data; boundary=x"}
    came[0] = 0
    async with mina.client.post("/api/v2/media", data=slowly(), headers=headers) as answer:
        assert answer.status == 200, await answer.text()


async def test_where_others_wait_one_has_to_be_faster(city, monkeypatch):
    monkeypatch.setattr(pace, "LOOK_S", 0.05)
    monkeypatch.setattr(pace, "LEAST_BYTES", 0)
    mina = await city.join("mina")
    head = HEAD % (b"/api/v2/media", lines(await of_app(city, mina)))
    waiting = asyncio.create_task(answered(city, head + FILE % b"file"))
    for _ in range(20):
        await asyncio.sleep(0.01)
    assert not waiting.done()
    monkeypatch.setattr("web.spool.AT_ONCE", 1)
    assert await waiting == 408


@pytest.mark.parametrize(("method", "path", "field"), PLACES)
async def test_every_file_that_an_app_sends_has_a_turn(city, monkeypatch, method, path, field):
    monkeypatch.setattr("web.spool.AT_ONCE_OF_ONE", 0)
    mina = await city.join("mina")
    form = aiohttp.FormData()
    form.add_field(field.decode(), a_picture(), filename="a.png")
    headers = await of_app(city, mina)
    async with mina.client.request(method.decode(), path, data=form, headers=headers) as answer:
        assert answer.status == 429, await answer.text()


async def test_whoever_sends_no_file_waits_for_no_turn(city, monkeypatch):
    monkeypatch.setattr("web.spool.AT_ONCE_OF_ONE", 0)
    mina = await city.join("mina")
    headers = await of_app(city, mina)
    path = "/api/v1/accounts/update_credentials"
    async with mina.client.patch(path, json={"note": "Hi"}, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("csrf", await mina.token())
    form.add_field("display_name", "Mina")
    form.add_field("avatar", b"", filename="", content_type="application/octet-stream")
    await mina.post("/settings/profile", data=form)
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("csrf", await mina.token())
    form.add_field("avatar", a_picture(), filename="a.png")
    assert "Many files are arriving" in await mina.post("/settings/profile", 429, data=form)


@pytest.mark.parametrize(("method", "path", "field"), PLACES[2:])
async def test_a_large_picture_of_a_person_lies_on_the_disk(city, monkeypatch, method, path, field):
    mina, seen = await city.join("mina"), []
    real = intake.picture

    async def watched(upload):
        seen.append((len(upload.data), upload.length, city.app[SPOOL]._open))
        return await real(upload)

    monkeypatch.setattr(intake, "picture", watched)
    form = aiohttp.FormData()
    large = a_picture() + bytes(2 * IN_MEMORY_BYTES)
    form.add_field(field.decode(), io.BytesIO(large), filename="a.png")
    headers = await of_app(city, mina)
    async with mina.client.request(method.decode(), path, data=form, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    assert seen == [(0, len(large), 1)]
    assert city.app[SPOOL]._open == 0
