"""The one thread through the whole house: follow, story, reply, and the reply on the page."""

from server.services import timelines
from server.store.paging import Page
from tests.village import Village, eventually


async def test_a_story_reaches_a_follower_elsewhere_and_the_reply_comes_back(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    ann, bob = await alpha.join("ann"), await beta.join("bob")
    there = await beta.follow("bob", "@ann@alpha.test")
    await village.settle()

    assert (await alpha.one(ann.id)).followers_count == 1
    assert (await beta.one(there.id)).followers_count == 1

    story = await alpha.write("ann", "김장하는 날, **이웃과** 함께.", title="철산2동 김장하는 날")
    arrived = await eventually(lambda: beta.post_at(story.uri))
    assert (arrived.title, arrived.kind) == ("철산2동 김장하는 날", "article")
    assert "<strong>이웃과</strong>" in arrived.content
    home = await beta.db.read(timelines.home, bob.id, Page())
    assert [entry.post_id for entry in home] == [arrived.id]

    reply = await beta.write("bob", "저도 갈게요!", reply_to_id=arrived.id)
    back = await eventually(lambda: alpha.post_at(reply.uri))
    assert back.reply_to_id == story.id
    async with alpha.client.get(f"/@ann/{story.id}") as answer:
        page = await answer.text()
    assert answer.status == 200, page
    assert "저도 갈게요!" in page and "bob" in page
