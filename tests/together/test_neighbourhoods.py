"""A neighbourhood of one instance, followed from another."""

from typing import Any

from federation.vocab import PUBLIC
from server import keyring
from server.model import Account
from server.services import communities, follows, posts, timelines
from server.services.communities import NewCommunity
from server.store.paging import Page
from tests.together.conftest import NewPeer
from tests.together.peer import Peer
from tests.village import SPARE_KEYS, City, Village, eventually
from web.keys import NOW, SITE, VAULT


async def found(city: City, name: str, **more: Any) -> Account:
    """Make a neighbourhood."""
    rsa, vault = next(SPARE_KEYS), city.app[VAULT]
    keys = keyring.Keys((vault.seal(rsa[0]), rsa[1]), keyring.make_sealed_ed25519(vault))
    new = NewCommunity(name=name, keys=keys, **more)
    return await city.db.write(communities.create, city.app[SITE], new, city.app[NOW]())


async def shared(city: City, name: str) -> list[tuple[str, str]]:
    """(post, by whom it was passed on) in the home timeline of one of its people, newest first."""
    entries = await city.db.read(timelines.home, city.people[name].id, Page())
    views = await city.db.read(timelines.views, city.people[name].id, entries)
    return [(view.post.uri, view.booster.acct if view.booster else "") for view in views]


async def two_cities(village: Village) -> tuple[City, City]:
    """Ann in alpha, which has a neighbourhood; bob in beta, who follows it."""
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await found(alpha, "neutigol", title="느티골")
    await beta.follow("bob", "@neutigol@alpha.test")
    await village.settle()
    return alpha, beta


async def gone(city: City, uri: str) -> bool:
    return await city.post_at(uri) is None


async def test_a_story_comes_home_elsewhere_with_the_neighbourhood_that_passed_it_on(
    village: Village,
) -> None:
    alpha, beta = await two_cities(village)
    neutigol = await beta.knows("@neutigol@alpha.test")
    assert (neutigol.kind, neutigol.display_name) == ("Group", "느티골")
    known = await beta.db.read(follows.relationship, beta.people["bob"].id, neutigol.id)
    assert known.following and not known.requested
    story = await alpha.write("ann", "우물터 #느티골", title="첫눈")
    for more in ({"visibility": "unlisted"}, {"visibility": "followers"}, {}):
        tag = "느티골" if more else "다른골"
        await alpha.write("ann", f"Not for it #{tag}", **more)
    await alpha.write("ann", "An answer #느티골", reply_to_id=story.id)
    await eventually(lambda: beta.post_at(story.uri))
    await village.settle()
    assert await shared(beta, "bob") == [(story.uri, "neutigol@alpha.test")]
    assert await alpha.notices("ann") == []


async def test_what_changes_or_ends_does_so_for_all_who_got_it_through_the_neighbourhood(
    village: Village,
) -> None:
    alpha, beta = await two_cities(village)
    note = await alpha.write("ann", "눈 #느티골")
    await eventually(lambda: beta.post_at(note.uri))
    await alpha.edit("ann", note, "함박눈 #느티골")

    async def changed() -> bool:
        there = await beta.post_at(note.uri)
        return there is not None and "함박눈" in there.content

    await eventually(changed)
    await alpha.do(posts.delete, await alpha.me("ann"), note.id)
    await eventually(lambda: gone(beta, note.uri))
    await village.settle()
    assert await shared(beta, "bob") == []


async def test_a_hashtag_that_comes_later_passes_a_note_on_and_one_that_goes_takes_it_back(
    village: Village,
) -> None:
    alpha, beta = await two_cities(village)
    note = await alpha.write("ann", "눈")
    await village.settle()
    assert await beta.post_at(note.uri) is None
    for _ in range(2):
        await alpha.edit("ann", note, "눈 #느티골")
        await village.settle()
        assert await shared(beta, "bob") == [(note.uri, "neutigol@alpha.test")]
        await alpha.edit("ann", note, "눈")
        await village.settle()
        assert await shared(beta, "bob") == []


async def test_who_stops_following_gets_no_more(village: Village) -> None:
    alpha, beta = await two_cities(village)
    neutigol = await beta.knows("@neutigol@alpha.test")
    await beta.do(follows.unfollow, await beta.me("bob"), neutigol.id)
    await village.settle()
    note = await alpha.write("ann", "눈 #느티골")
    await village.settle()
    assert await beta.post_at(note.uri) is None
    assert [one.followers for one in await alpha.db.read(communities.all, alpha.clock())] == [0]


async def test_whoever_begins_to_follow_finds_what_was_passed_on_before(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    for name in ("ann", "abe"):
        await alpha.join(name)
    await beta.join("bob")
    first = await alpha.write("ann", "하나 #느티골")
    await found(alpha, "neutigol", title="느티골")
    second = await alpha.write("ann", "둘 #느티골")
    expected = [(second.uri, "neutigol"), (first.uri, "neutigol")]
    await alpha.follow("abe", "@neutigol")
    assert await shared(alpha, "abe") == expected
    await beta.follow("bob", "@neutigol@alpha.test")

    async def both() -> bool:
        return len(await shared(beta, "bob")) == 2

    await eventually(both)
    assert await shared(beta, "bob") == [(uri, f"{who}@alpha.test") for uri, who in expected]
    await alpha.do(posts.delete, await alpha.me("ann"), first.id)
    await eventually(lambda: gone(beta, first.uri))


async def test_mastodon_sees_a_group_that_boosts_a_post_by_its_id(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer("far.test")
    await alpha.join("ann")
    neutigol = await found(alpha, "neutigol", title="느티골", bio="우물터 #느티골")
    eve = far.person("eve")
    assert await far.send(alpha, eve, far.does("Follow", eve, neutigol.uri)) == 202
    accepted = await eventually(lambda: first(far, "Accept"))
    assert accepted["actor"] == neutigol.uri
    note = await alpha.write("ann", "눈 #느티골")
    announced = await eventually(lambda: first(far, "Announce"))
    assert (announced["actor"], announced["object"]) == (neutigol.uri, note.uri)
    assert announced["to"] == [PUBLIC]
    assert neutigol.followers_uri in announced["cc"]

    outbox = await alpha.get(f"/actors/{neutigol.id}/outbox")
    page = await alpha.get(f"/actors/{neutigol.id}/outbox?page=1")
    assert outbox["totalItems"] == 1
    assert [one["id"] for one in page["orderedItems"]] == [announced["id"]]

    document = await alpha.get(f"/actors/{neutigol.id}")
    assert document == await alpha.get("/c/neutigol") == await alpha.get("/@neutigol")
    assert (document["type"], document["name"]) == ("Group", "느티골")
    assert document["postingRestrictedToMods"] is True
    for part in ("followers", "attributedTo", "featured"):
        assert (await alpha.get(document[part].removeprefix(alpha.origin)))["id"] == document[part]
    for resource in ("acct:neutigol@alpha.test", document["url"], f"{alpha.origin}/c/neutigol"):
        jrd = await alpha.get(f"/.well-known/webfinger?resource={resource}")
        assert jrd["subject"] == "acct:neutigol@alpha.test"
        assert neutigol.uri in [link.get("href") for link in jrd["links"]]


async def test_an_outbox_of_a_group_brings_only_what_it_passed_on_of_its_own_server(
    village: Village, peer: NewPeer
) -> None:
    beta, far, other = await village("beta.test"), await peer("far.test"), await peer("other.test")
    await beta.join("bob")
    own = await beta.write("bob", "Hello")
    group, eve, zoe = far.person("square", "Group"), far.person("eve"), other.person("zoe")
    note, answer, elsewhere = far.note(eve), far.note(eve, inReplyTo=own.uri), other.note(zoe)
    for_friends = far.note(eve, to=[eve.followers], cc=[])
    announced = [
        far.does("Announce", group, about)
        for about in (note["id"], answer["id"], elsewhere["id"], for_friends["id"], own.uri)
    ]
    announced.append({**far.does("Announce", group, note["id"]), "id": f"{other.origin}/a/1"})
    outbox = {"type": "OrderedCollection", "orderedItems": [*announced, 7, {"type": "Announce"}]}
    far.serve({"id": f"{group.uri}/outbox", **outbox})
    await beta.follow("bob", "@square@far.test")
    await eventually(lambda: first(far, "Follow"))
    await far.accepts(beta, group)
    await village.settle()
    await eventually(lambda: beta.post_at(note["id"]))
    await village.settle()
    assert await beta.rows("SELECT uri FROM boost") == [{"uri": announced[0]["id"]}]
    assert (note["id"], "square@far.test") in await shared(beta, "bob")


async def first(far: Peer, kind: str) -> dict[str, Any] | None:
    return next(iter(far.got(kind)), None)
