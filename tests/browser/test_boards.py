"""A thread in a board: begun, answered, voted on, and kept in order, also without scripts."""

import pytest
from playwright.async_api import expect

from server.services import stewardship
from tests.browser.conftest import NewReader, with_and_without_scripts
from tests.browser.people import founds
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@with_and_without_scripts
async def test_a_thread_is_begun_answered_voted_on_and_kept_in_order(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    await alpha.join("bob")
    sol = await alpha.join("sol", role="moderator")
    garden = await founds(alpha, "garden", title="Plots", kind="board")
    await founds(alpha, "music", title="Songs", kind="board")
    await alpha.do(stewardship.appoint, sol, garden.id, sol.id)

    ann = await reader(alpha, "ann", **how)
    await ann.goes("/@garden")
    await ann.follows_link("New thread")
    await ann.types("Title", "Who has beans?")
    await ann.types("Text", "I need ten.")
    await ann.presses("Publish")
    path = ann.page.url.removeprefix(alpha.origin)

    bob = await reader(alpha, "bob", **how)
    await bob.goes(path)
    await bob.acts("Vote for")
    await expect(bob.button("Vote for")).to_have_attribute("aria-pressed", "true")
    await bob.page.locator("#reply textarea").fill("I have twelve")
    await bob.presses("Comment")

    keeper = await reader(alpha, "sol", **how)
    await keeper.goes(path)
    await keeper.presses("Pin in the board")
    await keeper.presses("Lock")
    await expect(keeper.main().locator(".marks .tag")).to_have_count(2)
    await bob.goes(path)
    await expect(bob.page.locator("p#reply")).to_be_visible()
    await expect(bob.main().locator("form.compose")).to_have_count(0)

    await keeper.goes(f"/posts/{path.rpartition('/')[2]}/moderate")
    await keeper.page.locator("#to").select_option(label="Songs")
    await keeper.presses("Move the thread")
    await expect(keeper.main().locator(".crumb")).to_contain_text("Songs")

    await keeper.goes(f"/posts/{path.rpartition('/')[2]}/moderate")
    await keeper.page.locator("#remove-reason").fill("Not a song")
    await keeper.presses("Remove the thread")
    await expect(keeper.main().locator(".thread-row")).to_have_count(0)
    await bob.goes("/c/music/log")
    await expect(bob.main()).to_contain_text("Not a song")
    assert await bob.goes(path) == 404
    await ann.goes(path)
    await expect(ann.main()).to_contain_text("Not a song")
