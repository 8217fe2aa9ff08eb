"""Answering by keyboard alone, and changing or taking back what was published."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewReader, with_and_without_scripts
from tests.browser.people import PASSWORD, join, photograph
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@with_and_without_scripts
async def test_from_the_front_page_to_a_published_reply_by_keyboard_alone(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await join(alpha, "ann")
    await alpha.join("bob")
    await alpha.write("bob", "A long story", title="The old mill")
    ann = await reader(alpha, **how)
    keyboard = ann.page.keyboard

    await ann.goes("/")
    await keyboard.press("Tab")
    await keyboard.press("Enter")  # the first stop leads over the frame
    assert await ann.main().evaluate("one => one === document.activeElement")
    await ann.tabs_to(ann.main().get_by_role("link", name="The old mill"))
    async with ann.next_page():
        await keyboard.press("Enter")
    await ann.tabs_to(ann.main().get_by_role("link", name=ann.word("Sign in"), exact=True))
    async with ann.next_page():
        await keyboard.press("Enter")
    await ann.tabs_to(ann.field("Name or email address"))
    await keyboard.type("ann")
    await ann.tabs_to(ann.field("Password"))
    await keyboard.type(PASSWORD)
    async with ann.next_page():
        await keyboard.press("Enter")
    await ann.sees("The old mill")  # back where she was

    field = ann.field("Your comment")
    await ann.tabs_to(field)
    await keyboard.press("Control+End")
    await keyboard.type("Typed without a mouse.")
    await ann.tabs_to(ann.button("Comment"))
    async with ann.next_page():
        await keyboard.press("Enter")
    await ann.sees("Typed without a mouse.")
    like = ann.page.locator("#replies button.like")  # below her own words: she is in the thread
    await ann.tabs_to(like)
    if ann.scripted:
        await keyboard.press("Enter")
    else:
        async with ann.next_page():
            await keyboard.press("Enter")
    await expect(like).to_have_attribute("aria-pressed", "true")
    await expect(like.locator(".number")).to_have_text("1")


@with_and_without_scripts
async def test_an_edit_shows_what_was_said_before_and_a_deleted_post_is_gone(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    post = await alpha.write("ann", "The market opens at nine.", title="Market day")
    ann, visitor = await reader(alpha, "ann", **how), await reader(alpha, **how)

    await ann.goes(f"/@ann/{post.id}")
    await ann.follows("Edit")
    await ann.types("Story", "The market opens at ten.")
    await ann.adds_picture(photograph(), "책방")
    await ann.presses("Save the changes")
    await ann.sees("The market opens at ten.")
    assert await ann.main().get_by_alt_text("책방").is_visible()

    await visitor.goes(f"/@ann/{post.id}")
    await visitor.follows("edited")
    await visitor.sees("The market opens at nine.")
    await visitor.sees("The market opens at ten.")

    await ann.follows("Delete")
    await ann.presses("Delete")
    assert ann.page.url == "http://alpha.test/@ann"
    await ann.sees_not("Market day")
    await visitor.goes(f"/@ann/{post.id}")
    await visitor.sees_not("The market")


async def test_what_was_published_twice_in_haste_is_there_once(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", width=360, java_script_enabled=False)
    await ann.goes("/write?kind=note")
    await ann.types("Text", "Once is enough")
    async with ann.next_page():
        await ann.button("Publish").dblclick(no_wait_after=True)
    await ann.sees("Once is enough")
    assert await alpha.count("post") == 1
