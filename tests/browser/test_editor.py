"""The editor: completion, tools, shortcuts and preview, by keyboard alone."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewReader, on_desk_and_phone
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@on_desk_and_phone
async def test_people_and_topics_are_completed_while_somebody_types(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await alpha.join("hana")
    await beta.join("hans")
    await alpha.follow("ann", "@hans@beta.test")
    await alpha.write("hana", "Come to the #Harvest")
    await village.settle()
    ann = await reader(alpha, "ann", **how)
    keyboard, field = ann.page.keyboard, ann.field("Text")
    options = ann.page.locator("#suggestions li")

    await ann.goes("/write?kind=note")
    await ann.tabs_to(field)
    await keyboard.type("Hello @ha")
    await expect(options).to_have_count(2)
    await expect(options.first).to_contain_text("@hans@beta.test")  # whom she follows comes first
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await ann.looks()
    await keyboard.press("ArrowDown")
    await expect(options.last).to_have_attribute("aria-selected", "true")
    chosen = await options.last.get_attribute("id")
    await expect(field).to_have_attribute("aria-activedescendant", str(chosen))
    await keyboard.press("Enter")
    await expect(field).to_have_value("Hello @hana ")
    await expect(options).to_have_count(0)
    await keyboard.type("and #har")
    await expect(options).to_have_count(1)
    await ann.looks()
    await keyboard.press("Tab")
    await expect(field).to_have_value("Hello @hana and #harvest ")
    await keyboard.type("@han")
    await expect(options).to_have_count(2)
    await keyboard.press("Escape")
    await expect(options).to_have_count(0)
    await expect(field).to_be_focused()
    await keyboard.press("Control+z")  # the browser's own undo is intact
    await expect(field).not_to_have_value("Hello @hana and #harvest @han")


@on_desk_and_phone
async def test_tools_and_shortcuts_mark_the_text_and_the_preview_shows_it(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", **how)
    keyboard, field = ann.page.keyboard, ann.field("Story")
    tools = ann.page.get_by_role("toolbar")

    await ann.goes("/write")
    await ann.tabs_to(field)
    await keyboard.type("warm bread")
    await keyboard.press("Shift+Control+ArrowLeft")
    await keyboard.press("Control+b")
    await expect(field).to_have_value("warm **bread**")
    await field.press("Control+Home")
    await keyboard.press("Shift+Tab")  # one stop for the whole bar
    bold = tools.get_by_role("button", name=ann.word("Bold"))
    await expect(bold).to_be_focused()
    await keyboard.press("ArrowRight")
    await keyboard.press("ArrowRight")
    await keyboard.press("ArrowRight")
    quotation = tools.get_by_role("button", name=ann.word("Quotation"))
    await expect(quotation).to_be_focused()
    await keyboard.press("Enter")
    await expect(field).to_have_value("> warm **bread**")
    await expect(field).to_be_focused()
    await keyboard.press("Control+z")
    await expect(field).to_have_value("warm **bread**")
    await keyboard.press("Control+End")
    await keyboard.press("Control+i")
    await keyboard.type("now")
    await expect(field).to_have_value("warm **bread***now*")

    preview = tools.get_by_role("button", name=ann.word("Preview"))
    await preview.click()
    await expect(ann.main().locator(".preview strong")).to_have_text("bread")
    await ann.looks()
    await preview.click()
    await expect(ann.main().locator(".preview")).to_have_count(0)
    assert await alpha.count("post") == 0


async def test_who_will_read_it_is_said_for_each_choice(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", width=360, language="ko")
    await ann.goes("/write")
    await ann.field("Who may read this").select_option("direct")
    await ann.sees(
        ann.word(
            "Only the people whom you name with @ can read this; their servers keep a copy too."
        )
    )
