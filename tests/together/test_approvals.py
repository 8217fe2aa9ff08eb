"""Answers that need a yes, between live instances, and what a third one sees of them."""

from server.model import WAITING, Post
from server.services import answer_control
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
