"""Answers that need a yes, between live instances, and what a third one sees of them."""

import pytest

from server.errors import Forbidden
from server.model import WAITING, Post
from server.services import answer_control, permissions, permitting, reaction_control, reactions
from tests.village import City, Village, eventually


async def approved(city: City, uri: str) -> Post | None:
    """The answer there, once it is for everybody."""
    found = await city.post_at(uri)
    return found if found is not None and found.open else None


async def test_an_answer_waits_for_a_yes_and_reaches_a_third_instance_with_its_stamp(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    gamma = await village("gamma.test")
    ann = await alpha.join("ann")
    await beta.join("bob")
    await gamma.join("cat")
    await gamma.follow("cat", "@ann@alpha.test")
    await gamma.follow("cat", "@bob@beta.test")
    await village.settle()
    root = await alpha.write("ann", "What do you think?", replies="approved")
    await eventually(lambda: gamma.post_at(root.uri))
    here = await beta.find(root.uri)
    assert isinstance(here, Post)
    answer = await beta.write("bob", "May I?", reply_to_id=here.id)
    assert answer.visibility == WAITING
    there = await eventually(lambda: alpha.post_at(answer.uri))
    assert there.visibility == WAITING
    await village.settle()
    assert await gamma.post_at(answer.uri) is None
    await alpha.do(answer_control.approve, ann, there.id)
    await eventually(lambda: approved(beta, answer.uri))
    seen = await eventually(lambda: approved(gamma, answer.uri))
    assert seen.reply_stamp == f"{alpha.origin}/approvals/{there.id}"
    stamp = await alpha.get(f"/approvals/{there.id}")
    assert stamp["type"] == "ReplyAuthorization"
    assert (stamp["interactingObject"], stamp["interactionTarget"]) == (answer.uri, root.uri)
    assert (await alpha.post_at(root.uri) or root).replies == 1
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    again = await beta.write("bob", "I follow you now", reply_to_id=here.id)
    await eventually(lambda: approved(gamma, again.uri))


async def gone(city: City, uri: str) -> bool:
    """Whether an answer is for nobody (else) there, or was never there."""
    found = await city.post_at(uri)
    return found is None or not found.open


async def test_a_yes_is_taken_back_and_a_changed_policy_heard_on_every_instance(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    ann = await alpha.join("ann")
    bob = await beta.join("bob")
    await beta.join("cat")
    await beta.follow("cat", "@ann@alpha.test")
    await village.settle()
    root = await alpha.write("ann", "What do you think?", replies="approved")
    here = await eventually(lambda: beta.post_at(root.uri))
    answer = await beta.write("bob", "May I?", reply_to_id=here.id)
    there = await eventually(lambda: alpha.post_at(answer.uri))
    await alpha.do(answer_control.approve, ann, there.id)
    await eventually(lambda: approved(beta, answer.uri))
    await beta.do(reactions.boost, bob, here.id)
    shared = await eventually(lambda: boosted(alpha, root.uri))
    await alpha.do(answer_control.revoke, ann, there.id)
    await alpha.do(reaction_control.remove_boost, ann, root.id, shared)
    await eventually(lambda: gone(beta, answer.uri))
    await eventually(lambda: unboosted(beta, root.uri))
    async with alpha.client.get(f"/approvals/{there.id}") as said:
        assert said.status == 404
    everyone = permitting.Wanted(replies="everyone", boosts="nobody")
    await alpha.do(permitting.change, ann, root.id, everyone)
    await eventually(lambda: open_to_all(beta, root.uri))
    second = await beta.write("bob", "And now?", reply_to_id=here.id)
    assert second.open
    await eventually(lambda: alpha.post_at(second.uri))
    with pytest.raises(Forbidden):
        await beta.do(reactions.boost, bob, here.id)


async def boosted(city: City, uri: str) -> int:
    """Who shares it, as this instance counts; 0 for nobody."""
    found = await city.post_at(uri)
    row = await city.db.read(
        lambda db: (
            db.one("SELECT account_id FROM boost WHERE post_id = :id", id=found.id)
            if found
            else None
        )
    )
    return int(row["account_id"]) if row else 0


async def unboosted(city: City, uri: str) -> bool:
    return not await boosted(city, uri)


async def open_to_all(city: City, uri: str) -> bool:
    found = await city.post_at(uri)
    return found is not None and permissions.of(found).reply is None
