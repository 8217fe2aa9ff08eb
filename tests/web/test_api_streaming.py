"""Streams for apps: who hears of what, in which shape, how soon, and what ends a stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest

from server.clock import HOUR_MS, now_ms
from server.ids import new_id
from server.services import events, follows, posts, reactions, sessions, standing
from server.services.new_posts import NewPost
from server.store import posts as post_rows
from server.store.db import Database, Write
from tests.village import eventually
from tests.web.city import City, Person, start, stop
from web import live as hub_module
from web import streams as streams_module
from web.api import streaming
from web.keys import CONFIG, HUB

BASE = "/api/v1/streaming"
LONGEST_S = 10


async def token(city: City, person: Person, scopes: str = "read write follow push") -> str:
    """An app's token of somebody."""
    return await city.db.write(
        sessions.create_access_token, person.account.id, scopes, "tests", now_ms()
    )


async def follow(city: City, one: Person, other: Person) -> None:
    """One follows the other."""
    await city.db.write(follows.follow, city.site, one.account, other.account.id, now_ms())


class Socket:
    """An app's WebSocket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def wish(self, kind: str, stream: Any, **params: Any) -> None:
        """Subscribe or unsubscribe."""
        await self.ws.send_json({"type": kind, "stream": stream, **params})

    async def next(self) -> dict[str, Any]:
        """The next message; its payload decoded where it is JSON."""
        async with asyncio.timeout(LONGEST_S):
            said = await self.ws.receive()
        assert said.type is aiohttp.WSMsgType.TEXT, said
        found = msgspec.json.decode(said.data)
        if found.get("payload", "")[:1] == "{":
            found["payload"] = msgspec.json.decode(found["payload"])
        return found

    async def closed(self, within_s: float = LONGEST_S) -> int | None:
        """The code with which the other side ended it."""
        async with asyncio.timeout(within_s):
            while (await self.ws.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        return self.ws.close_code


@asynccontextmanager
async def opened(city: City, person: Person, *streams: str, scopes: str = "read", **more: Any):
    """A socket of somebody that listens to `streams`."""
    given = await token(city, person, scopes)
    known = await city.db.read(sessions.by_access_token, given)
    async with person.client.ws_connect(
        f"{BASE}/", headers={"Authorization": f"Bearer {given}"}, **more
    ) as ws:
        socket = Socket(ws)
        for name in streams:
            kind, _, rest = name.partition("=")
            params = {"list": rest} if kind == "list" else {"tag": rest} if rest else {}
            await socket.wish("subscribe", kind, **params)

        async def there() -> bool:
            open_ = [one for one in city.app[HUB].streams._open if one.token_id == known.id]
            return any(len(one.names) == len(streams) for one in open_)

        await eventually(there)
        yield socket


class Lines:
    """An answer of Server-Sent Events."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def line(self) -> str:
        """The next line, without its end."""
        async with asyncio.timeout(LONGEST_S):
            return (await self.answer.content.readline()).decode().rstrip("\n")

    async def event(self) -> tuple[str, str] | None:
        """The next event and its data; None at the end."""
        name = ""
        async with asyncio.timeout(LONGEST_S):
            async for raw in self.answer.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    return name, line.removeprefix("data: ")
        return None


@asynccontextmanager
async def reading(
    city: City, person: Person, path: str, scopes: str = "read"
) -> AsyncIterator[Lines]:
    """Somebody's open stream at `path`."""
    given = await token(city, person, scopes)
    headers = {"Authorization": f"Bearer {given}"}
    async with person.client.get(f"{BASE}/{path}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        lines = Lines(answer)
        assert await lines.line() == ":)"
        yield lines


# --- shapes


async def test_a_home_stream_tells_of_posts_notifications_edits_and_deletions(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    await follow(any_city, bob, ann)
    async with opened(any_city, bob, "user") as socket:
        post = await any_city.writes(ann, "@bob Hello")
        heard = [await socket.next(), await socket.next()]
        by_event = {one["event"]: one for one in heard}
        assert [one["stream"] for one in heard] == [["user"], ["user"]]
        status = by_event["update"]["payload"]
        assert (status["id"], status["account"]["acct"]) == (str(post.id), "ann")
        async with bob.client.get(
            f"/api/v1/statuses/{post.id}",
            headers={"Authorization": f"Bearer {await token(any_city, bob)}"},
        ) as answer:
            assert await answer.json() == status
        told = by_event["notification"]["payload"]
        assert (told["type"], told["status"]["id"]) == ("mention", str(post.id))
        await any_city.db.write(reactions.like, any_city.site, bob.account, post.id, now_ms())
        new = NewPost(content="@bob Hello again")
        await any_city.db.write(posts.edit, any_city.site, ann.account, post.id, new, now_ms())
        edited = await socket.next()
        assert (edited["event"], edited["payload"]["favourited"]) == ("status.update", True)
        assert "again" in edited["payload"]["content"]
        await any_city.db.write(posts.delete, any_city.site, ann.account, post.id, now_ms())
        assert await socket.next() == {
            "stream": ["user"],
            "event": "delete",
            "payload": str(post.id),
        }


async def test_events_over_http_carry_the_same(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    await follow(any_city, bob, ann)
    async with reading(any_city, bob, "user") as stream:
        headers = stream.answer.headers
        assert headers["Content-Type"].startswith("text/event-stream")
        assert headers["Cache-Control"] == "no-store, no-transform"
        assert headers["Access-Control-Allow-Origin"] == "*"
        post = await any_city.writes(ann, "Hello\nthere")
        name, data = await stream.event()
        assert (name, msgspec.json.decode(data)["id"]) == ("update", str(post.id))
        await any_city.db.write(
            events.tell, "filters_changed", events.mine(bob.account.id), now_ms()
        )
        assert await stream.event() == ("filters_changed", "undefined")


async def test_a_boost_is_an_update_and_its_end_a_deletion(any_city):
    ann, bob, cat = [await any_city.join(name) for name in ("ann", "bob", "cat")]
    await follow(any_city, cat, bob)
    post = await any_city.writes(ann, "Pass me on")
    await any_city.db.write(reactions.like, any_city.site, cat.account, post.id, now_ms())
    async with opened(any_city, cat, "user") as socket:
        boost_id = await any_city.db.write(
            reactions.boost, any_city.site, bob.account, post.id, now_ms()
        )
        heard = await socket.next()
        assert heard["payload"]["id"] == str(boost_id)
        assert heard["payload"]["account"]["acct"] == "bob"
        assert heard["payload"]["reblog"]["id"] == str(post.id)
        assert heard["payload"]["reblog"]["favourited"] is True
        await any_city.db.write(reactions.unboost, any_city.site, bob.account, post.id, now_ms())
        heard = await socket.next()
        assert (heard["event"], heard["payload"]) == ("delete", str(boost_id))


async def test_a_boost_that_is_taken_back_at_once_is_told_before_its_end(any_city):
    ann, bob, cat = [await any_city.join(name) for name in ("ann", "bob", "cat")]
    await follow(any_city, cat, bob)
    post = await any_city.writes(ann, "Pass me on")

    def both(tx: Write) -> int:
        id = reactions.boost(tx, any_city.site, bob.account, post.id, now_ms())
        reactions.unboost(tx, any_city.site, bob.account, post.id, now_ms())
        return id

    async with opened(any_city, cat, "user") as socket:
        boost_id = await any_city.db.write(both)
        heard = await socket.next()
        assert (heard["event"], heard["payload"]) == ("delete", str(boost_id))


async def test_one_socket_carries_many_streams_until_it_wants_them_no_more(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    wanted = ("public", "public:local", "public:remote", "hashtag=Cats", "hashtag:local=cats")
    async with opened(any_city, bob, *wanted) as socket:
        post = await any_city.writes(ann, "#cats")
        heard = [await socket.next() for _ in range(4)]
        assert {tuple(one["stream"]) for one in heard} == {
            ("public",),
            ("public:local",),
            ("hashtag", "Cats"),
            ("hashtag:local", "cats"),
        }
        assert {one["payload"]["id"] for one in heard} == {str(post.id)}
        await socket.wish("unsubscribe", "public")
        await socket.wish("unsubscribe", "hashtag", tag="Cats")
        await socket.wish("unsubscribe", "hashtag:local", tag="cats")
        await socket.wish("subscribe", "nothing")
        assert (await socket.next())["status"] == 400  # by then the others were heard
        await any_city.writes(ann, "#cats again")
        assert (await socket.next())["stream"] == ["public:local"]
        reply = await any_city.writes(ann, "#cats too", reply_to_id=post.id)
        other = await any_city.writes(ann, "No tag")
        assert (await socket.next())["payload"]["id"] == str(other.id)
        assert reply


async def test_media_streams_carry_what_has_pictures(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    async with (
        opened(any_city, bob, "public:media", "public:local:media") as socket,
        reading(any_city, bob, "public/local?only_media=true") as stream,
    ):
        await any_city.writes(ann, "Words")
        post = await any_city.db.write(_with_picture, any_city.site, ann.account)
        heard = [await socket.next() for _ in range(2)]
        assert {one["stream"][0] for one in heard} == {"public:media", "public:local:media"}
        assert {one["payload"]["id"] for one in heard} == {str(post)}
        assert msgspec.json.decode((await stream.event())[1])["id"] == str(post)


def _with_picture(tx: Write, site: Any, account: Any) -> int:
    post = posts.write(tx, site, account, NewPost(content="Look"), now_ms())
    tx.run(
        """
        INSERT INTO media (id, account_id, post_id, position, kind, media_type, large, small,
            remote_url, alt, width, height, small_width, small_height, bytes, blurhash, focus_x,
            focus_y, created_ms)
        VALUES (:id, :account, :post, 0, 'image', 'image/png', 'a.png', 'a.png', '', '', 1, 1, 1, 1,
            1, '', 0.0, 0.0, 1)
        """,
        id=new_id(now_ms()),
        account=account.id,
        post=post.id,
    )
    return post.id


async def test_a_list_carries_its_members_and_only_for_its_owner(any_city):
    ann, bob, cat = [await any_city.join(name) for name in ("ann", "bob", "cat")]
    for one in (ann, cat):
        await follow(any_city, bob, one)
    for id, policy in ((7, "list"), (8, "none"), (9, "followed")):
        await any_city.db.write(_list, id, bob.account.id, [ann.account.id], policy)
    async with opened(any_city, bob, "list=7", "list=8", "list=9") as socket:
        hers = await any_city.writes(cat, "Not of the list")
        post = await any_city.writes(ann, "Of the list")
        heard = [await socket.next() for _ in range(3)]
        assert {tuple(one["stream"]) for one in heard} == {("list", n) for n in "789"}
        assert {one["payload"]["id"] for one in heard} == {str(post.id)}
        reply = await any_city.writes(ann, "To cat", reply_to_id=hers.id)
        heard = await socket.next()
        assert (heard["stream"], heard["payload"]["id"]) == (["list", "9"], str(reply.id))
        own = await any_city.writes(ann, "To herself", reply_to_id=post.id)
        heard = [await socket.next() for _ in range(3)]
        assert {one["payload"]["id"] for one in heard} == {str(own.id)}
        await any_city.db.write(posts.delete, any_city.site, ann.account, own.id, now_ms())
        heard = [await socket.next() for _ in range(3)]
        assert {(one["event"], one["payload"]) for one in heard} == {("delete", str(own.id))}
        asked = await any_city.writes(bob, "A question")
        answer = await any_city.writes(ann, "To the list's owner", reply_to_id=asked.id)
        heard = [await socket.next() for _ in range(3)]
        assert {one["payload"]["id"] for one in heard} == {str(answer.id)}
    async with opened(any_city, cat) as socket:
        for id in ("7", "10", "x", "9" * 30):
            await socket.wish("subscribe", "list", list=id)
            said = await socket.next()
            assert said == {"error": "You cannot listen to this list.", "status": 401}


def _list(tx: Write, id: int, owner: int, members: list[int], policy: str) -> None:
    tx.run(
        "INSERT INTO list (id, account_id, title, replies_policy) VALUES (:id, :me, 'x', :policy)",
        id=id,
        me=owner,
        policy=policy,
    )
    for one in members:
        tx.run("INSERT INTO list_member VALUES (:list, :one, :one)", list=id, one=one)


async def test_conversations_have_a_stream_of_their_own(any_city):
    ann, bob, eve = [await any_city.join(name) for name in ("ann", "bob", "eve")]
    async with (
        opened(any_city, bob, "direct") as his,
        opened(any_city, eve, "direct") as hers,
    ):
        post = await any_city.writes(ann, "@bob psst", visibility="direct")
        await any_city.db.write(_conversation, 5, bob.account.id, post)
        heard = await his.next()
        assert (heard["stream"], heard["event"]) == (["direct"], "conversation")
        said = heard["payload"]
        assert (said["id"], said["unread"]) == ("5", True)
        assert [one["acct"] for one in said["accounts"]] == ["ann"]
        assert said["last_status"]["id"] == str(post.id)
        other = await any_city.writes(bob, "@eve hello", visibility="direct")
        await any_city.db.write(_conversation, 6, eve.account.id, other)
        assert (await hers.next())["payload"]["id"] == "6"


def _conversation(tx: Write, id: int, account_id: int, post: Any) -> None:
    tx.run("DELETE FROM conversation WHERE account_id = :me", me=account_id)
    tx.run(
        "INSERT INTO conversation (id, account_id, thread_id, last_id) VALUES (:id, :me, :t, :p)",
        id=id,
        me=account_id,
        t=post.thread_id,
        p=post.id,
    )


async def test_announcements_are_told_to_every_member(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    async with opened(any_city, ann, "user") as hers, opened(any_city, bob, "user") as his:
        await any_city.db.write(_announce)
        for socket in (hers, his):
            heard = await socket.next()
            assert (heard["event"], heard["payload"]["id"]) == ("announcement", "3")
            assert heard["payload"]["content"] == "<p>Market day</p>"
            heard = await socket.next()
            assert heard["payload"] == {"name": "👍", "count": 1, "announcement_id": "3"}
            heard = await socket.next()
            assert (heard["event"], heard["payload"]) == ("announcement.delete", "3")


def _announce(tx: Write) -> None:
    tx.run(
        """
        INSERT INTO announcement (id, text, content, published_ms, updated_ms)
        VALUES (3, 'Market day', '<p>Market day</p>', 1, 1)
        """
    )
    events.tell(tx, "announcement", events.ANNOUNCED, now_ms(), of=3)
    reaction = '{"name":"👍","count":1,"announcement_id":"3"}'
    events.tell(tx, "announcement.reaction", events.ANNOUNCED, now_ms(), payload=reaction)
    events.tell(tx, "announcement.delete", events.ANNOUNCED, now_ms(), payload="3")


async def test_notifications_have_a_stream_of_their_own(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    async with reading(any_city, bob, "user/notification", "read:notifications") as stream:
        await follow(any_city, ann, bob)
        name, data = await stream.event()
        assert (name, msgspec.json.decode(data)["type"]) == ("notification", "follow")
        told = events.notified(bob.account.id)
        await any_city.db.write(events.tell, "notifications_merged", told, now_ms(), payload="1")
        assert await stream.event() == ("notifications_merged", "1")


# --- nothing leaks


async def test_what_is_not_for_everybody_reaches_only_those_whom_it_is_for(any_city):
    ann, bob, eve = [await any_city.join(name) for name in ("ann", "bob", "eve")]
    await follow(any_city, bob, ann)
    everything = ("public", "public:local", "hashtag=x", "user", "direct")
    async with (
        opened(any_city, bob, *everything) as his,
        opened(any_city, eve, *everything) as hers,
    ):
        for visibility in ("followers", "direct", "unlisted"):
            post = await any_city.writes(ann, "secret #x @bob", visibility=visibility)
            new = NewPost(content="another secret #x @bob")
            await any_city.db.write(posts.edit, any_city.site, ann.account, post.id, new, now_ms())
            await any_city.db.write(posts.delete, any_city.site, ann.account, post.id, now_ms())
        last = await any_city.writes(ann, "Hello")
        for _ in range(2):
            assert (await hers.next())["payload"]["id"] == str(last.id)
        for one in (bob, eve):
            told = events.mine(one.account.id)
            await any_city.db.write(events.tell, "filters_changed", told, now_ms())
        assert await hers.next() == {"stream": ["user"], "event": "filters_changed"}
        heard = []
        while not heard or heard[-1]["event"] != "filters_changed":
            heard.append(await his.next())
        ends = [one["payload"] for one in heard if one["event"] == "delete"]
        assert len(set(ends)) == 3
        assert {tuple(one["stream"]) for one in heard if one["event"] == "delete"} == {("user",)}


async def test_the_blocked_and_the_muted_are_not_heard_in_any_stream(any_city):
    ann, bob, cat, eve = [await any_city.join(name) for name in ("ann", "bob", "cat", "eve")]
    write = any_city.db.write
    await write(follows.block, any_city.site, bob.account, ann.account.id, now_ms())
    await write(follows.mute, cat.account.id, ann.account.id, None, True, now_ms())
    await write(follows.block, any_city.site, ann.account, eve.account.id, now_ms())
    kinds = ("public", "hashtag=x", "user")
    async with (
        opened(any_city, bob, *kinds) as one,
        opened(any_city, cat, *kinds) as two,
        opened(any_city, eve, *kinds) as three,
    ):
        post = await any_city.writes(ann, "Hello #x")
        new = NewPost(content="Hello again #x")
        await write(posts.edit, any_city.site, ann.account, post.id, new, now_ms())
        dan = await any_city.join("dan")
        other = await any_city.writes(dan, "I am heard")
        for socket in (one, two, three):
            assert (await socket.next())["payload"]["id"] == str(other.id)


async def test_old_posts_that_arrive_now_and_limited_authors_are_no_news_to_everybody(any_city):
    ann, bob, mallory = [await any_city.join(name) for name in ("ann", "bob", "mallory")]
    await any_city.db.write(
        lambda tx: tx.run("UPDATE account SET limited_ms = 1 WHERE name = 'mallory'")
    )
    post = await any_city.writes(ann, "Model")
    async with opened(any_city, bob, "public", "public:local") as socket:
        old = msgspec.structs.replace(
            post, id=new_id(now_ms()), uri="https://x.test/1", published_ms=now_ms() - 7 * HOUR_MS
        )
        await any_city.db.write(post_rows.insert, old)
        await any_city.writes(mallory, "I am limited")
        last = await any_city.writes(ann, "News")
        assert (await socket.next())["payload"]["id"] == str(last.id)


async def test_a_user_stream_without_the_scope_tells_of_no_notifications(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    await follow(any_city, bob, ann)
    async with opened(any_city, bob, "user", scopes="read:statuses") as socket:
        first = await any_city.writes(ann, "@bob one")
        second = await any_city.writes(ann, "@bob two")
        heard = [await socket.next(), await socket.next()]
        assert [one["payload"]["id"] for one in heard] == [str(first.id), str(second.id)]


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


async def test_a_revoked_token_ends_its_streams_within_a_second(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    async with (
        opened(any_city, ann, "user") as hers,
        opened(any_city, bob, "user") as socket,
        reading(any_city, bob, "user") as stream,
    ):
        await any_city.db.write(sessions.revoke_others, bob.account.id)
        async with asyncio.timeout(1):
            assert await socket.closed() == aiohttp.WSCloseCode.GOING_AWAY
            assert await stream.event() is None
        await any_city.writes(ann, "Still here")
        assert (await hers.next())["event"] == "update"


async def test_a_hub_that_is_told_of_a_token_ends_it_at_once(city):
    bob = await city.join("bob")
    async with opened(city, bob, "user") as socket:
        city.app[HUB].end([one.token_id for one in city.app[HUB].streams._open])
        assert await socket.closed(1) == aiohttp.WSCloseCode.GOING_AWAY

    async def empty():
        return city.app[HUB].listening == 0

    assert await eventually(empty)


async def test_a_suspension_ends_streams(any_city):
    bob = await any_city.join("bob")
    async with opened(any_city, bob, "user") as socket:
        await any_city.db.write(standing.suspend, bob.account.id)
        assert await socket.closed(1) == aiohttp.WSCloseCode.GOING_AWAY
    bob = await any_city.join("bob2")
    async with opened(any_city, bob, "user") as socket:
        await any_city.db.write(
            lambda tx: tx.run(
                "UPDATE member SET disabled_ms = 1 WHERE account_id = :i", i=bob.account.id
            )
        )
        assert await socket.closed(1) == aiohttp.WSCloseCode.GOING_AWAY


async def test_a_revocation_by_another_process_ends_streams_too(any_city):
    bob = await any_city.join("bob")
    other = await Database.open(any_city.app[CONFIG].database.url)
    try:
        async with opened(any_city, bob, "user") as socket:
            await other.write(sessions.revoke_others, bob.account.id)
            assert await socket.closed(2) == aiohttp.WSCloseCode.GOING_AWAY
    finally:
        await other.close()


async def test_a_shutdown_ends_streams_at_once(city):
    bob = await city.join("bob")
    async with opened(city, bob, "user") as socket, reading(city, bob, "user") as stream:
        ended = asyncio.create_task(socket.closed())
        async with asyncio.timeout(3):
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


# --- two processes


@pytest.mark.parametrize("dialect", ["postgresql"])  # one process serves on SQLite
async def test_two_processes_tell_each_other(any_city, tmp_path, monkeypatch):
    """Here two applications on one database; a commit is heard of at once."""
    monkeypatch.setattr("web.live.UNHEARD_S", 60.0)
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    url = any_city.app[CONFIG].database.url
    await follow(any_city, bob, ann)
    other = await start(url, tmp_path)
    try:
        person = await other.visitor()
        person.account = bob.account
        async with opened(other, person, "user") as socket:
            for n in range(3):
                began = asyncio.get_running_loop().time()
                post = await any_city.writes(ann, f"Hello {n}")
                assert (await socket.next())["payload"]["id"] == str(post.id)
                assert asyncio.get_running_loop().time() - began < 20
    finally:
        await stop(other)
