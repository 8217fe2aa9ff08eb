"""Where the client goes: the address guard, and redirects."""

import re
from pathlib import Path

import pytest

from federation.errors import Unreachable
from federation.guard import Refused
from tests.federation.loopback import KEY, Names, authentic, in_turn, opened, says

# The address guard


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f000001",
        "127.1",
        "[::1]",
        "[::]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "localhost",
        "peer.internal",
    ],
)
async def test_a_private_address_is_refused_in_every_spelling_by_every_door(host):
    resolver = Names(["127.0.0.1"])
    async with opened(allowed=(), resolver=resolver) as client:
        url = f"https://{host}/x"
        for knock in (
            client.get(url, accept="*/*"),
            client.document(url, key=None),
            client.picture(url, max_bytes=10),
            client.post(url, b"{}", key=KEY),
            client.push(url, b"", {}),
        ):
            with pytest.raises(Refused):
                await knock
    assert resolver.asked == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1"])
async def test_a_public_name_with_a_private_address_ends_at_the_socket(address):
    resolver = Names([address])
    async with opened(allowed=(), resolver=resolver) as client:
        with pytest.raises(Refused, match="address refused"):
            await client.get("https://far.example/", accept="*/*")
        with pytest.raises(Refused, match="address refused"):
            await client.post("https://far.example/inbox", b"{}", key=KEY)
        with pytest.raises(Refused, match="address refused"):
            await client.push("https://far.example/send", b"", {})
    assert resolver.asked[0] == "far.example"


async def test_a_name_that_resolves_differently_the_second_time_gains_nothing(serve):
    public = await serve(says(500))
    secret = await serve(says(200, b"secret"), host="0.0.0.0")  # so on another port than `public`
    public.handler = says(302, Location=secret.url(host="rebind.test"))
    resolver = Names(["127.0.0.1"], ["127.0.0.2"])
    async with opened(allowed=["127.0.0.1/32"], resolver=resolver) as client:
        with pytest.raises(Refused, match="address refused"):
            await client.get(public.url(host="rebind.test"), accept="*/*")
    assert (len(public.requests), len(secret.requests)) == (1, 0)
    assert resolver.asked == ["rebind.test", "rebind.test"]


async def test_of_several_addresses_only_a_permitted_one_is_used(serve):
    peer = await serve(says(200, b"hello"))
    resolver = Names(["127.0.0.9", "127.0.0.1"])
    async with opened(allowed=["127.0.0.1/32"], resolver=resolver) as client:
        fetched = await client.get(peer.url(host="two.test"), accept="*/*")
    assert fetched.body == b"hello"


async def test_an_allowed_address_is_open_at_its_port_alone(serve):
    open_, closed = await serve(says(200, b"open")), await serve(says(200, b"closed"))
    async with opened(allowed=[f"127.0.0.0/8:{open_.port}"]) as client:
        assert (await client.get(open_.url(), accept="*/*")).body == b"open"
        with pytest.raises(Refused):
            await client.get(closed.url(), accept="*/*")
        with pytest.raises(Refused):
            await client.post(closed.url("/inbox"), b"{}", key=KEY)
    assert closed.requests == []


async def test_plain_http_is_refused_where_it_is_not_allowed(serve):
    peer = await serve(says(200))
    async with opened(allow_http=False) as client:
        with pytest.raises(Refused, match="not https"):
            await client.get(peer.url(), accept="*/*")
    assert peer.requests == []


def test_no_other_module_makes_client_sessions():
    root = Path(__file__).parents[2]
    made = re.compile(r"ClientSession\(|TCPConnector\(|urlopen\(|import (requests|httpx|urllib3)\b")
    guilty = [
        str(path.relative_to(root))
        for package in ("federation", "server", "web")
        for path in (root / package).rglob("*.py")
        if made.search(path.read_text(encoding="utf-8"))
    ]
    assert guilty == ["federation/http.py"]


# Redirects


async def test_three_redirects_are_followed_and_the_last_address_is_told(serve, client):
    peer = await serve(says(500))
    peer.handler = in_turn(
        says(301, Location="/b"),
        says(307, Location="c?d=1#part"),
        says(308, Location=f"//127.0.0.1:{peer.port}/e"),
        says(200, b"there"),
    )
    fetched = await client.get(peer.url("/a"), accept="*/*")
    assert (fetched.url, fetched.body) == (peer.url("/e"), b"there")
    assert peer.paths == ["/a", "/b", "/c?d=1", "/e"]


async def test_a_fourth_redirect_is_too_many(serve, client):
    peer = await serve(in_turn(*(says(302, Location=f"/{n}") for n in range(9))))
    with pytest.raises(Unreachable, match="too many redirects"):
        await client.get(peer.url("/a"), accept="*/*")
    assert len(peer.requests) == 4


@pytest.mark.parametrize("location", ["/a", "#again", "", "/a#x", "//LOOP.test:{port}/a"])
async def test_no_address_is_visited_twice(serve, location):
    peer = await serve(says(500))
    peer.handler = says(302, Location=location.format(port=peer.port))
    async with opened(resolver=Names(["127.0.0.1"])) as client:
        with pytest.raises(Unreachable):
            await client.get(peer.url("/a", host="loop.test"), accept="*/*")
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    "location",
    [
        "https://10.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "https://user@far.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "javascript:alert(1)",
        "https://far.example/\\@127.0.0.1",
        "https://far.example/마당",
    ],
)
async def test_a_redirect_to_a_refused_address_ends_there(serve, client, location):
    peer = await serve(says(302, Location=location))
    for fetch in (client.get(peer.url(), accept="*/*"), client.picture(peer.url(), max_bytes=9)):
        with pytest.raises(Refused):
            await fetch


async def test_each_hop_is_signed_anew_for_its_own_host(serve):
    there = await serve(says(200, {"id": "x"}))
    here = await serve(says(302, Location=there.url("/end", host="two.test")))
    async with opened(resolver=Names(["127.0.0.1"])) as client:
        await client.get(here.url("/start", host="one.test"), accept="*/*", key=KEY)
    assert authentic(here.requests[0]) == authentic(there.requests[0]) == "cavage"
    assert there.requests[0].host == f"two.test:{there.port}"


async def test_a_redirect_of_a_delivery_is_an_answer_and_is_not_followed(serve, client):
    peer = await serve(says(301, Location="/elsewhere"))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
    assert (answer.status, peer.paths) == (301, ["/inbox"])
