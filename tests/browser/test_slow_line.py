"""A line that is slow, or breaks: what was begun waits, and goes on where it stopped."""

import asyncio
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewReader, on_desk_and_phone
from tests.browser.people import photograph
from tests.village import Village

if TYPE_CHECKING:
    from playwright.async_api import Route

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

UPLOADS = "**/write/picture"


@on_desk_and_phone
async def test_a_picture_whose_line_broke_waits_and_is_sent_again_by_one_press(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", **how)
    arrived = ann.main().locator(".upload[data-picture]")
    await ann.goes("/write")
    await ann.page.route(UPLOADS, lambda route: route.abort())
    await ann.adds_picture(photograph())
    await ann.sees(ann.word("There was no connection, and this picture was not sent."))
    await ann.sees("IMG_1.jpg")
    await ann.looks()
    await ann.page.unroute(UPLOADS)
    await ann.button("Try again").click()
    await expect(arrived).to_have_count(1)
    await expect(ann.button("Try again")).to_have_count(0)


@on_desk_and_phone
async def test_what_is_published_while_a_picture_is_on_its_way_has_the_picture(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", reduced_motion="reduce", **how)
    arrived = ann.main().locator(".upload[data-picture]")
    lines: list[asyncio.Event] = []

    async def slow(route: "Route") -> None:
        lines.append(asyncio.Event())
        await lines[-1].wait()
        await route.continue_()

    await ann.goes("/write")
    await ann.types("Title", "헌책방의 토요일")
    await ann.types("Story", "불이 켜졌습니다.")
    await ann.adds_picture(photograph())
    await expect(arrived).to_have_count(1)
    await ann.page.route(UPLOADS, slow)
    async with ann.page.expect_request(UPLOADS):
        await ann.adds_picture(photograph())
    first = ann.field("What picture %(number)s shows", number=1)
    await first.press_sequentially("책")
    await ann.button("Publish").click()
    await expect(ann.page.locator("#said")).to_have_text(
        ann.word("A picture is still on its way. This goes on as soon as it has arrived.")
    )
    async with ann.next_page():
        lines[0].set()
    await ann.sees("불이 켜졌습니다.")
    await expect(ann.main().locator("article.whole .frame")).to_have_count(2)


async def test_a_description_that_is_being_written_keeps_the_focus_when_a_picture_arrives(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann")
    line = asyncio.Event()

    async def slow(route: "Route") -> None:
        await line.wait()
        await route.continue_()

    await ann.goes("/write")
    await ann.adds_picture(photograph())
    await ann.page.route(UPLOADS, slow)
    for _ in range(2):
        await ann.adds_picture(photograph())
    first = ann.field("What picture %(number)s shows", number=1)
    await first.press_sequentially("책")
    line.set()
    await expect(ann.main().locator(".upload[data-picture]")).to_have_count(3)
    await expect(first).to_be_focused()
    inserts = ann.main().get_by_role("button", name=ann.word("Put it into the text, here"))
    await expect(inserts).to_have_count(3)  # none is forgotten when several come at once


async def test_an_act_that_does_not_arrive_leaves_the_page_and_says_so(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    await alpha.join("bob")
    await alpha.write("bob", "The market opens at nine")
    ann = await reader(alpha, "ann", width=360, language="ko")
    await ann.goes("/local")
    await ann.page.route("**/like", lambda route: route.abort())
    await ann.button("Like").click()
    await expect(ann.page.locator("#said")).to_have_text(
        ann.word("There is no connection. Please try again in a moment.")
    )
    assert ann.page.url == "http://alpha.test/local"
    await ann.sees("The market opens at nine")
    await ann.page.unroute("**/like")
    await ann.acts("Like")
    await expect(ann.button("Like")).to_have_attribute("aria-pressed", "true")


async def test_one_picture_of_several_that_is_refused_says_why_when_the_others_are_there(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann")
    await ann.goes("/write")
    async with ann.page.expect_file_chooser() as chosen:
        await ann.main().locator("[data-choose]").click()
    names = (("bridge.jpg", photograph()), ("broken.jpg", b"no"), ("mill.jpg", photograph()))
    await (await chosen.value).set_files(
        [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in names]
    )
    await expect(ann.main().locator(".upload[data-picture]")).to_have_count(2)
    await expect(ann.main().locator(".upload")).to_have_count(2)
    await expect(ann.main().locator("[data-refused]")).to_contain_text("broken.jpg: ")
