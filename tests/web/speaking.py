"""A city as apps meet it: people with tokens, on whichever database the city stands."""

import json
from typing import Any

from server.clock import now_ms
from server.model import Account
from server.services import sessions
from tests.web.city import City, Person

EVERYTHING = "read write follow push"


class Apps:
    """Everybody's app, speaking to one city."""

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
        client = next(iter(self.people.values())).client
        headers = {"Authorization": f"Bearer {self._tokens[who]}"} if who else {}
        async with client.request(method, f"/api{path}", headers=headers, **sent) as answer:
            text = await answer.text()
            assert answer.status == expect, f"{answer.status}: {text}"
            self.link = answer.headers.get("Link", "")
            return json.loads(text) if text else None

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


def ids(found: list[dict[str, Any]]) -> list[str]:
    """The ids of entities."""
    return [one["id"] for one in found]
