"""From the front page to an account and a first story with three pictures, which open large."""

import base64

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PLAIN, NewReader, on_desk_and_phone
from tests.browser.people import PASSWORD, photograph
from tests.browser.reader import Reader
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SHOWN = ("벽돌로 지은 작은 책방", "창가의 의자", "Two people who read")
GIVE = """
(field, {data, kind}) => {
  const given = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  given.items.add(new File([bytes], "IMG_2.jpg", {type: "image/jpeg"}));
  const how = {bubbles: true, cancelable: true, clipboardData: given, dataTransfer: given};
  field.dispatchEvent(kind === "paste" ? new ClipboardEvent(kind, how) : new DragEvent(kind, how));
}
"""


async def joins(ann: Reader) -> None:
    """From the front page to an account."""
    await ann.goes("/")
    await ann.follows_link("Join")
    await ann.types("Name", "ann")
    await ann.types("Email address", "ann@example.org")
    await ann.types("Password", PASSWORD)
    await ann.presses("Join")
    await ann.sees(ann.word("Welcome! Tell the others a little about yourself."))


async def begins(ann: Reader) -> None:
    """A story without its pictures."""
    await ann.follows_link("Write")
    await ann.types("Title", "헌책방의 토요일")
    await ann.types("Story", "골목 끝 헌책방에 **불이 켜졌습니다**.")


async def gives(ann: Reader, kind: str) -> None:
    """Paste a photograph into the text, or drop it there."""
    data = base64.b64encode(photograph()).decode()
    await ann.field("Story").evaluate(GIVE, {"data": data, "kind": kind})


@on_desk_and_phone
async def test_a_newcomer_publishes_a_story_with_three_pictures_that_open_large(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    ann = await reader(await village("alpha.test"), **how)
    await joins(ann)
    await begins(ann)
    arrived = ann.main().locator(".upload[data-picture]")
    await ann.adds_picture(photograph())
    await expect(arrived).to_have_count(1)
    await gives(ann, "paste")
    await expect(arrived).to_have_count(2)
    await gives(ann, "drop")
    await expect(arrived).to_have_count(3)
    await ann.looks()
    for number, words in enumerate(SHOWN, 1):
        await ann.types("What picture %(number)s shows", words, number=number)
    await ann.presses("Publish")
    await ann.sees("불이 켜졌습니다")
    for words in SHOWN:
        assert await ann.main().get_by_alt_text(words).is_visible()

    first = ann.main().get_by_role("link", name=SHOWN[0])
    viewer, keyboard = ann.page.get_by_role("dialog"), ann.page.keyboard
    await ann.tabs_to(first)
    await keyboard.press("Enter")
    await expect(viewer).to_contain_text("(1/3)")
    await expect(viewer.get_by_role("img")).to_have_attribute("alt", SHOWN[0])
    await ann.looks()
    await keyboard.press("ArrowRight")
    await keyboard.press("ArrowRight")
    await expect(viewer).to_contain_text(SHOWN[2])
    await keyboard.press("ArrowRight")  # there is no fourth
    await expect(viewer).to_contain_text("(3/3)")
    large = viewer.get_by_role("img")
    await large.evaluate("one => one.decode()")
    assert await large.evaluate("one => one.naturalWidth") == 1600
    await keyboard.press("ArrowLeft")
    await expect(viewer).to_contain_text(SHOWN[1])
    await keyboard.press("Escape")
    await expect(viewer).to_be_hidden()
    await expect(first).to_be_focused()
    assert ann.page.url.startswith("http://alpha.test/@ann/")


async def test_without_scripts_three_pictures_come_with_the_form(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    ann = await reader(alpha, **PLAIN)
    await joins(ann)
    await begins(ann)
    await ann.opens("More pictures")
    for number, words in enumerate(SHOWN, 1):
        await ann.adds_picture(photograph(), words, number=number)
    await ann.presses("Publish")
    await ann.sees("불이 켜졌습니다")
    for words in SHOWN:
        assert await ann.main().get_by_alt_text(words).is_visible()
    link = ann.main().get_by_role("link", name=SHOWN[2])
    async with alpha.client.get(str(await link.get_attribute("href"))) as large:
        assert large.content_type.startswith("image/")  # the file itself opens


async def test_a_picture_that_cannot_be_taken_says_why_and_the_others_stay(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", width=360, language="ko")
    await begins_at_home(ann)
    await ann.adds_picture(photograph(), SHOWN[0])
    await ann.adds_picture(b"not a picture")
    await expect(ann.main().locator("[data-refused]")).not_to_be_empty()
    await ann.looks()
    await expect(ann.main().locator(".upload[data-picture]")).to_have_count(1)
    await ann.adds_picture(photograph())
    await expect(ann.main().locator("[data-refused]")).to_be_hidden()
    await expect(ann.main().locator(".upload[data-picture]")).to_have_count(2)
    assert await ann.field("What picture %(number)s shows", number=1).input_value() == SHOWN[0]


async def begins_at_home(ann: Reader) -> None:
    """As `begins`, for somebody who is at home here."""
    await ann.goes("/home")
    await begins(ann)
