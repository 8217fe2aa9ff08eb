"""Following across instances: asking, answering, leaving, blocking. Each side knows the same."""

from server.model import Relationship
from server.services import follows, posts
from server.services.new_posts import NewPost
from tests.together.conftest import NewPeer
from tests.village import City, Village, eventually


async def between(city: City, name: str, other: str) -> Relationship:
    """How one of a city's people stands to somebody anywhere."""
    return await city.db.read(
        follows.relationship, city.people[name].id, (await city.knows(other)).id
    )


async def two(village: Village) -> tuple[City, City]:
    """Ann on alpha, Bob on beta."""
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    return alpha, beta


async def test_a_follow_counts_on_both_sides_until_it_is_taken_back(village: Village) -> None:
    alpha, beta = await two(village)
    ann = await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    assert (await between(beta, "bob", "@ann@alpha.test")).following
    assert (await between(alpha, "ann", "@bob@beta.test")).followed_by
    assert (await alpha.me("ann")).followers_count == (await beta.one(ann.id)).followers_count == 1
    assert await alpha.notices("ann") == [("follow", "bob@beta.test")]

    await beta.do(follows.unfollow, await beta.me("bob"), ann.id)
    await village.settle()
    assert not (await between(alpha, "ann", "@bob@beta.test")).followed_by
    assert (await alpha.me("ann")).followers_count == (await beta.one(ann.id)).followers_count == 0
    assert await alpha.notices("ann") == []
    await alpha.write("ann", "Nobody far away hears this")
    assert await alpha.count("delivery") == 0


async def test_who_is_locked_answers_requests_and_either_answer_crosses_over(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann", locked=True)
    await beta.join("bob")
    await beta.join("eve")
    for name in ("bob", "eve"):
        await beta.follow(name, "@ann@alpha.test")
    await village.settle()
    assert (await between(beta, "bob", "@ann@alpha.test")).requested
    assert (await alpha.me("ann")).followers_count == 0
    assert sorted(await alpha.notices("ann")) == [
        ("follow_request", "bob@beta.test"),
        ("follow_request", "eve@beta.test"),
    ]

    ann = await alpha.me("ann")
    await alpha.do(follows.authorize, ann, (await alpha.knows("@bob@beta.test")).id)
    await alpha.do(follows.reject, ann, (await alpha.knows("@eve@beta.test")).id)
    await village.settle()
    bob, eve = (
        await between(beta, "bob", "@ann@alpha.test"),
        await between(beta, "eve", "@ann@alpha.test"),
    )
    assert (bob.following, bob.requested) == (True, False)
    assert (eve.following, eve.requested) == (False, False)
    assert (await alpha.me("ann")).followers_count == 1


async def test_a_request_taken_back_before_its_answer_leaves_nothing(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann", locked=True)
    await beta.join("bob")
    ann = await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    await beta.do(follows.unfollow, await beta.me("bob"), ann.id)
    await village.settle()
    assert await alpha.count("follow") == await beta.count("follow") == 0
    assert await alpha.notices("ann") == []


async def test_a_block_ends_follows_both_ways_and_nothing_is_delivered_any_more(
    village: Village,
) -> None:
    alpha, beta = await two(village)
    await beta.follow("bob", "@ann@alpha.test")
    await alpha.follow("ann", "@bob@beta.test")
    await village.settle()
    bob = await alpha.knows("@bob@beta.test")
    await alpha.do(follows.block, await alpha.me("ann"), bob.id)
    await village.settle()
    for city in (alpha, beta):
        assert await city.count("follow") == 0
    assert (await between(beta, "bob", "@ann@alpha.test")).blocked_by
    assert await beta.home("bob") == []

    unheard = await alpha.write("ann", "Not for you")
    reply = await beta.write("bob", "@ann@alpha.test But why?")
    await village.settle()
    assert await beta.post_at(unheard.uri) is None
    assert ("mention", "bob@beta.test") not in await alpha.notices("ann")
    assert all(post.uri != reply.uri for post in await alpha.home("ann"))

    await alpha.do(follows.unblock, await alpha.me("ann"), bob.id)
    await village.settle()
    assert not (await between(beta, "bob", "@ann@alpha.test")).blocked_by
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    assert (await alpha.me("ann")).followers_count == 1


async def test_a_blocked_person_who_asks_again_is_refused(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    ann, eve = await alpha.join("ann"), far.person("eve")
    stranger = await alpha.knows("@eve@far.test")
    await alpha.do(follows.block, ann, stranger.id)
    await village.settle()
    assert [one["object"] for one in far.got("Block")] == [eve.uri]
    follow = far.does("Follow", eve, ann.uri)
    assert await far.send(alpha, eve, follow) == 202
    await village.settle()
    assert [one["object"]["id"] for one in far.got("Reject")] == [follow["id"]]
    assert (await alpha.me("ann")).followers_count == 0


async def test_the_first_follow_brings_what_was_written_before(village: Village) -> None:
    alpha, beta = await two(village)
    uris = [(await alpha.write("ann", f"Before, {n}")).uri for n in range(3)]
    hidden = await alpha.write("ann", "For friends", visibility="followers")
    await beta.follow("bob", "@ann@alpha.test")
    await eventually(lambda: beta.post_at(uris[-1]))
    await village.settle()
    assert [post.uri for post in await beta.home("bob")] == uris[::-1]
    assert await beta.post_at(hidden.uri) is None
    assert await beta.notices("bob") == []


async def test_someone_who_moved_is_followed_at_the_new_address(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    old = far.person("old")
    new = far.person("new", alsoKnownAs=[old.uri])
    thief = far.person("thief")
    await alpha.follow("ann", "@old@far.test")
    await village.settle()
    await far.accepts(alpha, old)

    stolen = far.does("Move", old, old.uri, target=thief.uri)
    assert await far.send(alpha, old, stolen) == 202
    await village.settle()
    assert len(far.got("Follow")) == 1
    moved = far.does("Move", old, old.uri, target=new.uri)
    assert await far.send(alpha, old, moved) == 202
    await village.settle()
    assert [one["object"] for one in far.got("Follow")] == [old.uri, new.uri]
    assert [one["object"]["object"] for one in far.got("Undo")] == [old.uri]
    await far.accepts(alpha, new)
    assert (await alpha.me("ann")).following_count == 1


async def test_an_actor_of_ours_may_also_be_where_somebody_moved_to(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    ann, old = await alpha.join("ann"), far.person("old")
    await alpha.join("bob")
    await alpha.follow("bob", "@old@far.test")
    await village.settle()
    await far.accepts(alpha, old)
    await far.send(alpha, old, far.does("Move", old, old.uri, target=ann.uri))
    await village.settle()
    assert (await alpha.me("ann")).followers_count == 0  # Ann does not name the old one


async def test_a_follower_that_is_cast_out_learns_of_it(village: Village) -> None:
    alpha, beta = await two(village)
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    bob = await alpha.knows("@bob@beta.test")
    await alpha.do(follows.reject, await alpha.me("ann"), bob.id)
    await village.settle()
    assert not (await between(beta, "bob", "@ann@alpha.test")).following
    quiet = await alpha.do(posts.write, await alpha.me("ann"), NewPost(content="After that"))
    await village.settle()
    assert await beta.post_at(quiet.uri) is None
