"""People: joining with mistakes, speaking another language, and keeping others at a distance."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewReader, with_and_without_scripts
from tests.browser.people import PASSWORD
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@with_and_without_scripts
async def test_a_name_that_is_taken_costs_only_the_name_and_the_password(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    new = await reader(alpha, **how)

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


@with_and_without_scripts
async def test_who_wants_to_follow_a_locked_profile_waits_for_its_owner(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    ann, bob = await reader(alpha, "ann", **how), await reader(beta, "bob", **how)

    await ann.goes("/settings")
    await ann.field("I decide who may follow me").check()
    await ann.presses("Save the profile")
    await bob.goes("/search?q=@ann@alpha.test")
    await bob.acts("Ask to follow")
    await expect(bob.button("Take the request back")).to_be_visible()
    await bob.looks()
    await village.settle()

    await ann.goes("/notifications")
    await ann.sees(ann.word("asks to follow you"))
    await ann.goes("/requests")
    await ann.presses("Accept")
    await ann.sees_not("bob")
    await alpha.write("ann", "Only for those I know", visibility="followers")
    await village.settle()
    await bob.goes("/home")
    await bob.sees("Only for those I know")
    await ann.goes("/@ann/followers")
    await ann.sees("@bob@beta.test")


@with_and_without_scripts
async def test_the_muted_are_silent_and_the_blocked_are_gone_until_they_are_forgiven(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await alpha.follow("ann", "@bob@beta.test")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    await beta.write("bob", "Loud words")
    await village.settle()
    ann, bob = await reader(alpha, "ann", **how), await reader(beta, "bob", **how)

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
