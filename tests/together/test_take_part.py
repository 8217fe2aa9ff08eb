"""Visitors who take part from their own server: led there, and nowhere else."""

import asyncio
import html
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import msgspec
import pytest
from aiohttp import web
from multidict import CIMultiDictProxy

from federation import webfinger
from server import passwords
from server.fetch import homes
from server.model import Account
from server.services import accounts
from server.store import hosts
from tests.loop_time import LoopTime
from tests.together.conftest import NewPeer
from tests.village import City, Village, eventually
from tests.web.html import HtmlForm, HtmlPage
from web.keys import BUCKETS, FETCHER

ENGLISH = {"Accept-Language": "en"}
PASSWORD = "seven purple umbrellas"
Headers = CIMultiDictProxy[str]


async def opened(
    city: City, path: str, status: int = 200, **headers: str
) -> tuple[HtmlPage, Headers]:
    """A page as a browser gets it; redirects are not followed."""
    async with city.client.get(path, headers=ENGLISH | headers, allow_redirects=False) as answer:
        text = await answer.text()
        assert answer.status == status, (answer.status, text)
        page = HtmlPage(text)
        assert status == 303 or page.faults == [], page.faults
        return page, answer.headers


async def sent(city: City, form: HtmlForm, status: int = 303, **fields: str) -> tuple[str, Headers]:
    """Send a form of a page; where it leads, or what the page says."""
    async with city.client.post(
        form.action, data=form.fields | fields, headers=ENGLISH, allow_redirects=False
    ) as answer:
        text = await answer.text()
        assert answer.status == status, (answer.status, text)
        return (answer.headers["Location"] if status == 303 else text), answer.headers


async def led(city: City, path: str, handle: str) -> str:
    """Where a visitor is led who types `handle`."""
    page, _ = await opened(city, path)
    return (await sent(city, page.form("/take-part"), handle=handle))[0]


def to(verb: str, of: str) -> str:
    """The address behind a button."""
    return f"/take-part?do={verb}&of={quote(of, safe='')}"


def path_of(url: str, origin: str) -> str:
    """What a browser asks that server for."""
    assert url.startswith(f"{origin}/"), url
    return url.removeprefix(origin)


async def two(village: Village) -> tuple[City, City, Account]:
    """Ann on alpha; Bob on beta, who can sign in there."""
    alpha, beta = await village("alpha.test"), await village("beta.test")
    ann = await alpha.join("ann")
    bob = await beta.join("bob")
    await beta.db.write(accounts.renew_hash, bob.id, await passwords.hash_(PASSWORD))
    return alpha, beta, ann


async def signs_in(city: City, path: str) -> str:
    """Bob is asked to sign in on his way to `path`; where that leads."""
    _, headers = await opened(city, path, 303)
    page, _ = await opened(city, headers["Location"])
    return (await sent(city, page.form("/sign-in"), name="bob", password=PASSWORD))[0]


# --- the whole way


async def test_a_visitor_follows_from_another_instance(village: Village) -> None:
    alpha, beta, ann = await two(village)
    page, headers = await opened(alpha, to("follow", ann.uri))
    for told in ("Follow ann", "@ann@alpha.test", "/about#fediverse", "Sign in here instead"):
        assert told in page.text, told
    assert "form-action 'self' https: http:;" in headers["Content-Security-Policy"]
    assert "form-action 'self';" in (await opened(alpha, "/about"))[1]["Content-Security-Policy"]

    way, headers = await sent(alpha, page.form("/take-part"), handle="@bob@beta.test")
    assert way == f"http://beta.test/authorize_interaction?uri={quote(ann.uri, safe='')}&do=follow"
    assert headers["Cache-Control"] == "no-store"

    back = await signs_in(beta, path_of(way, beta.origin))
    assert unquote(back) == unquote(path_of(way, beta.origin))
    _, headers = await opened(beta, back, 303)
    assert headers["Location"] == "/@ann@alpha.test#follow"
    page, _ = await opened(beta, "/@ann@alpha.test")
    there = await beta.knows("@ann@alpha.test")
    await sent(beta, page.form(f"/people/{there.id}/follow"))
    await village.settle()
    assert (await alpha.me("ann")).followers_count == 1
    assert await alpha.notices("ann") == [("follow", "bob@beta.test")]


async def test_a_visitor_replies_likes_and_shares_from_another_instance(village: Village) -> None:
    alpha, beta, _ = await two(village)
    story = await alpha.write("ann", "A long story", title="The bridge")
    page, _ = await opened(alpha, to("reply", story.uri))
    for told in ("Comment on what ann wrote", "The bridge", story.uri):
        assert told in page.text, told
    way = (await sent(alpha, page.form("/take-part"), handle="https://beta.test/@bob"))[0]
    assert way == f"http://beta.test/write?text=&in_reply_to={quote(story.uri, safe='')}"
    page, _ = await opened(beta, await signs_in(beta, path_of(way, beta.origin)))
    form = page.form("/write")
    assert form.fields["content"] == "@ann@alpha.test "
    await sent(beta, form, content="@ann@alpha.test Well said")
    await village.settle()
    assert [kind for kind, _ in await alpha.notices("ann")] == ["mention"]

    there = await eventually(lambda: beta.post_at(story.uri))
    for verb in ("like", "share"):
        _, headers = await opened(alpha, to(verb, story.url), 303)  # the handle is remembered
        _, headers = await opened(beta, path_of(headers["Location"], beta.origin), 303)
        assert headers["Location"] == f"/@ann@alpha.test/{there.id}#acts-{there.id}"


async def test_a_server_alone_is_enough_where_the_server_says_so(village: Village) -> None:
    alpha, _, ann = await two(village)
    way = await led(alpha, to("follow", "@ann"), "https://beta.test/")
    assert parse_qs(urlsplit(way).query)["uri"] == [ann.uri]
    page, _ = await opened(alpha, to("follow", "@ann") + "&change=1")
    assert page.form("/take-part").fields["handle"] == "beta.test"


async def test_whose_account_is_here_signs_in(village: Village) -> None:
    alpha, _, ann = await two(village)
    way = await led(alpha, to("follow", ann.uri), "@ann@alpha.test")
    assert way == "/sign-in?next=%2F%40ann%23follow"
    await opened(alpha, to("follow", ann.uri))  # and is not led there again unasked
    page, _ = await opened(alpha, way)
    assert page.form("/sign-in").fields["next"] == "/@ann#follow"


async def test_who_is_signed_in_is_led_to_the_button_here(village: Village) -> None:
    alpha, beta, _ = await two(village)
    note = await beta.write("bob", "Here")
    await signs_in(beta, "/home")
    for verb, of, place in (
        ("follow", "@bob", "/@bob#follow"),
        ("reply", note.uri, f"/@bob/{note.id}#reply"),
        ("like", note.uri, f"/@bob/{note.id}#acts-{note.id}"),
    ):
        assert (await opened(beta, to(verb, of), 303))[1]["Location"] == place


# --- what is remembered


async def test_the_handle_is_typed_once_and_can_be_changed_and_forgotten(
    village: Village,
) -> None:
    alpha, _, ann = await two(village)
    page, _ = await opened(alpha, to("follow", ann.uri))
    assert page.form("/take-part").fields["handle"] == ""
    assert "/take-part/forget" not in page.text
    way, headers = await sent(alpha, page.form("/take-part"), handle="bob@beta.test")
    cookie = next(one for one in headers.getall("Set-Cookie") if one.startswith("own-server="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Max-Age=31536000" in cookie

    assert (await opened(alpha, to("follow", ann.uri), 303))[1]["Location"] == way
    page, _ = await opened(alpha, "/@ann")
    another = re.search(r'href="(/take-part[^"]*change=1)"', page.text)
    assert another  # it is offered where people follow
    page, _ = await opened(alpha, html.unescape(another[1]))
    assert page.form("/take-part").fields["handle"] == "@bob@beta.test"
    back, _ = await sent(alpha, page.form("/take-part/forget"))
    page, _ = await opened(alpha, back)
    assert page.form("/take-part").fields["handle"] == ""


async def test_a_remembered_server_is_asked_once_for_a_while(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    far.finger = saying({"links": [SUBSCRIBE]})
    await led(alpha, to("follow", "@ann"), "eve@far.test")
    for _ in range(3):
        await opened(alpha, to("follow", "@ann"), 303)
    assert len(far.asked) == 1
    alpha.clock.ahead_ms += homes.FRESH_MS
    await opened(alpha, to("follow", "@ann"), 303)
    assert len(far.asked) == 2


async def test_a_remembered_server_that_fails_is_not_led_to(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    far.finger = saying({"links": [SUBSCRIBE]})
    await led(alpha, to("follow", "@ann"), "eve@far.test")
    alpha.clock.ahead_ms += homes.FRESH_MS
    far.finger = saying({})
    page, _ = await opened(alpha, to("follow", "@ann"), 422)
    assert "@ann@alpha.test" in page.text
    assert page.form("/take-part").fields["handle"] == "@eve@far.test"


@pytest.mark.parametrize(
    "cookie",
    [
        *("", "%00", "a b@far.test", "@eve@far.test", "https%3A//far.test/", "x" * 600, "%FF%FE"),
        *("eve@FAR.test", "%3Cscript%3E@far.test", "eve", '"'),
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_forged_cookie_counts_as_none(village: Village, cookie: str) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    page, _ = await opened(alpha, to("follow", "@ann"), Cookie=f"own-server={cookie}")
    assert page.form("/take-part").fields["handle"] == ""


# --- what may be asked for


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_only_what_visitors_see_here_can_be_taken_part_in(village: Village) -> None:
    alpha, _, ann = await two(village)
    note = await alpha.write("ann", "Hello")
    secret = await alpha.write("ann", "For friends", visibility="followers")
    for path in (
        *("/take-part", "/take-part?do=follow", "/take-part?do=burn&of=@ann"),
        *(to("follow", "https://evil.test/"), to("follow", "javascript:alert(1)")),
        *(to("follow", note.uri), to("like", ann.uri), to("like", secret.uri)),
        *(to("like", secret.url), to("follow", "http://alpha.test/actor"), to("reply", "x" * 9)),
        *(to("follow", "@bob@beta.test"), to("follow", "@nobody"), to("follow", "")),
    ):
        await opened(alpha, path, 404)
    page, _ = await opened(alpha, to("like", note.uri))
    await sent(alpha, page.form("/take-part"), 404, of="https://evil.test/", handle="a@beta.test")
    await sent(alpha, page.form("/take-part"), 404, do="x", handle="a@beta.test")


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_foreign_form_sets_nobodys_server(village: Village) -> None:
    alpha, _, _ = await two(village)
    page, _ = await opened(alpha, to("follow", "@ann"))
    text, headers = await sent(
        alpha, page.form("/take-part"), 403, csrf="guessed", handle="eve@beta.test"
    )
    assert 'value="eve@beta.test"' in text and "press the button once more" in text
    assert not any("own-server" in one for one in headers.getall("Set-Cookie"))


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("typed", ["", "eve", "<b>x</b>", "eve@", "@" * 600, "http://[", "a@b@c d"])
async def test_what_is_no_account_is_explained_and_not_lost(village: Village, typed: str) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    page, _ = await opened(alpha, to("follow", "@ann"))
    text, _ = await sent(alpha, page.form("/take-part"), 422, handle=typed)
    page = HtmlPage(text)
    assert "Please type your address with its server" in text and page.faults == []
    assert page.form("/take-part").fields["handle"] == typed[:500]
    assert "@ann@alpha.test" in text


# --- servers that lie

SUBSCRIBE = {"rel": webfinger.SUBSCRIBE, "template": "http://far.test/act?uri={uri}"}
Finger = Callable[[web.Request], Awaitable[web.Response]]


def saying(body: Any, kind: str = "application/jrd+json", **more: Any) -> Finger:
    """A WebFinger that answers this."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)

    async def finger(request: web.Request) -> web.Response:
        return web.Response(body=data, content_type=kind, **more)

    return finger


def leading(location: str) -> Finger:
    """A WebFinger that answers from another address."""

    async def finger(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    return finger


def offering(template: Any) -> Finger:
    """A WebFinger that offers this template."""
    return saying({"links": [{"rel": webfinger.SUBSCRIBE, "template": template}]})


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "finger",
    [
        offering("javascript:alert('{uri}')"),
        offering("https://eve:x@far.test/{uri}"),
        offering("https://far.test\\@evil.test/{uri}"),
        offering("https://far.test/\r\nSet-Cookie: a=b{uri}"),
        offering("https://192.168.0.1/{uri}"),
        offering("https://[::1]:1/{uri}"),
        offering("https://far.test/" + "{uri}" * 190),
        offering(["https://far.test/{uri}"]),
        saying({"links": []}),
        saying({"links": "x"}),
        saying({}),
        saying([]),
        saying(b"<html>", "text/html"),
        saying(b""),
        saying(b"{" * 100_000),
        saying(b" " * (homes.MAX_JRD_BYTES + 1)),
        saying({"x": "y" * homes.MAX_JRD_BYTES, "links": [SUBSCRIBE]}),
        saying({"links": [SUBSCRIBE]}, status=404),
        saying({"links": [SUBSCRIBE]}, status=410),
        saying({"links": [SUBSCRIBE]}, status=500),
        leading("http://far.test/.well-known/webfinger?resource=again"),
        leading("http://10.0.0.1/"),
        leading("http://169.254.169.254/latest/meta-data"),
        leading("file:///etc/passwd"),
        leading("http://["),
        leading("http://nowhere.test/"),
    ],
)
async def test_a_server_that_lies_leads_nobody_anywhere(
    village: Village, peer: NewPeer, finger: Finger
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    far.finger = finger
    page, _ = await opened(alpha, to("follow", "@ann"))
    text, headers = await sent(alpha, page.form("/take-part"), 422, handle="@eve@far.test")
    page = HtmlPage(text)
    assert page.faults == [] and "far.test" in text
    assert page.form("/take-part").fields["handle"] == "@eve@far.test"
    assert '<code class="address" data-copy>@ann@alpha.test</code>' in text
    assert not any("own-server" in one for one in headers.getall("Set-Cookie"))


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_delegated_server_and_the_best_usable_template_are_gone_to(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    ann = await alpha.join("ann")
    bad = {"rel": webfinger.FOLLOW, "template": "https://10.0.0.1/f?{object}"}
    good = {"rel": webfinger.OBJECT, "template": "https://social.example/o?x={x}&id={object}"}
    far.finger = saying({"links": [SUBSCRIBE, bad, good]}, "text/plain")
    way = await led(alpha, to("follow", "@ann"), "@eve@far.test")
    assert way == f"https://social.example/o?x=&id={quote(ann.uri, safe='')}"


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_server_that_is_silent_costs_a_few_seconds_and_one_that_is_gone_nothing(
    village: Village, peer: NewPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    asked, clock = list[str](), LoopTime()

    async def silent(request: web.Request) -> web.Response:
        asked.append(request.path)
        clock.forward(homes.MAX_S)
        await asyncio.Event().wait()
        return web.Response()

    far.finger = silent
    page, _ = await opened(alpha, to("follow", "@ann"))
    for handle in ("@eve@far.test", "@eve@gone.test"):
        text, _ = await sent(alpha, page.form("/take-part"), 422, handle=handle)
        assert "does not answer" in text
    assert asked


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_server_that_we_do_not_speak_with_is_not_asked(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    await alpha.db.write(hosts.set_rule, "far.test", "block", "", alpha.clock())
    alpha.app[FETCHER].hosts.forget_rules()
    page, _ = await opened(alpha, to("follow", "@ann"))
    text, _ = await sent(alpha, page.form("/take-part"), 422, handle="@eve@far.test")
    assert "do not exchange posts" in text
    assert far.asked == []


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_who_asks_too_often_is_told_to_wait(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    far.finger = saying({"links": [SUBSCRIBE]})
    alpha.clock.stop()
    for _ in range(100):
        alpha.app[BUCKETS].charge("handles from 127.0.0.1", alpha.clock())
    page, _ = await opened(alpha, to("follow", "@ann"))
    text, headers = await sent(alpha, page.form("/take-part"), 429, handle="@eve@far.test")
    assert "Please wait a moment" in text and int(headers["Retry-After"]) > 0
    assert HtmlPage(text).form("/take-part").fields["handle"] == "@eve@far.test"
    assert far.asked == []


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_one_server_is_asked_a_few_things_at_once(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    alpha.app[FETCHER].homes._visiting["far.test"] = homes.OF_A_DOMAIN
    page, _ = await opened(alpha, to("follow", "@ann"))
    await sent(alpha, page.form("/take-part"), 429, handle="@eve@far.test")
    assert far.asked == []
