"""How pages look is the reader's choice, in the city's own colour."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewReader, with_and_without_scripts
from tests.browser.reader import Reader
from tests.village import Village
from web import colours

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PAPER = "() => getComputedStyle(document.body).backgroundColor"
BEHIND = "one => getComputedStyle(one).backgroundColor"
ACCENT = "#9c27b0"


def rgb(colour: str) -> str:
    """As browsers say it."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return f"rgb({parts[0]}, {parts[1]}, {parts[2]})"


async def is_light(someone: Reader) -> bool:
    """Whether the paper is."""
    paper: str = await someone.page.evaluate(PAPER)
    return paper == rgb("#faf8f3")


async def switches(someone: Reader, msgid: str) -> None:
    """Press one of the switches in the footer."""
    async with someone.next_page():
        button = someone.page.get_by_role("button", name=someone.word(msgid), exact=True)
        await button.click()
    pressed = someone.page.get_by_role("button", name=someone.word(msgid), exact=True)
    await expect(pressed).to_have_attribute("aria-pressed", "true")


@with_and_without_scripts
async def test_light_and_dark_are_chosen_here_and_stay(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    for name in ("", "ann"):
        someone = await reader(alpha, name, color_scheme="dark", **how)
        await someone.goes("/stories?max_id=5")
        assert not await is_light(someone)
        await switches(someone, "Light")
        assert someone.page.url == "http://alpha.test/stories?max_id=5"
        assert await is_light(someone)
        await someone.goes("/about")
        assert await is_light(someone)
        await switches(someone, "Dark")
        assert not await is_light(someone)
        await someone.page.emulate_media(color_scheme="light")
        assert not await is_light(someone)
        await switches(someone, "As my device")
        assert await is_light(someone)
    other_device = await reader(alpha, "ann", **how)
    await other_device.goes("/about")
    await switches(other_device, "Dark")
    await someone.goes("/about")  # hers, on the first one
    assert not await is_light(someone)


@with_and_without_scripts
async def test_the_language_changes_where_one_is_and_stays(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", **how)
    own, other = (how["language"], "ko" if how["language"] == "en" else "en")
    language = {"en": "English", "ko": "한국어"}

    await ann.goes("/stories?max_id=5")
    assert await ann.page.locator("html").get_attribute("lang") == own
    async with ann.next_page():
        await ann.page.get_by_role("button", name=language[other]).click()
    assert ann.page.url == "http://alpha.test/stories?max_id=5"
    assert await ann.page.locator("html").get_attribute("lang") == other

    elsewhere = await reader(alpha, "ann", language=own)  # another device of hers
    await elsewhere.goes("/settings")
    assert await elsewhere.page.locator("html").get_attribute("lang") == other


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_citys_own_colour_is_on_its_buttons_and_can_be_read(
    village: Village, reader: NewReader, scheme: str
) -> None:
    alpha, beta = await village("alpha.test", accent=ACCENT), await village("beta.test")
    found = []
    for city in (alpha, beta):
        visitor = await reader(city, color_scheme=scheme)
        await visitor.goes("/")
        button = visitor.page.locator(".button.strong").first
        found.append(await button.evaluate(BEHIND))
    tones = colours.palette(ACCENT)
    assert found[0] == rgb((tones.light if scheme == "light" else tones.dark).accent)
    assert found[1] != found[0]


HEAD = ".city, .ways a, .mine .button"
BROKEN_WORDS = """head => [...document.querySelectorAll(head)].flatMap(one => {
  const broken = [], walk = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());)
    for (const word of node.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (range.getClientRects().length > 1) broken.push(word[0]);
    }
  return broken;
})"""


@pytest.mark.parametrize("width", [834, 1024, 1180])
async def test_between_a_phone_and_a_desk_no_word_of_the_head_is_broken(
    village: Village, reader: NewReader, width: int
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    for name in ("", "ann"):
        someone = await reader(alpha, name, width=width)
        await someone.goes("/about")
        assert await someone.page.evaluate(BROKEN_WORDS, HEAD) == []
        buttons = await someone.page.locator(".mine .button").all()
        for button in buttons:  # beside the city's name, on its line
            city = await someone.page.locator(".city").bounding_box()
            box = await button.bounding_box()
            assert city and box and box["y"] < city["y"] + city["height"]
