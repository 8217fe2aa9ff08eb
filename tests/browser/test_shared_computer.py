"""Several people at one computer, as in a library: nobody is shown what another typed."""

import pytest
from playwright.async_api import expect

from server.clock import now_ms
from server.services import sessions
from tests.browser.conftest import NewReader
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_what_one_person_typed_is_not_offered_to_the_next(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ben = await alpha.join("ben")
    here = await reader(alpha, "ann")
    await here.goes("/write")
    await here.types("Story", "For nobody else")
    await expect(here.main().locator("[data-kept]")).to_have_text(here.word("Kept as a draft"))

    token = await alpha.db.write(sessions.sign_in, ben.id, "Chromium", "127.0.0.1", now_ms())
    (mine,) = [one for one in await here.page.context.cookies() if one["name"].endswith("madang")]
    await here.page.context.add_cookies([{**mine, "value": token}])
    await here.goes("/write")
    assert await here.main().get_by_role("button", name=here.word("Put it back")).count() == 0
    await here.page.context.add_cookies([mine])
    await here.goes("/write")
    await here.sees("For nobody else")  # her draft, from the server
