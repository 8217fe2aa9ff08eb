"""People: joining with mistakes, speaking another language, and keeping others at a distance."""

import pytest

from tests.browser.conftest import NewReader
from tests.browser.people import PASSWORD
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_name_that_is_taken_costs_only_the_name_and_the_password(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    new = await reader(alpha, width=360, language="ko")

    await new.goes("/sign-up")
    await new.types("Name", "ann")
    await new.types("What people call you", "안나")
    await new.types("Email address", "anna@example.org")
    await new.types("Password", PASSWORD)
    await new.presses("Join")
    assert await new.main().get_by_role("alert").is_visible()
    assert await new.field("Email address").input_value() == "anna@example.org"
    assert await new.field("What people call you").input_value() == "안나"

    await new.types("Name", "anna")
    await new.types("Password", PASSWORD)
    await new.presses("Join")
    await new.sees(new.word("Welcome! Tell the others a little about yourself."))


async def test_the_language_changes_where_one_is_and_stays(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", width=360, language="ko")

    await ann.goes("/stories?max_id=5")
    assert await ann.page.locator("html").get_attribute("lang") == "ko"
    async with ann.next_page():
        await ann.page.get_by_role("button", name="English").click()
    assert ann.page.url == "http://alpha.test/stories?max_id=5"
    assert await ann.page.locator("html").get_attribute("lang") == "en"

    elsewhere = await reader(alpha, "ann", language="ko")  # another device of hers
    await elsewhere.goes("/settings")
    assert await elsewhere.page.locator("html").get_attribute("lang") == "en"


async def test_who_wants_to_follow_a_locked_profile_waits_for_its_owner(
    village: Village, reader: NewReader
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    ann = await reader(alpha, "ann", width=360, language="ko")
    bob = await reader(beta, "bob", width=360)

    await ann.goes("/settings")
    await ann.field("I decide who may follow me").check()
    await ann.presses("Save the profile")
    await bob.goes("/search?q=@ann@alpha.test")
    await bob.presses("Ask to follow")
    assert await bob.button("Take the request back").is_visible()
    await village.settle()

    await ann.goes("/requests")
    await ann.presses("Accept")
    await ann.sees_not("bob")
    await alpha.write("ann", "Only for those I know", visibility="followers")
    await village.settle()
    await bob.goes("/home")
    await bob.sees("Only for those I know")
    await ann.goes("/@ann/followers")
    await ann.sees("@bob@beta.test")


async def test_the_muted_are_silent_and_the_blocked_are_gone_until_they_are_forgiven(
    village: Village, reader: NewReader
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await alpha.follow("ann", "@bob@beta.test")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    await beta.write("bob", "Loud words")
    await village.settle()
    ann = await reader(alpha, "ann", width=360)
    bob = await reader(beta, "bob")

    await ann.goes("/@bob@beta.test")
    await ann.opens("More")
    await ann.presses("Mute")
    await ann.sees(
        ann.word(
            "You have muted this person: what they write stays away from your timelines "
            "and notifications."
        )
    )
    await ann.goes("/home")
    await ann.sees_not("Loud words")
    await ann.goes("/muted")
    await ann.presses("Unmute")
    await ann.goes("/home")
    await ann.sees("Loud words")

    await ann.goes("/@bob@beta.test")
    await ann.opens("More")
    await ann.presses("Block")
    await ann.sees(
        ann.word(
            "You have blocked this person: you do not see each other's posts, "
            "and neither can follow or answer the other."
        )
    )
    await village.settle()
    await bob.goes("/@ann@alpha.test/followers")
    await bob.sees_not("bob")
    await ann.goes("/home")
    await ann.sees_not("Loud words")
    await ann.goes("/blocked")
    await ann.presses("Unblock")
    await ann.sees_not("bob")
