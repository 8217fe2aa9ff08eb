"""A member offers a story to a team blog; its editor suggests changes, and publishes it."""

import pytest

from server.model import Account
from server.services import blog, blog_desk
from server.store import communities
from server.store.db import Write
from tests.browser.conftest import NewReader, on_desk_and_phone
from tests.browser.people import founds
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def _kept(tx: Write, ann: Account, id: int, now_ms: int) -> None:
    communities.set_columns(tx, id, posting="writers")
    communities.appoint(tx, id, ann.id, now_ms)
    home = blog.by_name(tx, "project")
    love = blog_desk.add_category(tx, ann, home, "사랑 소통", None, now_ms=now_ms)
    blog_desk.add_category(tx, ann, home, "소소한 일상", love.id, now_ms=now_ms)


@on_desk_and_phone
async def test_an_editor_publishes_the_draft_of_a_member(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    keeper = await alpha.join("ann")
    await alpha.join("bob", role="member")
    home = await founds(alpha, "project", title="시민공동프로젝트", kind="blog")
    await alpha.db.write(_kept, keeper, home.id, alpha.clock())
    ann, bob = await reader(alpha, "ann", **how), await reader(alpha, "bob", **how)

    await bob.goes("/@project")
    await bob.follows_link("Offer a story")
    await bob.types("Title", "김장하는 날")
    await bob.types("Story", "배추 백 포기를 절였다.")
    await bob.field("Category").select_option(label="사랑 소통 > 소소한 일상")
    await bob.presses("Send to the editors")

    await ann.goes("/c/project/desk")
    await ann.main().get_by_role("link", name="김장하는 날").click()
    await ann.types("To the author", "몇 포기인지 정확히!")
    await ann.types("Title", "김장하는 날, 이백 포기")
    await ann.presses("Send the suggestion")

    await bob.goes("/desk")
    await bob.main().get_by_role("link", name="김장하는 날").click()
    await bob.sees("몇 포기인지 정확히!")
    await bob.presses("Accept the suggestion")

    await ann.goes("/c/project/desk")
    await ann.main().get_by_role("link", name="김장하는 날, 이백 포기").click()
    await ann.presses("Publish")
    await ann.goes("/@project")
    await ann.sees("김장하는 날, 이백 포기")
    await ann.goes("/c/project/categories/소소한-일상")
    await ann.sees("김장하는 날, 이백 포기")
