"""Search in the client API: filters in the query, windows, and whose posts."""

import re
from urllib.parse import urlencode

import pytest

from server.services import search
from tests.web.an_app import app_of, ids


async def found(app, q, **more):
    """The statuses that a query finds."""
    asked = urlencode({"q": q, "type": "statuses", **more})
    return ids((await app.get(f"/v2/search?{asked}"))["statuses"])


async def test_the_words_of_a_query_filter(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    first = (await mina.says("김장 담그는 날 #김장"))["id"]
    second = (await joon.says("김장 말고 김치"))["id"]
    assert await found(joon, "김장") == [second, first]
    assert await found(joon, "김장 -김치") == [first]
    assert await found(joon, '"김장 담그는"') == [first]
    assert await found(joon, "김장 from:mina") == [first]
    assert await found(joon, "from:me") == [second]
    by_mina = (await mina.get("/v1/accounts/verify_credentials"))["id"]
    assert await found(joon, "김장", account_id=by_mina) == [first]
    assert await found(joon, "김장", max_id=second) == [first]
    assert await found(joon, "김장", min_id=first) == [second]
    assert await found(joon, "김장", offset=1) == [first]
    assert await found(joon, "김장", limit=1) == [second]
    assert await found(joon, "김장 before:2020-01-01") == []


@pytest.mark.parametrize("q", ['"', "-", "from:", "from:@", "in:x before:0-0", "#", "-a", "::"])
async def test_any_query_has_an_answer(city, q):
    mina = await app_of(city, "mina")
    assert await found(mina, q) == []


async def test_posts_that_only_seem_to_fit_end_a_list_which_says_where_it_goes_on(
    city, monkeypatch
):
    mina = await app_of(city, "mina")
    wanted = (await mina.says("시장 소식"))["id"]
    for _ in range(5):
        await mina.says("소식 없는 시장")
    monkeypatch.setattr(search, "MOST_LOOKED_AT", 3)
    asked = urlencode({"q": '"시장 소식"', "type": "statuses", "resolve": "true", "offset": 0})
    path, pages = f"/v2/search?{asked}", []
    while path and len(pages) < 5:
        pages.append(ids((await mina.get(path))["statuses"]))
        assert '; rel="next"' in mina.link or not mina.link
        assert not {"resolve", "offset"} & set(re.findall(r"\w+(?==)", mina.link))
        path = mina.link.partition(">")[0].partition("/api")[2]
    assert pages[0] == []
    assert [id for page in pages for id in page] == [wanted]
