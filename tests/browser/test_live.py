"""Open pages hear of what is new: nobody presses reload."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewReader, on_desk_and_phone
from tests.browser.reader import Reader
from tests.village import Village, eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def marks(someone: Reader) -> None:
    """A page that is loaded anew loses this."""
    await someone.page.evaluate("() => { window.stayed = true; }")


async def stayed(someone: Reader) -> bool:
    """Whether the page is the one that was marked."""
    return bool(await someone.page.evaluate("() => window.stayed === true"))


@on_desk_and_phone
async def test_a_reply_from_another_city_appears_in_the_open_thread_and_in_the_badge(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    root = await alpha.write("ann", "Who comes on Saturday?")
    there = await eventually(lambda: beta.post_at(root.uri))
    ann, bob = await reader(alpha, "ann", **how), await reader(beta, "bob")
    visitor = await reader(alpha, **how)
    for someone in (ann, visitor):
        await someone.goes(f"/@ann/{root.id}")
        await marks(someone)
    await ann.main().get_by_role("textbox").fill("Half a sentence")

    await bob.goes(f"/@ann@alpha.test/{there.id}")
    await bob.types("Reply to %(name)s", "@ann@alpha.test I do!", name="ann")
    await bob.presses("Reply")

    for someone in (ann, visitor):
        replies = someone.page.locator("#replies .reply")
        await expect(replies).to_have_count(1)
        await expect(replies).to_contain_text("I do!")
        await expect(replies).to_contain_text("@bob@beta.test")
        await expect(someone.page.locator("#said")).to_have_text(
            someone.word("A new reply has arrived.")
        )
        await someone.looks()
        assert await stayed(someone)
    # bob follows her, and has answered
    await expect(ann.page.locator("[data-news] .badge").filter(visible=True)).to_contain_text("2")
    assert (await ann.page.title()).startswith("(2) ")
    assert await ann.main().get_by_role("textbox").input_value() == "Half a sentence"

    await bob.types("Reply to %(name)s", "@ann@alpha.test With cake", name="ann")
    await bob.presses("Reply")
    await expect(ann.page.locator("#replies .reply")).to_have_count(2)
    arrived = ann.page.locator("#replies .reply").last
    await arrived.get_by_role("button", name=ann.word("Like")).click()  # it acts as any other
    await expect(arrived.get_by_role("button", name=ann.word("Like"))).to_have_attribute(
        "aria-pressed", "true"
    )
    assert await stayed(ann)


@on_desk_and_phone
async def test_new_posts_wait_behind_a_button_and_do_not_move_what_somebody_reads(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    await alpha.write("ann", "Already here")
    visitor = await reader(alpha, **how)
    await visitor.goes("/local")
    await marks(visitor)

    await alpha.write("ann", "Fresh bread")
    button = visitor.button("New posts:")
    await expect(button).to_have_text(f"{visitor.word('New posts:')} 1")
    assert await visitor.main().get_by_text("Fresh bread").count() == 0
    await alpha.write("ann", "Fresh fish")
    await expect(button).to_have_text(f"{visitor.word('New posts:')} 2")
    await visitor.looks()
    await button.focus()
    await visitor.page.keyboard.press("Enter")
    posts = visitor.main().locator(".feed .post")
    await expect(posts).to_have_count(3)
    await expect(posts.first).to_contain_text("Fresh fish")
    await expect(posts.first).to_be_focused()
    await visitor.looks()
    assert await stayed(visitor)


async def test_without_scripts_what_is_new_is_there_when_the_page_is_loaded_again(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    await alpha.join("bob")
    root = await alpha.write("ann", "Who comes?")
    ann = await reader(alpha, "ann", width=360, language="ko", java_script_enabled=False)
    await ann.goes(f"/@ann/{root.id}")
    await alpha.write("bob", "@ann I do!", reply_to_id=root.id)
    await ann.goes_again()
    await ann.sees("I do!")
    await ann.sees(ann.word("new reply"))
    assert await ann.page.locator(".badge").filter(visible=True).count() > 0
