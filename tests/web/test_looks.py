"""The city's colour, logo, cover and words about itself: on every page, and refused when wrong."""

import io
import json
import re
import shutil

import pytest
from PIL import Image

from server.config import ConfigError, Instance
from tests.web.city import start, stop
from web import brand, colours
from web.commands import check
from web.keys import BRAND, CONFIG

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'
)
NO_SCRIPT = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


def picture(form="PNG", size=(2400, 1200), **options):
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, form, **options)
    return out.getvalue()


@pytest.fixture
async def dressed(sqlite_template, tmp_path):
    """`await dressed(logo=b"...", ...)`: a city that looks like this."""
    cities = []

    async def dress(**looks):
        for key in ("logo", "cover"):
            if data := looks.get(key):
                (tmp_path / key).write_bytes(data)
                looks[key] = str(tmp_path / key)
        shutil.copy(sqlite_template, tmp_path / "city.db")
        cities.append(await start(f"sqlite:{tmp_path}/city.db", tmp_path, **looks))
        return cities[-1]

    yield dress
    for city in cities:
        await stop(city)


async def got(city, path, **headers):
    visitor = await city.visitor()
    async with visitor.client.get(path, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.read()


# --- files


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (picture("PNG", (9, 9)), "image/png"),
        (picture("JPEG", (9, 9)), "image/jpeg"),
        (picture("WEBP", (9, 9)), "image/webp"),
        (SVG, "image/svg+xml"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x -->' + SVG, "image/svg+xml"),
        (picture("GIF", (9, 9)), ""),
        (b"<html><svg></svg></html>", ""),
        (b"", ""),
        (b"\x00<svg", ""),
    ],
)
def test_a_file_is_what_its_bytes_say(data, kind):
    assert brand.kind(data) == kind


@pytest.mark.parametrize(
    ("key", "data", "told"),
    [
        ("logo", None, "no such file"),
        ("cover", None, "no such file"),
        ("logo", b"hello", "is not an SVG, PNG, JPEG or WebP file"),
        ("cover", SVG, "is not a PNG, JPEG or WebP file"),
        ("logo", SVG + b" " * (2 << 20), "more than 2 MB"),
        ("cover", picture("PNG", (9, 9)) + b" " * (16 << 20), "more than 16 MB"),
    ],
)
def test_a_file_that_cannot_serve_is_named_by_its_key(tmp_path, key, data, told):
    path = tmp_path / "file"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError) as refused:
        brand.load(Instance(**{key: str(path)}))
    sentence = str(refused.value)
    assert sentence.startswith(f"instance.{key}: ") and told in sentence
    assert sentence.endswith(".") and "\n" not in sentence


def test_a_folder_or_a_path_that_is_none_is_no_picture(tmp_path):
    for path in (str(tmp_path), "a\0b", "x" * 5000):
        with pytest.raises(ConfigError, match=r"^instance\.logo: cannot read"):
            brand.load(Instance(logo=path))


async def found_by_check(config, key):
    finding = await check._looks(config, key)
    return finding.state, finding.text


async def test_check_looks_into_the_pictures(dressed):
    city = await dressed(logo=SVG, cover=picture("JPEG")[:400])
    config = city.app[CONFIG]
    assert (await found_by_check(config, "logo"))[0] == "ok"
    state, text = await found_by_check(config, "cover")
    assert state == "wrong" and text.startswith("instance.cover: ") and "damaged" in text


# --- addresses


async def test_an_svg_logo_goes_out_as_it_is_where_nothing_in_it_can_run(dressed):
    city = await dressed(logo=SVG)
    status, headers, body = await got(city, "/logo")
    assert (status, headers["Content-Type"], body) == (200, "image/svg+xml", SVG)
    assert headers["Content-Security-Policy"] == NO_SCRIPT
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" not in headers["Cache-Control"]
    address = city.app[BRAND].logo
    assert "immutable" in (await got(city, address))[1]["Cache-Control"]
    assert (await got(city, address, **{"If-None-Match": headers["ETag"]}))[0] == 304


async def test_any_other_logo_is_made_anew_and_stands_on_the_icons(dressed):
    city = await dressed(logo=picture("JPEG", (900, 300), comment=b"Secret"))
    status, headers, body = await got(city, "/logo")
    assert (status, headers["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(body)).size == (512, 171)
    assert b"Secret" not in body
    _, _, icon = await got(city, "/icons/512.png")
    middle = Image.open(io.BytesIO(icon)).convert("RGB").getpixel((256, 256))
    assert middle[0] > 150 and middle[1] < 80


async def test_a_cover_comes_in_two_sizes(dressed):
    city = await dressed(cover=picture("JPEG"))
    for path, width in (("/cover", 1920), ("/cover/small", 960)):
        status, headers, body = await got(city, path)
        assert (status, headers["Content-Type"]) == (200, "image/webp")
        assert Image.open(io.BytesIO(body)).size == (width, width // 2)
    assert city.app[BRAND].cover.startswith("/cover?v=")


async def test_a_damaged_picture_is_missed_not_mourned(dressed):
    city = await dressed(logo=picture("JPEG")[:400], cover=picture("JPEG")[:400])
    for path in ("/logo", "/cover", "/cover/small"):
        assert (await got(city, path))[0] == 404
    assert (await got(city, "/icons/192.png"))[0] == 200
    assert (await got(city, "/"))[0] == 200


async def test_without_a_logo_our_mark_has_the_citys_colour(dressed):
    city = await dressed(accent="#8A2F5D")
    status, headers, _ = await got(city, "/favicon.ico")
    assert status == 303
    status, headers, body = await got(city, headers["Location"])
    assert (status, headers["Content-Type"]) == (200, "image/svg+xml")
    assert b"#8a2f5d" in body and b"#17614f" not in body
    assert "immutable" in headers["Cache-Control"]
    _, _, icon = await got(city, "/icons/180.png")
    assert Image.open(io.BytesIO(icon)).convert("RGB").getpixel((3, 3)) == (0x8A, 0x2F, 0x5D)


async def test_pages_allow_exactly_the_style_of_the_city(dressed):
    city = await dressed(accent="#8a2f5d")
    _, headers, _ = await got(city, "/")
    policy = headers["Content-Security-Policy"]
    allowed = re.search(r"style-src 'self' ('sha256-[^']+')", policy)[1]
    assert allowed == colours.style_hash(colours.css("#8a2f5d"))
    assert "worker-src 'self'" in policy


async def test_the_city_introduces_itself_to_servers_and_apps(dressed):
    city = await dressed(description="우리 동네 이야기")
    info = json.loads((await got(city, "/nodeinfo/2.1"))[2])
    assert info["metadata"]["nodeDescription"] == "우리 동네 이야기"
    assert json.loads((await got(city, "/api/v2/instance"))[2])["description"] == "우리 동네 이야기"
    first = json.loads((await got(city, "/api/v1/instance"))[2])
    assert first["short_description"] == first["description"] == "우리 동네 이야기"
