"""A visitor with an account elsewhere: typed once, and a real browser lets them through."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewReader, with_and_without_scripts
from tests.browser.people import PASSWORD, founds, join
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HANDLE = "Your address on Mastodon or another server of the fediverse"


@with_and_without_scripts
async def test_a_visitor_reads_and_follows_a_person_and_a_neighbourhood_from_their_own_server(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await join(beta, "bob")
    await founds(alpha, "maple", title="Maple Hill")
    await alpha.write("ann", "It has **lights** again.", title="The old bridge")
    bob = await reader(alpha, **how)

    await bob.goes("/")
    async with bob.next_page():
        await bob.main().get_by_role("link", name="The old bridge").click()
    await bob.sees("lights")
    async with bob.next_page():
        await bob.main().get_by_role("link", name="ann", exact=True).first.click()
    assert bob.page.url == "http://alpha.test/@ann"
    await bob.follows("Follow")
    await bob.sees("@ann@alpha.test")
    await bob.types(HANDLE, "@bob@beta.test")
    await bob.presses("Go on at my server")  # form-action lets it through
    await bob.types("Name or email address", "bob")
    await bob.types("Password", PASSWORD)
    await bob.presses("Sign in")
    assert bob.page.url == "http://beta.test/@ann@alpha.test#follow"
    await bob.acts("Follow")
    await expect(bob.button("Unfollow").or_(bob.button("Take the request back"))).to_be_visible()

    await bob.goes("http://alpha.test/")
    async with bob.next_page():
        await bob.main().get_by_role("link", name="Maple Hill").first.click()
    await bob.follows("Follow")  # and is led there at once
    assert bob.page.url == "http://beta.test/@maple@alpha.test#follow"
    await bob.acts("Follow")
    await village.settle()

    assert (await alpha.me("ann")).followers_count == 1
    await alpha.join("cho")
    await alpha.write("cho", "Stars over the hill #MapleHill")
    await alpha.write("ann", "Come to the bridge")
    await village.settle()
    await bob.goes("http://beta.test/home")
    await bob.sees("Stars over the hill")
    await bob.sees("Come to the bridge")


@with_and_without_scripts
async def test_a_visitor_follows_and_likes_from_another_city(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await join(beta, "bob")
    note = await alpha.write("ann", "Who helps on Saturday?")
    bob = await reader(alpha, **how)

    await bob.goes("/take-part?do=follow&of=@ann")
    await bob.sees("@ann@alpha.test")
    await bob.types(HANDLE, "bob")
    await bob.presses("Go on at my server")
    await bob.sees(
        bob.word("Please type your address with its server, such as @name@mastodon.social.")
    )
    assert await bob.field(HANDLE).input_value() == "bob"
    await bob.types(HANDLE, "https://beta.test/@bob")
    await bob.presses("Go on at my server")
    assert bob.page.url.startswith("http://beta.test/sign-in")
    await bob.types("Name or email address", "bob")
    await bob.types("Password", PASSWORD)
    await bob.presses("Sign in")
    assert bob.page.url == "http://beta.test/@ann@alpha.test#follow"
    await bob.acts("Follow")
    await village.settle()
    assert (await alpha.me("ann")).followers_count == 1

    await bob.goes(f"http://alpha.test/take-part?do=like&of={note.uri}")
    assert bob.page.url.startswith("http://beta.test/@ann@alpha.test/")
    await bob.acts("Like")
    await expect(bob.button("Like")).to_have_attribute("aria-pressed", "true")
    await village.settle()
    liked = await alpha.post_at(note.uri)
    assert liked is not None and liked.likes == 1
