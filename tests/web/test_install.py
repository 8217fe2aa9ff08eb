"""The site as an app: manifest, icons, service worker, and the page without a network."""

import io
import json

import pytest
from PIL import Image


async def answer(person, path, **headers):
    async with person.client.get(path, headers={**person.headers, **headers}) as found:
        return found.status, found.headers, await found.text()


@pytest.mark.parametrize(("language", "words"), [("ko", "알림"), ("en", "Notifications")])
async def test_the_manifest_speaks_the_visitors_language(city, language, words):
    for path in ("/manifest.webmanifest", f"/manifest.webmanifest?lang={language}"):
        visitor = await city.visitor(language)
        status, headers, text = await answer(visitor, path)
        assert status == 200
        assert headers["Content-Type"].startswith("application/manifest+json")
        told = json.loads(text)
        assert (told["lang"], told["name"], told["display"]) == (language, "광명마당", "standalone")
        assert told["theme_color"] == "#17614f"
        assert told["start_url"] == told["scope"] == told["id"] == "/"
        assert [one["name"] for one in told["shortcuts"]][1] == words


async def test_a_language_that_we_do_not_speak_is_not_repeated(city):
    visitor = await city.visitor("ko")
    _, _, text = await answer(visitor, '/manifest.webmanifest?lang="><script>')
    assert json.loads(text)["lang"] == "ko"
    assert "script" not in text


async def test_every_icon_of_the_manifest_is_there_and_has_its_size(city):
    visitor = await city.visitor()
    _, _, text = await answer(visitor, "/manifest.webmanifest")
    icons = json.loads(text)["icons"]
    assert {icon.get("purpose", "any") for icon in icons} == {"any", "maskable"}
    for icon in icons:
        async with visitor.client.get(icon["src"]) as found:
            assert found.status == 200
            assert "immutable" in found.headers["Cache-Control"]
            image = Image.open(io.BytesIO(await found.read()))
        assert f"{image.width}x{image.height}" == icon["sizes"]


async def test_the_service_worker_comes_from_the_root_and_may_only_ask_us(city):
    status, headers, text = await answer(await city.visitor(), "/sw.js")
    assert status == 200
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'"
    assert "/offline" in text
    assert "http" not in text  # no other place is asked for anything


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_the_page_without_a_network_is_nobodys(city, language):
    mina = await city.join("mina", language=language)
    page = await mina.get("/offline")
    assert page.language == language
    assert "mina" not in page.text.lower()
    assert "csrf" not in page.text
    assert 'href=""' in page.text
    assert "noindex" in page.text
    kept = await (await city.visitor(language)).get("/offline")
    for one in (page, kept):  # nobody is asked to sign in who may be signed in
        assert "/sign-in" not in one.text
        assert "/sign-up" not in one.text
