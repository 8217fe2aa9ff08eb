"""Conversations over two and three instances: order, depth, and what is fetched for them."""

from server.services import posts
from tests.together.conftest import NewPeer
from tests.village import City, Village, eventually


async def three(village: Village) -> tuple[City, City, City]:
    """Ann on alpha, Bob on beta who follows her, Cho on gamma who follows both."""
    alpha, beta, gamma = [await village(f"{name}.test") for name in ("alpha", "beta", "gamma")]
    await alpha.join("ann")
    await beta.join("bob")
    await gamma.join("cho")
    await beta.follow("bob", "@ann@alpha.test")
    await gamma.follow("cho", "@ann@alpha.test")
    await gamma.follow("cho", "@bob@beta.test")
    await village.settle()
    return alpha, beta, gamma


async def test_a_thread_of_depth_three_is_the_same_on_three_instances(village: Village) -> None:
    alpha, beta, gamma = await three(village)
    root = await alpha.write("ann", "Who brings what?", title="Neighbours' day")
    at_beta = await eventually(lambda: beta.post_at(root.uri))
    first = await beta.write("bob", "Kimchi", reply_to_id=at_beta.id)
    at_gamma = await eventually(lambda: gamma.post_at(first.uri))
    second = await gamma.write("cho", "And rice", reply_to_id=at_gamma.id)
    at_beta = await eventually(lambda: beta.post_at(second.uri))
    third = await beta.write("bob", "And soup", reply_to_id=at_beta.id)
    written = [root.uri, first.uri, second.uri, third.uri]
    for city in (alpha, beta, gamma):
        await eventually(lambda city=city: city.post_at(third.uri))
        await village.settle()  # what came before what it answers is put in its place by a job
        here = await city.post_at(root.uri)
        assert here is not None
        _, below = await city.thread(here.id)
        assert [view.post.uri for view in below] == written[1:]
        above, _ = await city.thread(below[-1].post.id)
        assert [view.post.uri for view in above] == written[:-1]
        assert here.replies == below[0].post.replies == below[1].post.replies == 1


async def test_an_edit_and_a_deletion_of_a_deep_reply_reach_where_it_hangs(
    village: Village,
) -> None:
    alpha, beta, gamma = await three(village)
    root = await alpha.write("ann", "Begin")
    at_beta = await eventually(lambda: beta.post_at(root.uri))
    first = await beta.write("bob", "Go on", reply_to_id=at_beta.id)
    at_gamma = await eventually(lambda: gamma.post_at(first.uri))
    second = await gamma.write("cho", "Teh end", reply_to_id=at_gamma.id)
    await eventually(lambda: alpha.post_at(second.uri))
    gamma.clock.ahead_ms += 1000
    await gamma.edit("cho", second, "The end")
    await village.settle()
    for city in (alpha, beta):
        changed = await city.post_at(second.uri)
        assert changed is not None and "The end" in changed.content
    await gamma.do(posts.delete, await gamma.me("cho"), second.id)
    await village.settle()
    for city in (alpha, beta):
        assert await city.post_at(second.uri) is None
        parent = await city.post_at(first.uri)
        assert parent is not None and parent.replies == 0


async def test_a_reply_to_something_unknown_brings_what_it_answers(village: Village) -> None:
    alpha, beta, gamma = [await village(f"{name}.test") for name in ("alpha", "beta", "gamma")]
    await alpha.join("ann")
    await beta.join("bob")
    await gamma.join("cho")
    await beta.follow("bob", "@ann@alpha.test")
    await gamma.follow("cho", "@bob@beta.test")
    await village.settle()
    root = await alpha.write("ann", "The root")
    middle = await alpha.write("ann", "The middle", reply_to_id=root.id)
    at_beta = await eventually(lambda: beta.post_at(middle.uri))
    reply = await beta.write("bob", "A leaf", reply_to_id=at_beta.id)
    here = await eventually(lambda: gamma.post_at(reply.uri))
    await village.settle()
    above, _ = await gamma.thread(here.id)
    assert [view.post.uri for view in above] == [root.uri, middle.uri]
    assert [post.uri for post in await gamma.home("cho")] == [reply.uri]
    assert await gamma.notices("cho") == []


async def test_ancestors_end_where_the_budget_or_the_thread_ends(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    eve = far.person("eve")
    await alpha.follow("ann", "@eve@far.test")
    await village.settle()
    await far.accepts(alpha, eve)
    above = far.note(eve, inReplyTo="http://far.test/notes/nothing")
    for _ in range(30):
        above = far.note(eve, inReplyTo=above["id"])
    assert await far.send(alpha, eve, far.creates(eve, above)) == 202
    await village.settle()
    assert await alpha.count("post") == 21


async def test_a_thread_that_leads_in_a_circle_ends(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    eve = far.person("eve")
    await alpha.follow("ann", "@eve@far.test")
    await village.settle()
    await far.accepts(alpha, eve)
    two = far.note(eve)
    one = far.note(eve, inReplyTo=two["id"])
    two = far.serve({**two, "inReplyTo": one["id"]})
    assert await far.send(alpha, eve, far.creates(eve, one)) == 202
    await village.settle()
    assert await alpha.post_at(one["id"]) and await alpha.post_at(two["id"])
    for uri in (one["id"], two["id"]):
        here = await alpha.post_at(uri)
        assert here is not None
        await alpha.thread(here.id)


async def test_replies_that_come_before_what_they_answer_find_their_place(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    eve = far.person("eve")
    await alpha.follow("ann", "@eve@far.test")
    await village.settle()
    await far.accepts(alpha, eve)
    root = far.note(eve, "<p>Root</p>")
    reply = far.note(eve, "<p>Reply</p>", inReplyTo=root["id"])
    deep = far.note(eve, "<p>Deep</p>", inReplyTo=reply["id"])
    far.withdraw(root, reply)
    for note in (deep, reply, root):
        assert await far.send(alpha, eve, far.creates(eve, note)) == 202
        await village.settle()
    here = await alpha.post_at(root["id"])
    assert here is not None and here.replies == 1
    _, below = await alpha.thread(here.id)
    assert [view.post.uri for view in below] == [reply["id"], deep["id"]]
