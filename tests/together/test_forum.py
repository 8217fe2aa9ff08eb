"""A board of one city, and people of two others in it: what happens reaches everybody."""

from typing import Any

from server.model import Account, Post
from server.services import posts, reactions, stewardship
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
