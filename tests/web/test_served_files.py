"""Files of people go out as what they are, and can do nothing to who opens them."""

import pytest
from aiohttp.test_utils import make_mocked_request

from federation.http import is_activity_type
from server.files import MEDIA_TYPES, TAKEN_AWAY
from web import sending
from web.keys import PICTURES

EVIL = (
    b'{"@context":"https://www.w3.org/ns/activitystreams","type":"Person"}<script>evil()</script>'
)


async def _loaded(city, name, accept="*/*"):
    await city.app[PICTURES].store.put(name, EVIL)
    visitor = await city.visitor()
    async with visitor.client.get(f"/media/{name}", headers={"Accept": accept}) as answer:
        return answer.status, answer.headers


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/activity+json"])
async def test_a_file_goes_out_in_a_sandbox_whatever_it_is(city, accept):
    for end, media_type in MEDIA_TYPES.items():
        status, headers = await _loaded(city, f"{'ab' * 16}{end}", accept)
        assert (status, headers["Content-Type"]) == (200, media_type), end
        assert headers["X-Content-Type-Options"] == "nosniff", end
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("sandbox; default-src 'none'"), end
        assert "script" not in policy and "allow" not in policy, end


async def test_no_file_is_ever_a_document(city):
    assert not any(is_activity_type(one) for one in (*MEDIA_TYPES.values(), *TAKEN_AWAY.values()))
    assert not any("html" in one or "svg" in one for one in MEDIA_TYPES.values())
    for end in (".html", ".svg", ".json", ".pdf", ".xml", ".js", "", *TAKEN_AWAY):
        visitor = await city.visitor()
        async with visitor.client.get(f"/media/{'cd' * 16}{end}") as answer:
            assert answer.status == 404, end


@pytest.mark.parametrize("end", sorted(TAKEN_AWAY))
async def test_what_is_taken_away_opens_nowhere_and_nobody_keeps_it(city, end):
    store, name = city.app[PICTURES].store, f"{'ef' * 16}{end}"
    await store.put(name, EVIL)
    called = ('My "blog"\r\nX: y', TAKEN_AWAY[end])
    headers = (await sending.download(make_mocked_request("GET", "/"), store, name, called)).headers
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert "\r" not in headers["Content-Disposition"]
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "private, no-store"
