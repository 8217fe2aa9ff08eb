"""Without a network: a page of ours says so, and nothing of anybody was kept for it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from server.clock import now_ms
from server.services import sessions
from tests.browser.conftest import PATIENCE_MS
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NAME = "alpha.localhost"  # service workers demand TLS, but here; the instances of tests do without
ORIGIN = f"http://{NAME}"

INSTALLED = """async () => {
  await navigator.serviceWorker.ready;
  if (navigator.serviceWorker.controller) return;
  await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done));
}"""
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) found.push(request.url);
  }
  return found;
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Any) -> AsyncIterator[Any]:
    """A page of somebody whose browser has never been here."""
    context = await chromium.new_context(base_url=ORIGIN, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    yield await context.new_page()
    await context.close()


async def test_without_a_network_our_own_page_says_so_and_leads_back(
    village: Village, page: Any
) -> None:
    alpha = await village(NAME)
    ann = await alpha.join("ann")
    token = await alpha.db.write(sessions.sign_in, ann.id, "tests", "127.0.0.1", now_ms())
    cookies = {"madang": token, "lang": "ko"}
    await page.context.add_cookies(
        [{"name": name, "value": value, "url": ORIGIN} for name, value in cookies.items()]
    )
    await page.goto("/about")
    await page.evaluate(INSTALLED)
    await page.goto("/settings")
    assert page.url == f"{ORIGIN}/settings"
    kept = await page.evaluate(KEPT)
    assert f"{ORIGIN}/offline" in kept
    others = [address for address in kept if address != f"{ORIGIN}/offline"]
    assert others and all("?v=" in address for address in others)
    assert any(".css" in address for address in others)

    await village.stop(alpha)
    answer = await page.goto("/local")
    assert answer.from_service_worker
    assert page.url == f"{ORIGIN}/local"
    assert await page.get_attribute("html", "lang") == "ko"  # that of the page that installed it
    assert "ann" not in await page.inner_text("body")
    sheets = await page.evaluate("() => document.styleSheets.length")
    assert sheets > 0  # it looks like ours

    await village.start_again(alpha)
    await page.locator('main a[href=""]').click()
    await page.locator("main .feed").wait_for(state="attached")
    assert page.url == f"{ORIGIN}/local"


async def test_who_publishes_when_the_line_is_down_reads_that_nothing_is_lost(
    village: Village, page: Any
) -> None:
    alpha = await village(NAME)
    ann = await alpha.join("ann")
    token = await alpha.db.write(sessions.sign_in, ann.id, "tests", "127.0.0.1", now_ms())
    await page.context.add_cookies([{"name": "madang", "value": token, "url": ORIGIN}])
    await page.goto("/about")
    await page.evaluate(INSTALLED)
    await page.goto("/write?kind=note")
    await page.get_by_label("Text", exact=True).fill("It turns again.")
    await village.stop(alpha)
    await page.get_by_role("button", name="Publish").click()
    await page.get_by_role("heading", name="No connection").wait_for()
    await page.get_by_text("What you were writing is not lost.").wait_for()

    await village.start_again(alpha)
    await page.get_by_role("link", name="Try again").click()  # where it waits, not an empty form
    await page.get_by_role("button", name="Put it back").click()
    assert await page.get_by_label("Text", exact=True).input_value() == "It turns again."
    async with page.expect_event("load"):
        await page.get_by_role("button", name="Publish").click()
    await page.locator("article.whole .words", has_text="It turns again.").wait_for()
    assert await alpha.count("post") == 1
