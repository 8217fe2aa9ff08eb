"""A poll between instances: asked here, voted there, over for both."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from server.clock import MINUTE_MS
from server.errors import Invalid
from server.model import Post
from server.services import polls, posts
from server.services import votes as votes_service
from server.services.polls import NewPoll
from tests.together.conftest import NewPeer
from tests.village import City, Village, eventually
from web.keys import WORKER

POLL = NewPoll(options=("Tea", "Rice"), lasts_s=600)


async def stands(city: City, uri: str) -> tuple[list[int | None], int | None, bool]:
    """The counts of a poll as a city has it, how many voted, and whether it is over."""
    post = await city.post_at(uri)
    assert post is not None
    poll = polls.of(post)
    assert poll is not None
    return [votes for _, votes in poll.options], poll.voters, poll.ended(city.clock())


async def pass_(village: Village, ms: int) -> None:
    """Time goes by, and what falls due is done."""
    for city in village.cities:
        city.clock.ahead_ms += ms
    for city in village.cities:
        await city.app[WORKER].keep_time_once()
        city.wake()
    await village.settle()


async def comes_to(read: Callable[[], Awaitable[Any]], wanted: object) -> None:
    """By whichever of the timers looks first."""

    async def there() -> bool:
        return bool(await read() == wanted)

    await eventually(there)


async def met(village: Village) -> tuple[City, City, Post, Post]:
    """Ann of alpha asks; bob of beta, who follows her, has the poll."""
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    asked = await alpha.write("ann", "Which?", poll=POLL)
    there = await eventually(lambda: beta.post_at(asked.uri))
    return alpha, beta, asked, there


async def settled(village: Village) -> None:
    """Nothing waits but news of votes, which gather."""

    async def quiet() -> bool:
        for city in village.cities:
            if await city.rows("SELECT 1 FROM delivery LIMIT 1"):
                return False
            if await city.rows("SELECT 1 FROM job WHERE state = 'waiting' AND kind <> 'poll'"):
                return False
        return True

    await eventually(quiet)


async def test_a_poll_is_voted_in_from_elsewhere_ends_and_both_are_told(village: Village) -> None:
    alpha, beta, asked, there = await met(village)
    assert there.kind == "question"
    await comes_to(lambda: stands(beta, asked.uri), ([0, 0], 0, False))
    await beta.do(votes_service.vote, await beta.me("bob"), there.id, (1,))
    await settled(village)
    await comes_to(lambda: stands(alpha, asked.uri), ([0, 1], 1, False))
    await comes_to(lambda: stands(beta, asked.uri), ([0, 1], 1, False))
    with pytest.raises(Invalid):
        await beta.do(votes_service.vote, await beta.me("bob"), there.id, (0,))
    assert await alpha.notices("ann") == [("follow", "bob@beta.test")]
    assert len(await alpha.rows("SELECT 1 FROM post")) == 1
    await alpha.join("carl")
    await alpha.do(votes_service.vote, await alpha.me("carl"), asked.id, (0,))
    await pass_(village, votes_service.NEWS_MS)
    await comes_to(lambda: stands(beta, asked.uri), ([1, 1], 2, False))
    await pass_(village, 8 * MINUTE_MS)
    await comes_to(lambda: stands(alpha, asked.uri), ([1, 1], 2, True))
    await comes_to(lambda: stands(beta, asked.uri), ([1, 1], 2, True))
    await comes_to(lambda: alpha.notices("carl"), [("poll", "ann")])
    await comes_to(lambda: beta.notices("bob"), [("poll", "ann@alpha.test")])
    assert ("poll", "ann") in await alpha.notices("ann")
    await pass_(village, MINUTE_MS)
    assert len(await beta.notices("bob")) == 1
    document = await alpha.get(f"/objects/{asked.id}")
    assert document["type"] == "Question"
    assert document["closed"] == document["endTime"]
    assert [one["replies"]["totalItems"] for one in document["oneOf"]] == [1, 1]


async def test_who_voted_hears_of_edits_and_of_the_end_without_following(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    asked = await alpha.write("ann", "Which?", poll=POLL)
    there = await beta.find(asked.uri)
    assert isinstance(there, Post)
    await beta.do(votes_service.vote, await beta.me("bob"), there.id, (0,))
    await settled(village)
    other = NewPoll(options=("Tea", "Soup"), lasts_s=600)
    await alpha.edit("ann", asked, "Which one?", poll=other)
    await settled(village)
    assert await stands(beta, asked.uri) == ([0, 0], 0, False)
    await beta.do(votes_service.vote, await beta.me("bob"), there.id, (1,))
    await settled(village)
    assert await stands(alpha, asked.uri) == ([0, 1], 1, False)
    await pass_(village, 11 * MINUTE_MS)
    assert await stands(beta, asked.uri) == ([0, 1], 1, True)

    await comes_to(lambda: beta.notices("bob"), [("poll", "ann@alpha.test")])
    await alpha.do(posts.delete, await alpha.me("ann"), asked.id)
    await village.settle()
    assert await beta.post_at(asked.uri) is None


async def test_votes_as_other_software_sends_them(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    eve, sam = far.person("eve"), far.person("sam")
    asked = await alpha.write("ann", "Which?", poll=POLL)
    for who, name, more in (
        (eve, "Tea", {"to": alpha.people["ann"].uri}),  # Mastodon and GoToSocial: a single value
        (sam, "Rice", {"to": [alpha.people["ann"].uri], "content": ""}),
        (sam, "Tea", {"to": [alpha.people["ann"].uri]}),
    ):
        said = more.pop("content", None)
        ballot = far.note(who, "", name=name, inReplyTo=asked.uri, cc=[], **more)
        if said is None:
            del ballot["content"]
        assert await far.send(alpha, who, far.does("Create", who, ballot)) == 202
    await settled(village)
    assert await stands(alpha, asked.uri) == ([1, 1], 2, False)
    assert len(await alpha.rows("SELECT 1 FROM post")) == 1
    await pass_(village, 11 * MINUTE_MS)
    # a jump of the clock may end a claim while its delivery is under way: then it comes twice
    # and on a slow machine the votes may have come in two bundles
    *_, update = {one["id"]: one for one in far.received if one["type"] == "Update"}.values()
    assert update["object"]["votersCount"] == 2
    assert msgspec.json.encode(update).count(b"Question") == 1
