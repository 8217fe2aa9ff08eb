"""What is written on one instance appears on a page that is open on another."""

from server.services import posts
from tests.listening import listening
from tests.village import Village, eventually


async def test_a_reply_from_another_instance_arrives_live(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    root = await alpha.write("ann", "Who comes?")
    at_beta = await eventually(lambda: beta.post_at(root.uri))
    topics = f"thread:{root.id}"
    async with listening(alpha.client, topics) as stream:
        private = await beta.write(
            "bob", "@ann@alpha.test between us", reply_to_id=at_beta.id, visibility="direct"
        )
        assert await eventually(lambda: alpha.post_at(private.uri))
        reply = await beta.write("bob", "We all do", reply_to_id=at_beta.id)
        event = await stream.event()
        there = await alpha.post_at(reply.uri)
        assert there is not None
        assert event == {
            "event": "thread",
            "topic": topics,
            "count": 1,
            "last": str(there.id),
        }
        path = f"/live/thread/{root.id}?after={root.id}"
        async with alpha.client.get(path) as answer:
            text = await answer.text()
            assert answer.status == 200, text
        assert "We all do" in text
        assert f'data-answers="{root.id}"' in text
        assert "between us" not in text
        await beta.do(posts.delete, await beta.me("bob"), reply.id)
        await village.settle()
        async with alpha.client.get(path) as answer:
            assert "We all do" not in await answer.text()
