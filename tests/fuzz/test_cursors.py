"""Addresses with absurd ids and cursors: never a failure of ours."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ids import created_ms, first_id, new_id, parse_id
from tests.village import City, Village

ABSURD = (
    "0", "00", "-1", "+1", "1.5", "1e9", " 1", "1 ", "９", "१२", "0x10", "1_000", "x", "'", '"',
    "%00", "a" * 5000, "9" * 18, "9" * 19, str(2**63 - 1), str(2**63), "9" * 40, "NaN", "null",
    "..", "%2e%2e", "1;drop", "1 or 1=1", "\u202e1", "%ff", "%ed%a0%80",
)  # fmt: skip
PATHS = (
    "/objects/{}", "/objects/{}/replies", "/objects/{}/likes", "/objects/{}/shares", "/actors/{}",
    "/actors/{}/outbox", "/actors/{}/followers", "/contexts/{}", "/activities/{}", "/@ann/{}",
    "/@{}", "/actors/{}/featured", "/tags/{}", "/media/{}", "/@ann/{}/history", "/{}",
    "/.well-known/webfinger?resource={}", "/.well-known/webfinger?resource=acct:{}",
    "/nodeinfo/{}", "/objects/1/replies?max_id={}", "/objects/1/replies?page={}",
)  # fmt: skip
CURSORS = (
    "/local?max_id={}", "/local?min_id={}", "/@ann?max_id={}", "/tags/x?max_id={}",
    "/search?q={}", "/api/v1/timelines/public?max_id={}", "/api/v1/timelines/public?since_id={}",
    "/api/v1/timelines/public?min_id={}", "/api/v1/timelines/public?limit={}",
    "/api/v1/timelines/tag/{}", "/api/v1/statuses/{}", "/api/v1/statuses/{}/context",
    "/api/v1/accounts/{}", "/api/v1/accounts/{}/statuses", "/api/v1/accounts/lookup?acct={}",
    "/api/v2/search?q={}", "/api/v2/search?q=x&offset={}",
)  # fmt: skip


@pytest.fixture
async def city(tmp_path: Any, new_database: Callable[[], str]) -> AsyncIterator[City]:
    village = Village(tmp_path, new_database)
    made = await village("alpha.test")
    await made.join("ann")
    await made.write("ann", "Hello")
    yield made
    await village.close()


@pytest.mark.parametrize("accept", ["application/activity+json", "text/html", "*/*;q=x, ,;;"])
async def test_no_address_makes_the_server_fail(city: City, accept: str) -> None:
    token = await city.token("ann")
    headers = {"Accept": accept, "Authorization": f"Bearer {token}"}
    for form in PATHS + CURSORS:
        for value in ABSURD:
            at = form.format(quote(value, safe="%"))
            async with city.client.get(at, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                assert answer.status < 500, (answer.status, at)


async def test_cursors_of_collections_end_somewhere(city: City) -> None:
    ann = "/" + city.people["ann"].uri.split("/", 3)[3]
    for _ in range(45):
        await city.write("ann", "More")
    seen: list[str] = []
    at = (await city.get(f"{ann}/outbox"))["first"]
    for _ in range(10):
        page = await city.get("/" + at.split("/", 3)[3])
        seen += [item["object"]["id"] for item in page["orderedItems"]]
        if "next" not in page:
            break
        at = page["next"]
    assert len(seen) == len(set(seen)) == 46


@given(st.text())
def test_what_is_read_as_an_id_is_one(text: str) -> None:
    found = parse_id(text)
    assert found is None or (0 <= found < 2**63 and int(text) == found)


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_every_id_can_be_read(id: int) -> None:
    assert parse_id(str(id)) == id


@given(st.integers(min_value=1_704_067_620_000, max_value=1_704_067_200_000 + 2**40))
def test_a_cursor_lies_before_what_was_made_then(at_ms: int) -> None:
    assert created_ms(first_id(at_ms)) == at_ms


def test_ids_only_grow() -> None:
    made = [new_id(at) for at in (1_795_000_000_000, 1_795_000_000_000, 1_700_000_000_000)]
    assert made == sorted(set(made))
