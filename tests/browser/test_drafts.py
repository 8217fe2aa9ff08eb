"""Nothing typed is lost: a killed server, a crash, an ended session, another window."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewReader, on_desk_and_phone, with_and_without_scripts
from tests.browser.people import PASSWORD, join, photograph
from tests.browser.reader import Reader
from tests.village import City, Village, eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def status(ann: Reader) -> Any:
    """What the editor says about the text being kept."""
    return expect(ann.main().locator("[data-kept]"))


async def kept(city: City) -> list[str]:
    """The drafts on the server, as they were stored."""
    return [row["body"] for row in await city.rows("SELECT body FROM draft ORDER BY id")]


@on_desk_and_phone
async def test_a_draft_survives_a_killed_server_and_a_crash(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", **how)
    await ann.goes("/write")
    await ann.types("Title", "등대")
    await ann.types("Story", "One.")

    async def as_it_is() -> bool:  # who types slowly has the title kept before
        return ["One." in body for body in await kept(alpha)] == [True]

    await eventually(as_it_is)
    await status(ann).to_have_text(ann.word("Kept as a draft"))

    await village.stop(alpha)
    await ann.types("Story", "One. Two.")
    offline = ann.word("No connection: your text is kept in this browser for now.")
    await status(ann).to_have_text(offline)
    await ann.looks()
    await village.start_again(alpha)
    await status(ann).to_have_text(ann.word("Kept as a draft"))
    assert ["One. Two." in body for body in await kept(alpha)] == [True]

    await village.stop(alpha)
    await ann.types("Story", "One. Two. Three.")
    await status(ann).to_have_text(offline)
    await crashes(ann)
    await village.start_again(alpha)
    await ann.goes("/write")
    await ann.sees(ann.word("Text from before was found in this browser."))
    await ann.sees("등대")  # and the draft that the server has is offered too
    await ann.main().get_by_role("button", name=ann.word("Put it back")).click()
    await expect(ann.field("Title")).to_have_value("등대")
    await expect(ann.field("Story")).to_have_value("One. Two. Three.")
    await expect(ann.field("Story")).to_be_focused()
    await status(ann).to_have_text(ann.word("Kept as a draft"))
    bodies = await kept(alpha)
    assert len(bodies) == 1 and "One. Two. Three." in bodies[0]  # it is that draft, not a second
    await ann.presses("Publish")
    await ann.sees("One. Two. Three.")
    assert await kept(alpha) == []
    await ann.goes("/write")
    assert await ann.main().get_by_text(ann.word("Put it back")).count() == 0


async def crashes(ann: Reader) -> None:
    """The tab is gone without a word; its window stays."""
    gone, ann.page = ann.page, await ann.page.context.new_page()
    await gone.close()
    ann.watches(ann.page)


@with_and_without_scripts
async def test_a_text_whose_session_ended_goes_through_the_sign_in_and_is_published(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await join(alpha, "ann")
    ann = await reader(alpha, "ann", **how)

    await ann.goes("/write")
    await ann.page.context.clear_cookies(name="madang")
    await ann.types("Title", "긴 글")
    await ann.types("Story", "한 시간 동안\n쓴 글입니다.")
    if ann.scripted:
        await status(ann).to_have_text(
            ann.word("You are signed out. Your text stays here: publish it to sign in again.")
        )
        await ann.looks()
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


@with_and_without_scripts
async def test_a_story_that_is_refused_comes_back_as_it_was_typed(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", **how)

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


@with_and_without_scripts
async def test_what_is_written_on_after_it_was_published_in_another_window_is_not_lost(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", **how)
    await ann.goes("/write?kind=note")
    await ann.types("Text", "The first half")
    await ann.presses("Keep as a draft")
    async with ann.next_page():
        await ann.main().get_by_role("link", name="The first half").click()
    first = ann.page
    ann.page = other = await first.context.new_page()
    ann.watches(other)
    await ann.goes(first.url)
    ann.page = first
    await ann.presses("Publish")
    ann.page = other
    await ann.types("Text", "The first half and the second")
    if ann.scripted:
        await status(ann).to_have_text(ann.word("Kept as a draft"))  # another than the first
        await ann.looks()
    await ann.presses("Publish")
    await ann.sees("The first half and the second")
    assert await alpha.count("post") == 2


@on_desk_and_phone
async def test_going_back_to_a_text_that_was_published_and_changing_it_loses_nothing(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", **how)
    await ann.goes("/write?kind=note")
    await ann.types("Text", "We meet at four")
    await ann.presses("Publish")
    await ann.page.go_back()
    await ann.types("Text", "We meet at five")
    await ann.presses("Publish")
    await ann.sees("We meet at five")
    if not await alpha.rows("SELECT 1 FROM post WHERE content LIKE '%five%'"):
        await ann.presses("Publish")  # after it was said that four was published already
    assert await alpha.rows("SELECT 1 FROM post WHERE content LIKE '%five%'")


@with_and_without_scripts
async def test_a_draft_waits_and_a_preview_publishes_nothing(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", **how)

    await ann.goes("/write")
    await ann.types("Story", "Only **words** so far")
    await ann.presses("Keep as a draft")
    async with ann.next_page():
        await ann.main().get_by_role("link", name="Only **words** so far").click()
    await ann.types("Title", "Now with a title")
    await ann.main().locator("button[value=preview]").click()
    await expect(ann.main().locator(".preview strong")).to_have_text("words")
    await ann.looks()
    assert await alpha.count("post") == 0
    await ann.presses("Publish")
    await ann.sees("Now with a title")
