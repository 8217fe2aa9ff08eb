"""What the client delivers, signed in the way that the peer understands."""

import msgspec
import pytest
from aiohttp import web

from federation.errors import Unreachable
from federation.http import (
    Answer,
)
from federation.vocab import ACTIVITY_JSON
from tests.federation.loopback import KEY, authentic, in_turn, says


async def test_a_delivery_arrives_signed_over_exactly_what_was_sent(serve, client):
    peer = await serve(says(202))
    body = msgspec.json.encode({"type": "Create", "content": "안녕"})
    answer = await client.post(peer.url("/a/../in%2fbox?x=%20&y=a+b"), body, key=KEY)
    assert answer == Answer(202, "cavage", None, "")
    assert peer.paths == ["/a/../in%2fbox?x=%20&y=a+b"]
    assert peer.requests[0].body == body
    assert peer.header("Content-Type") == [ACTIVITY_JSON]
    assert authentic(peer.requests[0]) == "cavage"


@pytest.mark.parametrize(("scheme", "other"), [("cavage", "rfc9421"), ("rfc9421", "cavage")])
@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_delivery_knocks_with_the_other_scheme_once(serve, client, scheme, other, status):
    peer = await serve(in_turn(says(status, b"no"), says(202)))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY, scheme=scheme)
    assert answer == Answer(202, other, None, "")
    assert [authentic(request) for request in peer.requests] == [scheme, other]


async def test_when_both_schemes_are_refused_the_first_answer_counts(serve, client):
    peer = await serve(in_turn(says(401, b"who\x00 are\n\n you?"), says(403, b"go away")))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
    assert msgspec.structs.replace(answer, ahead_ms=0) == Answer(
        401, "cavage", None, "401 who are you?"
    )
    assert len(peer.requests) == 2


async def test_a_refusal_tells_how_far_our_clock_is_from_theirs(serve, client):
    dates = {"Wed, 31 Dec 2025 20:00:00 GMT": 4, "Thu, 01 Jan 2026 01:00:00 GMT": -1, "late": 0}
    for date, hours in dates.items():
        peer = await serve(says(401, b"no", Date=date))
        answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
        assert answer.ahead_ms == hours * 3_600_000


@pytest.mark.parametrize("status", [200, 204, 404, 410, 413, 422, 429, 500, 503])
async def test_other_answers_are_taken_as_they_are(serve, client, status):
    peer = await serve(says(status, b""))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
    assert (answer.status, answer.scheme, len(peer.requests)) == (status, "cavage", 1)


@pytest.mark.parametrize(
    ("value", "ms"),
    [("120", 120_000), ("Thu, 01 Jan 2026 00:01:00 GMT", 60_000), ("soon", None), ("-1", None)],
)
async def test_retry_after_is_told_in_milliseconds(serve, client, value, ms):
    peer = await serve(says(429, Retry_After=value))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
    assert (answer.status, answer.retry_after_ms) == (429, ms)


async def test_a_long_complaint_is_cut(serve, client):
    peer = await serve(says(422, b"<p>" + b"z" * 100_000))
    answer = await client.post(peer.url("/inbox"), b"{}", key=KEY)
    assert answer.reason.startswith("422 <p>zzz")
    assert len(answer.reason) <= 4 + 200
    assert "\n" not in answer.reason


async def test_a_get_knocks_twice_and_remembers_what_worked(serve, client):
    async def modern(request: web.Request) -> web.Response:
        good = "Signature-Input" in request.headers
        return web.Response(status=200 if good else 401)

    peer = await serve(modern)
    for _ in range(2):
        assert (await client.get(peer.url("/x?y=%20"), accept="*/*", key=KEY)).status == 200
    assert [authentic(request) for request in peer.requests] == ["cavage", "rfc9421", "rfc9421"]


async def test_a_get_that_neither_scheme_opens_is_unreachable(serve, client):
    peer = await serve(in_turn(says(401), says(403)))
    with pytest.raises(Unreachable) as caught:
        await client.get(peer.url(), accept="*/*", key=KEY)
    assert (caught.value.code, len(peer.requests)) == (401, 2)


async def test_an_unsigned_get_knocks_once(serve, client):
    peer = await serve(says(401))
    with pytest.raises(Unreachable):
        await client.get(peer.url(), accept="*/*")
    assert len(peer.requests) == 1
