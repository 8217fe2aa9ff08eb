"""What the client takes for a document, and what it says where there is none."""

import pytest
from aiohttp import web

from federation.errors import Gone, Malformed, Unreachable
from federation.http import (
    DOCUMENT_ACCEPT,
    is_activity_type,
)
from federation.vocab import ACTIVITY_JSON, LD_JSON
from tests.federation.loopback import KEY, authentic, says

# Answers to a GET


async def test_what_is_gone_and_what_is_missing_are_told_apart(serve, client):
    peer = await serve(says(410))
    with pytest.raises(Gone):
        await client.get(peer.url(), accept="*/*")
    for status in (204, 300, 304, 404, 418, 500, 503):
        peer.handler = says(status, Retry_After="7")
        if status == 304:
            continue
        with pytest.raises(Unreachable) as caught:
            await client.get(peer.url(), accept="*/*")
        assert (caught.value.code, caught.value.retry_after_ms) == (status, 7000)


async def test_an_unchanged_document_is_a_304_without_a_body(serve, client):
    async def handler(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304, headers={"ETag": '"v1"'})
        return web.Response(body=b"hello", headers={"ETag": '"v1"'})

    peer = await serve(handler)
    first = await client.get(peer.url(), accept="*/*")
    again = await client.get(peer.url(), accept="*/*", etag=first.etag)
    assert (first.status, first.body, first.etag) == (200, b"hello", '"v1"')
    assert (again.status, again.body, again.etag) == (304, b"", '"v1"')


async def test_an_absurd_etag_is_not_kept(serve, client):
    peer = await serve(says(200, ETag="x" * 300))
    assert (await client.get(peer.url(), accept="*/*")).etag == ""


async def test_an_etag_of_other_bytes_than_ascii_is_not_kept(serve, client):
    """No database takes what aiohttp makes of them."""
    peer = await serve(says(200, ETag='"é"'))
    assert (await client.get(peer.url(), accept="*/*")).etag == ""


async def test_a_line_break_in_an_etag_never_reaches_the_wire(serve, client):
    peer = await serve(says(200))
    with pytest.raises(Unreachable):
        await client.get(peer.url(), accept="*/*", etag="x\r\nEvil: 1")
    assert peer.requests == []


# Documents


async def test_a_document_is_asked_for_signed_and_comes_with_its_address(serve, client):
    peer = await serve(says(500))
    peer.handler = says(200, {"id": peer.url("/users/eve"), "type": "Person"}, LD_JSON)
    url, raw = await client.document(peer.url("/@eve#main-key"), key=KEY)
    assert (url, raw["id"]) == (peer.url("/@eve"), peer.url("/users/eve"))
    assert peer.header("Accept") == [DOCUMENT_ACCEPT]
    assert peer.header("User-Agent") == ["Madang/test"]
    assert authentic(peer.requests[0]) == "cavage"


@pytest.mark.parametrize(
    ("content_type", "good"),
    [
        ("application/activity+json", True),
        ("Application/Activity+JSON; charset=utf-8", True),
        (LD_JSON, True),
        ('application/ld+json;profile="https://www.w3.org/ns/activitystreams"', True),
        (
            'application/ld+json; charset=utf-8; PROFILE="https://www.w3.org/ns/activitystreams"',
            True,
        ),
        ("application/ld+json; profile=https://www.w3.org/ns/activitystreams", True),
        (
            'application/ld+json; profile="urn:a https://www.w3.org/ns/activitystreams"',
            True,
        ),
        ("application/ld+json", False),
        ('application/ld+json; profile="https://www.w3.org/ns/activitystreams2"', False),
        ('application/ld+json; x-profile="https://www.w3.org/ns/activitystreams"', False),
        ("application/json", False),
        ("text/html", False),
        ("text/html; application/activity+json", False),
        ("application/activity+json-patch", False),
        ("image/png", False),
        ("", False),
    ],
)
async def test_only_activitypub_types_are_documents(serve, client, content_type, good):
    assert is_activity_type(content_type) is good
    peer = await serve(says(500))
    peer.handler = says(200, {"id": peer.url("/1")}, content_type)
    if good:
        await client.document(peer.url("/1"), key=None)
        return
    with pytest.raises(Malformed):
        await client.document(peer.url("/1"), key=None)


@pytest.mark.parametrize("types", [("text/html", ACTIVITY_JSON), (ACTIVITY_JSON, "text/html")])
async def test_two_content_types_are_none(serve, client, types):
    async def handler(request: web.Request) -> web.Response:
        response = web.Response(body=b"{}", content_type=types[0])
        response.headers.add("Content-Type", types[1])
        return response

    peer = await serve(handler)
    with pytest.raises((Malformed, Unreachable)):
        await client.document(peer.url("/1"), key=None)


@pytest.mark.parametrize(
    "id", ["https://other.test/1", "http://127.0.0.1/1", "urn:x", "", 7, ["x"], {"id": "x"}]
)
async def test_a_document_speaks_only_for_its_own_origin(serve, client, id):
    peer = await serve(says(200, {"id": id, "type": "Note"}))
    with pytest.raises(Malformed):
        await client.document(peer.url("/1"), key=None)


async def test_a_redirected_document_speaks_for_where_it_was_found(serve, client):
    liar, owner = await serve(says(500)), await serve(says(500))
    liar.handler = says(302, Location=owner.url("/2"))
    owner.handler = says(200, {"id": liar.url("/1")})
    with pytest.raises(Malformed):
        await client.document(liar.url("/1"), key=None)
    owner.handler = says(200, {"id": owner.url("/2")})
    assert (await client.document(liar.url("/1"), key=None))[0] == owner.url("/2")


async def test_an_anonymous_document_claims_nothing_and_passes(serve, client):
    peer = await serve(says(200, {"type": "OrderedCollectionPage"}))
    assert (await client.document(peer.url("/1"), key=None))[1]["type"] == "OrderedCollectionPage"


@pytest.mark.parametrize("body", [b"", b"[]", b"NaN", b'"x"', b"\xff\xfe{\x00}\x00", b"{"])
async def test_a_document_that_is_no_json_object_is_malformed(serve, client, body):
    peer = await serve(says(200, body))
    with pytest.raises(Malformed):
        await client.document(peer.url("/1"), key=None)


async def test_a_picture_is_fetched_unsigned_and_only_as_a_picture(serve, client):
    peer = await serve(says(200, b"PNG", "image/png"))
    fetched = await client.picture(peer.url("/1.png"), max_bytes=10)
    assert (fetched.body, peer.header("Signature")) == (b"PNG", [])
    peer.handler = says(200, b"PNG", "application/octet-stream")
    assert (await client.picture(peer.url("/1.png"), max_bytes=10)).body == b"PNG"
    for other in ("text/html", ACTIVITY_JSON, "image/", ""):
        peer.handler = says(200, b"PNG", other)
        with pytest.raises(Malformed):
            await client.picture(peer.url("/1.png"), max_bytes=10)
