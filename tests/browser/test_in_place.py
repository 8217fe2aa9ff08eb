"""What acts where it is: no page is loaded, and without scripts the page comes back as it was."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewReader, with_and_without_scripts
from tests.browser.reader import Reader
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def stays(someone: Reader) -> None:
    """Fail if the page was loaded anew since it was opened."""
    if someone.scripted:
        entries = await someone.page.evaluate("() => window.stayed === true")
        assert entries, f"{someone.page.url} was loaded anew"


async def opened(someone: Reader, path: str) -> None:
    """Go to a page and mark it."""
    await someone.goes(path)
    await someone.page.evaluate("() => { window.stayed = true; }")


@with_and_without_scripts
async def test_liking_sharing_and_following_happen_where_somebody_is(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    await alpha.join("bob")
    post = await alpha.write("bob", "The market opens at nine")
    ann = await reader(alpha, "ann", **how)

    await opened(ann, "/local")
    for words in ("Like", "Share"):
        await ann.acts(words)
        button = ann.button(words)
        await expect(button).to_have_attribute("aria-pressed", "true")
        await expect(button.locator(".number")).to_have_text("1")
        if ann.scripted:
            await expect(button).to_be_focused()  # a keyboard goes on from here
    await ann.acts("Like")
    await expect(ann.button("Like")).to_have_attribute("aria-pressed", "false")
    await expect(ann.button("Like").locator(".number")).to_have_text("0")
    await ann.looks()
    assert urlsplit(ann.page.url).path == "/local"
    await stays(ann)
    stored = await alpha.post_at(post.uri)
    assert stored is not None and (stored.likes, stored.boosts) == (0, 1)

    await opened(ann, "/@bob")
    await ann.acts("Follow")
    await expect(ann.button("Unfollow")).to_be_visible()
    if ann.scripted:
        await expect(ann.button("Unfollow")).to_be_focused()
    await expect(ann.main().locator("#profile .numbers")).to_contain_text("1")
    await ann.looks()
    await ann.acts("Unfollow")
    await expect(ann.button("Follow")).to_be_visible()
    await stays(ann)
    assert (await alpha.me("bob")).followers_count == 0


@with_and_without_scripts
async def test_older_posts_come_below_and_nothing_is_shown_twice(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    written = [(await alpha.write("ann", f"Day {number}")).id for number in range(45)]
    visitor = await reader(alpha, **how)
    posts = visitor.main().locator(".feed .post")
    older = visitor.main().get_by_role("link", name=visitor.word("Older"))

    await opened(visitor, "/local")
    seen = await posts.count()
    assert 0 < seen < 45
    found: list[str] = []
    while True:
        ids = await posts.evaluate_all("all => all.map(one => one.id)")
        found = ids if visitor.scripted else [*found, *ids]
        if not await older.count():
            break
        if visitor.scripted:
            await older.click()
            await expect(posts).not_to_have_count(len(ids))
        else:
            async with visitor.next_page():
                await older.click()
    await visitor.looks()
    assert found == [f"post-{id}" for id in reversed(written)]
    await stays(visitor)
    if visitor.scripted:
        assert await visitor.main().get_by_role("link", name=visitor.word("Newer")).count() == 0
        return
    await visitor.follows("Newer")
    assert await posts.count()


async def test_an_act_that_is_refused_says_so_and_a_dead_server_leaves_the_page(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    await alpha.join("bob")
    await alpha.write("bob", "The market opens at nine")
    ann = await reader(alpha, "ann", width=360, language="ko")
    await opened(ann, "/local")
    await ann.page.context.set_offline(True)
    await ann.button("Like").click()
    await expect(ann.page.locator("#said")).to_have_text(
        ann.word("There is no connection. Please try again in a moment.")
    )
    await stays(ann)
    await ann.page.context.set_offline(False)
    await ann.acts("Like")
    await expect(ann.button("Like")).to_have_attribute("aria-pressed", "true")
    await stays(ann)
