"""A visitor with an account elsewhere: typed once, and a real browser lets them through."""

import pytest

from tests.browser.conftest import NewReader
from tests.browser.people import PASSWORD, join
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize(("width", "javascript"), [(1280, True), (360, False)])
async def test_a_visitor_follows_and_likes_from_another_city(
    village: Village, reader: NewReader, width: int, javascript: bool
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await join(beta, "bob")
    note = await alpha.write("ann", "Who helps on Saturday?")
    bob = await reader(alpha, width=width, java_script_enabled=javascript)

    await bob.goes("/take-part?do=follow&of=@ann")
    await bob.sees("@ann@alpha.test")
    handle = "Your address on Mastodon or another server of the fediverse"
    await bob.types(handle, "bob")
    await bob.presses("Go on at my server")
    await bob.sees("Please type your address with its server")
    assert await bob.field(handle).input_value() == "bob"
    await bob.types(handle, "https://beta.test/@bob")
    await bob.presses("Go on at my server")  # form-action lets it through
    assert bob.page.url.startswith("http://beta.test/sign-in")
    await bob.types("Name or email address", "bob")
    await bob.types("Password", PASSWORD)
    await bob.presses("Sign in")
    assert bob.page.url == "http://beta.test/@ann@alpha.test#follow"
    await bob.presses("Follow")
    await village.settle()
    assert (await alpha.me("ann")).followers_count == 1

    await bob.goes(f"http://alpha.test/take-part?do=like&of={note.uri}")
    assert bob.page.url.startswith("http://beta.test/@ann@alpha.test/")
    await bob.presses("Like")
    await village.settle()
    liked = await alpha.post_at(note.uri)
    assert liked is not None and liked.likes == 1
