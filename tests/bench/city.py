"""A city in a folder, filled by SQL with as many people as a benchmark needs."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import psycopg

from federation.keys import make_rsa
from server import keyring
from server.clock import now_ms
from server.config import Config, DatabaseAt, Federation, Instance, MediaAt, Secrets, Server
from server.ids import new_id
from server.model import Account, Site
from server.secrets import Vault, vault
from server.services import accounts as account_service
from server.services import sessions
from server.services.accounts import NewAccount
from server.store import accounts, follows
from server.store.db import Database, Write
from server.store.migrate import migrate

HOST = "bench.test"
SERVER: Final = "BENCH_POSTGRESQL"
"""Names a PostgreSQL server on which each folder has a database; without it SQLite is measured."""


def config(folder: Path) -> Config:
    """The configuration of the city in `folder`."""
    return Config(
        instance=Instance(domain=HOST, base_url=f"http://{HOST}", name="Bench"),
        server=Server(app_requests=10**9),
        database=DatabaseAt(url=_url(folder)),
        media=MediaAt(store=str(folder / "media")),
        secrets=Secrets(key_file=str(folder / "secret.key")),
        federation=Federation(
            allowed_addresses=("127.0.0.0/8",), allow_http=True, peer_activities=10**9
        ),
    )


def _url(folder: Path) -> str:
    server = os.environ.get(SERVER)
    if not server:
        return f"sqlite:{folder / 'city.db'}"
    return urlsplit(server)._replace(path=f"/bench_{folder.name}").geturl()


def _create(folder: Path) -> None:
    """Make the folder's database, unless it is there. It goes with its server."""
    with psycopg.connect(os.environ[SERVER], autocommit=True) as link:
        name = urlsplit(_url(folder)).path[1:]
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            link.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')  # type: ignore[arg-type]


SITE = Site(origin=f"http://{HOST}", domain=HOST, name="Bench")


async def opened(folder: Path) -> Database:
    """The database of the city in `folder`, new or as it was left."""
    if os.environ.get(SERVER):
        _create(folder)
    db = await Database.open(config(folder).database.url, readers=1)
    await migrate(db)
    return db


def locker(folder: Path) -> Vault:
    """What seals the keys of the city in `folder`."""
    return vault(config(folder).secrets.file)


async def join(db: Database, sealed: Vault, name: str) -> tuple[Account, str]:
    """One of our people, and an access token of theirs."""
    rsa = make_rsa()
    keys = keyring.Keys((sealed.seal(rsa[0]), rsa[1]), keyring.make_sealed_ed25519(sealed))
    new = NewAccount(name=name, email=f"{name}@{HOST}", password="", keys=keys, role="writer")
    account = await db.write(account_service.create, SITE, new, now_ms())
    token = await db.write(
        sessions.create_access_token, account.id, "read write", "bench", now_ms()
    )
    return account, token


def strangers(tx: Write, count: int, *, hosts: int, inbox_path: str = "/inbox") -> list[Account]:
    """`count` people on `hosts` servers h0.test, h1.test ..."""
    at = now_ms()
    peer_ids = [new_id(at) for _ in range(hosts)]
    tx.many(
        """
        INSERT INTO peer (id, host, inbox, created_ms) VALUES (:id, :host, :inbox, :now)
        """,
        [
            {"id": id, "host": f"h{n}.test", "inbox": f"http://h{n}.test{inbox_path}", "now": at}
            for n, id in enumerate(peer_ids)
        ],
    )
    people = [_stranger(n, f"h{n % hosts}.test", peer_ids[n % hosts], at) for n in range(count)]
    tx.many(accounts.INSERT, [msgspec.structs.asdict(one) for one in people])
    return people


def _stranger(number: int, host: str, peer_id: int, at_ms: int) -> Account:
    uri = f"http://{host}/users/u{number}"
    return Account(
        **{
            "id": new_id(at_ms),
            "uri": uri,
            "name": f"u{number}",
            "domain": host,
            "kind": "Person",
            "display_name": f"Neighbour {number}",
            "bio": "<p>Bikes, bread and the river.</p>",
            "bio_source": "",
            "url": f"http://{host}/@u{number}",
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "followers_uri": f"{uri}/followers",
            "following_uri": f"{uri}/following",
            "featured_uri": f"{uri}/featured",
            "peer_id": peer_id,
            "avatar": "",
            "header": "",
            "fields": "[]",
            "emojis": "[]",
            "also_known_as": "[]",
            "moved_to": None,
            "locked": 0,
            "bot": 0,
            "discoverable": 1,
            "state": "active",
            "followers_count": 0,
            "following_count": 0,
            "posts_count": 0,
            "last_post_ms": None,
            "version": 1,
            "created_ms": at_ms,
            "fetched_ms": at_ms,
        }
    )


def follow(tx: Write, follower: Account, target: Account) -> None:
    """One accepted follow, with all that hangs on it."""
    id = new_id(now_ms())
    uri = f"{follower.uri}#follow-{id}"
    follows.insert(tx, id=id, uri=uri, follower=follower, target=target, now_ms=now_ms())
    follows.accept(tx, follower, target)


def crowd(tx: Write, followers: list[Account], target: Account) -> None:
    """As many follows at once: what `follow` does for each, in three statements."""
    at = now_ms()
    tx.many(
        """
        INSERT INTO follow (follower_id, target_id, id, uri, state, local, created_ms)
        VALUES (:follower, :target, :id, :uri, 'accepted', 0, :now)
        """,
        [
            {
                "follower": one.id,
                "target": target.id,
                "id": new_id(at),
                "uri": f"{one.uri}#follow",
                "now": at,
            }
            for one in followers
        ],
    )
    tx.run(
        """
        INSERT INTO following_peer (target_id, peer_id, followers)
        SELECT f.target_id, a.peer_id, count(*) FROM follow f JOIN account a ON a.id = f.follower_id
        WHERE f.target_id = :target GROUP BY f.target_id, a.peer_id
        """,
        target=target.id,
    )
    accounts.count_followers(tx, target.id, len(followers))


class Looking:
    """A second connection to a city's database, for looking only."""

    def __init__(self, folder: Path) -> None:
        """Open it; the caller closes."""
        link: psycopg.Connection[Any] | sqlite3.Connection
        if os.environ.get(SERVER):
            link = psycopg.connect(_url(folder), autocommit=True)
        else:
            path = f"file:{folder / 'city.db'}?mode=ro"
            link = sqlite3.connect(path, uri=True, isolation_level=None)
        self._execute: Callable[[str], Any] = link.execute
        self.close: Callable[[], None] = link.close

    def value(self, sql: str) -> Any:
        """The one value that `sql` asks for."""
        return self._execute(sql).fetchone()[0]
