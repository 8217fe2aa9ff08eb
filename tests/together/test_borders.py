"""With whom an instance speaks: blocked hosts, allow-lists, signed readers only."""

from typing import Any

import pytest

from federation import signature
from federation.vocab import ACTIVITY_JSON
from server.services import follows
from server.store import hosts
from tests.together.conftest import NewPeer
from tests.village import City, Village, eventually
from web.keys import FETCHER

TABLES = ("account", "activity", "favourite", "follow", "job", "notification", "post", "report")
READ = {"Accept": ACTIVITY_JSON}


async def rule(city: City, domain: str, action: str) -> None:
    """What the moderators decide about a domain."""
    await city.db.write(hosts.set_rule, domain, action, "", city.clock())
    city.app[FETCHER].hosts.forget_rules()


async def counts(city: City) -> dict[str, int]:
    """How much there is of everything."""
    return {table: await city.count(table) for table in TABLES}


async def test_a_blocked_host_is_answered_and_nothing_of_it_is_kept(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer("sub.far.test")
    ann, eve = await alpha.join("ann"), far.person("eve")
    await rule(alpha, "far.test", "block")
    before = await counts(alpha)
    for activity in (
        far.does("Follow", eve, ann.uri),
        far.creates(eve, far.note(eve, cc=[ann.uri])),
        far.does("Flag", eve, ann.uri),
    ):
        assert await far.send(alpha, eve, activity) == 202
    assert await counts(alpha) == before
    assert far.asked == []
    assert await alpha.find("@eve@sub.far.test") is None
    assert await alpha.find(eve.uri) is None


async def test_a_host_that_is_blocked_later_gets_nothing_more(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    ann, eve = await alpha.join("ann"), far.person("eve")
    await far.send(alpha, eve, far.does("Follow", eve, ann.uri))
    await village.settle()
    await rule(alpha, "far.test", "block")
    await alpha.write("ann", "Not for you")
    await village.settle()
    assert far.got("Create") == []


@pytest.mark.parametrize("mode", ["allowlist", "off"])
async def test_closed_instances_speak_only_with_those_they_named(
    village: Village, peer: NewPeer, mode: str
) -> None:
    alpha = await village("alpha.test", mode=mode)
    friend, far = await peer("friend.test"), await peer()
    ann = await alpha.join("ann")
    await rule(alpha, "friend.test", "allow")
    for other in (friend, far):
        eve = other.person("eve")
        assert await other.send(alpha, eve, other.does("Follow", eve, ann.uri)) == 202
    await village.settle()
    assert (await alpha.me("ann")).followers_count == (1 if mode == "allowlist" else 0)
    assert len(friend.got("Accept")) == (1 if mode == "allowlist" else 0)
    assert far.received == far.asked == []
    assert await alpha.find("@eve@far.test") is None


async def test_with_authorized_fetch_only_signed_readers_read_and_instances_still_meet(
    village: Village, peer: NewPeer
) -> None:
    alpha, beta = await village("alpha.test", authorized_fetch=True), await village("beta.test")
    far = await peer()
    ann = await alpha.join("ann")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    note = await alpha.write("ann", "Who reads this?")
    there = await eventually(lambda: beta.post_at(note.uri))
    assert "Who reads" in there.content

    eve = far.person("eve")
    paths = [f"/actors/{ann.id}", f"/objects/{note.id}", f"/actors/{ann.id}/outbox"]
    paths += [f"/objects/{note.id}/replies", f"/contexts/{note.id}", f"/@ann/{note.id}"]
    for path in paths:
        async with alpha.client.get(path, headers=READ) as answer:
            assert answer.status == 401, path
        signed = signature.sign("GET", f"{alpha.origin}{path}", None, eve.key, alpha.clock())
        async with alpha.client.get(path, headers=READ | signed) as answer:
            assert answer.status == 200, (path, await answer.text())
            assert "Signature" in answer.headers["Vary"]
            assert "private" in answer.headers["Cache-Control"]
    assert (await alpha.get("/actor"))["type"] == "Application"

    await rule(alpha, "far.test", "block")
    signed = signature.sign("GET", f"{alpha.origin}{paths[1]}", None, eve.key, alpha.clock())
    async with alpha.client.get(paths[1], headers=READ | signed) as answer:
        assert answer.status in (401, 403)


async def test_private_posts_are_read_by_those_they_are_for_and_nobody_else(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    ann, eve, mallory = await alpha.join("ann"), far.person("eve"), far.person("mallory")
    await far.send(alpha, eve, far.does("Follow", eve, ann.uri))
    note = await alpha.write("ann", "For friends", visibility="followers")
    path = f"/objects/{note.id}"

    async def read_by(who: Any) -> int:
        signed = signature.sign("GET", f"{alpha.origin}{path}", None, who.key, alpha.clock())
        async with alpha.client.get(path, headers=READ | signed) as answer:
            assert answer.status == 404 or "private" in answer.headers["Cache-Control"]
            return answer.status

    assert await read_by(eve) == 200
    assert await read_by(mallory) == 404
    await alpha.do(follows.block, ann, (await alpha.knows("@eve@far.test")).id)
    assert await read_by(eve) == 404
