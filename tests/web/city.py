"""A running city for tests of pages, and people who use it as a browser does: through forms."""

import io
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from server import passwords
from server.clock import now_ms
from server.config import Config, DatabaseAt, Instance, MediaAt, Registrations, Secrets
from server.keyring import Keys
from server.model import Account, Site
from server.secrets import Vault
from server.services import accounts, posts, sessions
from server.services.accounts import NewAccount
from server.services.new_posts import NewPost
from server.store.db import Database
from tests import contract
from tests.first_start import given_keys
from tests.web.html import HtmlPage
from web.app import create_app
from web.keys import DB, SITE

NO_KEYS = Keys((b"-", "-"), (b"-", "-"))
ORIGIN = "http://localhost:8080"
COOKIE = "madang-8080"  # over http there is no __Host- prefix, and cookies know no ports
HERE = Site(origin=ORIGIN, domain="localhost:8080", name="광명마당")
PASSWORD = "seven purple umbrellas"  # noqa: S105  for tests


def sealed(vault: Vault) -> Keys:
    """Keys that cannot sign, sealed as the application wants to find them."""
    nothing = vault.seal(b"-")
    return Keys((nothing, "-"), (nothing, "-"))


@dataclass
class Person:
    """Somebody with a browser of their own; `account` is None for a visitor."""

    client: TestClient[Any, Any]
    account: Account | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"Accept-Language": "en"})
    url: str = ""

    async def get(self, path: str, status: int = 200) -> HtmlPage:
        """Open a page, following redirects, and hold it to what every page must be."""
        async with self.client.get(path, headers=self.headers) as answer:
            text = await answer.text()
            assert answer.status == status, text
            self.url = answer.url.path_qs
            page = HtmlPage(text)
            assert page.faults == [], path
            return page

    async def post(self, path: str, status: int = 303, **fields: Any) -> str:
        """Send a form with the token of this person; where it leads, or what the page says."""
        headers = fields.pop("headers", {})
        data = fields.pop("data", None) or {"csrf": await self.token(), **fields}
        async with self.client.post(
            path, data=data, headers={**self.headers, **headers}, allow_redirects=False
        ) as answer:
            text = await answer.text()
            assert answer.status == status, f"{answer.status}: {text}"
            return answer.headers["Location"] if status == 303 else text

    def own_page(self, place: str) -> str:
        """The page of a reply of theirs, which stands at `place` below what it answers."""
        assert self.account and "#post-" in place, place
        return f"/@{self.account.name}/{place.rpartition('#post-')[2]}"

    async def token(self) -> str:
        """The token that this person's forms carry."""
        page = await self.get("/settings" if self.account else "/sign-in")
        return next(f.fields["csrf"] for f in page.forms if "csrf" in f.fields)


@dataclass
class City:
    """A running instance and those who use it."""

    app: Any
    server: TestServer
    people: list[Person] = field(default_factory=list)
    closing: list[TestClient[Any, Any]] = field(default_factory=list)

    @property
    def db(self) -> Database:
        return self.app[DB]

    @property
    def site(self) -> Site:
        return self.app[SITE]

    async def visitor(self, language: str = "en") -> Person:
        """Somebody who is not signed in."""
        client = TestClient(self.server, cookie_jar=aiohttp.CookieJar(unsafe=True))
        person = Person(client, headers={"Accept-Language": language})
        self.people.append(person)
        return person

    async def join(self, name: str, *, role: str = "member", language: str = "en") -> Person:
        """Somebody with an account who is signed in."""
        new = NewAccount(
            name=name,
            email=f"{name}@gm.example",
            password=HASH[0],
            keys=NO_KEYS,
            role=role,
            display_name=name.capitalize(),
            language=language,
        )
        account = await self.db.write(accounts.create, self.site, new, now_ms())
        person = await self.visitor(language)
        person.account = account
        token = await self.db.write(sessions.sign_in, account.id, "Firefox", "127.0.0.1", now_ms())
        person.client.session.cookie_jar.update_cookies({COOKIE: token})
        return person

    async def writes(self, person: Person, content: str = "Hello", **more: Any) -> Any:
        """A post by somebody."""
        new = NewPost(content=content, **more)
        return await self.db.write(posts.write, self.site, person.account, new, now_ms())


HASH: list[str] = []


async def start(
    url: str, folder: Any, mode: str = "open", *, work: bool = False, **identity: str
) -> City:
    """`identity`: how the city looks, as keys of `[instance]`."""
    if not HASH:
        HASH.append(await passwords.hash_(PASSWORD))
    config = Config(
        instance=Instance(domain="localhost:8080", base_url=ORIGIN, name="광명마당", **identity),
        database=DatabaseAt(url=url),
        media=MediaAt(store=str(folder / "media")),
        secrets=Secrets(key_file=str(folder / "secret.key")),
        registrations=Registrations(mode=mode),
    )
    app = create_app(config, work=work)
    contract.hold(app)
    server = TestServer(app)
    with given_keys(sealed):
        await server.start_server()
    return City(app, server)


async def stop(city: City) -> None:
    for client in (*city.closing, *(person.client for person in city.people)):
        await client.close()
    await city.server.close()


def a_picture(size=(640, 480), colour="teal"):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


async def upload(person: Person, path: str, status: int = 303, **fields: Any) -> str:
    """Send a form with files: a value that is bytes is a file."""
    data = aiohttp.FormData()
    data.add_field("csrf", await person.token())
    for name, value in fields.items():
        if isinstance(value, bytes):
            file = io.BytesIO(value)
            data.add_field(name, file, filename="picture.png", content_type="image/png")
        else:
            data.add_field(name, value)
    return await person.post(path, status, data=data)
