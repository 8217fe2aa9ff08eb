"""What the client keeps from one request to the next, and whom it believes: connections, TLS."""

import asyncio
from typing import Any

import pytest

from federation.errors import Unreachable
from federation.guard import Refused
from federation.http import (
    Client,
)
from tests.certificates import certificate
from tests.federation.loopback import (
    KEY,
    NOW_MS,
    Names,
    authentic,
    in_turn,
    opened,
    raw,
    says,
)

# What is kept and what is not


async def test_cookies_are_not_kept_and_nothing_of_the_environment_is_used(
    serve, client, monkeypatch
):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    cookie = says(302, Location="/b", Set_Cookie="id=1; Path=/")
    peer = await serve(in_turn(cookie, says(200), cookie, says(200)))
    await client.get(peer.url("/a"), accept="*/*")
    # a jar keeps none of a host that is a number: by name too
    async with opened(resolver=Names(["127.0.0.1"])) as named:
        for path in ("/c", "/d"):
            await named.get(peer.url(path, host="cookies.example"), accept="*/*")
    assert [peer.header("Cookie", n) for n in range(5)] == [[]] * 5
    assert peer.header("User-Agent") == ["Madang/test"]


async def test_a_connection_is_used_again(serve, client):
    peer = await serve(says(202, b"thanks"))
    for _ in range(3):
        assert (await client.post(peer.url("/inbox"), b"{}", key=KEY)).status == 202
    assert (len(peer.requests), len(peer.connections)) == (3, 1)


async def test_a_delivery_is_tried_again_when_its_connection_was_closed_under_it():
    asked = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if len(asked) > 1:
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    async with raw(talk) as url, opened() as client:
        answer = await client.post(url, b"{}", key=KEY)
    assert (answer.status, len(asked)) == (202, 2)


async def test_a_peer_that_always_hangs_up_is_unreachable():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with raw(talk) as url, opened() as client:
        with pytest.raises(Unreachable, match="disconnected"):
            await client.post(url, b"{}", key=KEY)
        with pytest.raises(Unreachable, match="disconnected"):
            await client.get(url, accept="*/*")


# TLS


async def test_a_peer_to_which_no_attempt_leads_is_unreachable(serve, client, monkeypatch):
    async def never(*_: Any, **__: Any) -> None:
        raise IndexError("list index out of range")  # as it does where no attempt left an error

    peer = await serve(says(200))
    monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", never)
    with pytest.raises(Unreachable, match="no connection"):
        await client.get(peer.url(), accept="*/*")


async def test_an_added_authority_is_trusted_and_no_other(serve, tmp_path):
    authority, context = certificate(tmp_path, "alpha.test")
    peer = await serve(says(202), ssl_context=context)
    options: dict[str, Any] = {"resolver": Names(["127.0.0.1"]), "allow_http": False}
    async with opened(ca_file=str(authority), **options) as client:
        for _ in range(2):
            answer = await client.post(f"https://alpha.test:{peer.port}/in", b"{}", key=KEY)
            assert answer.status == 202
        assert authentic(peer.requests[0]) == "cavage"
        assert len(peer.connections) == 1
        with pytest.raises(Unreachable, match="certificate of another name"):
            await client.get(f"https://beta.test:{peer.port}/", accept="*/*")
    async with opened(**options) as client:
        with pytest.raises(Unreachable, match="certificate not trusted"):
            await client.get(f"https://alpha.test:{peer.port}/", accept="*/*")
    assert len(peer.requests) == 2


@pytest.mark.parametrize(("days", "what"), [(-9, "expired"), (9, "not valid yet")])
async def test_a_certificate_of_another_time_is_named_as_such(serve, tmp_path, days, what):
    authority, context = certificate(tmp_path, "alpha.test", days=days)
    peer = await serve(says(202), ssl_context=context)
    async with opened(ca_file=str(authority), resolver=Names(["127.0.0.1"])) as client:
        with pytest.raises(Unreachable, match=f"certificate {what}"):
            await client.post(f"https://alpha.test:{peer.port}/in", b"{}", key=KEY)
    assert peer.requests == []


async def test_https_is_never_left_for_http(serve, tmp_path):
    authority, context = certificate(tmp_path, "alpha.test")
    plain = await serve(says(200, b"plain"))
    peer = await serve(says(302, Location=plain.url(host="alpha.test")), ssl_context=context)
    async with opened(ca_file=str(authority), resolver=Names(["127.0.0.1"])) as client:
        with pytest.raises(Refused, match="https to http"):
            await client.get(f"https://alpha.test:{peer.port}/", accept="*/*")
    assert plain.requests == []


async def test_a_peer_without_tls_is_unreachable(serve):
    peer = await serve(says(200))
    async with opened(resolver=Names(["127.0.0.1"])) as client:
        with pytest.raises(Unreachable, match="no TLS"):
            await client.get(f"https://alpha.test:{peer.port}/", accept="*/*")


async def test_an_unreadable_authority_is_an_error_when_opened(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        client = Client(user_agent="x", now_ms=lambda: NOW_MS, ca_file=str(path))
        with pytest.raises(OSError):
            await client.open()
        await client.close()
