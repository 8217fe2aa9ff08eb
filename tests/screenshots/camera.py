"""Chromium as a camera: a page is opened once in each language, taken at every size and light."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, async_playwright
from playwright.async_api import Page as Tab

from tests.screenshots import city
from tests.screenshots.city import MEMBER, NAME
from tests.screenshots.pages import VISITOR, Page

ORIGIN: Final = f"http://{NAME}"
WIDTHS: Final = (360, 768, 1280)
SCHEMES: Final = ("light", "dark")
LANGUAGES: Final = ("ko", "en")
LOCALES: Final = {"ko": "ko-KR", "en": "en-GB"}
HEIGHTS: Final = {360: 780, 768: 1024, 1280: 900}
TALLEST: Final = 6000  # pixels: the rest of a longer page looks like its beginning
QUALITY: Final = 82
AT_ONCE: Final = 3
ARGUMENTS: Final = (
    "--no-sandbox",  # as root in containers it does not start otherwise
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
    f"--unsafely-treat-insecure-origin-as-secure={ORIGIN}",
)
# A picture of a whole page has no edge that something could stick to.
READY: Final = """
async still => {
  const sticky = document.querySelectorAll(".thumbs, .sticky-submit, .since, .fresh-posts");
  if (still) for (const one of sticky) one.style.position = "static";
  for (const one of document.images) one.loading = "eager";
  await Promise.allSettled([...document.images].map(one => one.decode()));
  await document.fonts.ready;
}
"""
SEND: Final = """
([action, fields]) => {
  const form = document.querySelector(`form[action="${action}"]`);
  for (const [name, value] of Object.entries(fields)) {
    const known = form.elements.namedItem(name);
    const field = known instanceof HTMLElement && known.type !== "submit"
      ? known : form.appendChild(document.createElement("input"));
    if (field !== known) { field.type = "hidden"; field.name = name; }
    field.value = value;
  }
  HTMLFormElement.prototype.submit.call(form);
}
"""


class Picture(msgspec.Struct, frozen=True):
    """A file, and what it shows."""

    page: Page
    language: str
    width: int
    scheme: str

    @property
    def file(self) -> str:
        """Its name."""
        page = self.page
        return f"{page.name}-{page.as_whom}-{self.language}-{self.width}-{self.scheme}.jpg"


@asynccontextmanager
async def chromium(port: int) -> AsyncIterator[Browser]:
    """The browser, for which the city's name leads to `port` here and no other leads anywhere."""
    program = shutil.which("chromium")
    if not program:
        raise SystemExit("Chromium is missing; on Debian and Ubuntu: apt-get install chromium")
    rules = f"--host-resolver-rules=MAP {NAME}:80 127.0.0.1:{port}, MAP * ~NOTFOUND"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=[*ARGUMENTS, rules]
        )
        yield browser
        await browser.close()


class Camera:
    """Takes pictures of one running city."""

    def __init__(self, browser: Browser, app: web.Application, folder: Path) -> None:
        """The pictures go into `folder`."""
        self._browser, self._app, self._folder = browser, app, folder
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._signed_in: dict[tuple[str, str], BrowserContext] = {}

    async def take(self, pages: Sequence[Page], languages: Sequence[str]) -> list[Picture]:
        """Every page in these languages, at every size and light."""
        for who in dict.fromkeys(page.who for page in pages):
            for language in languages:
                self._signed_in[who, language] = await self.reader(who, language)
        taken = await asyncio.gather(
            *(self._page(page, language) for page in pages for language in languages)
        )
        for context in self._signed_in.values():
            await context.close()
        return [one for some in taken for one in some]

    async def reader(self, who: str, language: str, **more: Any) -> BrowserContext:
        """A browser of somebody; its movements are still."""
        context = await self._browser.new_context(
            base_url=ORIGIN, locale=LOCALES[language], reduced_motion="reduce", **more
        )
        await context.route("**/write/keep", lambda route: route.abort())  # no drafts of ours
        if who != VISITOR:
            token = await city.session(self._app, who)
            await context.add_cookies([{"name": "madang", "value": token, "url": ORIGIN}])
        return context

    async def _page(self, page: Page, language: str) -> list[Picture]:
        async with self._turn:
            tab = await self._signed_in[page.who, language].new_page()
            await self.open(tab, page, language)
            taken = [
                await self._one(tab, Picture(page, language, width, scheme))
                for width in WIDTHS
                for scheme in SCHEMES
            ]
            await tab.close()
        print(f"{page.name}, {page.as_whom}, {language}", flush=True)
        return taken

    async def open(self, tab: Tab, page: Page, language: str, *, still: bool = True) -> None:
        """Go to a page, and wait until all of it is there; `still`: for a picture of the whole."""
        await tab.goto(page.path)
        if page.form:
            fields = {name: value.format(language=language) for name, value in page.sent.items()}
            async with tab.expect_navigation():
                await tab.evaluate(SEND, [page.form, fields])
        if page.name == "notifications":  # whoever opens it has read them
            await city.unread(self._app, MEMBER)
        await tab.evaluate(READY, still)

    async def _one(self, tab: Tab, picture: Picture) -> Picture:
        width = picture.width
        await tab.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        await tab.emulate_media(color_scheme=picture.scheme)  # type: ignore[arg-type]
        height = await tab.evaluate("document.documentElement.scrollHeight")
        await tab.screenshot(
            path=self._folder / picture.file,
            type="jpeg",
            quality=QUALITY,
            full_page=True,
            clip={"x": 0, "y": 0, "width": width, "height": min(height, TALLEST)},
        )
        return picture
