"""A citizen looks for 김장: story, thread and comment, narrowed down, with the keyboard alone."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import DESK, PLAIN, NewReader
from tests.browser.people import founds
from tests.browser.reader import Reader
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

A_DAY_OF_2090 = "12312090"  # as Chromium reads the keyboard here


async def enters(reader: Reader, goal: Locator) -> None:
    """Go on with the keyboard: to a control, and press Enter."""
    await reader.tabs_to(goal)
    async with reader.next_page():
        await reader.page.keyboard.press("Enter")


@pytest.mark.parametrize("how", [DESK, PLAIN], ids=["desk", "phone without scripts"])
async def test_kimjang_is_found_from_the_front_page_and_narrowed_down_by_keyboard(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    plaza = await founds(alpha, "plaza", title="열린광장", kind="board")
    long = "배추 백 포기를 " * 50
    story = await alpha.write("ann", f"{long} 씻고 김장을 담갔어요", title="겨울 준비")
    await alpha.write("ann", "저도 김장 했어요", reply_to_id=story.id)
    await alpha.write("ann", "장소를 정해요", title="김장 토론", community_id=plaza.id)
    await alpha.write("ann", "벚꽃이 피었어요")

    bob = await reader(alpha, **how)
    await bob.goes("/")
    field = bob.page.locator("#find")
    if not await field.is_visible():  # a phone has a link in its place
        await enters(bob, bob.page.locator("a.find-small"))
        field = bob.page.locator("#q")
    await bob.tabs_to(field)
    await bob.page.keyboard.type("김장")
    async with bob.next_page():
        await bob.page.keyboard.press("Enter")
    cards = bob.main().locator("article.post")
    await expect(cards).to_have_count(3)
    await expect(cards.locator("mark", has_text="김장")).to_have_count(3)
    await expect(cards.filter(has_text="겨울 준비").locator("mark")).to_be_visible()

    await enters(bob, bob.main().get_by_role("link", name=bob.word("Comments"), exact=True))
    await expect(cards).to_have_count(1)
    await expect(cards.locator("mark")).to_have_text("김장")
    await enters(bob, bob.main().get_by_role("link", name=bob.word("Everything")))

    await bob.tabs_to(bob.main().locator("summary").first)
    await bob.page.keyboard.press("Enter")
    await bob.tabs_to(bob.page.locator("select#in"))
    await bob.page.keyboard.press("ArrowDown")
    await bob.page.keyboard.press("Shift+Tab")  # a line sends the form, a choice does not
    async with bob.next_page():
        await bob.page.keyboard.press("Enter")
    await expect(cards).to_have_count(1)
    await expect(cards.locator(".title mark")).to_have_text("김장")

    await bob.tabs_to(bob.main().locator("summary").first)
    await bob.page.keyboard.press("Enter")
    await bob.tabs_to(bob.page.locator("#since"))
    await bob.page.keyboard.type(A_DAY_OF_2090)
    async with bob.next_page():
        await bob.page.keyboard.press("Enter")
    await expect(cards).to_have_count(0)
    await enters(bob, bob.main().get_by_role("link", name=bob.word("Search everywhere")))
    await expect(cards).to_have_count(3)
