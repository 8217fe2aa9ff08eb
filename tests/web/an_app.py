"""An app that speaks the client API with somebody's token, in a city of `tests.web.city`."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import CookieJar
from aiohttp.test_utils import TestClient

from server.clock import now_ms
from server.model import Account
from server.services import sessions
from tests.web.city import City

EVERYTHING = "read write follow push"


@dataclass
class App:
    """Somebody's app; without a token a visitor's. `link` and `headers` are of the last answer."""

    city: City
    client: TestClient[Any, Any]
    token: str = ""
    account: Account | None = None
    link: str = ""
    headers: Any = None

    @property
    def id(self) -> str:
        """Of its owner."""
        assert self.account is not None
        return str(self.account.id)

    async def ask(self, method: str, path: str, *, expect: int = 200, **sent: Any) -> Any:
        """What the API answers."""
        headers = {"Accept-Language": "en", **sent.pop("headers", {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        async with self.client.request(method, f"/api{path}", headers=headers, **sent) as answer:
            text = await answer.text()
            assert answer.status == expect, f"{answer.status}: {text}"
            self.link, self.headers = answer.headers.get("Link", ""), answer.headers
            return json.loads(text) if text else None

    async def get(self, path: str, **more: Any) -> Any:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, **more: Any) -> Any:
        return await self.ask("POST", path, **more)

    async def put(self, path: str, **more: Any) -> Any:
        return await self.ask("PUT", path, **more)

    async def delete(self, path: str, **more: Any) -> Any:
        return await self.ask("DELETE", path, **more)

    async def says(self, status: str, *, expect: int = 200, **more: Any) -> Any:
        return await self.post("/v1/statuses", json={"status": status, **more}, expect=expect)

    async def does(self, act: str, status: Any, *, expect: int = 200, **more: Any) -> Any:
        return await self.post(f"/v1/statuses/{status['id']}/{act}", expect=expect, **more)

    async def sees(self, status: Any, *, expect: int = 200) -> Any:
        return await self.get(f"/v1/statuses/{status['id']}", expect=expect)


async def app_of(city: City, name: str, scopes: str = EVERYTHING) -> App:
    """Somebody joins, and gets an app."""
    person = await city.join(name)
    assert person.account is not None
    token = await city.db.write(
        sessions.create_access_token, person.account.id, scopes, "tests", now_ms()
    )
    return App(city, _client(city), token, person.account)


def nobodys(city: City) -> App:
    """An app without a token."""
    return App(city, _client(city))


def _client(city: City) -> TestClient[Any, Any]:
    client = TestClient(city.server, cookie_jar=CookieJar(unsafe=True))
    city.closing.append(client)
    return client


def ids(entities: list[Any]) -> list[str]:
    """Of a list of entities."""
    return [entity["id"] for entity in entities]
