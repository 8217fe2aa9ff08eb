"""Streams for apps: who hears of what, in which shape, how soon, and what ends a stream."""

import asyncio
from typing import Any

import msgspec
import pytest

from server.clock import HOUR_MS, now_ms
from server.ids import new_id
from server.services import events, follows, posts, reactions
from server.services.new_posts import NewPost
from server.store import posts as post_rows
from server.store.db import Write
from tests.web.city import start, stop
from tests.web.hearing import follow, opened, reading, token
from web.keys import CONFIG

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
