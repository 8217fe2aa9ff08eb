"""The way of a newcomer: from joining to reading an answer from another city."""

import pytest

from tests.browser.conftest import NewReader
from tests.browser.people import PASSWORD, photograph
from tests.browser.reader import Reader
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STORY = "골목 끝 헌책방에 **불이 켜졌습니다**. 토요일마다 낭독회가 열립니다. #헌책방"


async def join(ann: Reader) -> None:
    """From the front page to an account."""
    await ann.goes("/")
    await ann.follows_link("Join")
    await ann.types("Name", "ann")
    await ann.types("What people call you", "안나")
    await ann.types("Email address", "ann@example.org")
    await ann.types("Password", PASSWORD)
    await ann.presses("Join")
    await ann.sees(ann.word("Welcome! Tell the others a little about yourself."))


async def write_a_story(ann: Reader) -> None:
    """From the settings, where a newcomer arrives, to the published story."""
    await ann.follows_link("Write")
    await ann.types("Title", "헌책방의 토요일")
    await ann.types("Story", STORY)
    await ann.adds_picture(photograph(), "벽돌로 지은 작은 책방")
    await ann.presses("Publish")


async def search(reader: Reader, query: str) -> None:
    """Look something up on the search page, which is how a phone does it too."""
    await reader.goes("/search")
    await reader.main().get_by_role("searchbox").fill(query)
    await reader.presses("Search")


@pytest.mark.parametrize(
    ("width", "language", "javascript"),
    [(1280, "en", True), (360, "ko", False)],
    ids=["wide", "phone without scripts"],
)
async def test_a_newcomer_writes_follows_somebody_elsewhere_and_reads_their_answer(
    village: Village, reader: NewReader, width: int, language: str, javascript: bool
) -> None:
    how = {"width": width, "language": language, "java_script_enabled": javascript}
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await beta.join("bob")
    ann, bob = await reader(alpha, **how), await reader(beta, "bob", **how)

    await join(ann)
    await write_a_story(ann)
    await ann.sees("불이 켜졌습니다")
    picture = ann.main().get_by_alt_text("벽돌로 지은 작은 책방")
    assert await picture.evaluate("one => one.complete && one.naturalWidth > 0")
    story = ann.page.url

    await search(ann, "@bob@beta.test")
    assert ann.page.url == "http://alpha.test/@bob@beta.test"
    await ann.acts("Follow")
    await village.settle()
    await ann.goes_again()
    assert await ann.button("Unfollow").is_visible()

    await bob.goes("/notifications")
    await bob.sees(bob.word("follows you now"))
    async with bob.next_page():
        await bob.main().get_by_role("link", name="안나").first.click()
    await bob.acts("Follow")
    await village.settle()  # and her recent posts have come along
    await bob.goes_again()
    async with bob.next_page():
        await bob.main().get_by_role("link", name="헌책방의 토요일").click()
    await bob.main().get_by_alt_text("벽돌로 지은 작은 책방").scroll_into_view_if_needed()
    await bob.types("Your comment", "@ann@alpha.test 토요일에 갈게요!")
    await bob.presses("Comment")
    await bob.sees("토요일에 갈게요!")
    await village.settle()

    await ann.goes("/home")
    assert await ann.page.locator(".badge").filter(visible=True).count()
    await ann.goes("/notifications")
    await ann.sees(ann.word("answered you"))
    await ann.sees("토요일에 갈게요!")
    await ann.goes(story)
    replies = ann.page.locator("#replies .post")
    assert "토요일에 갈게요!" in await replies.inner_text()
    assert "@bob@beta.test" in await replies.inner_text()
