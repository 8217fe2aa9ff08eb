"""What somebody sends who means harm: no 5xx, nothing told to the wrong person, no end of work."""

import asyncio
import io
import json
import logging
import time
from collections.abc import Coroutine
from typing import Any

import aiohttp
import msgspec
import pytest

from federation import parse
from federation.errors import Unproven, Unreachable
from federation.vocab import Actor
from server import passwords
from server.errors import TooMany
from server.services import follows, reactions, sessions, standing, strangers
from server.store import accounts as rows
from tests.village import City, Village, eventually
from web import logs
from web.crowds import CROWDS, Room
from web.keys import CLIENT, CONFIG, FETCHER
from web.pages import forms

FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
PARTS = b"Content-Type: multipart/form-data; boundary=x\r\nCookie: visitor=a\r\n"
SIGN_IN = b"csrf=a&name=ann&password=b"


@pytest.fixture
async def city(tmp_path, new_database):
    village = Village(tmp_path, new_database)
    yield await village("alpha.test")
    await village.close()


def asked(line: bytes, headers: bytes = b"", body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    return (
        line + b" HTTP/1.1\r\nHost: alpha.test\r\nConnection: close\r\n" + headers + length + body
    )


async def status(city: City, data: bytes) -> int:
    """What bytes on a connection of their own are answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", city.client.port)
    writer.write(data)
    async with asyncio.timeout(30):
        line = await reader.readline()
    writer.close()
    return int(line.split()[1])


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (asked(b"GET /about", b"Authorization: Bearer \xff\xfe\r\n"), 401),
        (asked(b"GET /api/v1/instance", b"Authorization: Bearer \xff\xfe\r\n"), 401),
        (asked(b"GET /about", b"Cookie: madang=\xff\xfe\r\n"), 200),
        (asked(b"GET /sign-in", b"Cookie: visitor=\xff\xfe\r\n"), 200),
        (asked(b"POST /sign-in", b"Cookie: visitor=\xff\xfe\r\n" + FORM, SIGN_IN), 403),
        (asked(b"POST /sign-in", b"Origin: http://[\r\n" + FORM, SIGN_IN), 403),
        (asked(b"POST /language", b"Origin: http://[\r\n" + FORM, b"language=ko"), 403),
        (asked(b"POST /sign-in", PARTS, b"--x\r\nno colon\r\n\r\na\r\n--x--"), 422),
        (asked(b"POST /sign-in", PARTS, b"--x\r\n" + b"a" * 20_000 + b"\r\n--x--"), 422),
        (asked(b"POST /sign-in", PARTS, b"--x\r\n" + b"a: b\r\n" * 3_000 + b"\r\n--x--"), 422),
    ],
)
async def test_what_is_no_text_is_no_fault_of_ours(city, data, expected):
    assert await status(city, data) == expected


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_an_address_of_raw_bytes_or_bad_percents_is_one_line_in_the_log(city):
    stream = io.StringIO()
    ours = logging.StreamHandler(stream)
    ours.setFormatter(logs.JsonLines())
    server = logging.getLogger("aiohttp.server")
    server.addHandler(ours)
    server.addFilter(logs.unreadable)
    try:
        for raw in (b"/caf\xe9", b"/\xff\xfe", b"/search?q=\xea\xb9\x80", b"http://[::1", b"*"):
            assert await status(city, asked(b"GET " + raw)) == 400, raw
    finally:
        server.removeHandler(ours)
        server.removeFilter(logs.unreadable)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["level"] for line in lines] == ["info"] * 5
    assert not any("error" in line for line in lines)
    assert "Invalid char in url path" in lines[0]["message"]
    for place in (
        b"/",
        b"/@ann/",
        b"/tags/",
        b"/c/",
        b"/objects/",
        b"/api/v1/statuses/",
        b"/media/",
    ):
        for bad in (b"%", b"%zz", b"%ff%fe", b"%00", b"%ed%a0%80"):
            for asks in (place + bad, place + b"?q=" + bad, place + b"?page=" + bad):
                assert await status(city, asked(b"GET " + asks)) < 500, asks


async def signed_in(city: City, name: str = "ann") -> dict[str, str]:
    """The headers of an app of somebody who has joined."""
    if name not in city.people:
        await city.join(name)
    return {"Authorization": f"Bearer {await city.token(name)}"}


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        b"--x\r\nno colon\r\n\r\na\r\n--x--",
        b"--x\r\n" + b"a" * 20_000 + b"\r\n--x--",
        b"--x\r\n" + b"a: b\r\n" * 3_000 + b"\r\n--x--",
        b"x" * 200_000,
    ],
)
async def test_a_broken_form_of_an_app_is_refused(city, body):
    headers = {**await signed_in(city), "Content-Type": "multipart/form-data; boundary=x"}
    async with city.client.post("/api/v1/statuses", data=body, headers=headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("seconds", [2**62, 2**31])
async def test_muting_for_ever_and_a_day_is_muting_for_long(city, seconds):
    headers, bob = await signed_in(city), await city.join("bob")
    async with city.client.post(
        f"/api/v1/accounts/{bob.id}/mute", json={"duration": seconds}, headers=headers
    ) as answer:
        assert (answer.status, (await answer.json())["muting"]) == (200, True)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", ["x" * 600_000, '"><script>', "ko kr", "k", "ko-" + "a" * 9])
async def test_a_language_is_a_code(city, language):
    async with city.client.post(
        "/api/v1/statuses",
        json={"status": "hello", "language": language},
        headers=await signed_in(city),
    ) as answer:
        assert answer.status == 422
    assert await city.count("post") == 0


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_body_that_drips_in_is_cut_off(city, monkeypatch):
    monkeypatch.setattr("web.pages.forms.READ_S", 0.05)
    monkeypatch.setattr("web.body.READ_S", 0.05)
    token = (await signed_in(city))["Authorization"].encode()
    form = b"HTTP/1.1\r\nHost: alpha.test\r\nContent-Length: 9\r\n" + FORM
    assert await status(city, b"POST /sign-in " + form + b"\r\na") == 408
    app = b"POST /api/v1/statuses " + form + b"Authorization: " + token + b"\r\n\r\na"
    assert await status(city, app) == 408


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_visitors_files_take_no_memory(city):
    """Without an account nobody can upload: what a form brings along is read and let go."""
    held = []
    known = forms.Form

    def watch(fields, files):
        held.append(sum(file.length for file in files.values()))
        return known(fields, files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "Form", watch)
        form = aiohttp.FormData()
        form.add_field("content", "What I wrote")
        for n in range(1, 5):
            form.add_field(f"picture_{n}", b"x" * 1_000_000, filename="a.jpg")
        async with city.client.post("/write", data=form) as answer:
            assert answer.status == 401
            assert "What I wrote" in await answer.text()
    assert held
    assert max(held) < 100


async def test_a_browser_may_call_itself_anything(city):
    """Its name is kept to tell sessions apart, and shown."""
    form = b"csrf=a&name=ann&email=ann@x.example&password=seven+purple+umbrellas"
    headers = b"User-Agent: \xff\xfe\r\nCookie: visitor=a\r\n" + FORM
    assert await status(city, asked(b"POST /sign-up", headers, form)) == 303
    assert [row["agent"] for row in await city.rows("SELECT agent FROM session")] == ["??"]


EVERYWHERE = (
    "/",
    "/stories",
    "/local",
    "/federated",
    "/tags/secret",
    "/search?q=hidden",
    "/@bob",
    "/@carol",
    "/@bob/{story}",
    "/api/v1/timelines/public",
    "/api/v1/timelines/tag/secret",
    "/api/v2/search?q=hidden",
    "/api/v1/accounts/{carol}/statuses",
    "/api/v1/statuses/{story}/context",
    "/objects/{story}/replies?page=1",
    "/contexts/{story}",
)
MINE = ("/api/v1/timelines/home", "/api/v1/notifications", "/api/v1/accounts/{carol}/statuses")


async def test_nothing_of_a_suspended_account_is_shown_anywhere(city):
    ann, bob, carol = [await city.join(name) for name in ("ann", "bob", "carol")]
    await city.follow("bob", "@carol")
    story = await city.write("bob", "A story", title="Bob's")
    reply = await city.write("ann", "@bob hidden #secret", reply_to_id=story.id)
    hers = await city.write("ann", "hidden #secret", title="hidden")
    for post in (reply, hers):
        await city.do(reactions.boost, carol, post.id)
    places = {"story": story.id, "carol": carol.id}
    shown = [await read(city, path.format(**places)) for path in EVERYWHERE]
    assert [path for path, text in zip(EVERYWHERE, shown, strict=True) if str(reply.id) in text]
    await city.db.write(standing.suspend, ann.id)
    headers = await signed_in(city, "bob")
    leaks = [
        path
        for path in (*EVERYWHERE, *MINE)
        for text in [await read(city, path.format(**places), headers if path in MINE else {})]
        if "hidden<" in text or str(reply.id) in text or str(hers.id) in text
    ]
    assert leaks == []
    assert bob.id


async def read(city: City, path: str, headers: dict[str, str] | None = None) -> str:
    """What an address answers."""
    async with city.client.get(path, headers=headers or {}) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def test_who_is_named_no_more_reads_no_more(city):
    """An edit that takes a name out also takes the new words from that person's notifications."""
    for name in ("ann", "bob", "carol"):
        await city.join(name)
    post = await city.write("ann", "@bob @carol lunch?", visibility="direct")
    await city.edit("ann", post, "@bob between us")
    for name, count in (("bob", 1), ("carol", 0)):
        told = await read(city, "/api/v1/notifications", await signed_in(city, name))
        assert told.count("between us") == count


async def test_a_key_belongs_to_the_host_of_its_owner(city):
    """Another server's actor cannot list a victim's key as its own, and so have it forgotten."""

    def actor(host: str, key_host: str) -> Actor:
        id = f"http://{host}/users/a"
        return parse.actor(
            {
                "id": id,
                "type": "Person",
                "preferredUsername": "a",
                "inbox": f"{id}/inbox",
                "publicKey": {
                    "id": f"http://{key_host}/users/a#main-key",
                    "owner": id,
                    "publicKeyPem": "-",
                },
            }
        )

    for host in ("good.test", "evil.test"):
        await city.db.write(strangers.keep_actor, actor(host, "good.test"), city.clock())
    rows = await city.rows("SELECT owner FROM remote_key")
    assert rows == [{"owner": "http://good.test/users/a"}]


async def guesses(city: City, addresses: list[str], name: str = "ann") -> list[int]:
    """How as many sign-ins at once are answered, one from each address, all with wrong words."""

    async def guess(address: str, password: str) -> int:
        form = {"csrf": "a", "name": name, "password": password}
        headers = {"Cookie": "visitor=a", "X-Forwarded-For": address}
        async with city.client.post("/sign-in", data=form, headers=headers) as answer:
            return answer.status

    return await asyncio.gather(*(guess(one, f"word {n}") for n, one in enumerate(addresses)))


@pytest.fixture
def behind_a_proxy(city):
    """Visitors come with addresses of their own."""
    config = city.app[CONFIG]
    server = msgspec.structs.replace(config.server, trusted_proxies=("127.0.0.0/8",))
    city.app._state[CONFIG] = msgspec.structs.replace(config, server=server)  # noqa: SLF001


@pytest.mark.usefixtures("behind_a_proxy")
@pytest.mark.parametrize("name", ["ann", "nobody"])
async def test_guesses_at_once_are_guesses_too(city, name):
    await city.join("ann")
    answers = await guesses(city, ["192.0.2.1"] * 20, name)
    assert (answers.count(422), answers.count(429)) == (5, 15)


@pytest.mark.usefixtures("behind_a_proxy")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_household_has_one_address(city):
    """Whoever has one IPv6 address has 2^64."""
    await city.join("ann")
    answers = await guesses(city, [f"2001:db8::{n:x}" for n in range(1, 21)])
    assert (answers.count(422), answers.count(429)) == (5, 15)


@pytest.mark.usefixtures("behind_a_proxy")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_many_names_from_one_address_are_slowed_down(city, monkeypatch):
    """Each guess costs 60 ms of work on purpose; nobody may make others wait for their own."""
    monkeypatch.setattr("server.passwords._verify", lambda hash, password: False)
    city.clock.stop()
    answers = [await guesses(city, ["192.0.2.1"], f"name{n}") for n in range(110)]
    assert answers[-1] == [429]
    assert await guesses(city, ["192.0.2.2"]) == [422]


async def test_the_right_password_is_no_guess(city):
    hashed = await passwords.hash_("seven purple umbrellas")
    ann = await city.join("ann")
    await city.db.write(rows.set_member, ann.id, password=hashed)
    for _ in range(7):
        form = {"csrf": "a", "name": "ann", "password": "seven purple umbrellas"}
        async with city.client.post(
            "/sign-in", data=form, headers={"Cookie": "visitor=a"}, allow_redirects=False
        ) as answer:
            assert answer.status == 303
        city.client.session.cookie_jar.clear()


@pytest.mark.usefixtures("behind_a_proxy")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_one_address_cannot_hold_the_whole_inbox(city):
    """Bodies that drip in hold their places for a while: others still find one."""
    city.app[CROWDS].rooms["inbox"] = Room(500, 3)

    def start(address: bytes, rest: bytes) -> bytes:
        return (
            b"POST /inbox HTTP/1.1\r\nHost: alpha.test\r\nX-Forwarded-For: " + address + b"\r\n"
            b"Content-Type: application/activity+json\r\nContent-Length: 2\r\n\r\n" + rest
        )

    dripping = [await asyncio.open_connection("127.0.0.1", city.client.port) for _ in range(3)]
    for _, writer in dripping:
        writer.write(start(b"192.0.2.1", b"{"))

    async def held() -> bool:
        return city.app[CROWDS].under_way("inbox") == 3

    await eventually(held)
    assert await status(city, start(b"192.0.2.1", b"{}")) == 503
    assert await status(city, start(b"192.0.2.2", b"{}")) == 401
    for _, writer in dripping:
        writer.write(b"}")
        assert (await _.readline()).split()[1] == b"401"
        writer.close()
    assert await status(city, start(b"192.0.2.1", b"{}")) == 401


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_keys_that_never_come_do_not_hold_up_others(city, monkeypatch):
    """A domain that answers slowly is asked for few keys at once, and all such for not too many."""
    monkeypatch.setattr("server.fetch.keys.AT_ONCE", 20)
    answers, fetcher = asyncio.Event(), city.app[FETCHER]

    async def slow(url, *, key, welcome):
        await answers.wait()
        raise Unreachable("too late")

    monkeypatch.setattr(city.app[CLIENT], "document", slow)

    def ask(host):
        return asyncio.create_task(fetcher.keys.fetch(f"http://{host}/a#main-key", city.clock()))

    async def asked() -> bool:
        return fetcher.keys._fetching.total() == len(waiting)

    waiting = [ask(f"n{n}.evil.test") for n in range(10)]
    await eventually(asked)
    with pytest.raises(TooMany):
        await ask("another.evil.test")
    waiting += [ask(f"n{n}.good{n}.test") for n in range(10)]
    await eventually(asked)
    with pytest.raises(TooMany):
        await ask("last.test")
    answers.set()
    assert {type(one) for one in await asyncio.gather(*waiting, return_exceptions=True)} == {
        Unproven
    }
    with pytest.raises(Unproven):
        await ask("last.test")


async def longest_pause(work: Coroutine[Any, Any, int]) -> tuple[int, float]:
    """What `work` gives, and for how long nobody else was served meanwhile.

    In seconds of our own work: that the machine does something else says nothing of us.
    """
    pauses = [0.0]
    task = asyncio.create_task(work)
    while not task.done():
        before = time.process_time()
        await asyncio.sleep(0.005)
        pauses.append(time.process_time() - before)
    return await task, max(pauses)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("length", [90_000, 400_000])
async def test_a_text_that_is_slow_to_read_holds_up_nobody(city, length):
    """Brackets that never close are the worst that Markdown knows."""
    headers, slow = await signed_in(city), "@a " + "![" * (length // 2)
    token = await city.db.write(sessions.sign_in, city.people["ann"].id, "", "", city.clock())
    session = await city.db.read(sessions.by_token, token, city.clock())
    assert session is not None

    async def publish() -> int:
        fields = {"status": slow}
        async with city.client.post("/api/v1/statuses", json=fields, headers=headers) as answer:
            return answer.status

    async def preview() -> int:
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_fields(("csrf", session.csrf), ("kind", "story"), ("do", "preview"))
        form.add_field("content", slow)
        cookie = {"Cookie": f"madang={token}"}
        async with city.client.post("/write", data=form, headers=cookie) as answer:
            return answer.status

    for work, expected in ((publish, 422), (preview, 200 if length < 100_000 else 422)):
        answer, pause = await longest_pause(work())
        assert answer == expected
        assert pause < 3.0


async def test_a_history_shows_the_newest_versions_only(city, monkeypatch):
    monkeypatch.setattr("server.store.posts.MAX_REVISIONS", 2)
    await city.join("ann")
    post = await city.write("ann", "plum 0")
    for n in range(1, 5):
        post = await city.edit("ann", post, f"plum {n}")
    shown = await read(city, f"/@ann/{post.id}/history")
    assert [f"plum {n}" in shown for n in range(5)] == [False, False, True, True, True]


async def test_whoever_blocks_many_is_spared_them_all(city):
    """In a thread too, and not the newest 80 alone."""
    ann, bob = await city.join("ann"), await city.join("bob")
    story = await city.write("ann", "A story")
    await city.write("bob", "rude words", reply_to_id=story.id)
    await city.do(follows.block, ann, bob.id)
    for n in range(85):
        id = f"http://far.test/users/{n}"
        raw = {"id": id, "type": "Person", "preferredUsername": f"n{n}", "inbox": f"{id}/inbox"}
        far = await city.db.write(strangers.keep_actor, parse.actor(raw), city.clock())
        await city.do(follows.block, ann, far.id)
    path = f"/api/v1/statuses/{story.id}/context"
    assert "rude words" in await read(city, path)
    assert "rude words" not in await read(city, path, await signed_in(city))


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_text_of_nothing_but_hashtags_is_found_under_some_of_them(city: City) -> None:
    """Thousands held up all who write for seconds, and made a document that no peer reads."""
    await city.join("ann")
    many = " ".join(f"#tag{number}" for number in range(5_000))
    post = await city.write("ann", many, title="Tags")
    assert msgspec.json.decode(post.tags) == [f"tag{number}" for number in range(100)]
