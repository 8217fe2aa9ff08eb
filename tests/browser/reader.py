"""Somebody in front of a browser window, who looks closely at every page they come to."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from web import i18n

if TYPE_CHECKING:
    from playwright.async_api import (
        ConsoleMessage,
        FilePayload,
        Locator,
        Page,
        Request,
        Response,
    )

HOSTS = ("alpha.test", "beta.test")
MOST_TABS = 60
FOCUS_IS_SEEN = """
() => [document.activeElement, document.activeElement.closest(".editor")]
  .some(one => one && getComputedStyle(one).outlineStyle !== 'none')
"""
NARROWEST, WIDE = 320, 640
SIDEWAYS = """
width => {
  const root = document.scrollingElement;
  if (root.scrollWidth <= width) return [];
  const wide = [...document.querySelectorAll("body *")]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > width + 1);
  const told = wide.slice(0, 3).map(one => one.outerHTML.slice(0, 160));
  return [`scrolls sideways, ${root.scrollWidth} > ${width}: ${told}`];
}
"""
IN_LARGE_LETTERS = f"""
width => {{
  const letters = document.documentElement.style;
  letters.fontSize = "212.5%";
  const found = ({SIDEWAYS.strip().removesuffix(";")})(width);
  letters.fontSize = "";
  return found;
}}
"""
# What has just become visible or dark changes its colours within a frame or two, and then a while:
# that while is over at once here, however long a busy machine would take for it.
STILL = """
async () => {
  // a page without scripts may be shown no new frame
  const late = () => new Promise(done => setTimeout(done, 500));
  const frame = () => Promise.race([new Promise(done => requestAnimationFrame(done)), late()]);
  await frame();
  await frame();
  const short = () => document.getAnimations().filter(
    one => one.effect.getTiming().iterations === 1 && one.playState !== "finished");
  for (let turn = 0; turn < 5 && short().length; turn += 1) {
    for (const one of short()) one.finish();
    await frame();
  }
}
"""
# Menus that are built alike are judged once: on every post there is one.
BUILT = """
one => [...one.querySelectorAll("*")].map(part => [
  part.tagName, part.className.baseVal ?? part.className, part.getAttributeNames(),
  part.innerText?.trim() ? "" : "empty"]).join(";")
"""
# So are pages that are built alike, of one language in one light and width: of what stands in their
# attributes only that counts by which axe could come to another verdict.
ALIKE = """
within => {
  const free = new Set(["action", "alt", "content", "d", "datetime", "for", "href", "id", "name",
    "nonce", "src", "srcset", "title", "value"]);
  const told = ({name, value}) => {
    if (free.has(name) && !value.startsWith("#")) return `${name}=${value !== ""}`;
    return `${name}=${name === "style" ? value : value.replace(/[0-9]+/g, "0")}`;
  };
  const speaks = one => [...one.childNodes].some(part => part.nodeType === 3 && part.data.trim());
  // no style depends on these marks of scripts, and of what looked at the page before
  const mark = ({name, value}) => name === "data-htmx-powered" || value === "scripted"
    || (name === "style" && !value);
  const built = one => [one.tagName, ...[...one.attributes].filter(a => !mark(a)).map(told),
    one.tagName === "STYLE" ? one.textContent : speaks(one)];
  const light = ["(prefers-color-scheme: dark)", "(forced-colors: active)"];
  const all = [within, innerWidth, document.documentElement.lang,
    ...light.map(one => matchMedia(one).matches),
    ...[...document.querySelectorAll("*")].flatMap(built)];
  return all.join("\\n");
}
"""
# What can be unfolded is opened, and of those made of the same parts one is marked to be judged.
UNFOLD = """
([which, mark]) => {
  const kinds = new Set();
  const part = one => [one.parentElement.tagName, one.parentElement.className, one.tagName,
    one.className.baseVal ?? one.className, one.getAttributeNames(), one.checkVisibility(),
    [...one.childNodes].some(child => child.nodeType === 3 && child.data.trim())].join();
  for (const one of document.querySelectorAll(which)) one.open = true;
  for (const one of document.querySelectorAll(which)) {
    const parts = [...new Set([...one.querySelectorAll("*")].map(part))].sort().join(";");
    one.toggleAttribute(mark, !kinds.has(parts));
    kinds.add(parts);
  }
}
"""
FOLDED, TO_JUDGE, OPEN_MENU = "details:not(.menu)", "data-to-judge", ".menu[open]"
LOOK = """
width => {
  const found = [];
  const shown = element => element.checkVisibility();
  const told = element => element.outerHTML.slice(0, 160);
  const name = element => element.getAttribute("aria-label") || element.innerText.trim()
    || element.textContent.trim() || element.querySelector("img[alt]:not([alt=''])");
  const all = selector => [...document.querySelectorAll(selector)];
  const root = document.scrollingElement;
  if (root.scrollWidth > width) {
    const wide = all("main *").filter(one => one.getBoundingClientRect().right > width + 1);
    found.push(`scrolls sideways, ${root.scrollWidth} > ${width}: ${wide.slice(0, 3).map(told)}`);
  }
  if (!document.documentElement.lang) found.push("has no language");
  if (!document.title.trim()) found.push("has no title");
  if (all("main").length !== 1) found.push("has not one main");
  const titles = all("h1");
  if (titles.length !== 1 || !titles[0].textContent.trim()) found.push(`has ${titles.length} h1`);
  let level = 0;
  // What is inside a text is its author's affair.
  for (const heading of all(":is(h1, h2, h3, h4, h5, h6):not(.words *)")) {
    const next = Number(heading.tagName[1]);
    if (level && next > level + 1) found.push(`skips from h${level} to ${told(heading)}`);
    level = next;
  }
  for (const field of all("input:not([type=hidden]), select, textarea"))
    if (shown(field) && !field.hasAttribute("aria-hidden")
        && ![...field.labels].some(label => label.textContent.trim()))
      found.push(`has a field without a label: ${told(field)}`);
  for (const one of all("a[href], button, summary"))
    if (!name(one)) found.push(`has a control without words: ${told(one)}`);
  const typed = "input:not([type=checkbox], [type=radio], .unseen)";
  for (const one of all(`button, .button, nav a, select, ${typed}`))
    if (shown(one) && one.getBoundingClientRect().height < 40)
      found.push(`has a control that is hard to hit: ${told(one)}`);
  for (const picture of all("img")) {
    if (!picture.hasAttribute("alt")) found.push(`has a picture without alt: ${told(picture)}`);
    if (picture.complete && shown(picture) && !picture.naturalWidth)
      found.push(`has a broken picture: ${told(picture)}`);
  }
  const ids = all("[id]").map(one => one.id);
  for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at)))
    found.push(`has the id ${id} twice`);
  return found;
}
"""
LOOK_AND_TELL = f"([width, within]) => [({LOOK.strip()})(width), ({ALIKE.strip()})(within)]"
"""What is wrong, and how it is built: each question to a page takes as long as its answer."""


# KWCAG 2.2 is WCAG 2.1 AA and a part of 2.2; axe's own good practice comes on top.
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
JUDGED: set[tuple[bytes, tuple[str, ...]]] = set()
"""How pages are built that axe has seen in this run, and by which rules."""
WITH_AXE = f"window.bringAxe = () => {{\n{AXE.read_text('utf-8')}\n}};" if AXE.exists() else ""
"""For every page of a context: axe is read once it is asked for, as pages built alike need none."""
AXE_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
JUDGE = f"""
async ([within, rules]) => {{
  await ({STILL.strip()})();
  // What sticks to an edge covers what is scrolled below it for a moment only.
  const sticky = [...document.querySelectorAll(".thumbs, .sticky-submit, .since, .fresh-posts")];
  for (const one of sticky) one.style.position = "static";
  if (!("axe" in window)) bringAxe();
  // what stands in a frame is another site's affair
  const how = {{runOnly: rules, resultTypes: ["violations"], selectors: false, iframes: false}};
  const seen = await axe.run(within, how);
  for (const one of sticky) one.style.position = "";
  return seen.violations.flatMap(one => one.nodes.slice(0, 3).map(
    node => `${{one.id}}: ${{node.html.slice(0, 160)}} (${{node.failureSummary.slice(0, 200)}})`));
}}
"""


class Reader:
    """A page, what its language calls things, and everything wrong that was met on the way."""

    def __init__(self, page: "Page", language: str, width: int, *, scripted: bool = True) -> None:
        """`width` of the window in CSS pixels; nothing may be wider. `scripted`: scripts run."""
        self.page = page
        self.scripted = scripted
        self.problems: list[str] = []
        self._menus: set[str] = set()
        self._words = i18n.translations(language)
        self._width = width
        self.watches(page)

    def watches(self, page: "Page") -> None:
        """Notice what goes wrong in this page, such as another one of the same window."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)

    def _console(self, message: "ConsoleMessage") -> None:
        # What was refused with a page that says why is told here too; `_response` tells them apart.
        # A connection that was cut is the test's own doing.
        known = "Failed to load" in message.text or "Failed to fetch" in message.text
        if message.type in ("error", "warning") and not known:
            self.problems.append(f"{self.page.url} says: {message.text}")

    def _request(self, request: "Request") -> None:
        if urlsplit(request.url).hostname not in HOSTS:
            self.problems.append(f"{self.page.url} asks elsewhere: {request.url}")

    def _response(self, response: "Response") -> None:
        # Pages and what the editor asks for may be refused, with a sentence that says why.
        told = response.request.resource_type == "document" or "/write/" in response.url
        if response.status >= (500 if told else 400):
            self.problems.append(f"{response.status} for {response.url}")

    def word(self, msgid: str, **values: object) -> str:
        """What the pages say for `msgid` in this reader's language."""
        return self._words.gettext(msgid) % values if values else self._words.gettext(msgid)

    async def goes(self, path: str) -> int:
        """Type an address, here or at another instance; returns the status of the answer."""
        answer = await self.page.goto(path)
        await self.looks()
        return answer.status if answer else 0

    async def goes_again(self) -> None:
        """Press reload."""
        await self.page.reload()
        await self.looks()

    @asynccontextmanager
    async def next_page(self) -> AsyncIterator[None]:
        """Do what leads to another page, and look at it."""
        async with self.page.expect_event("load"):
            yield
        await self.looks()

    async def looks(self, within: str = "html") -> None:
        """Note what is wrong with this page for those who cannot see it, or only on a phone.

        axe looks at what is `within` alone.
        """
        asked = [self._width, within]
        found, built = await self.page.evaluate(LOOK_AND_TELL, asked)
        self._note(found + await self._judged(built, *AXE_RULES, within=within))

    async def looks_in_every_light(self) -> None:
        """As `looks`; then in the dark, with letters twice as large, and as narrow as can be."""
        await self.looks()
        await self.looks_in_other_lights()

    async def looks_in_other_lights(self) -> None:
        """The rest of it, where this page was looked at already."""
        page = self.page
        await page.emulate_media(color_scheme="dark")
        built: str = await page.evaluate(ALIKE, "html")
        self._note(await self._judged(built, "color-contrast"), "in the dark")
        await page.emulate_media(color_scheme="light")
        # WCAG 2.2 §1.4.4 and §1.4.10; a wide window at 200 % is as wide as one of 640
        narrow = NARROWEST if self._width < WIDE else self._width // 2
        await page.set_viewport_size({"width": narrow, "height": 400})
        self._note(await page.evaluate(SIDEWAYS, narrow), f"at {narrow}")
        await page.set_viewport_size({"width": self._width, "height": 800})
        self._note(await page.evaluate(IN_LARGE_LETTERS, self._width), "with large letters")

    async def looks_into_what_is_folded(self, within: str = "main") -> None:
        """Open what can be opened, the menus one by one, and look."""
        menus = self.page.locator(f"{within} details.menu").filter(visible=True)
        if await self.page.locator(f"{FOLDED}:not([open])").count():
            await self.page.evaluate(UNFOLD, [FOLDED, TO_JUDGE])
            await self.looks(f"[{TO_JUDGE}]")
        for number in range(await menus.count()):
            await menus.nth(number).evaluate("one => { one.open = true; }")
            self._note(await self.page.evaluate(SIDEWAYS, self._width), "with an open menu")
            menu: str = await menus.nth(number).evaluate(BUILT)
            if menu not in self._menus:
                self._menus.add(menu)
                built: str = await self.page.evaluate(ALIKE, OPEN_MENU)
                self._note(await self._judged(built, *AXE_RULES, within=OPEN_MENU), "in a menu")
            await menus.nth(number).evaluate("one => { one.open = false; }")

    def _note(self, found: list[str], how: str = "") -> None:
        self.problems += [f"{self.page.url} {how} {one}" for one in found]

    async def _judged(self, built: str, *rules: str, within: str = "html") -> list[str]:
        """What axe finds by these of its rules in what is `built` so; `make install` brings it."""
        if not AXE.exists():
            return []
        judged = (sha256(built.encode()).digest(), rules)
        if judged in JUDGED:
            return []
        try:
            found = await self._judge(20, within, rules)
        except TimeoutError:  # a page without scripts does not always wake up for axe
            await self.page.evaluate("() => { delete window.axe; }")
            found = await self._judge(60, within, rules)
        JUDGED.add(judged)
        return found

    async def _judge(self, within_s: float, within: str, rules: tuple[str, ...]) -> list[str]:
        async with asyncio.timeout(within_s), self._scripts_running():
            # to others it came with the page
            if not self.scripted and not await self.page.evaluate("() => 'bringAxe' in window"):
                await self.page.evaluate(WITH_AXE)
            found: list[str] = await self.page.evaluate(JUDGE, [within, list(rules)])
        return found

    @asynccontextmanager
    async def _scripts_running(self) -> AsyncIterator[None]:
        """Let axe wait for what it awaits, which a page without scripts never does.

        The page's own scripts were left out when it was read, and stay out.
        """
        if self.scripted:
            yield
            return
        session = await self.page.context.new_cdp_session(self.page)
        for off in (True, False):  # what is not off already cannot be put on
            await session.send("Emulation.setScriptExecutionDisabled", {"value": off})
        try:
            yield
        finally:
            await session.send("Emulation.setScriptExecutionDisabled", {"value": True})
            await session.detach()

    def main(self) -> "Locator":
        """The page without its frame."""
        return self.page.locator("main")

    def button(self, msgid: str) -> "Locator":
        """The first button on the page that says so."""
        name = re.compile(
            f"^{re.escape(self.word(msgid))}"
        )  # its number or whom it means may follow
        return self.main().get_by_role("button", name=name).first

    async def presses(self, msgid: str) -> None:
        """Press a button that leads on."""
        async with self.next_page():
            await self.button(msgid).click()

    async def acts(self, msgid: str) -> None:
        """Press a button that acts where it is: with scripts the page stays."""
        if not self.scripted:
            await self.presses(msgid)
            return
        async with self.page.expect_response(lambda answer: answer.request.method == "POST"):
            await self.button(msgid).click()

    async def opens(self, msgid: str) -> None:
        """Unfold what is hidden behind these words."""
        await self.main().locator("summary", has_text=self.word(msgid)).first.click()

    async def tabs_to(self, goal: "Locator") -> None:
        """Press Tab until `goal` has the focus, and see on the way where the focus is."""
        for _ in range(MOST_TABS):
            await self.page.keyboard.press("Tab")
            if not await self.page.evaluate(FOCUS_IS_SEEN):
                self.problems.append(f"{self.page.url} hides the focus")
            if await goal.evaluate("one => one === document.activeElement"):
                return
        raise AssertionError(f"no key leads to {goal} on {self.page.url}")

    async def follows_link(self, msgid: str) -> None:
        """Follow the first link that says so."""
        async with self.next_page():
            await self.page.get_by_role("link", name=self.word(msgid)).first.click()

    async def follows(self, msgid: str) -> None:
        """Follow the first link in the page itself whose words begin so."""
        name = re.compile(f"^{re.escape(self.word(msgid))}")
        async with self.next_page():
            await self.main().get_by_role("link", name=name).first.click()

    def field(self, msgid: str, **values: object) -> "Locator":
        """The field with this label on the page."""
        return self.main().get_by_label(self.word(msgid, **values), exact=True)

    async def types(self, msgid: str, text: str, **values: object) -> None:
        """Fill in a field."""
        await self.field(msgid, **values).fill(text)

    async def adds_picture(self, data: bytes, shows: str = "", *, number: int = 1) -> None:
        """Choose a picture: with scripts it is sent at once, without them with the form."""
        file: FilePayload = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": data}
        if self.scripted:
            button = self.main().locator("[data-choose]")
            async with self.page.expect_file_chooser() as chosen:
                await button.click()
            await (await chosen.value).set_files([file])
        else:
            await self.field("Picture %(number)s", number=number).set_input_files(file)
        if shows:
            await self.types("What picture %(number)s shows", shows, number=number)

    async def sees(self, text: str) -> None:
        """Fail unless the page shows `text`, at once or in a moment."""
        found = self.main().get_by_text(text).filter(visible=True).first
        try:
            await found.wait_for()
        except Exception as error:
            raise AssertionError(
                f"{text!r} is not on {self.page.url}: {await self.text()}"
            ) from error

    async def sees_not(self, text: str) -> None:
        """Fail if the page shows `text` anywhere."""
        assert text not in await self.text(), f"{text!r} is on {self.page.url}"

    async def text(self) -> str:
        """All words on the page."""
        return await self.main().inner_text()
