"""What is asked for in whose name: a flood in a host's name costs that host nothing it needs."""

import io
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from federation import signature
from federation.keys import SigningKey, make_rsa, signing_key
from federation.vocab import ACTIVITY_JSON, AS_CONTEXT
from server.fetch.hosts import Hosts
from server.model import Post
from server.store import hosts
from server.store.db import Database
from tests.together.peer import Peer, Somebody
from tests.village import City, Village
from web import logs
from web.keys import FETCHER

FORGER = signing_key("", make_rsa()[0]).private
HOME = "198.51.100.1"  # from where far.test speaks


class Scene:
    """Our city with ann and her post; far.test, where eve is known here and others are not."""

    def __init__(self, city: City, far: Peer, post: Post) -> None:
        self.city = city
        self.far = far
        self.post = post
        self.eve = far.person("eve")
        self._addresses = (f"203.0.113.{n}" for n in itertools.count(1))

    async def send(
        self,
        who: Somebody,
        key: SigningKey | None = None,
        *,
        address: str = "",
        path: str = "/inbox",
        **changes: Any,
    ) -> tuple[int, str]:
        """A like from an address, a new one where none is named; status and Retry-After."""
        like = {**self.far.does("Like", who, self.post.uri), **changes}
        body = msgspec.json.encode({"@context": AS_CONTEXT, **like})
        url = f"{self.city.origin}{path}"
        headers = signature.sign("POST", url, body, key or who.key, self.city.clock())
        headers |= {
            "Content-Type": ACTIVITY_JSON,
            "X-Forwarded-For": address or next(self._addresses),
        }
        async with self.city.client.post(path, data=body, headers=headers) as answer:
            return answer.status, answer.headers.get("Retry-After", "")


@pytest.fixture
async def scene(
    tmp_path: Any, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    monkeypatch.setattr("web.claims.BURST", 3.0)
    monkeypatch.setattr("web.claims.REFILL_PER_S", 1.0)
    village = Village(tmp_path, new_database)
    city = await village("alpha.test")
    await city.join("ann")
    far = Peer("far.test", village)
    await far.start()
    made = Scene(city, far, await city.write("ann", "Hello"))
    await city.knows("@eve@far.test")
    city.clock.ahead_ms += 1
    city.clock.stop()
    yield made
    await far.close()
    await village.close()


FORGED: tuple[tuple[int, dict[str, Any]], ...] = (
    (400, {"id": 7}),
    (400, {"type": None}),
    (400, {"id": "http://FAR.test/1"}),
    (401, {"id": "http://other.test/1"}),
    (401, {"actor": "http://alpha.test/actors/1"}),
)
BARE = (
    (415, {"Content-Type": "text/plain"}, b"{}"),
    (413, {"Content-Type": ACTIVITY_JSON}, b" " * ((1 << 20) + 1)),
    (401, {"Content-Type": ACTIVITY_JSON}, b"{}"),
)
SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


async def flood(scene: Scene, *names: str) -> list[int]:
    """What forgeries in the names of people of far.test are answered, each from elsewhere."""
    people = [scene.far.person(name) for name in names]
    return [(await scene.send(who, SigningKey(who.key.id, FORGER)))[0] for who in people]


@SQLITE
async def test_who_floods_in_a_hosts_name_is_stopped_before_any_fetch(scene: Scene) -> None:
    assert await flood(scene, "a", "b", "c") == [401, 401, 401]
    asked = len(scene.far.asked)
    late = scene.far.person("late")
    assert await scene.send(late) == (429, "20")
    assert await flood(scene, "d", "e") == [429, 429]
    assert len(scene.far.asked) == asked


@SQLITE
async def test_a_host_that_is_named_in_a_flood_is_heard_all_the_same(scene: Scene) -> None:
    assert (await scene.send(scene.eve, address=HOME))[0] == 202
    assert (await flood(scene, "a", "b", "c", "d"))[-1] == 429
    assert (await scene.send(scene.eve))[0] == 202  # her key is known: from wherever
    new = scene.far.person("new")
    assert (await scene.send(new))[0] == 429
    assert (await scene.send(new, address=HOME))[0] == 202  # from where far.test has spoken
    other = scene.far.person("other")
    scene.city.clock.ahead_ms += 2_000
    assert (await scene.send(other))[0] == 202  # and soon from anywhere


@SQLITE
async def test_what_is_right_costs_its_host_nothing(scene: Scene) -> None:
    newcomers = [scene.far.person(f"new{n}") for n in range(6)]
    assert [(await scene.send(one))[0] for one in newcomers] == [202] * 6


@SQLITE
async def test_a_flood_of_those_who_are_gone_is_one_too(scene: Scene) -> None:
    """Each costs a fetch, though it is answered as if it were taken."""
    gone = [scene.far.person(f"gone{n}") for n in range(5)]
    for one in gone:
        scene.far.serve({"id": one.uri, "type": "Tombstone"})
    assert [(await scene.send(one))[0] for one in gone] == [202, 202, 202, 429, 429]


@SQLITE
async def test_another_host_is_not_touched(scene: Scene) -> None:
    assert (await flood(scene, "a", "b", "c", "d"))[-1] == 429
    near = Peer("near.test", scene.far.village)
    await near.start()
    bob = near.person("bob")
    like = near.does("Like", bob, scene.post.uri)
    assert await near.send(scene.city, bob, like) == 202
    await near.close()


@SQLITE
async def test_nothing_is_read_or_fetched_for_what_can_be_refused_without(scene: Scene) -> None:
    """Type, size, signature, date, digest, shape and origin are looked at first."""

    def never(of: type, name: str) -> None:
        known = getattr(of, name)

        def look(*given: Any, **named: Any) -> Any:
            assert not logs.request_id.get(), "looked up"  # the worker may
            return known(*given, **named)

        patch.setattr(of, name, look)

    city, who = scene.city, scene.far.person("who")
    assert (await scene.send(who, id=7))[0] == 400  # who is kept out is looked up now and then
    with pytest.MonkeyPatch.context() as patch:
        for name in ("read", "write", "read_inline"):
            never(Database, name)
        never(Hosts, "welcome")
        for path in ("/inbox", f"/actors/{city.people['ann'].id}/inbox", "/actors/12345/inbox"):
            for expected, changes in FORGED:
                assert (await scene.send(who, path=path, **changes))[0] == expected, changes
            for expected, headers, body in BARE:
                async with city.client.post(path, data=io.BytesIO(body), headers=headers) as answer:
                    assert answer.status == expected


@SQLITE
async def test_a_blocked_host_is_not_even_told_whose_inbox_there_is(scene: Scene) -> None:
    await scene.city.db.write(hosts.set_rule, "far.test", "block", "", scene.city.clock())
    scene.city.app[FETCHER].hosts.forget_rules()
    asked = len(scene.far.asked)
    assert (await scene.send(scene.eve, path="/actors/12345/inbox"))[0] == 202
    assert (await scene.send(scene.far.person("unknown")))[0] == 202
    assert len(scene.far.asked) == asked


@SQLITE
async def test_a_delete_of_somebody_unknown_costs_nothing_however_often(scene: Scene) -> None:
    asked = len(scene.far.asked)
    for n in range(6):
        who = scene.far.person(f"leaving{n}")
        assert (await scene.send(who, type="Delete", object=who.uri))[0] == 202
    assert len(scene.far.asked) == asked
    assert (await scene.send(scene.far.person("new")))[0] == 202
