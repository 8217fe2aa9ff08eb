"""An app as tests see it: it registers, sends people to the consent page, fetches its token."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp.test_utils import TestClient

from tests.web.an_app import ENGLISH, bearer
from tests.web.city import City, Person

VERIFIER = "the-verifier-of-this-test-has-43-signs-or-more"
HOME = "https://app.example/back"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


def challenge(verifier: str = VERIFIER) -> str:
    """S256 of a verifier."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class App:
    """A registered app."""

    city: City
    client: TestClient[Any, Any]
    id: str
    secret: str
    redirect: str
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> dict[str, str]:
        """What authenticates it."""
        return {"client_id": self.id, "client_secret": self.secret}

    def wish(self, **more: str) -> dict[str, str]:
        """The parameters with which people come."""
        usual = {"response_type": "code", "client_id": self.id, "redirect_uri": self.redirect}
        return {**usual, "scope": "read", **more}

    def way(self, **more: str) -> str:
        """Where the app sends people."""
        return f"/oauth/authorize?{urlencode(self.wish(**more))}"

    async def code(self, person: Person, **more: str) -> str:
        """What comes back when somebody lets the app in."""
        return one(await self.let_in(person, **more), "code")

    async def let_in(self, person: Person, **more: str) -> str:
        """Where somebody is taken who lets the app in."""
        page = await person.get(self.way(**more))
        fields = page.form("/oauth/authorize").fields
        return await person.post("/oauth/authorize", **fields)

    async def fetch(self, code: str, expect: int = 200, **more: str) -> Any:
        """Ask for the token."""
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect}
        sent = {key: value for key, value in {**sent, **self.key, **more}.items() if value}
        return await ask(self.client, "POST", "/oauth/token", expect, data=sent)

    async def token(self, person: Person, **more: str) -> str:
        """A token for somebody."""
        return str((await self.fetch(await self.code(person, **more)))["access_token"])

    async def alone(self, scope: str = "read", expect: int = 200) -> Any:
        """A token for the app itself."""
        sent = {"grant_type": "client_credentials", "scope": scope, **self.key}
        return await ask(self.client, "POST", "/oauth/token", expect, data=sent)

    async def me(self, token: str, expect: int = 200) -> Any:
        """Whose token it is."""
        path = "/api/v1/accounts/verify_credentials"
        return await ask(self.client, "GET", path, expect, headers=bearer(token))


async def register(
    city: City, *, redirect: str = HOME, scopes: str = "read write follow push profile"
) -> App:
    """A new app."""
    visitor = await city.visitor()
    sent = {
        "client_name": "Tusky",
        "redirect_uris": redirect,
        "scopes": scopes,
        "website": "https://tusky.app",
    }
    made = await ask(visitor.client, "POST", "/api/v1/apps", data=sent)
    return App(city, visitor.client, made["client_id"], made["client_secret"], redirect)


async def ask(
    client: TestClient[Any, Any], method: str, path: str, expect: int = 200, **more: Any
) -> Any:
    """The JSON of an answer with this status."""
    headers = {**ENGLISH, **more.pop("headers", {})}
    async with client.request(method, path, headers=headers, **more) as answer:
        text = await answer.text()
        assert answer.status == expect, f"{answer.status}: {text}"
        return await answer.json()


def one(location: str, name: str) -> str:
    """A parameter of an address; empty where there is none."""
    return next(iter(parse_qs(urlsplit(location).query, keep_blank_values=True).get(name, [])), "")
