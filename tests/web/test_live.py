"""Live updates: who hears of what, how little is told, and how little it costs."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import msgspec
import pytest
from yarl import URL

from server.clock import now_ms
from server.errors import TooMany
from server.ids import new_id
from server.services import follows, live, posts, sessions, standing
from server.services.live import Came
from server.services.new_posts import NewPost
from server.store import posts as post_rows
from server.store.db import Database
from server.store.transaction import Read
from tests.listening import LONGEST_S, Stream, listening
from tests.village import eventually
from tests.web.city import COOKIE, City, Person
from tests.web.html import Element, HtmlPage
from web import live as hub_module
from web.keys import CONFIG, HUB
from web.live import Crowded, Hub, Listener, News
from web.pages import live as pages

ROOT = Path(__file__).parents[2]


def here() -> bool:
    """Nobody has gone."""
    return False


async def fragment(person: Person, path: str, status: int = 200, **headers: str) -> HtmlPage:
    """A part of a page."""
    async with person.client.get(path, headers={**person.headers, **headers}) as answer:
        text = await answer.text()
        assert answer.status == status, text
        if status == 200:
            assert answer.headers["Cache-Control"] == "no-store"
            assert "<html" not in text
        return HtmlPage(text)


async def liked_by_nobody_but(city: City, one: Person, other: Person) -> None:
    """One follows the other."""
    await city.db.write(follows.follow, city.site, one.account, other.account.id, now_ms())


# --- what a listener keeps


async def test_however_much_comes_a_listener_keeps_one_thing_for_each_topic():
    listener = Listener({"local": "local", "home:7": "home"}, 0, here)
    for id in range(1, 10_001):
        listener.tell(Came(id, "local", id))
    listener.tell(Came(5, "home:7", 5))
    assert await listener.wait(1) == [
        News("local", hub_module.MOST_COUNTED, 10_000),
        News("home", 1, 5),
    ]
    assert await listener.wait(0) == []


async def test_what_a_listener_knows_already_is_no_news():
    listener = Listener({"local": "local"}, 100, here)
    listener.tell(Came(100, "local", 100))
    assert await listener.wait(0) == []
    listener.tell(Came(101, "local", 101))
    assert await listener.wait(1) == [News("local", 1, 101)]


async def test_only_so_many_listen_and_who_has_gone_makes_room(db, monkeypatch):
    monkeypatch.setattr(hub_module, "MAX_OF_ONE", 2)
    hub, gone = Hub(db, now_ms), []
    hub._most = 3
    with ExitStack() as stack:
        for who in ("a", "a", "b"):
            stack.enter_context(hub.listen({"local": "local"}, who, gone=lambda: bool(gone)))
        with pytest.raises(Crowded):
            stack.enter_context(hub.listen({"local": "local"}, "c", gone=here))
        hub._most = 4
        with pytest.raises(TooMany):
            stack.enter_context(hub.listen({"local": "local"}, "a", gone=here))
        gone.append(True)
        stack.enter_context(hub.listen({"local": "local"}, "a", gone=here))
        assert hub.listening == 1
    assert hub.listening == 0
    assert hub._by_topic == {}


def test_half_of_the_files_are_for_other_things(monkeypatch):
    limits = {64: 32, 1024: 512, 100_000: hub_module.MAX_STREAMS, -1: hub_module.MAX_STREAMS}
    for soft, room in limits.items():
        monkeypatch.setattr(hub_module.resource, "getrlimit", lambda _, soft=soft: (soft, soft))
        assert hub_module._room() == room


# --- looking


async def test_every_post_is_told_although_a_look_is_bounded(any_city, monkeypatch):
    monkeypatch.setattr(live, "BATCH", 3)
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    await liked_by_nobody_but(any_city, bob, ann)
    marks = live.marks_at(now_ms())
    written = [await any_city.writes(ann, f"@bob {n}") for n in range(8)]
    told: dict[str, set[int]] = {}
    more = True
    while more:
        news = await any_city.db.read(live.look, marks, [bob.account.id], now_ms())
        marks, more = news.marks, news.more
        for one in news.came:
            told.setdefault(one.topic, set()).add(one.id)
    ids = {post.id for post in written}
    assert told["local"] == told[f"home:{bob.account.id}"] == ids
    assert len(told[f"notifications:{bob.account.id}"]) >= 8


async def test_what_is_committed_late_is_told_and_nothing_twice(any_city, monkeypatch):
    """Ids are made before the commit: a post may appear below one that was seen already."""
    monkeypatch.setattr(live, "OVERLAP_MS", 60_000)  # so late as a slow machine may be
    ann, hub = await any_city.join("ann"), any_city.app[HUB]
    with hub.listen({"local": "local"}, "x", gone=here) as listener:
        late = new_id(now_ms())
        second = await any_city.writes(ann, "second")
        assert await listener.wait(LONGEST_S) == [News("local", 1, second.id)]
        below = msgspec.structs.replace(second, id=late, uri=f"{second.uri}-below")
        await any_city.db.write(post_rows.insert, below)
        await any_city.writes(ann, "third", visibility="direct")
        found = await listener.wait(LONGEST_S)
        assert [(one.count, one.last) for one in found] == [(1, late)]


async def test_three_hundred_listeners_cost_one_look_for_each_commit(any_city, monkeypatch):
    ann, hub = await any_city.join("ann"), any_city.app[HUB]
    looks: list[int] = []
    said: list[Read] = []
    look, execute = live.look, Read._execute

    def counted(db, *rest):
        found = look(db, *rest)
        looks.append(sum(1 for asked in said if asked is db))
        return found

    def noted(self, sql, params):
        said.append(self)
        return execute(self, sql, params)

    with ExitStack() as stack:
        listeners = [
            stack.enter_context(
                hub.listen({"local": "local", f"home:{n}": "home"}, f"{n}", gone=here)
            )
            for n in range(300)
        ]
        monkeypatch.setattr(live, "look", counted)
        monkeypatch.setattr(Read, "_execute", noted)
        post = await any_city.writes(ann, "News")
        heard = await asyncio.gather(*(listener.wait(LONGEST_S) for listener in listeners))
        assert heard == [[News("local", 1, post.id)]] * 300
        assert looks[:2] in ([3], [3, 3])  # the one before the commit may have been under way


async def test_nothing_is_looked_for_when_nobody_listens(city, monkeypatch):
    looks: list[int] = []
    look = live.look
    monkeypatch.setattr(live, "look", lambda *args: looks.append(1) or look(*args))
    ann, hub = await city.join("ann"), city.app[HUB]
    await city.writes(ann, "Nobody listens")
    await asyncio.sleep(0)
    assert looks == []
    with hub.listen({"local": "local"}, "x", gone=here) as listener:
        await city.writes(ann, "Somebody does")
        assert await listener.wait(LONGEST_S)
    assert looks

    async def resting():
        return hub._marks is None and not hub._told

    assert await eventually(resting)


async def test_what_another_process_commits_is_told_too(any_city, monkeypatch):
    """`madang post`, or a second serving process on PostgreSQL: its commits wake nobody here."""
    monkeypatch.setattr(hub_module, "UNHEARD_S", 0.4)
    ann, hub = await any_city.join("ann"), any_city.app[HUB]
    other = await Database.open(any_city.app[CONFIG].database.url)
    try:
        with hub.listen({"local": "local"}, "x", gone=here) as listener:
            new = NewPost(content="From elsewhere")
            post = await other.write(posts.write, any_city.site, ann.account, new, now_ms())
            assert await listener.wait(LONGEST_S) == [News("local", 1, post.id)]
    finally:
        await other.close()


async def test_a_database_that_fails_once_ends_nothing(city, monkeypatch):
    ann, hub, look = await city.join("ann"), city.app[HUB], live.look
    monkeypatch.setattr(hub_module, "AWAY_S", 0.01)
    failures = iter([OSError("away")])

    def failing(*args):
        if error := next(failures, None):
            raise error
        return look(*args)

    monkeypatch.setattr(live, "look", failing)
    with hub.listen({"local": "local"}, "x", gone=here) as listener:
        post = await city.writes(ann, "Still there")
        assert await listener.wait(LONGEST_S) == [News("local", 1, post.id)]


# --- the stream


async def test_a_stream_tells_of_topics_counts_and_ids_and_of_no_words(any_city):
    ann, bob, visitor = (
        await any_city.join("ann"),
        await any_city.join("bob"),
        await any_city.visitor(),
    )
    await liked_by_nobody_but(any_city, bob, ann)
    root = await any_city.writes(ann, "Root")
    async with (
        listening(bob.client, f"thread:{root.id},home,notifications") as his,
        listening(visitor.client, "local,stories,tag:봄") as everybodys,
    ):
        headers = his.answer.headers
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert headers["Cache-Control"] == "no-store, no-transform"  # proxies must not pack it
        assert headers["X-Accel-Buffering"] == "no"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Encoding" not in headers
        assert his.retry == "3000"
        reply = await any_city.writes(ann, "@bob secret words", reply_to_id=root.id)
        heard = {(one := await his.event())["topic"]: one for _ in range(3)}
        assert heard[f"thread:{root.id}"] == {
            "event": "thread",
            "topic": f"thread:{root.id}",
            "count": 1,
            "last": str(reply.id),
        }
        assert heard["home"]["last"] == str(reply.id)
        assert heard["notifications"]["event"] == "notifications"
        story = await any_city.writes(ann, "#봄 봄입니다", title="봄")
        heard = {(one := await everybodys.event())["event"]: one for _ in range(3)}
        assert {one["last"] for one in heard.values()} == {str(story.id)}
        assert heard.keys() == {"local", "stories", "tag"}


async def test_a_private_reply_shows_in_no_strangers_stream_not_even_its_time(any_city):
    ann, bob, eve = [await any_city.join(name) for name in ("ann", "bob", "eve")]
    visitor = await any_city.visitor()
    await liked_by_nobody_but(any_city, bob, ann)
    root = await any_city.writes(ann, "Root")
    topics = f"thread:{root.id},local"
    async with (
        listening(visitor.client, topics) as strangers,
        listening(eve.client, f"{topics},home,notifications") as hers,
        listening(bob.client, topics) as his,
    ):
        for visibility in ("followers", "direct"):
            told = await any_city.writes(
                ann, "@bob psst", reply_to_id=root.id, visibility=visibility
            )
            assert (await his.event())["last"] == str(told.id)  # the hub has seen it
        seen = await any_city.writes(ann, "Hello all", reply_to_id=root.id)
        for stream in (strangers, hers):
            assert await stream.event() == {
                "event": "thread",
                "topic": f"thread:{root.id}",
                "count": 1,
                "last": str(seen.id),
            }
            assert int(stream.last_id) < told.id  # a time, of nobody's post


async def test_whoever_comes_back_hears_what_was_missed(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    await liked_by_nobody_but(any_city, bob, ann)
    root = await any_city.writes(ann, "Root")
    topics = f"thread:{root.id},home,notifications,local,stories,federated,tag:x"
    async with listening(bob.client, topics) as stream:
        last = stream.last_id
    assert last
    missed = [await any_city.writes(ann, "@bob #x", reply_to_id=root.id) for _ in range(2)]
    again = {"Last-Event-ID": last}
    async with listening(bob.client, topics, again) as stream:
        heard = {(one := await stream.event())["topic"]: one for _ in range(6)}
    assert heard[f"thread:{root.id}"]["last"] == heard["home"]["last"] == str(missed[-1].id)
    assert heard["notifications"]["count"] == 2
    assert heard["tag:x"]["count"] == 2
    assert heard["local"]["last"] == str(root.id)  # of the last seconds: told again
    assert "stories" not in heard


async def test_what_came_between_a_page_and_its_stream_is_heard(any_city):
    ann, visitor = await any_city.join("ann"), await any_city.visitor()
    made_ms = now_ms()
    post = await any_city.writes(ann, "Quick")
    async with listening(visitor.client, "local", since=made_ms) as stream:
        assert (await stream.event())["last"] == str(post.id)


async def test_signs_of_life_tell_from_where_to_go_on_and_end_with_the_session(
    any_city, monkeypatch
):
    monkeypatch.setattr(pages, "HEARTBEAT_S", 0.05)
    bob, visitor = await any_city.join("bob"), await any_city.visitor()
    async with (
        listening(bob.client, "home") as his,
        listening(visitor.client, "local") as everybodys,
    ):
        first = await his.block()
        assert first is not None
        assert first.keys() == {"", "id"}
        cookies = bob.client.session.cookie_jar.filter_cookies(URL("http://127.0.0.1"))
        await any_city.db.write(sessions.sign_out, cookies[COOKIE].value)
        async with asyncio.timeout(LONGEST_S):
            while await his.block():
                pass
        assert await everybodys.block()
    async with bob.client.get("/live?topics=home") as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    "topics",
    [
        "",
        "x",
        "thread:",
        "thread:-1",
        "thread:1e3",
        "thread:٣",
        "thread:9223372036854775808",
        "thread:" + "9" * 400,
        "home:1",
        "notifications:1",
        "local,",
        "local,thread:1:2",
        "tag:",
        "tag:" + "x" * 101,
        "local;DROP",
        ",".join(f"thread:{n}" for n in range(9)),
        "," * 5000,
    ],
)
async def test_a_forged_topic_is_refused_with_a_sentence(city, topics):
    bob = await city.join("bob")
    async with bob.client.get("/live", params={"topics": topics}, headers=bob.headers) as answer:
        assert answer.status == 400
        assert "There are no live updates of this." in await answer.text()
    assert city.app[HUB].listening == 0


@pytest.mark.parametrize("id", ["x", "-1", "9" * 400, "0", "9223372036854775807", "1; DROP"])
async def test_a_forged_place_to_go_on_from_harms_nobody(any_city, id):
    visitor = await any_city.visitor()
    for headers, query in (({"Last-Event-ID": id}, {}), ({}, {"since": id})):
        async with listening(visitor.client, "local,thread:1", headers, **query) as stream:
            assert await stream.block() is not None


async def test_what_is_somebodys_own_needs_them(city):
    visitor = await city.visitor()
    for path in (
        "/live?topics=home",
        "/live?topics=local,notifications",
        "/live/notifications",
        "/live/timeline/home?min_id=0",
    ):
        assert "You are signed out." in (await fragment(visitor, path, 401)).text


async def test_too_many_streams_are_refused_until_there_is_room(city, monkeypatch):
    monkeypatch.setattr(hub_module, "MAX_OF_ONE", 2)
    visitor, bob = await city.visitor(), await city.join("bob")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(listening(visitor.client, "local"))
        await stack.enter_async_context(listening(visitor.client, "local"))
        async with visitor.client.get("/live?topics=local") as answer:
            assert answer.status == 429
            assert answer.headers["Retry-After"] == "60"
        await stack.enter_async_context(listening(bob.client, "local"))
        city.app[HUB]._most = 3
        async with bob.client.get("/live?topics=local") as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "60"
        first.answer.close()

        async def again() -> Stream:
            async with visitor.client.get("/live?topics=local") as answer:
                return answer.status == 200

        assert await eventually(again)


async def test_a_browser_that_leaves_is_forgotten(city, monkeypatch):
    monkeypatch.setattr(hub_module, "UNHEARD_S", 0.4)
    visitor, hub = await city.visitor(), city.app[HUB]
    async with listening(visitor.client, "local"):
        assert hub.listening == 1

    async def empty():
        return hub.listening == 0

    assert await eventually(empty)


async def test_a_reader_too_slow_is_cut_off(city, monkeypatch):
    monkeypatch.setattr(pages, "MAX_UNREAD", -1)
    ann, visitor = await city.join("ann"), await city.visitor()
    async with visitor.client.get("/live?topics=local") as answer:
        await Stream(answer).block()
        await city.writes(ann, "Too much")
        with pytest.raises(Exception, match=r"payload|closed|reset|Disconnected"):
            async with asyncio.timeout(LONGEST_S):
                await answer.content.read()
    assert city.app[HUB].listening == 0


async def test_only_a_browser_that_reads_gets_a_stream(city):
    visitor = await city.visitor()
    async with visitor.client.head("/live?topics=local") as answer:
        assert answer.status == 405
    assert city.app[HUB].listening == 0


async def test_a_long_stream_is_no_slow_request(city, monkeypatch, caplog):
    monkeypatch.setattr("web.middleware.SLOW_MS", -1)
    visitor = await city.visitor()
    with caplog.at_level("INFO", logger="web.middleware"):
        await visitor.get("/local")
        async with listening(visitor.client, "local"):
            pass
        await city.app[HUB].close()

        async def empty():
            return city.app[HUB].listening == 0

        assert await eventually(empty)
    assert [line for line in caplog.messages if "/live" in line] == []
    assert [line for line in caplog.messages if "/local" in line]


async def test_a_fault_within_a_stream_is_logged_and_not_answered(city, monkeypatch, caplog):
    def broken(*_):
        raise ValueError("ours")

    ann, visitor = await city.join("ann"), await city.visitor()
    async with listening(visitor.client, "local") as stream:
        monkeypatch.setattr(pages, "_too_slow", broken)
        await city.writes(ann, "Hello")
        assert await stream.event() is None
    assert "a live stream failed" in caplog.messages


async def test_a_shutdown_waits_for_no_stream(city, monkeypatch):
    monkeypatch.setattr("web.live.GOODBYE_S", 3_600.0)
    visitor = await city.visitor()
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(listening(visitor.client, "local")) for _ in range(20)
        ]
        async with asyncio.timeout(LONGEST_S):
            await city.server.close()
        for stream in streams:
            assert await stream.event() is None


WAITING_FOR_EVER = """
import sys
from web import cli, live
from web.commands import serve
live.GOODBYE_S = serve.DRAIN_S = serve.STOP_S = 3_600.0
sys.exit(cli.main(["serve"]))
"""


def test_the_real_process_ends_at_once_with_a_stream_open(tmp_path):
    """Whatever is given time to end well is given an hour here: nobody may wait for the stream."""
    environ = os.environ | {"MADANG_SERVER__PORT": "0", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WAITING_FOR_EVER]
    with subprocess.Popen(
        command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            port = int(line.split("listening on http://127.0.0.1:")[1].split(")")[0])
            with socket.create_connection(("127.0.0.1", port), timeout=LONGEST_S) as one:
                one.sendall(b"GET /live?topics=local HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert one.recv(1000).startswith(b"HTTP/1.1 200")
                process.send_signal(signal.SIGTERM)
                assert process.wait(LONGEST_S) == 0
        finally:
            process.kill()


# --- what a page loads then


async def test_new_replies_come_with_their_place_and_working_buttons(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    root = await any_city.writes(ann, "Root")
    old = await any_city.writes(bob, "Old", reply_to_id=root.id)
    new = await any_city.writes(ann, "New", reply_to_id=old.id)
    aside = await any_city.writes(ann, "Aside", reply_to_id=root.id)
    found = await fragment(bob, f"/live/thread/{root.id}?after={old.id}")
    assert news(found) == ("2", str(aside.id))
    replies = found.root.all("div", "reply")
    assert [(one["data-id"], one["data-answers"]) for one in replies] == [
        (str(new.id), str(old.id)),
        (str(aside.id), str(root.id)),
    ]
    assert [depth(one) for one in replies] == ["depth-1", "depth-0"]
    assert [one.one("article")["id"] for one in replies] == [f"post-{new.id}", f"post-{aside.id}"]
    assert replies[0].link("answers Bob") == f"/@bob/{old.id}"  # perhaps on another page
    assert "answers" not in replies[1].words
    back = {form.fields["back"] for form in found.forms}
    assert back == {f"/@ann/{root.id}"}
    assert all(form.fields["csrf"] for form in found.forms)
    # what does not hang below is left out, but not asked for again
    below = await fragment(bob, f"/live/thread/{old.id}?after={root.id}")
    assert news(below) == ("1", str(aside.id))
    assert depth(below.root.one("div", "reply", data_id=str(new.id))) == "depth-0"
    none = await fragment(bob, f"/live/thread/{root.id}?after={aside.id}")
    assert news(none) == ("0", str(aside.id))


def news(found: HtmlPage) -> tuple[str, str]:
    """How many came, and which is the newest."""
    first = next(iter(found.root))
    return first["data-count"], first["data-newest"]


def depth(reply: Element) -> str:
    """How far inwards a reply stands."""
    return next(one for one in reply["class"].split() if one.startswith("depth-"))


async def test_a_fragment_shows_only_what_its_reader_may_read(any_city):
    ann, bob, eve, mallory = [
        await any_city.join(name) for name in ("ann", "bob", "eve", "mallory")
    ]
    visitor = await any_city.visitor()
    await liked_by_nobody_but(any_city, bob, ann)
    root = await any_city.writes(ann, "Root")
    said = {
        "open": await any_city.writes(ann, "words-open", reply_to_id=root.id),
        "unlisted": await any_city.writes(
            ann, "words-unlisted", reply_to_id=root.id, visibility="unlisted"
        ),
        "followers": await any_city.writes(
            ann, "words-followers", reply_to_id=root.id, visibility="followers"
        ),
        "direct": await any_city.writes(
            ann, "@eve words-direct", reply_to_id=root.id, visibility="direct"
        ),
        "mallory": await any_city.writes(mallory, "words-mallory", reply_to_id=root.id),
    }
    await any_city.db.write(follows.block, any_city.site, bob.account, mallory.account.id, now_ms())
    await any_city.db.write(follows.mute, eve.account.id, mallory.account.id, None, True, now_ms())
    await any_city.db.write(follows.block, any_city.site, ann.account, mallory.account.id, now_ms())
    readable = (
        (visitor, {"open", "unlisted", "mallory"}),
        (bob, {"open", "unlisted", "followers"}),
        (eve, {"open", "unlisted", "direct"}),
        (ann, {"open", "unlisted", "followers", "direct"}),
    )
    path = f"/live/thread/{root.id}?after=0"
    for person, names in readable:
        text = (await fragment(person, path)).text
        assert {name for name in said if f"words-{name}" in text} == names
    assert (await fragment(mallory, path, 404)).text  # who is blocked by the author of the root
    hidden = await any_city.writes(ann, "Root", visibility="followers")
    await fragment(visitor, f"/live/thread/{hidden.id}?after=0", 404)
    await any_city.db.write(standing.suspend, ann.account.id)
    await fragment(visitor, path, 404)


async def test_new_posts_of_every_timeline_come_as_cards_newest_first(any_city):
    ann, bob, mallory = [await any_city.join(name) for name in ("ann", "bob", "mallory")]
    visitor = await any_city.visitor()
    await liked_by_nobody_but(any_city, bob, ann)
    old = await any_city.writes(ann, "old words #봄", title="old title")
    note = await any_city.writes(ann, "note words #봄")
    story = await any_city.writes(ann, "#봄", title="story title")
    await any_city.writes(mallory, "mallory's words #봄")
    await any_city.db.write(follows.block, any_city.site, bob.account, mallory.account.id, now_ms())
    for kind in ("local", "home", "federated", "tags", "stories"):
        path = f"/live/timeline/{kind}?tag=봄&min_id={old.id}"
        text = (await fragment(bob, path)).text
        assert "old title" not in text
        assert "mallory" not in text
        assert "story title" in text
        assert ("note words" in text) == (kind != "stories")
        assert f'data-newest="{story.id}"' in text
        if kind != "stories":
            assert text.index(f"post-{story.id}") < text.index(f"post-{note.id}")
    assert "mallory" in (await fragment(visitor, f"/live/timeline/local?min_id={old.id}")).text
    referred = await fragment(
        bob, f"/live/timeline/local?level=3&min_id={old.id}", Referer=f"{any_city.site.origin}/"
    )
    assert {form.fields["back"] for form in referred.forms} == {"/"}
    assert set(referred.headings) == {3}


async def test_fragments_are_bounded_and_lead_on(any_city, monkeypatch):
    monkeypatch.setattr(pages, "NEW_POSTS", 2)
    monkeypatch.setattr(pages, "NEW_REPLIES", 2)
    ann = await any_city.join("ann")
    root = await any_city.writes(ann, "Root")
    written = [await any_city.writes(ann, "Again") for _ in range(3)]
    replies = [await any_city.writes(ann, "Too", reply_to_id=root.id) for _ in range(3)]
    found = await fragment(ann, f"/live/timeline/local?min_id={root.id}")
    assert f'data-count="2" data-newest="{written[1].id}"' in found.text
    found = await fragment(ann, f"/live/thread/{root.id}?after={root.id}")
    assert f'data-count="2" data-newest="{replies[1].id}"' in found.text


async def test_the_number_of_notifications_is_a_small_thing(any_city):
    ann, bob = await any_city.join("ann"), await any_city.join("bob")
    assert 'data-count="0"' in (await fragment(bob, "/live/notifications")).text
    await any_city.writes(ann, "@bob hello")
    text = (await fragment(bob, "/live/notifications")).text
    assert 'data-count="1"' in text
    assert "1 new" in text
    assert len(text) < 300


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/live/thread/x?after=1", 404),
        ("/live/thread/1?after=1", 404),
        ("/live/thread/1", 400),
        ("/live/thread/1?after=x", 400),
        ("/live/timeline/local", 400),
        ("/live/timeline/local?min_id=-1", 400),
        ("/live/timeline/local?min_id=9223372036854775808", 400),
        ("/live/timeline/nothing?min_id=1", 404),
        ("/live/timeline/thread?min_id=1", 404),
        ("/live/timeline/tags?min_id=1", 404),
    ],
)
async def test_a_forged_address_of_a_fragment_is_refused(any_city, path, status):
    await fragment(await any_city.visitor(), path, status)
