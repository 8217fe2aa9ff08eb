"""Quotes between live instances, and answers that were never delivered."""

import re
from typing import Any

from server.services import posts
from tests.together.conftest import NewPeer
from tests.village import City, Village, eventually


async def api(city: City, name: str, path: str, **sent: Any) -> tuple[Any, Any]:
    """What the client API answers, and its headers."""
    headers = {"Authorization": f"Bearer {await city.token(name)}"}
    async with city.client.get(f"/api{path}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json(), answer.headers


async def test_a_quote_of_a_post_that_is_not_known_brings_it(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await alpha.join("amy")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    amys = await alpha.write("amy", "Persimmons")
    quote = await alpha.write("ann", "Look at this", quoted_id=amys.id)
    here = await eventually(lambda: beta.post_at(quote.uri))
    there = await eventually(lambda: beta.post_at(amys.uri))
    await village.settle()
    seen, _ = await api(beta, "bob", f"/v1/statuses/{here.id}")
    assert seen["quote"]["state"] == "accepted"
    assert seen["quote"]["quoted_status"]["id"] == str(there.id)
    body = await alpha.get(f"/objects/{quote.id}")
    stamp = await alpha.get(body["quoteAuthorization"].removeprefix(alpha.origin))
    assert (stamp["interactingObject"], stamp["interactionTarget"]) == (quote.uri, amys.uri)


async def test_a_quote_tells_the_author_elsewhere_and_a_policy_is_heard(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await alpha.follow("ann", "@bob@beta.test")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    root = await alpha.write("ann", "Persimmons")
    closed = await alpha.write("ann", "Only mine", quote_policy="nobody")
    here = await eventually(lambda: beta.post_at(root.uri))
    shut = await eventually(lambda: beta.post_at(closed.uri))
    seen, _ = await api(beta, "bob", f"/v1/statuses/{shut.id}")
    assert seen["quote_approval"]["current_user"] == "denied"
    quote = await beta.write("bob", "Look", quoted_id=here.id)
    await eventually(lambda: alpha.post_at(quote.uri))
    assert ("quote", "bob@beta.test") in await alpha.notices("ann")
    mine, _ = await api(alpha, "ann", f"/v1/statuses/{root.id}")
    assert mine["quotes_count"] == 1


async def test_who_is_quoted_hears_of_it_where_nobody_follows_who_quotes(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    root = await alpha.write("ann", "Persimmons")
    here = await eventually(lambda: beta.post_at(root.uri))
    quote = await beta.write("bob", "Look", quoted_id=here.id)
    there = await eventually(lambda: alpha.post_at(quote.uri))
    assert ("quote", "bob@beta.test") in await alpha.notices("ann")
    told = await beta.get(f"/objects/{quote.id}")
    assert alpha.people["ann"].uri in told["cc"]
    seen, _ = await api(beta, "bob", f"/v1/statuses/{quote.id}")
    assert seen["card"] is None  # what is quoted stands below already, as its author has it now
    await beta.edit("bob", quote, "Look at this")
    await eventually(lambda: _says(alpha, there.uri, "Look at this"))
    await beta.do(posts.delete, await beta.me("bob"), quote.id)
    await eventually(lambda: _gone(alpha, quote.uri))


async def _says(city: City, uri: str, words: str) -> bool:
    found = await city.post_at(uri)
    return found is not None and words in found.content


async def _gone(city: City, uri: str) -> bool:
    return await city.post_at(uri) is None


async def lost_reply(village: Village) -> tuple[City, City, Any, Any, str]:
    """Beta has a post of alpha, and not the answer that was given while beta was down."""
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await alpha.join("amy")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    root = await alpha.write("ann", "Who comes?")
    here = await eventually(lambda: beta.post_at(root.uri))
    reply = await alpha.write("amy", "I do", reply_to_id=root.id)
    await village.settle()
    assert await beta.post_at(reply.uri) is None  # nobody at beta follows amy
    return alpha, beta, root, here, reply.uri


async def test_an_answer_that_was_never_delivered_shows_up_for_who_reads(village: Village) -> None:
    _, beta, _, here, uri = await lost_reply(village)
    found, headers = await api(beta, "bob", f"/v1/statuses/{here.id}/context")
    assert found["descendants"] == []
    told = headers["Mastodon-Async-Refresh"]
    id = re.fullmatch(r'id="([^"]+)", retry=\d+, result_count=\d+', told)[1]

    async def finished() -> Any:
        answer, _ = await api(beta, "bob", f"/v1_alpha/async_refreshes/{id}")
        return answer if answer["async_refresh"]["status"] == "finished" else None

    assert (await eventually(finished))["async_refresh"]["result_count"] == 1
    reply = await beta.post_at(uri)
    found, headers = await api(beta, "bob", f"/v1/statuses/{here.id}/context")
    assert [one["id"] for one in found["descendants"]] == [str(reply.id)]
    assert "Mastodon-Async-Refresh" not in headers  # not again so soon
    beta.clock.ahead_ms += 16 * 60_000
    _, headers = await api(beta, "bob", f"/v1/statuses/{here.id}/context")
    assert "Mastodon-Async-Refresh" in headers


async def test_a_visitor_makes_nothing_be_fetched(village: Village) -> None:
    _, beta, _, here, _ = await lost_reply(village)
    async with beta.client.get(f"/api/v1/statuses/{here.id}/context") as answer:
        assert "Mastodon-Async-Refresh" not in answer.headers


async def test_a_list_of_answers_brings_nothing_that_is_no_answer(
    village: Village, peer: NewPeer
) -> None:
    beta = await village("beta.test")
    await beta.join("bob")
    far, other = await peer("far.test"), await peer("other.test")
    eve, carl = far.person("eve"), other.person("carl")
    root = far.note(eve, replies="http://far.test/lists/1")
    honest = other.note(carl, inReplyTo=root["id"])
    stray = far.note(eve)
    private = far.note(eve, inReplyTo=root["id"], to=[eve.followers], cc=[])
    forged = far.note(carl, inReplyTo=root["id"])  # by somebody of another host
    gone = f"{far.origin}/notes/nowhere"
    listed = [honest, stray, private, forged]
    wild = [{"id": 7}, None, ["x"], gone, "http://127.0.0.1/", f"{beta.origin}/objects/1"]
    far.serve(
        {
            "id": "http://far.test/lists/1",
            "type": "Collection",
            "first": "http://far.test/lists/1?page=1",
        }
    )
    far.serve(
        {
            "id": "http://far.test/lists/1?page=1",
            "type": "CollectionPage",
            "items": [*wild, *(one["id"] for one in listed)],
            "next": "http://other.test/lists/2",
        }
    )
    here = await beta.find(root["id"])
    _, headers = await api(beta, "bob", f"/v1/statuses/{here.id}/context")
    id = headers["Mastodon-Async-Refresh"].split('"')[1]

    async def finished() -> Any:
        answer, _ = await api(beta, "bob", f"/v1_alpha/async_refreshes/{id}")
        return answer["async_refresh"]["status"] == "finished"

    await eventually(finished)
    assert await beta.post_at(honest["id"])
    for one in (stray, private, forged):
        assert await beta.post_at(one["id"]) is None
    assert "/lists/2" not in other.asked


async def test_a_quote_is_stamped_and_revoked_between_two_cities(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await alpha.follow("ann", "@bob@beta.test")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    root = await alpha.write("ann", "Only for those who follow me", quote_policy="followers")
    here = await eventually(lambda: beta.post_at(root.uri))
    quote = await beta.write("bob", "Look", quoted_id=here.id)
    assert quote.quote_state == "pending"

    async def shown() -> Any:
        post = await beta.post_at(quote.uri)
        return post if post and post.quote_state == "accepted" else None

    stamped = await eventually(shown)
    await village.settle()
    there = await alpha.post_at(quote.uri)
    assert there.quote_state == "accepted"
    assert stamped.quote_stamp == f"{alpha.origin}/quotes/{there.id}"
    stamp = await alpha.get(f"/quotes/{there.id}")
    assert (stamp["interactingObject"], stamp["interactionTarget"]) == (quote.uri, root.uri)
    body = await beta.get(f"/objects/{quote.id}")
    assert body["quoteAuthorization"] == stamp["id"]
    headers = {"Authorization": f"Bearer {await alpha.token('ann')}"}
    path = f"/api/v1/statuses/{root.id}/quotes/{there.id}/revoke"
    async with alpha.client.post(path, headers=headers) as answer:
        assert answer.status == 200

    async def gone() -> Any:
        seen, _ = await api(beta, "bob", f"/v1/statuses/{quote.id}")
        return seen if seen["quote"]["state"] == "revoked" else None

    await eventually(gone)
