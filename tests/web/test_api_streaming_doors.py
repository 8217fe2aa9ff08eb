"""Who may listen to streams, to how many, and what ends one."""

import asyncio

import aiohttp
import pytest

from server.clock import now_ms
from server.services import reactions, sessions, standing
from server.store.db import Database
from tests.village import eventually
from tests.web.hearing import BASE, LONGEST_S, opened, reading, token
from web import live as hub_module
from web import streams as streams_module
from web.api import streaming
from web.keys import CONFIG, HUB

# --- who may listen


async def test_every_way_to_show_the_token_opens_a_socket(any_city):
    bob = await any_city.join("bob")
    given = await token(any_city, bob)
    connect = bob.client.ws_connect
    async with connect(f"{BASE}?stream=user&access_token={given}") as ws:
        assert ws.protocol is None
    async with connect(f"{BASE}/?stream=user", protocols=(given,)) as ws:
        assert ws.protocol == given
    async with connect(BASE, headers={"Authorization": f"Bearer {given}"}) as ws:
        await ws.send_str("")
    async with bob.client.get(f"{BASE}/public?access_token={given}") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", [*streaming.PATHS, ""])
async def test_nobody_listens_without_a_token(city, path):
    visitor = await city.visitor()
    for headers in ({}, {"Authorization": "Bearer forged"}, {"Sec-WebSocket-Protocol": "x"}):
        async with visitor.client.get(f"{BASE}/{path}", headers=headers) as answer:
            assert answer.status == 401
            assert (await answer.json())["error"]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await visitor.client.ws_connect(f"{BASE}?stream=public&access_token=forged")
    assert refused.value.status == 401
    member = await city.join("member")  # a page's session is no app's token
    async with member.client.get(f"{BASE}/user") as answer:
        assert answer.status == 401
    assert city.app[HUB].listening == 0


@pytest.mark.parametrize(
    ("path", "scopes", "status"),
    [
        ("user", "write", 401),
        ("user", "read:notifications", 401),
        ("user/notification", "read:statuses", 401),
        ("direct", "read:notifications", 401),
        ("list?list=1", "read:lists", 401),
        ("list?list=1", "read", 401),
        ("list", "read", 400),
        ("hashtag", "read", 400),
        ("hashtag/local?tag=", "read", 400),
        ("hashtag?tag=" + "x" * 101, "read", 400),
        ("nothing", "read", 404),
    ],
)
async def test_a_wish_that_cannot_be_is_refused_with_a_sentence(city, path, scopes, status):
    bob = await city.join("bob")
    headers = {"Authorization": f"Bearer {await token(city, bob, scopes)}"}
    async with bob.client.get(f"{BASE}/{path}", headers=headers) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]
    assert city.app[HUB].listening == 0


async def test_public_streams_ask_for_no_scope(city):
    ann, bob = await city.join("ann"), await city.join("bob")
    async with reading(city, bob, "public", "write:media") as stream:
        await city.writes(ann, "Hello")
        assert (await stream.event())[0] == "update"


@pytest.mark.parametrize(
    "wish",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        '{"type":1}',
        '{"type":"subscribe"}',
        '{"type":"subscribe","stream":{}}',
        '{"type":"subscribe","stream":[]}',
        '{"type":"subscribe","stream":["user"]}',
        '{"type":"subscribe","stream":"hashtag","tag":["a"]}',
        '{"type":"subscribe","stream":"hashtag","tag":"\\u0000"}',
        '{"type":"subscribe","stream":"list","list":{"a":1}}',
        '{"type":"subscribe","stream":"list","list":-1}',
        '{"type":"subscribe","stream":"list","list":1e400}',
        '{"type":"unsubscribe","stream":"never"}',
        '{"type":"subscribe","stream":"\\ud800"}',
    ],
)
async def test_a_forged_wish_harms_nobody(city, wish):
    ann, bob = await city.join("ann"), await city.join("bob")
    async with opened(city, bob, "public") as socket:
        await socket.ws.send_str(wish)
        await socket.wish("subscribe", "hashtag", tag="x")
        await socket.wish("unsubscribe", "public")
        await socket.wish("subscribe", "nothing")
        while (await socket.next()) != {"error": "There is no such stream.", "status": 400}:
            pass
        await city.writes(ann, "#x")
        while (await socket.next()).get("stream") != ["hashtag", "x"]:
            pass


async def test_bytes_floods_and_long_wishes_end_a_socket(city, monkeypatch):
    bob = await city.join("bob")
    async with opened(city, bob, "user") as socket:
        await socket.ws.send_bytes(b"x")
        assert await socket.closed() == aiohttp.WSCloseCode.UNSUPPORTED_DATA
    async with opened(city, bob, "user") as socket:
        await socket.ws.send_str("x" * (streaming.MAX_WORDS + 1))
        assert await socket.closed() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    monkeypatch.setattr(streaming, "MAX_WISHES", 3)
    async with opened(city, bob, "user") as socket:
        for _ in range(4):
            await socket.ws.send_str("{}")
        assert await socket.closed() == aiohttp.WSCloseCode.POLICY_VIOLATION
    monkeypatch.setattr(streams_module, "MAX_SUBSCRIPTIONS", 1)
    monkeypatch.setattr(streaming, "MAX_WISHES", 300)
    async with opened(city, bob, "user") as socket:
        await socket.wish("subscribe", "user")
        await socket.wish("subscribe", "public")
        assert (await socket.next())["status"] == 429


@pytest.mark.parametrize("beats", ["ping", "pong"])
async def test_pings_are_answered_and_have_an_end_like_wishes(city, monkeypatch, beats):
    """Of 1 MB of them each was answered at once, and nobody else was, for four seconds."""
    bob = await city.join("bob")
    monkeypatch.setattr(streaming, "MAX_WISHES", 3)
    async with opened(city, bob, "user", autoping=False) as socket, asyncio.timeout(LONGEST_S):
        for number in range(3):
            await getattr(socket.ws, beats)(b"%d" % number)
        answers = [await socket.ws.receive() for _ in range(3 if beats == "ping" else 1)]
    assert answers[-1].type is aiohttp.WSMsgType.CLOSE
    assert answers[-1].data == aiohttp.WSCloseCode.POLICY_VIOLATION
    assert [(one.type, one.data) for one in answers[:-1]] == [
        (aiohttp.WSMsgType.PONG, b"%d" % number) for number in range(len(answers) - 1)
    ]


async def test_what_is_no_socket_finds_none(city):
    bob = await city.join("bob")
    headers = {"Authorization": f"Bearer {await token(city, bob)}"}
    async with bob.client.get(BASE, headers=headers) as answer:
        assert answer.status == 404
    async with bob.client.get(f"{BASE}/health") as answer:
        assert (answer.status, await answer.text()) == (200, "OK")


async def test_a_member_opens_only_so_many_and_all_together_too(city, monkeypatch):
    monkeypatch.setattr(hub_module, "MAX_OF_ONE", 2)
    ann, bob = await city.join("ann"), await city.join("bob")
    headers = {"Authorization": f"Bearer {await token(city, bob)}"}
    async with opened(city, bob, "user"), reading(city, bob, "user"):
        async with bob.client.get(f"{BASE}/user", headers=headers) as answer:
            assert answer.status == 429
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await bob.client.ws_connect(BASE, headers=headers)
        assert refused.value.status == 429
        city.app[HUB]._most = 2
        hers = {"Authorization": f"Bearer {await token(city, ann)}"}
        async with ann.client.get(f"{BASE}/user", headers=hers) as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "60"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await ann.client.ws_connect(BASE, headers=hers)
        assert refused.value.status == 503


# --- what ends a stream


@pytest.fixture
def told(monkeypatch):
    """Nobody looks by the clock: what is heard of a commit is heard because of it."""
    monkeypatch.setattr(hub_module, "UNHEARD_S", 3_600.0)


@pytest.mark.usefixtures("told")
async def test_a_revoked_token_ends_its_streams_within_a_second(any_city):
    assert hub_module.PAUSE_S < 1, "the longest that a commit waits to be looked at"
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    async with (
        opened(any_city, ann, "user") as hers,
        opened(any_city, bob, "user") as socket,
        reading(any_city, bob, "user") as stream,
    ):
        await any_city.db.write(sessions.revoke_others, bob.account.id)
        assert await socket.closed() == aiohttp.WSCloseCode.GOING_AWAY
        assert await stream.event() is None
        await any_city.writes(ann, "Still here")
        assert (await hers.next())["event"] == "update"


async def test_a_hub_that_is_told_of_a_token_ends_it_at_once(city, monkeypatch):
    monkeypatch.setattr(hub_module.Hub, "_look", asyncio.Event().wait)  # it hears of nothing else
    bob = await city.join("bob")
    async with opened(city, bob, "user") as socket:
        city.app[HUB].end([one.token_id for one in city.app[HUB].streams._open])
        assert await socket.closed() == aiohttp.WSCloseCode.GOING_AWAY

    async def empty():
        return city.app[HUB].listening == 0

    assert await eventually(empty)


@pytest.mark.usefixtures("told")
async def test_a_suspension_ends_streams(any_city):
    bob = await any_city.join("bob")
    async with opened(any_city, bob, "user") as socket:
        await any_city.db.write(standing.suspend, bob.account.id)
        assert await socket.closed() == aiohttp.WSCloseCode.GOING_AWAY
    bob = await any_city.join("bob2")
    async with opened(any_city, bob, "user") as socket:
        await any_city.db.write(
            lambda tx: tx.run(
                "UPDATE member SET disabled_ms = 1 WHERE account_id = :i", i=bob.account.id
            )
        )
        assert await socket.closed() == aiohttp.WSCloseCode.GOING_AWAY


async def test_a_revocation_by_another_process_ends_streams_too(any_city):
    bob = await any_city.join("bob")
    other = await Database.open(any_city.app[CONFIG].database.url)
    try:
        async with opened(any_city, bob, "user") as socket:
            await other.write(sessions.revoke_others, bob.account.id)
            assert await socket.closed() == aiohttp.WSCloseCode.GOING_AWAY
    finally:
        await other.close()


async def test_a_shutdown_ends_streams_at_once(city, monkeypatch):
    monkeypatch.setattr(hub_module, "GOODBYE_S", 3_600.0)  # nobody is waited for so long
    bob = await city.join("bob")
    async with opened(city, bob, "user") as socket, reading(city, bob, "user") as stream:
        ended = asyncio.create_task(socket.closed())
        async with asyncio.timeout(LONGEST_S):
            await city.server.close()
        assert await ended == aiohttp.WSCloseCode.GOING_AWAY
        assert await stream.event() is None


async def test_who_does_not_read_is_let_go(city, monkeypatch):
    monkeypatch.setattr(streams_module, "MAX_WAITING", 2)
    ann, bob = await city.join("ann"), await city.join("bob")
    async with opened(city, bob, "public") as socket:
        stream = next(iter(city.app[HUB].streams._open))
        woken = stream._woken
        monkeypatch.setattr(stream, "_woken", asyncio.Event())  # nobody wakes its sender
        for n in range(3):
            await city.writes(ann, f"Hello {n}")

        async def let_go():
            return stream.closed

        await eventually(let_go)
        assert not stream._waiting
        assert socket
        woken.set()  # or the end waits for its next sign of life


async def test_streams_that_idle_show_signs_of_life(city, monkeypatch):
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(streaming, "PING_S", 0.05)
    bob = await city.join("bob")
    async with reading(city, bob, "user") as stream:
        assert await stream.line() == ":thump"
        assert await stream.line() == ":thump"
    async with opened(city, bob, autoping=False) as socket:
        async with asyncio.timeout(LONGEST_S):
            assert (await socket.ws.receive()).type is aiohttp.WSMsgType.PING

        async def gone():  # it did not answer
            return city.app[HUB].listening == 0

        await eventually(gone)


async def test_an_event_that_cannot_be_made_is_left_out(city, monkeypatch, caplog):
    async def broken(*_):
        raise ValueError("ours")

    ann, bob = await city.join("ann"), await city.join("bob")
    async with opened(city, bob, "user", "public") as socket:
        with monkeypatch.context() as patch:
            patch.setattr("web.api.payloads.notification", broken)
            post = await city.writes(ann, "@bob hello")
            assert (await socket.next())["payload"]["id"] == str(post.id)
        assert "a notification could not be told" in caplog.messages
        with monkeypatch.context() as patch:
            patch.setattr("web.api.fragments.statuses", broken)
            await city.writes(ann, "lost")

            async def logged():
                return "posts could not be told" in caplog.messages

            await eventually(logged)
        post = await city.writes(ann, "heard")
        assert (await socket.next())["payload"]["id"] == str(post.id)


async def test_a_notification_taken_back_meanwhile_is_not_told(city, monkeypatch):
    ann, bob, cat = [await city.join(name) for name in ("ann", "bob", "cat")]
    post = await city.writes(bob, "Mine")
    carry = city.app[HUB].carry

    async def slow(came):
        await city.db.write(reactions.unlike, city.site, ann.account, post.id, now_ms())
        await carry(came)

    async with opened(city, bob, "user") as socket:
        monkeypatch.setattr(city.app[HUB], "carry", slow)
        await city.db.write(reactions.like, city.site, ann.account, post.id, now_ms())
        await city.db.write(reactions.boost, city.site, cat.account, post.id, now_ms())
        assert (await socket.next())["payload"]["type"] == "reblog"


async def test_json_without_a_bottom_is_passed_over(city):
    ann = await city.join("ann")
    async with opened(city, ann, "user") as socket:
        for depth in (500, 1_000, 2_000, 4_000):
            await socket.ws.send_str("[" * depth)
        post = await city.writes(ann, "Still here")
        assert (await socket.next())["payload"]["id"] == str(post.id)
