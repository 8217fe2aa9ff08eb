"""Writing: what was typed is never lost, and what was published can be changed and taken back."""

import pytest

from tests.browser.conftest import NewReader
from tests.browser.people import PASSWORD, join, photograph
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_signing_in_writing_and_liking_need_no_more_than_a_keyboard(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await join(alpha, "ann")
    ann = await reader(alpha)
    keyboard = ann.page.keyboard

    await ann.goes("/local")
    await keyboard.press("Tab")
    await keyboard.press("Enter")  # the first stop leads over the frame
    assert await ann.main().evaluate("one => one === document.activeElement")

    await ann.goes("/sign-in")
    await ann.tabs_to(ann.field("Name or email address"))
    await keyboard.type("ann")
    await ann.tabs_to(ann.field("Password"))
    await keyboard.type(PASSWORD)
    async with ann.next_page():
        await keyboard.press("Enter")
    assert ann.page.url == "http://alpha.test/home"

    await ann.tabs_to(ann.field("What is happening?"))
    await keyboard.type("Typed without a mouse.")
    await ann.tabs_to(ann.button("Publish"))
    async with ann.next_page():
        await keyboard.press("Enter")
    await ann.tabs_to(ann.button("Like"))
    async with ann.next_page():
        await keyboard.press("Enter")
    assert await ann.button("Like").get_attribute("aria-pressed") == "true"
    assert await ann.button("Like").locator(".number").inner_text() == "1"


async def test_a_story_that_is_refused_comes_back_as_it_was_typed(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", width=360, language="ko")

    await ann.goes("/write")
    await ann.types("Title", "  ")
    await ann.types("Lead", "한 문장")
    await ann.types("Story", "여러 문장을\n\n오래 썼습니다.")
    await ann.field("Who may read this").select_option("followers")
    await ann.adds_picture(photograph(), "책방")
    await ann.presses("Publish")

    await ann.sees(ann.word("A story needs a title."))
    assert await ann.field("Lead").input_value() == "한 문장"
    assert await ann.field("Story").input_value() == "여러 문장을\n\n오래 썼습니다."
    assert await ann.field("Who may read this").input_value() == "followers"
    assert await ann.main().get_by_alt_text("책방").is_visible()

    await ann.types("Title", "이번에는 제목도")
    await ann.presses("Publish")
    await ann.sees("오래 썼습니다.")
    await ann.sees(ann.word("for followers"))
    assert await ann.main().get_by_alt_text("책방").is_visible()


async def test_a_file_that_is_no_picture_costs_nothing_of_the_text(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann")

    await ann.goes("/write?kind=note")
    await ann.types("Text", "Look at this")
    await ann.adds_picture(b"not a picture")
    await ann.presses("Publish")
    await ann.sees(ann.word("This was not published yet. Nothing is lost:"))
    assert await ann.field("Text").input_value() == "Look at this"
    assert await alpha.count("post") == 0


async def test_a_text_whose_session_ended_goes_through_the_sign_in_and_is_published(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await join(alpha, "ann")
    ann = await reader(alpha, "ann", width=360, language="ko")

    await ann.goes("/write")
    await ann.types("Title", "긴 글")
    await ann.types("Story", "한 시간 동안\n쓴 글입니다.")
    await ann.page.context.clear_cookies(name="madang")
    await ann.presses("Publish")
    await ann.types("Name or email address", "ann")
    await ann.types("Password", "wrong")
    await ann.presses("Sign in")
    await ann.types("Password", PASSWORD)
    await ann.presses("Sign in")

    assert await ann.field("Title").input_value() == "긴 글"
    assert await ann.field("Story").input_value() == "한 시간 동안\n쓴 글입니다."
    await ann.presses("Publish")
    await ann.sees("쓴 글입니다.")
    await ann.goes("/drafts")
    await ann.sees_not("긴 글")


async def test_a_draft_waits_and_a_preview_publishes_nothing(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", width=360)

    await ann.goes("/write")
    await ann.types("Story", "Only **words** so far")
    await ann.presses("Keep as a draft")
    async with ann.next_page():
        await ann.main().get_by_role("link", name="Only **words** so far").click()
    await ann.types("Title", "Now with a title")
    await ann.presses("Preview")
    assert await ann.main().locator(".preview strong").inner_text() == "words"
    assert await alpha.count("post") == 0
    await ann.presses("Publish")
    await ann.sees("Now with a title")


async def test_an_edit_shows_what_was_said_before_and_a_deleted_post_is_gone(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    post = await alpha.write("ann", "The market opens at nine.")
    ann, visitor = await reader(alpha, "ann", width=360), await reader(alpha)

    await ann.goes(f"/@ann/{post.id}")
    await ann.follows_link("Edit")
    await ann.types("Text", "The market opens at ten.")
    await ann.presses("Save the changes")
    await ann.sees("The market opens at ten.")

    await visitor.goes(f"/@ann/{post.id}")
    await visitor.follows_link("edited")
    await visitor.sees("The market opens at nine.")
    await visitor.sees("The market opens at ten.")

    await ann.follows_link("Delete")
    await ann.presses("Delete")
    assert ann.page.url == "http://alpha.test/@ann"
    await ann.sees_not("The market")
    await visitor.goes(f"/@ann/{post.id}")
    await visitor.sees_not("The market")
