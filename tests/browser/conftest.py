"""One Chromium for the whole run, and instances that it finds by name.

Debian's Chromium is driven by Playwright, which downloads nothing here. Where either is missing
these tests are skipped and say why; with CI=true they fail. No name but those of the instances
leads anywhere, so a page that asks another host for anything is seen.
"""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from server.services import sessions
from tests.browser.reader import WITH_AXE, Reader
from tests.ports import free_port
from tests.village import City, Village

if TYPE_CHECKING:
    from playwright.async_api import Browser

NewReader = Callable[..., Awaitable[Reader]]

NAMES = ("alpha.test", "beta.test", "alpha.localhost")
DESK = {"width": 1280, "language": "en"}
PHONE = {"width": 360, "language": "ko"}
PLAIN = {**PHONE, "java_script_enabled": False}
on_desk_and_phone = pytest.mark.parametrize("how", [DESK, PHONE], ids=["desk", "phone"])
with_and_without_scripts = pytest.mark.parametrize(
    "how", [DESK, PHONE, PLAIN], ids=["desk", "phone", "phone without scripts"]
)
"""How somebody reads: keywords for `reader`."""

PATIENCE_MS = 30_000  # of machines that do much else
# Pages of Chromium's own that nobody sees here take a process for each window; so does a page that
# might come next.
FRAME = (
    *("InitialWebUI", "WebUIReloadButton", "WebUIBackForwardButton", "WebUIHomeButton"),
    *("WebUIToolbar", "WebUILocationBar", "WebUISplitTabsButton", "WebUITabStrip"),
    *("PreloadTopChromeWebUI", "SpareRendererForSitePerProcess"),
)
OFF = ("HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", *FRAME)
# A page lives for a second: to optimise its scripts, and axe on each, costs more than it saves.
SCRIPTS = "--no-opt --no-maglev"
ARGUMENTS = (
    "--no-sandbox",  # tests run as root in containers, where it cannot start otherwise
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(OFF)}",
    f"--js-flags={SCRIPTS}",
)


def _unless(there: object, reason: str) -> None:
    """Skip when something is missing on this machine; CI has everything."""
    if there:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def dialect() -> str:
    """Pages do not know which database they have; SQLite starts at once."""
    return "sqlite"


@pytest.fixture(scope="session")
def ports() -> dict[str, int]:
    """Where each name listens, in every test of the run: Chromium is told once, when it starts."""
    found: dict[str, int] = {}
    while len(set(found.values())) < len(NAMES):
        found = {name: free_port() for name in NAMES}
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(ports: dict[str, int]) -> AsyncIterator["Browser"]:
    """The browser; each reader has a profile of their own in it."""
    # Without a window, where Debian has packed it, it does with a third less.
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    _unless(program, "Chromium is missing; on Debian and Ubuntu: apt-get install chromium")
    try:
        from playwright.async_api import async_playwright, expect  # noqa: PLC0415  other tests run without
    except ImportError as error:
        _unless(False, f"Playwright is missing: {error}")
        raise
    rules = [f"MAP {name}:80 127.0.0.1:{port}" for name, port in ports.items()]
    rules.append("MAP * ~NOTFOUND")
    arguments = [*ARGUMENTS, f"--host-resolver-rules={', '.join(rules)}"]
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def village(
    tmp_path: Path, new_database: Callable[[], str], ports: dict[str, int]
) -> AsyncIterator[Village]:
    """`await village("alpha.test")` starts an instance where Chromium looks for that name."""
    started = Village(tmp_path, new_database)
    started.names.ports.update(ports)
    yield started
    await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def reader(chromium: "Browser") -> AsyncIterator[NewReader]:
    """`await reader(alpha)` opens a browser for a visitor, `await reader(alpha, "ann")` for ann.

    When the test is over nobody may have met a page with anything wrong.
    """
    readers: list[Reader] = []

    async def open_one(
        city: City, name: str = "", *, width: int = 1280, language: str = "en", **how: Any
    ) -> Reader:
        context = await chromium.new_context(
            base_url=city.origin,
            locale={"ko": "ko-KR", "en": "en-GB"}[language],
            viewport={"width": width, "height": 800},
            **how,
        )
        context.set_default_timeout(PATIENCE_MS)
        if name:
            token = await city.do(_signed_in, await city.me(name))
            await context.add_cookies([{"name": "madang", "value": token, "url": city.origin}])
        scripted = how.get("java_script_enabled", True)
        if scripted and WITH_AXE:  # sent once, not for every page: it is half a megabyte
            await context.add_init_script(WITH_AXE)
        readers.append(Reader(await context.new_page(), language, width, scripted=scripted))
        return readers[-1]

    yield open_one
    for one in readers:
        await one.page.context.close()
    found = [problem for one in readers for problem in one.problems]
    assert not found, "\n".join(dict.fromkeys(found))


def _signed_in(tx: Any, site: Any, account: Any, now_ms: int) -> str:
    return sessions.sign_in(tx, account.id, "tests", "127.0.0.1", now_ms)
