"""Likes and boosts between instances, and counts that stay right."""

import pytest

from server.errors import Forbidden
from server.services import reactions
from tests.village import City, Village, eventually


async def numbers(city: City, uri: str) -> tuple[int, int]:
    """(likes, boosts) of a post as a city has it."""
    post = await city.post_at(uri)
    assert post is not None
    return post.likes, post.boosts


async def test_likes_and_boosts_count_on_both_sides_and_can_be_taken_back(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    note = await alpha.write("ann", "Snow!")
    there = await eventually(lambda: beta.post_at(note.uri))
    bob = await beta.me("bob")
    for _ in range(2):
        await beta.do(reactions.like, bob, there.id)
        await beta.do(reactions.boost, bob, there.id)
        await village.settle()
        for city in (alpha, beta):
            assert await numbers(city, note.uri) == (1, 1)
    assert sorted(await alpha.notices("ann")) == [
        ("favourite", "bob@beta.test"),
        ("follow", "bob@beta.test"),
        ("reblog", "bob@beta.test"),
    ]
    for _ in range(2):
        await beta.do(reactions.unlike, bob, there.id)
        await beta.do(reactions.unboost, bob, there.id)
        await village.settle()
        for city in (alpha, beta):
            assert await numbers(city, note.uri) == (0, 0)
    assert await alpha.notices("ann") == [("follow", "bob@beta.test")]
    await beta.do(reactions.like, bob, there.id)
    await village.settle()
    assert await numbers(alpha, note.uri) == (1, 0)


async def test_a_boost_brings_a_strangers_post_to_followers_until_it_is_taken_back(
    village: Village,
) -> None:
    alpha, beta, gamma = [await village(f"{name}.test") for name in ("alpha", "beta", "gamma")]
    await alpha.join("ann")
    await beta.join("bob")
    await gamma.join("cho")
    await gamma.follow("cho", "@bob@beta.test")
    await village.settle()
    note = await alpha.write("ann", "Worth reading")
    there = await beta.find(note.uri)
    assert there is not None
    await beta.do(reactions.boost, await beta.me("bob"), there.id)
    await eventually(lambda: gamma.post_at(note.uri))
    await village.settle()
    assert [post.uri for post in await gamma.home("cho")] == [note.uri]
    for city in (alpha, beta, gamma):
        assert await numbers(city, note.uri) == (0, 1)
    await beta.do(reactions.unboost, await beta.me("bob"), there.id)
    await village.settle()
    assert await gamma.home("cho") == []
    for city in (alpha, beta, gamma):
        assert await numbers(city, note.uri) == (0, 0)


async def test_what_only_followers_read_is_not_boosted(village: Village) -> None:
    alpha, beta, gamma = [await village(f"{name}.test") for name in ("alpha", "beta", "gamma")]
    await alpha.join("ann")
    await beta.join("bob")
    await gamma.join("cho")
    await beta.follow("bob", "@ann@alpha.test")
    await gamma.follow("cho", "@bob@beta.test")
    await village.settle()
    note = await alpha.write("ann", "Among friends", visibility="followers")
    there = await eventually(lambda: beta.post_at(note.uri))
    with pytest.raises(Forbidden):
        await beta.do(reactions.boost, await beta.me("bob"), there.id)
    await village.settle()
    assert await gamma.find(note.uri) is None
