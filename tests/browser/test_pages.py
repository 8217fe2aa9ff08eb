"""Every page, on a phone and on a desk, in both languages: the reader looks at each."""

import pytest

from server.services import posts
from tests.browser.conftest import NewReader
from tests.browser.people import photograph
from tests.browser.reader import Reader
from tests.village import City, Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OPEN = (
    "/",
    "/stories",
    "/local",
    "/federated",
    "/about",
    "/search?q=책방",
    "/tags/헌책방",
)
ALONE = ("/sign-in", "/sign-up", "/styleguide")
SIGNED_IN = (
    *("/home", "/write", "/write?kind=note", "/drafts", "/notifications", "/settings"),
    *("/requests", "/muted", "/blocked", "/pending"),
)
LONG = "https://example.org/" + "very-long-address-without-any-end/" * 6


async def story_with_everything(city: City, ann: Reader) -> str:
    """A story with a picture, a table, a long address and a deep thread; the path of its page."""
    await ann.goes("/write")
    await ann.types(
        "Title", "골목 끝 헌책방에 다시 불이 켜졌습니다, 이번에는 오래오래 켜 두기로 했습니다"
    )
    await ann.types("Lead", "토요일마다 이웃들이 모여 소리 내어 책을 읽습니다.")
    table = "| 요일 | 시간 | 누가 |\n|---|---|---|\n| 토요일 | 네 시 | 모두 |"
    await ann.types(
        "Story", f"## 낭독회\n\n헌책방 {LONG}\n\n{table}\n\n> 함께 읽기\n\n`{'끝' * 90}`"
    )
    await ann.adds_picture(photograph(), "벽돌로 지은 작은 책방")
    await ann.presses("Publish")
    path = ann.page.url.removeprefix(city.origin)
    answered = int(path.rpartition("/")[2])
    for turn in range(7):
        name = ("bob", "ann")[turn % 2]
        reply = await city.write(name, f"{'그' * 60} {turn} {LONG}", reply_to_id=answered)
        answered = reply.id
    await city.do(posts.boost, await city.me("bob"), int(path.rpartition("/")[2]))
    await city.do(posts.like, await city.me("bob"), int(path.rpartition("/")[2]))
    return path


@pytest.mark.parametrize(("width", "language"), [(360, "ko"), (360, "en"), (1280, "en")])
async def test_every_page_is_whole(
    village: Village, reader: NewReader, width: int, language: str
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann", locked=True, role="admin")
    await alpha.join("bob")
    await alpha.follow("bob", "@ann@alpha.test")
    ann = await reader(alpha, "ann", width=width, language=language)
    visitor = await reader(alpha, width=width, language=language)
    path = await story_with_everything(alpha, ann)
    id = path.rpartition("/")[2]
    people = ("/@ann", "/@ann?show=replies", "/@ann?show=pictures", "/@ann/followers", "/@bob")
    about_the_story = (path, f"{path}/likes", f"{path}/boosts", f"{path}/history")

    for page in (*OPEN, *ALONE, *people, *about_the_story):
        assert await visitor.goes(page) == 200, page
    assert await visitor.goes("/nobody") == 404
    own = (f"/edit/{id}", f"/posts/{id}/delete", f"/write?reply_to={id}")
    for page in (*OPEN, *SIGNED_IN, *people, *about_the_story, *own):
        assert await ann.goes(page) == 200, page
        assert await ann.page.locator("html").get_attribute("lang") == language
