"""How much one server may send, however right it is: beyond that it hears when to send again."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from server.errors import Crowded
from tests.together.peer import Peer, Somebody
from tests.village import City, Village
from web.senders import BURST_S, Senders

NOW = 1_800_000_000_000
EVE = "https://far.test/users/eve"


def taken(senders: Senders, actor: str, now_ms: int, most: int = 2_000) -> int:
    """How many activities of this actor are taken at once."""
    for number in range(most):
        try:
            senders.check(actor, now_ms)
        except Crowded:
            return number
        senders.heard(actor, now_ms)
    return most


def test_what_a_great_server_sends_at_once_is_taken_and_a_flood_has_an_end():
    senders = Senders(3_000)
    assert taken(senders, EVE, NOW) == 1_000
    assert taken(senders, EVE, NOW + 10_000) == 500, "and fifty each second from then on"
    assert taken(senders, EVE, NOW + 3_600_000) == 1_000


def test_a_server_is_told_when_there_is_room_for_all_of_it_again():
    senders = Senders(3_000)
    taken(senders, EVE, NOW)
    with pytest.raises(Crowded) as refused:
        senders.check(EVE, NOW)
    assert (refused.value.status, refused.value.retry_after_ms) == (503, BURST_S * 1000)
    assert taken(senders, EVE, NOW + refused.value.retry_after_ms) == 1_000


def test_all_people_and_all_hosts_of_a_domain_are_one_sender_and_others_are_not():
    senders = Senders(3_000)
    for number in range(1_000):
        senders.heard(f"https://h{number}.far.test/users/{number}", NOW)
    assert taken(senders, "https://h7.far.test:8443/users/mallory", NOW) == 0
    assert taken(senders, "https://near.test/users/bob", NOW) == 1_000


def test_however_little_an_operator_allows_something_is_taken():
    assert taken(Senders(1), EVE, NOW) == 1


@pytest.fixture
async def two(tmp_path: Path, new_database: Callable[[], str]) -> AsyncIterator[tuple[City, Peer]]:
    """A city that takes three activities of a server at once, and far.test."""
    village = Village(tmp_path, new_database)
    city = await village("alpha.test", peer_activities=9)
    await city.join("ann")
    far = Peer("far.test", village)
    await far.start()
    yield city, far
    await far.close()
    await village.close()


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_flood_of_one_server_costs_nobody_else_anything_and_loses_nothing(
    two: tuple[City, Peer],
) -> None:
    city, far = two
    post = await city.write("ann", "Hello")
    eve = far.person("eve")
    forger = Somebody(eve.uri, far.person("mallory").key, eve.document)
    likes = [far.does("Like", eve, post.uri) for _ in range(5)]
    assert [await far.send(city, eve, one) for one in likes[:3]] == [202] * 3
    assert await far.send(city, eve, likes[3]) == 503
    assert await far.send(city, far.person("other"), far.does("Like", eve, post.uri)) == 503
    near = Peer("near.test", far.village)
    await near.start()
    bob = near.person("bob")
    assert await near.send(city, bob, near.does("Like", bob, post.uri)) == 202
    city.clock.ahead_ms += BURST_S * 1000
    for _ in range(5):  # whoever lies spends nothing of hers
        assert await far.send(city, forger, likes[4]) == 401
    assert [await far.send(city, eve, one) for one in likes[3:]] == [202] * 2
    await near.close()
