"""Promises that are kept: in order, once, over outages and restarts, in either signature scheme."""

import pytest

from federation.signature import Scheme
from server.services import follows
from tests.together.conftest import NewPeer
from tests.together.peer import Peer, Somebody
from tests.village import City, Village, eventually

MINUTE_MS = 60_000


async def followed(village: Village, far: Peer) -> tuple[City, Somebody]:
    """Ann on alpha, followed by Eve on a scripted server."""
    alpha = await village("alpha.test")
    ann, eve = await alpha.join("ann"), far.person("eve")
    assert await far.send(alpha, eve, far.does("Follow", eve, ann.uri)) == 202
    await village.settle()
    assert len(far.got("Accept")) == 1
    return alpha, eve


async def test_what_waits_for_a_peer_that_was_down_arrives_in_order(
    village: Village, peer: NewPeer
) -> None:
    far = await peer()
    alpha, _ = await followed(village, far)
    far.status = 503
    first = await alpha.write("ann", "One")
    await eventually(lambda: alpha.rows("SELECT 1 FROM peer WHERE attempts > 0"))
    alpha.clock.ahead_ms += 1000
    second = await alpha.write("ann", "Two")
    await alpha.edit("ann", first, "One, corrected")
    assert far.got("Create") == []
    far.status = 202
    alpha.clock.ahead_ms += MINUTE_MS
    alpha.wake()
    await village.settle()
    heard = [(one["type"], one["object"]["id"]) for one in far.received[1:]]
    assert heard == [("Create", first.uri), ("Create", second.uri), ("Update", first.uri)]


async def test_an_instance_that_was_down_gets_everything_when_it_is_back(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    await village.stop(beta)
    written = [(await alpha.write("ann", f"Number {n}")).uri for n in range(3)]
    await eventually(lambda: alpha.rows("SELECT 1 FROM peer WHERE attempts > 0"))
    await village.start_again(beta)
    alpha.clock.ahead_ms += MINUTE_MS
    alpha.wake()
    await village.settle()
    assert [post.uri for post in await beta.home("bob")] == written[::-1]


async def test_an_instance_that_stops_before_it_delivered_delivers_when_it_starts(
    village: Village, peer: NewPeer
) -> None:
    far = await peer()
    alpha, _ = await followed(village, far)
    far.status = 503
    note = await alpha.write("ann", "Promised")
    await eventually(lambda: alpha.rows("SELECT 1 FROM peer WHERE attempts > 0"))
    await village.stop(alpha)
    far.status = 202
    alpha.clock.ahead_ms += MINUTE_MS
    await village.start_again(alpha)
    await village.settle()
    assert [one["object"]["id"] for one in far.got("Create")] == [note.uri]


async def test_any_word_from_a_peer_opens_what_was_closed(village: Village, peer: NewPeer) -> None:
    far = await peer()
    alpha, eve = await followed(village, far)
    far.status = 503
    note = await alpha.write("ann", "Are you there?")
    await eventually(lambda: alpha.rows("SELECT 1 FROM peer WHERE attempts > 0"))
    far.status = 202
    await far.send(alpha, eve, far.does("Like", eve, note.uri))
    await village.settle()
    assert [one["object"]["id"] for one in far.got("Create")] == [note.uri]


async def test_an_inbox_that_is_gone_is_served_no_more(village: Village, peer: NewPeer) -> None:
    far = await peer()
    alpha, _ = await followed(village, far)
    far.status = 410
    await alpha.write("ann", "Hello?")
    await eventually(lambda: alpha.rows("SELECT 1 FROM peer WHERE gone_ms IS NOT NULL"))
    await alpha.write("ann", "Hello again?")
    await village.settle()
    assert far.answers[410] == 1


async def test_what_arrives_again_and_again_has_its_effect_once(
    village: Village, peer: NewPeer
) -> None:
    far = await peer()
    alpha, eve = await followed(village, far)
    note = await alpha.write("ann", "Once")
    reply = far.note(eve, inReplyTo=note.uri, cc=[(await alpha.me("ann")).uri])
    for activity in (
        far.creates(eve, reply),
        far.does("Like", eve, note.uri),
        far.does("Announce", eve, note.uri),
        far.does("Follow", eve, (await alpha.me("ann")).uri),
        far.does("Flag", eve, [(await alpha.me("ann")).uri, note.uri], content="Rude"),
    ):
        for _ in range(3):
            assert await far.send(alpha, eve, activity) == 202
    for _ in range(2):  # again, under new ids
        await far.send(alpha, eve, far.creates(eve, reply))
        await far.send(alpha, eve, far.does("Like", eve, note.uri))
        await far.send(alpha, eve, far.does("Announce", eve, note.uri))
    await village.settle()
    here = await alpha.post_at(note.uri)
    assert here is not None
    assert (here.likes, here.boosts, here.replies) == (1, 1, 1)
    assert (await alpha.me("ann")).followers_count == 1
    assert await alpha.count("post") == 2 and await alpha.count("report") == 1
    assert sorted(kind for kind, _ in await alpha.notices("ann")) == [
        "favourite",
        "follow",
        "mention",
        "reblog",
    ]


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_a_peer_that_reads_one_scheme_is_spoken_to_in_that_scheme(
    village: Village, peer: NewPeer, scheme: Scheme
) -> None:
    far = await peer(takes=(scheme,), signed_gets=True)
    alpha, eve = await followed(village, far)
    assert far.asked.count("/users/eve") == (1 if scheme == "cavage" else 2)
    refused = far.answers[401]
    assert refused == (0 if scheme == "cavage" else 1)
    for n in range(3):
        await alpha.write("ann", f"Number {n}")
        await village.settle()
    assert len(far.got("Create")) == 3
    assert far.answers[401] == refused  # it is remembered which one worked
    assert set(far.schemes) == {scheme}
    assert await far.send(alpha, eve, far.does("Like", eve, "http://x.test/1"), scheme) == 202


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_what_a_peer_signs_is_taken_in_either_scheme(
    village: Village, peer: NewPeer, scheme: Scheme
) -> None:
    far = await peer()
    alpha, eve = await followed(village, far)
    note = await alpha.write("ann", "Vote")
    assert await far.send(alpha, eve, far.does("Like", eve, note.uri), scheme) == 202
    here = await alpha.post_at(note.uri)
    assert here is not None and here.likes == 1


async def test_a_new_key_is_read_once_the_old_one_does_not_fit(
    village: Village, peer: NewPeer
) -> None:
    far = await peer()
    alpha, eve = await followed(village, far)
    note = await alpha.write("ann", "Rotate")
    alpha.clock.ahead_ms += 6 * MINUTE_MS
    eve = far.person("eve")
    assert await far.send(alpha, eve, far.does("Like", eve, note.uri)) == 202
    here = await alpha.post_at(note.uri)
    assert here is not None and here.likes == 1


async def test_six_followers_at_one_peer_are_one_delivery(village: Village, peer: NewPeer) -> None:
    far = await peer()
    alpha, _ = await followed(village, far)
    ann = await alpha.me("ann")
    for n in range(5):
        more = far.person(f"more{n}")
        assert await far.send(alpha, more, far.does("Follow", more, ann.uri)) == 202
    note = await alpha.write("ann", "To all of you")
    await village.settle()
    assert (await alpha.me("ann")).followers_count == 6
    assert [one["object"]["id"] for one in far.got("Create")] == [note.uri]


async def test_a_follow_that_nobody_answers_waits_and_can_be_taken_back(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    far.person("eve")
    eve = await alpha.follow("ann", "@eve@far.test")
    await village.settle()
    await alpha.do(follows.unfollow, await alpha.me("ann"), eve.id)
    await village.settle()
    follow, undo = far.received
    assert (undo["type"], undo["object"]["id"]) == ("Undo", follow["id"])
