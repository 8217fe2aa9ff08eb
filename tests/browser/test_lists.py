"""Long lists go on where they end, and nothing that was shown is lost by it."""

import pytest

from server.services import reactions
from tests.browser.conftest import NewReader
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_older_part_of_every_list_is_a_press_away(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    ann, bob = await alpha.join("ann"), await alpha.join("bob")
    first = await alpha.write("ann", "The first of many")
    for number in range(24):
        post = await alpha.write("ann", f"Number {number}")
        await alpha.do(reactions.like, bob, post.id)
    await alpha.do(reactions.boost, ann, first.id)
    somebody = await reader(alpha, "ann")
    for path, oldest in (("/notifications", "Number 0"), ("/@ann", "Number 0")):
        await somebody.goes(path)
        await somebody.main().get_by_role("link", name="Older").click()
        await somebody.main().get_by_text(oldest, exact=True).wait_for()
        await somebody.looks()
        await somebody.sees("Number 23")
        assert await somebody.main().get_by_role("link", name="Newer").count() == 0
    # shared again, it stands above already
    assert await somebody.main().get_by_text("The first of many").count() == 1


async def test_a_button_takes_no_way_on_or_back_away(village: Village, reader: NewReader) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ids = [(await alpha.write("ann", f"Number {number}")).id for number in range(25)]
    somebody = await reader(alpha, "ann")
    await somebody.goes(f"/local?max_id={ids[-1]}")
    await somebody.button("Like").click()
    await somebody.main().locator("[aria-pressed=true]").first.wait_for()
    for words in ("Newer", "Older"):
        assert await somebody.main().get_by_role("link", name=words).count() == 1
