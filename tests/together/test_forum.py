"""A board of one city, and people of two others in it: what happens reaches everybody."""

import json
from typing import Any

import pytest

from server.errors import Forbidden
from server.model import Account, Post
from server.services import communities, polls, posts, reactions, stewardship, votes
from server.services.communities import Changes
from server.services.polls import NewPoll
from server.store import communities as community_store
from server.store import forum as store
from tests.together.test_neighbourhoods import found
from tests.village import City, Village, eventually
from web.keys import NOW, SITE

Cities = tuple[City, City, City, Account]


async def three_cities(village: Village) -> Cities:
    """Mina keeps a board in alpha; bob of beta and cid of gamma follow it."""
    alpha, beta, gamma = [await village(f"{name}.test") for name in ("alpha", "beta", "gamma")]
    await alpha.join("mina", role="moderator")
    await beta.join("bob")
    await gamma.join("cid")
    water = await found(alpha, "water", title="Water", kind="board")
    await beta.follow("bob", "@water@alpha.test")
    await gamma.follow("cid", "@water@alpha.test")
    await village.settle()
    return alpha, beta, gamma, water


async def here(city: City, post: Post) -> Post:
    """The post as this city has it, as soon as it does."""
    return await eventually(lambda: city.post_at(post.uri))


async def thread(city: City, post: Post) -> Any:
    own = await city.post_at(post.uri)
    return await city.db.read(store.by_id, own.id) if own else None


async def begun_by_bob(cities: Cities) -> Post:
    """A thread that bob of beta began in the board of alpha."""
    _, beta, _, _ = cities
    board = await beta.knows("@water@alpha.test")
    return await beta.write("bob", "Who knows it?", title="A well", community_id=board.id)


async def test_a_thread_from_one_city_is_discussed_in_all(village: Village) -> None:
    cities = alpha, beta, gamma, water = await three_cities(village)
    post = await begun_by_bob(cities)
    for city in (alpha, gamma):
        copy = await here(city, post)
        assert (copy.title, copy.kind, copy.reply_to_uri) == ("A well", "page", None)
    at_gamma = await here(gamma, post)
    reply = await gamma.write("cid", "I do", reply_to_id=at_gamma.id)
    for city in (alpha, beta):
        copy = await here(city, reply)
        assert copy.reply_to_id == (await here(city, post)).id
    await village.settle()
    for city in (alpha, beta, gamma):
        assert (await thread(city, post)).comments == 1
    assert ("mention", "cid@gamma.test") in await beta.notices("bob")


async def test_a_thread_that_was_here_before_its_board_comes_to_stand_in_it(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("tobi")
    await beta.join("bob")
    water = await found(alpha, "water", title="Water", kind="board")
    await beta.follow("bob", "@tobi@alpha.test")
    await village.settle()
    post = await alpha.write("tobi", "Who knows it?", title="A well", community_id=water.id)
    assert (await here(beta, post)).community_id is None
    await beta.follow("bob", "@water@alpha.test")
    await village.settle()
    copy, board = await here(beta, post), await beta.knows("@water@alpha.test")
    assert copy.community_id == board.id
    reply = await beta.write("bob", "I do", reply_to_id=copy.id)
    assert (await here(alpha, reply)).community_id == water.id
    assert (await thread(alpha, post)).comments == (await thread(beta, post)).comments == 1


async def test_votes_reach_every_city(village: Village) -> None:
    cities = alpha, beta, gamma, _ = await three_cities(village)
    post = await begun_by_bob(cities)
    at_gamma = await here(gamma, post)
    at_alpha = await here(alpha, post)
    await alpha.do(reactions.like, await alpha.me("mina"), at_alpha.id)
    await gamma.do(reactions.dislike, await gamma.me("cid"), at_gamma.id)
    await village.settle()
    for city in (alpha, beta, gamma):
        copy = await here(city, post)
        assert (copy.likes, copy.dislikes) == (1, 1), city.origin
    await gamma.do(reactions.undislike, await gamma.me("cid"), at_gamma.id)
    await village.settle()
    for city in (alpha, beta, gamma):
        assert (await here(city, post)).dislikes == 0, city.origin
        assert (await thread(city, post)).score == 1, city.origin


async def test_what_moderators_do_counts_in_every_city(village: Village) -> None:
    cities = alpha, beta, gamma, water = await three_cities(village)
    post = await begun_by_bob(cities)
    at_alpha = await here(alpha, post)
    await here(gamma, post)
    mina = await alpha.me("mina")
    site, now = alpha.app[SITE], alpha.app[NOW]
    await alpha.db.write(stewardship.lock, site, mina, at_alpha.id, now(), locked=True)
    await alpha.db.write(stewardship.pin, site, mina, at_alpha.id, now(), pinned=True)
    await village.settle()
    for city in (beta, gamma):
        known = await thread(city, post)
        assert known.locked_ms is not None and known.pinned_ms is not None, city.origin
    await alpha.db.write(stewardship.remove, site, mina, at_alpha.id, now(), reason="No")
    await village.settle()
    for city in (alpha, beta, gamma):
        row = (await city.rows("SELECT visibility FROM post WHERE uri = :u", u=post.uri))[0]
        assert row["visibility"] == "removed", city.origin
    await alpha.db.write(stewardship.restore, site, mina, at_alpha.id, now())
    await village.settle()
    for city in (alpha, beta, gamma):
        assert (await here(city, post)).visibility == "public", city.origin


async def test_who_is_banned_at_home_is_banned_everywhere(village: Village) -> None:
    cities = alpha, beta, gamma, water = await three_cities(village)
    post = await begun_by_bob(cities)
    await here(alpha, post)
    bob = await alpha.knows("@bob@beta.test")
    mina = await alpha.me("mina")
    site, now = alpha.app[SITE], alpha.app[NOW]
    await alpha.db.write(
        stewardship.ban, site, mina, water.id, bob.id, now(), reason="Spam", until_ms=None
    )
    await village.settle()
    for city in (alpha, beta, gamma):
        assert await city.count("community_ban") == 1, city.origin


async def test_edits_and_deletions_reach_every_city(village: Village) -> None:
    cities = alpha, beta, gamma, _ = await three_cities(village)
    post = await begun_by_bob(cities)
    await here(gamma, post)
    await beta.edit("bob", post, "Found it", title="A well, found")
    await village.settle()
    for city in (alpha, gamma):
        assert (await here(city, post)).title == "A well, found", city.origin
    await beta.do(posts.delete, await beta.me("bob"), post.id)
    await village.settle()
    for city in (alpha, beta, gamma):
        assert await city.post_at(post.uri) is None, city.origin


async def two_cities(village: Village) -> tuple[City, City, Account, Account, Post]:
    """Mina of alpha and bob of beta keep two boards of alpha; a thread of his in the first one."""
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("mina", role="moderator")
    await alpha.join("kim")
    await beta.join("bob")
    water = await found(alpha, "water", title="Water", kind="board")
    fire = await found(alpha, "fire", title="Fire", kind="board")
    bob = await alpha.knows("@bob@beta.test")
    for board in (water, fire):
        await beta.follow("bob", f"@{board.name}@alpha.test")
        await village.settle()
        await alpha.do(stewardship.appoint, await alpha.me("mina"), board.id, bob.id)
    await village.settle()
    there = await beta.knows("@water@alpha.test")
    post = await beta.write("bob", "Who knows it?", title="A well", community_id=there.id)
    await here(alpha, post)
    await village.settle()
    return alpha, beta, water, fire, post


async def test_who_keeps_a_board_of_another_city_keeps_it_and_takes_back_what_they_did(
    village: Village,
) -> None:
    alpha, beta, water, fire, post = await two_cities(village)
    there = await beta.knows("@water@alpha.test")
    keepers = await beta.db.read(community_store.moderators, there.id)
    assert [one.acct for one in keepers] == ["bob"]
    bob = await beta.me("bob")
    copy = await here(alpha, post)
    answer = await alpha.write("kim", "I do", reply_to_id=copy.id)
    comment = await here(beta, answer)
    kim = await beta.knows("@kim@alpha.test")
    site, now = beta.app[SITE], beta.app[NOW]

    async def order(does: bool) -> None:
        write = beta.db.write
        await write(stewardship.lock, site, bob, post.id, now(), locked=does)
        await write(stewardship.pin, site, bob, post.id, now(), pinned=does)
        if does:
            await write(stewardship.remove, site, bob, comment.id, now(), reason="Off topic")
            await write(stewardship.ban, site, bob, there.id, kim.id, now(), reason="Spam")
        else:
            await write(stewardship.restore, site, bob, comment.id, now())
            await write(stewardship.unban, site, bob, there.id, kim.id, now())
        await village.settle()

    async def stand(city: City) -> tuple[bool, bool, str, int]:
        known = await thread(city, post)
        row = (await city.rows("SELECT visibility FROM post WHERE uri = :u", u=answer.uri))[0]
        bans = await city.count("community_ban")
        return known.locked_ms is None, known.pinned_ms is None, row["visibility"], bans

    await order(does=True)
    assert await stand(alpha) == await stand(beta) == (False, False, "removed", 1)
    (told,) = await alpha.rows("SELECT kind, from_id FROM notification")
    assert (told["kind"], told["from_id"]) == ("removed", water.id)
    await order(does=False)
    assert await stand(alpha) == await stand(beta) == (True, True, "public", 0)
    there_bob = await alpha.knows("@bob@beta.test")
    await alpha.do(stewardship.dismiss, await alpha.me("mina"), water.id, there_bob.id)
    await village.settle()
    assert await beta.db.read(community_store.moderators, there.id) == []


async def test_a_thread_moves_an_answer_is_marked_and_a_poll_is_voted_in_across_cities(
    village: Village,
) -> None:
    alpha, beta, water, fire, post = await two_cities(village)
    mina, copy = await alpha.me("mina"), await here(alpha, post)
    answer = await alpha.write("kim", "I do", reply_to_id=copy.id)
    comment = await here(beta, answer)
    await beta.do(stewardship.accept, await beta.me("bob"), post.id, comment.id)
    await village.settle()
    assert (await thread(alpha, post)).answer_id == answer.id
    await alpha.do(stewardship.accept, mina, copy.id, None)
    await village.settle()
    assert (await thread(beta, post)).answer_id is None

    await alpha.do(stewardship.move, mina, copy.id, fire.id)
    await village.settle()
    there = await beta.knows("@fire@alpha.test")
    assert (await thread(alpha, post)).community_id == fire.id
    assert (await thread(beta, post)).community_id == there.id
    assert (await here(beta, answer)).community_id == there.id

    asked = await beta.write(
        "bob",
        "Which?",
        title="Tea or rice",
        community_id=there.id,
        poll=NewPoll(options=("Tea", "Rice"), lasts_s=600),
    )
    at_alpha = await here(alpha, asked)
    assert (at_alpha.kind, at_alpha.title, at_alpha.community_id) == (
        *("question", "Tea or rice"),
        fire.id,
    )
    await alpha.do(votes.vote, await alpha.me("kim"), at_alpha.id, (1,))

    async def counted() -> bool:
        known = await beta.post_at(asked.uri)
        poll = polls.of(known) if known else None
        return poll is not None and [n for _, n in poll.options] == [0, 1]

    await eventually(counted)


async def test_what_a_community_is_and_who_may_begin_threads_is_known_in_other_cities(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    mina = await alpha.join("mina", role="moderator")
    await beta.join("bob")
    ring = [[126.8, 37.4], [126.9, 37.4], [126.9, 37.5], [126.8, 37.4]]
    line = json.dumps({"type": "Polygon", "coordinates": [ring]})
    where = {"place": "광명시 철산동", "latitude": 37.45, "longitude": 126.86}
    place = await found(alpha, "neutigol", title="느티골", boundary=line, **where)
    kept = {"moderator_ids": (mina.id,), "language": "ko", "bio": "What we drink"}
    rules = ("Say where you know it from",)
    water = await found(
        alpha, "water", title="Water", kind="board", rules=rules, parent_id=place.id, **kept
    )
    await found(alpha, "paper", title="Paper", kind="blog", posting="writers")
    await beta.follow("bob", "@water@alpha.test")
    await village.settle()
    changes = Changes(avatar="face.webp", posting="members")
    site, now = alpha.app[SITE], alpha.app[NOW]
    await alpha.db.write(communities.change, site, mina, water.id, changes, now())
    await village.settle()

    there, land = await beta.knows("@water@alpha.test"), await beta.knows("@neutigol@alpha.test")
    assert (there.kind, there.display_name, there.closed) == ("Group", "Water", 0)
    assert "What we drink" in there.bio
    assert there.avatar == f"{alpha.origin}/media/face.webp"
    assert [one.acct for one in await beta.db.read(community_store.moderators, there.id)] == [
        "mina@alpha.test"
    ]
    assert [line[0] for line in json.loads(there.fields)] == ["🏘", "⚖ 1"]
    assert "느티골" in there.fields and rules[0] in there.fields
    assert "광명시 철산동" in land.fields
    described = await alpha.get("/c/neutigol")
    assert described["location"] == {
        **{"type": "Place", "name": "광명시 철산동", "latitude": 37.45, "longitude": 126.86}
    }
    assert (await alpha.get("/c/water"))["language"][0]["identifier"] == "ko"
    async with alpha.client.get("/@neutigol") as page:
        assert page.status == 200 and "<path" in await page.text()  # the line around it
    async with beta.client.get("/@water@alpha.test") as page:
        assert rules[0] in await page.text()

    for name in ("neutigol", "paper"):  # members, and who writes for the city, alone
        group = await beta.knows(f"@{name}@alpha.test")
        with pytest.raises(Forbidden):
            await beta.write("bob", "Mine", title="Mine", community_id=group.id)
    stranger = await beta.join("eve")
    assert stranger.local
    post = await beta.write("eve", "No member", title="Hello", community_id=there.id)
    mine = await beta.write("bob", "A member", title="Hello", community_id=there.id)
    assert (await here(alpha, mine)).community_id == water.id
    await village.settle()
    kept_there = await alpha.post_at(post.uri)
    assert kept_there is None or kept_there.community_id is None
