"""Apps that speak the client API with somebody's token, in a city of `tests.web.city`: `App` is one
person's, `Apps` are those of several. How an app gets a token is in `tests.web.oauth_app`."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import CookieJar
from aiohttp.test_utils import TestClient

from server.clock import now_ms
from server.model import Account
from server.services import sessions
from tests.web.city import City, Person

EVERYTHING = "read write follow push"
ENGLISH = {"Accept-Language": "en"}


async def asked(
    client: TestClient[Any, Any],
    method: str,
    path: str,
    *,
    token: str = "",
    expect: int = 200,
    **sent: Any,
) -> tuple[Any, Any]:
    """What the API answers below `/api`, with this status; and the headers of that."""
    headers = {**(sent.pop("headers", None) or {}), **(bearer(token) if token else {})}
    async with client.request(method, f"/api{path}", headers=headers, **sent) as answer:
        text = await answer.text()
        assert answer.status == expect, f"{answer.status}: {text}"
        return json.loads(text) if text else None, answer.headers


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


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
        headers = {**ENGLISH, **sent.pop("headers", {})}
        said, self.headers = await asked(
            self.client, method, path, token=self.token, expect=expect, headers=headers, **sent
        )
        self.link = self.headers.get("Link", "")
        return said

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


class Apps:
    """The apps of several people with browsers, speaking to one city."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.people: dict[str, Person] = {}
        self.link = ""
        self._tokens: dict[str, str] = {}

    async def join(self, *names: str, scopes: str = EVERYTHING) -> None:
        """Somebody with an account, an app and a browser."""
        for name in names:
            self.people[name] = await self.city.join(name)
            self._tokens[name] = await self.city.db.write(
                sessions.create_access_token, self.account(name).id, scopes, "tests", now_ms()
            )

    def account(self, name: str) -> Account:
        """One of them."""
        account = self.people[name].account
        assert account is not None
        return account

    def id(self, name: str) -> str:
        """As apps write it."""
        return str(self.account(name).id)

    async def ask(
        self, method: str, path: str, who: str = "", expect: int = 200, **sent: Any
    ) -> Any:
        """What the API answers; its `Link` stays in `link`."""
        client, token = next(iter(self.people.values())).client, self._tokens[who] if who else ""
        said, headers = await asked(client, method, path, token=token, expect=expect, **sent)
        self.link = headers.get("Link", "")
        return said

    async def get(self, path: str, who: str = "", expect: int = 200, **sent: Any) -> Any:
        """Read."""
        return await self.ask("GET", path, who, expect, **sent)

    async def post(self, path: str, who: str = "", expect: int = 200, **sent: Any) -> Any:
        """Do."""
        return await self.ask("POST", path, who, expect, **sent)

    async def says(self, who: str, status: str, **more: Any) -> Any:
        """Publish."""
        return await self.post("/v1/statuses", who, json={"status": status, **more})

    async def follows(self, who: str, *names: str) -> None:
        """Follow each of them."""
        for name in names:
            await self.post(f"/v1/accounts/{self.id(name)}/follow", who)

    async def home(self, who: str) -> list[str]:
        """The ids of the home timeline, newest first."""
        return ids(await self.get("/v1/timelines/home", who))


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
