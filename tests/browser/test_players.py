"""A film of another site plays where it stands; its site hears of nobody who has not pressed."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Route, expect

from server.store import previews
from server.store.db import Write
from tests.browser.conftest import PHONE, NewReader
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FILM = "https://youtu.be/dQw4w9WgXcQ?t=1m30s"
PEERTUBE = "https://films.example/w/kkGMgK9ZtnKfYAgnEtQxbv"


def _of_peertube(tx: Write, post_id: int) -> None:
    previews.insert(tx, 1, PEERTUBE, 1)
    previews.set_columns(tx, 1, state="ready", title="Rain", software="peertube")
    previews.link(tx, post_id, 1)


async def test_nothing_is_asked_of_another_site_before_somebody_presses(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    story = await alpha.write("ann", f"Before.\n\n{FILM}\n\nAfter.", title="A walk")
    rain = await alpha.write("ann", PEERTUBE)
    await alpha.db.write(_of_peertube, rain.id)
    ann = await reader(alpha, **PHONE)
    asked: list[tuple[str, str]] = []

    async def elsewhere(route: Route) -> None:
        headers = await route.request.all_headers()
        asked.append((route.request.url, headers.get("referer", "")))
        await route.fulfill(content_type="text/html", body="<title>A player</title><p>Playing")

    await ann.page.route(lambda url: urlsplit(url).hostname != "alpha.test", elsewhere)
    await ann.goes(f"/@ann/{story.id}")
    await ann.looks_in_every_light()
    await ann.goes("/local")
    await ann.goes(f"/@ann/{story.id}")
    assert asked == []

    await ann.tabs_to(ann.main().locator(".play"))
    await ann.page.keyboard.press("Enter")
    frame = ann.main().locator("iframe")
    await expect(frame.content_frame.get_by_text("Playing")).to_be_visible()
    await expect(frame).to_be_focused()
    embed = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1&playsinline=1&start=90"
    assert asked == [(embed, f"{alpha.origin}/")]
    assert "allow-top-navigation" not in (await frame.get_attribute("sandbox") or "")
    await ann.looks()

    asked.clear()
    await ann.goes(f"/@ann/{rain.id}")
    await ann.main().locator(".play").click()
    await expect(ann.main().locator("iframe")).to_be_visible()
    await expect(ann.main().frame_locator("iframe").get_by_text("Playing")).to_be_visible()
    ((url, referrer),) = asked
    assert (urlsplit(url).hostname, referrer) == ("films.example", "")
    ann.problems = [one for one in ann.problems if "asks elsewhere: https://" not in one]


async def test_without_scripts_a_film_is_a_link_that_says_where_it_leads(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    note = await alpha.write("ann", FILM)
    ann = await reader(alpha, **PHONE, java_script_enabled=False)
    await ann.goes(f"/@ann/{note.id}")
    player = ann.main().locator(".player")
    await expect(player.get_by_role("link")).to_have_attribute("href", FILM)
    await expect(player).to_contain_text("YouTube")
    await expect(player.locator(".play")).to_be_hidden()
    await expect(player.locator(".screen")).to_be_hidden()
