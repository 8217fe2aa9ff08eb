"""Live instances in one process, found by name: real HTTP between them, on loopback."""

import asyncio
import itertools
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestClient, TestServer

from federation.keys import make_rsa
from server import keyring, lookup
from server.clock import now_ms
from server.config import (
    Config,
    DatabaseAt,
    Federation,
    Instance,
    MediaAt,
    Registrations,
    Secrets,
)
from server.model import Account, Post, PostView
from server.secrets import Vault
from server.services import accounts, follows, notifications, posts, sessions, timelines
from server.services.accounts import NewAccount
from server.services.new_posts import NewPost
from server.store import accounts as account_store
from server.store import posts as post_store
from server.store.db import Database
from server.store.paging import Page
from tests import contract
from tests.first_start import given_keys
from tests.ports import free_port
from tests.server.world import context
from web.app import create_app
from web.brand import OUR_GREEN
from web.keys import CONFIG, DB, FETCHER, NOW, SITE, VAULT, WORKER

T = TypeVar("T")
SPARE_KEYS = itertools.cycle([make_rsa() for _ in range(4)])
"""RSA keys take 100 ms each; tests whose subject is not keys share these."""


class Names(AbstractResolver):
    """Names such as alpha.test, on loopback, at whatever port each instance got."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self.down: set[str] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return where `host` listens. Raises `OSError` for one that is down."""
        if host not in self.ports or host in self.down:
            raise OSError(f"{host} is not there")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self.ports[host],
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Nothing to close."""


class Clock:
    """A clock that tests can move, and stop; otherwise it is the time."""

    def __init__(self) -> None:
        self.ahead_ms = 0
        self._still_ms = 0

    def __call__(self) -> int:
        """Milliseconds UTC."""
        return (self._still_ms or now_ms()) + self.ahead_ms

    def stop(self) -> None:
        """From here on only `ahead_ms` moves it: what is forgiven with time is not meanwhile."""
        self._still_ms = now_ms()

    def go_on(self) -> None:
        """It is the time again."""
        self._still_ms = 0


@dataclass
class City:
    """One instance, with shortcuts for what tests do most."""

    name: str
    client: TestClient[Any, Any]
    clock: Clock
    people: dict[str, Account] = field(default_factory=dict)

    @property
    def app(self) -> Any:
        """The application."""
        return self.client.server.app  # type: ignore[attr-defined]

    @property
    def db(self) -> Database:
        """Its database."""
        return self.app[DB]

    @property
    def origin(self) -> str:
        """Scheme and host of its ids."""
        return str(self.app[SITE].origin)

    async def join(self, name: str, *, locked: bool = False, role: str = "writer") -> Account:
        """Make a local account."""
        made = _spare(self.app[VAULT])
        new = NewAccount(name=name, email=f"{name}@{self.name}", password="", keys=made, role=role)
        account = await self.db.write(accounts.create, self.app[SITE], new, self.clock())
        if locked:
            await self.db.write(account_store.set_columns, account.id, locked=1)
        self.people[name] = await self.one(account.id)
        return self.people[name]

    async def one(self, id: int) -> Account:
        """An account as it is now."""
        found = await self.db.read(account_store.by_id, id)
        assert found is not None
        return found

    async def token(self, name: str) -> str:
        """An access token of one of its people."""
        return await self.db.write(
            sessions.create_access_token,
            self.people[name].id,
            "read write follow push",
            "tests",
            self.clock(),
        )

    async def find(self, query: str) -> Account | Post | None:
        """What a handle or an address means, seen from here."""
        return await lookup.find(self.app[FETCHER], query)

    async def knows(self, handle: str) -> Account:
        """The account behind a handle; it must be found."""
        found = await self.find(handle)
        assert isinstance(found, Account), f"{handle} was not found from {self.name}"
        return found

    async def write(self, name: str, content: str = "", **more: Any) -> Post:
        """Publish as one of its people."""
        await lookup.mentioned(self.app[FETCHER], content)
        return await self.do(posts.write, await self.me(name), NewPost(content=content, **more))

    async def follow(self, name: str, handle: str) -> Account:
        """One of its people asks to follow somebody anywhere."""
        target = await self.knows(handle)
        await self.do(follows.follow, await self.me(name), target.id)
        return target

    async def do(self, service: Callable[..., T], viewer: Account, *args: Any) -> T:
        """Run a service `(tx, site, viewer, ..., now_ms)`."""
        return await self.db.write(service, self.app[SITE], viewer, *args, self.app[NOW]())

    async def post_at(self, uri: str) -> Post | None:
        """The post with this id, as this instance has it."""
        found = await self.db.read(post_store.by_uri, uri)
        return found if found and found.deleted_ms is None else None

    async def me(self, name: str) -> Account:
        """One of its people as they are now."""
        return await self.one(self.people[name].id)

    async def edit(self, name: str, post: Post, content: str, **more: Any) -> Post:
        """Change what one of its people wrote."""
        return await self.do(
            posts.edit, await self.me(name), post.id, NewPost(content=content, **more)
        )

    async def home(self, name: str) -> list[Post]:
        """The home timeline of one of its people, newest first."""
        entries = await self.db.read(timelines.home, self.people[name].id, Page())
        views = await self.db.read(timelines.views, self.people[name].id, entries)
        return [view.post for view in views]

    async def notices(self, name: str) -> list[tuple[str, str]]:
        """(kind, from whom) of the notifications of one of its people, newest first."""
        found = await self.db.read(notifications.page, self.people[name].id, Page())
        return [(one.notification.kind, one.account.acct) for one in found]

    async def thread(self, post_id: int) -> tuple[list[PostView], list[PostView]]:
        """What stands above a post and below it, for a visitor."""
        return await self.db.read(context, None, post_id)

    async def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        """Rows as dicts, for questions that only tests ask."""
        found = await self.db.read(lambda db: [dict(row) for row in db.all(sql, **params)])
        return found

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        return int((await self.rows(f"SELECT count(*) AS n FROM {table}"))[0]["n"])  # noqa: S608

    async def settled(self) -> bool:
        """Whether nothing waits here, neither jobs nor deliveries."""
        waiting = await self.rows("SELECT 1 FROM job WHERE state = 'waiting' LIMIT 1")
        return not waiting and not await self.rows("SELECT 1 FROM delivery LIMIT 1")

    def wake(self) -> None:
        """Let the worker look at what is due."""
        self.app[WORKER].wake()

    async def get(self, path: str, accept: str = "application/activity+json") -> dict[str, Any]:
        """A document of this instance."""
        async with self.client.get(path, headers={"Accept": accept}) as answer:
            assert answer.status == 200, (answer.status, await answer.text())
            return msgspec.json.decode(await answer.read(), type=dict[str, Any])


async def eventually(
    probe: Callable[[], Awaitable[T | None]],
    timeout: float = 60.0,  # noqa: ASYNC109  of machines that do much else
) -> T:
    """The probe's first true answer; fails after `timeout` seconds."""
    found = None
    try:
        async with asyncio.timeout(timeout):
            while not (found := await probe()):  # noqa: ASYNC110  it asks a database
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"did not become true within {timeout} s: {found!r}") from None
    return found


def _spare(vault: Vault) -> keyring.Keys:
    """Keys that can sign, of which others have the same."""
    rsa = next(SPARE_KEYS)
    return keyring.Keys((vault.seal(rsa[0]), rsa[1]), keyring.make_sealed_ed25519(vault))


class Village:
    """Makes instances that find each other by name."""

    def __init__(self, folder: Path, new_database: Callable[[], str]) -> None:
        self.names = Names()
        self.cities: list[City] = []
        self._folder = folder
        self._new_database = new_database

    async def __call__(
        self,
        name: str,
        *,
        accent: str = OUR_GREEN,
        registrations: Literal["open", "invite"] = "open",
        **federation: Any,
    ) -> City:
        """Start the instance `name`, such as "alpha.test"."""
        config = Config(
            instance=Instance(
                domain=name, base_url=f"http://{name}", name=name.title(), accent=accent
            ),
            database=DatabaseAt(url=self._new_database()),
            media=MediaAt(store=str(self._folder / name / "media")),
            secrets=Secrets(key_file=str(self._folder / f"{name}.key")),
            registrations=Registrations(mode=registrations),
            federation=Federation(
                **{
                    "allowed_addresses": ("127.0.0.0/8",),
                    "allow_http": True,
                    "link_previews": False,  # else every link in a test waits for a minute
                    **federation,
                }
            ),
        )
        clock = Clock()
        city = City(name, await self._listen(config, clock), clock)
        self.cities.append(city)
        return city

    async def _listen(self, config: Config, clock: Clock) -> TestClient[Any, Any]:
        """Start an application, at the port where this name was found before, if it was."""
        name = config.instance.domain
        app = create_app(config, resolver=self.names, clock=clock)
        contract.hold(app)
        port = self.names.ports.get(name) or free_port()  # it may have to be found there again
        client: TestClient[Any, Any] = TestClient(TestServer(app, port=port))
        with given_keys(_spare):
            await client.start_server()
        assert client.port is not None
        self.names.ports[name] = client.port
        return client

    async def stop(self, city: City) -> None:
        """Take an instance down; what it has stored stays."""
        await city.client.close()

    async def start_again(self, city: City) -> None:
        """Start an instance that was stopped, as it was: the same database, keys and port."""
        config: Config = city.app[CONFIG]
        city.client = await self._listen(config, city.clock)

    async def settle(self) -> None:
        """Wait until nothing waits anywhere.

        The instances are asked one after another: what one had left to do when another was asked
        may have come to that one since. So all are asked twice, and nothing may get done meanwhile.
        """

        def done() -> list[int]:
            workers = [city.app[WORKER] for city in self.cities]
            return [worker.delivered + worker.done for worker in workers]

        async def quiet() -> bool:
            before = done()
            twice = [*self.cities, *reversed(self.cities)]
            return all([await city.settled() for city in twice]) and done() == before

        await eventually(quiet)

    async def close(self) -> None:
        """Stop every instance."""
        for city in self.cities:
            await city.client.close()
