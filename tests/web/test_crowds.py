"""Places for each group of requests: one group that is full holds up no other."""

import asyncio
from collections.abc import Iterator

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from server.clock import now_ms
from server.services import sessions
from tests.village import eventually
from tests.web.city import City
from web import crowds
from web.crowds import CROWDS, ROOMS, Room

ASKED = {
    "inbox": ("POST", "/inbox"),
    "documents": ("GET", "/actor"),
    "pages": ("GET", "/about"),
    "api": ("GET", "/api/v1/instance"),
    "pictures": ("GET", "/media/0123456789abcdef0123456789abcdef.webp"),
    "search": ("GET", "/search?q=plum"),
    "signing in": ("POST", "/oauth/token"),
    "visitors' words": ("POST", "/language"),
}


@pytest.fixture
def full(city: City) -> Iterator[crowds.Crowds]:
    """Rooms in which one place is left."""
    rooms = city.app[CROWDS].rooms
    for name in ROOMS:
        rooms[name] = Room(1, 1)
    yield city.app[CROWDS]


async def test_a_group_that_is_full_says_when_to_come_back_and_the_others_go_on(
    city: City, full: crowds.Crowds
) -> None:
    client = (await city.visitor()).client
    assert set(ROOMS) - set(ASKED) == {"members' words"}
    for taken in ROOMS:
        full.enter(taken, "somebody else")
        for name, (method, path) in ASKED.items():
            async with client.request(method, path, allow_redirects=False) as answer:
                assert (answer.status == 503) == (name == taken), (name, taken, answer.status)
                if name == taken:
                    assert answer.headers["Retry-After"] == "5"
        async with client.get("/healthz") as answer:
            assert answer.status == 200
        full.leave(taken, "somebody else")
    for method, path in ASKED.values():
        async with client.request(method, path, allow_redirects=False) as answer:
            assert answer.status != 503


async def test_who_sent_words_reads_that_they_are_still_in_the_form(
    city: City, full: crowds.Crowds
) -> None:
    ann = await city.join("ann")
    token = await ann.token()
    full.enter("members' words", "somebody else")
    told = await ann.post("/write", 503, data={"csrf": token, "content": "A long story"})
    assert "Go back: what you typed is still in the form." in told
    full.leave("members' words", "somebody else")
    full.enter("pages", "somebody else")
    assert "Go back" not in (await ann.get("/about", 503)).text


async def test_members_write_while_visitors_crowd(city: City, full: crowds.Crowds) -> None:
    ann = await city.join("ann")
    token = await city.db.write(
        sessions.create_access_token, ann.account.id, "write", "tests", now_ms()
    )
    full.enter("visitors' words", "somebody")
    headers = {"Authorization": f"Bearer {token}"}
    async with ann.client.post(
        "/api/v1/statuses", json={"status": "Hello"}, headers=headers
    ) as answer:
        assert answer.status == 200
    async with ann.client.post("/api/v1/statuses", json={"status": "Hello"}) as answer:
        assert answer.status == 503
        assert "error" in await answer.json()


async def test_bodies_that_drip_in_from_one_address_leave_places_to_others(city: City) -> None:
    city.app[CROWDS].rooms["visitors' words"] = Room(4, 2)
    client = (await city.visitor()).client
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    go_on = asyncio.Event()

    async def dripping():
        yield b"language="
        await go_on.wait()
        yield b"ko"

    async def post(address: str, body: object) -> int:
        headers = {**form, "X-Forwarded-For": address}
        async with client.post(
            "/language", data=body, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status

    slow = [asyncio.create_task(post("192.0.2.1", dripping())) for _ in range(2)]

    async def both() -> bool:
        return city.app[CROWDS].under_way("visitors' words") == 2

    await eventually(both)
    assert await post("192.0.2.1", "language=ko") == 503
    assert await post("192.0.2.2", "language=ko") == 303
    go_on.set()
    assert await asyncio.gather(*slow) == [303, 303]
    assert await post("192.0.2.1", "language=ko") == 303


async def test_a_place_is_held_until_the_answer_begins(city: City, full: crowds.Crowds) -> None:
    """A stream lasts; how slowly somebody reads an answer is looked after elsewhere."""
    client = (await city.visitor()).client
    async with client.get("/live?topics=local") as stream:
        assert stream.status == 200
        async with client.get("/about") as answer:
            assert answer.status == 200
    assert full.under_way("pages") == 0


async def test_what_fails_gives_its_place_back(
    city: City, full: crowds.Crowds, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = (await city.visitor()).client
    for path, status in (("/nowhere", 404), ("/settings", 401), ("/search?page=x", 200)):
        for _ in range(2):
            async with client.get(path, allow_redirects=False) as answer:
                assert answer.status in (status, 303), path
    assert not any(full.under_way(name) for name in ROOMS)


def test_every_address_has_its_group(city_routes: list[tuple[str, str]]) -> None:
    free = set()
    for method, path in city_routes:
        request = make_mocked_request(method, path.replace("{", "").replace("}", ""))
        if not (name := crowds.group_of(request)):
            free.add(path)
        assert not name or name in ROOMS
    assert free == {
        *("/healthz", "/readyz", "/health", "/metrics"),
        *("/static/{name}", "/favicon.ico"),
    }


@pytest.fixture
def city_routes(city: City) -> list[tuple[str, str]]:
    """Method and address of every route."""
    router: web.UrlDispatcher = city.app.router
    return [
        (one.method if one.method != "*" else "GET", one.resource.canonical)
        for one in router.routes()
        if one.resource is not None
    ]
