"""Actors and handles of other servers, read and stored."""

from collections.abc import Callable

from federation import parse, webfinger
from federation.errors import Blocked, Malformed
from federation.origin import host
from federation.vocab import Actor
from server.fetch.budget import Budget
from server.fetch.documents import Documents
from server.fetch.hosts import Hosts
from server.fetch.keys import Keys
from server.model import Account
from server.services import strangers
from server.store import accounts
from server.store.db import Database


class People:
    """Reads and stores actors: people, groups, applications."""

    def __init__(
        self,
        db: Database,
        hosts: Hosts,
        documents: Documents,
        keys: Keys,
        now_ms: Callable[[], int],
        *,
        scheme: str,
    ) -> None:
        """`keys` forget those of an actor that is read anew; `scheme`: how WebFinger is asked."""
        self._db = db
        self._hosts = hosts
        self._documents = documents
        self._keys = keys
        self._now_ms = now_ms
        self._scheme = scheme

    async def account(self, uri: str, budget: Budget) -> Account:
        """The account with this actor id, fetched if it is new to us. Raises `FederationError`."""
        known = await self._db.read(accounts.by_uri, uri)
        return known or await self.actor(uri, budget)

    async def actor(self, uri: str, budget: Budget, *, domain: str = "") -> Account:
        """Read and store an actor. Raises `FederationError`."""
        return await self._store(parse.actor(await self._documents.read(uri, budget)), domain)

    async def handle(self, name: str, domain: str, budget: Budget) -> Account:
        """The account behind `name@domain`, by WebFinger both ways. Raises `FederationError`.

        The actor's own name and host lead to the same actor again, or its handle is another.
        """
        found = await self._webfinger(name, domain, budget)
        described = parse.actor(await self._documents.read(found.actor, budget))
        wanted = f"{described.username}@{found.acct.rpartition('@')[2]}"
        if wanted.lower() != found.acct.lower():
            raise Malformed("the actor has another name than its handle")
        own_host = host(described.id)
        acct_domain = found.acct.rpartition("@")[2].lower()
        if acct_domain != own_host:
            back = await self._webfinger(described.username, own_host, budget)
            if back.actor != described.id or back.acct.lower() != wanted.lower():
                raise Malformed("the handle does not lead back to itself")
        return await self._store(described, acct_domain)

    async def _store(self, described: Actor, domain: str) -> Account:
        kept = await self._db.write(strangers.keep_actor, described, self._now_ms(), domain=domain)
        self._keys.forget(described.id)
        return kept

    async def _webfinger(self, name: str, domain: str, budget: Budget) -> webfinger.Found:
        if not await self._hosts.welcome(domain):
            raise Blocked(domain)
        url = webfinger.url_for(name, domain, self._scheme)
        budget.spend(url)
        wanted = f"{name}@{domain}"
        found = webfinger.parse_jrd(await self._jrd(url, budget), wanted)
        if found.acct.lower() == wanted.lower():
            return found
        other = found.acct.rpartition("@")[2]
        url = webfinger.url_for(found.acct.rpartition("@")[0], other, self._scheme)
        budget.spend(url)
        confirmed = webfinger.parse_jrd(await self._jrd(url, budget), found.acct)
        if confirmed.acct.lower() != found.acct.lower() or confirmed.actor != found.actor:
            raise Malformed("the handle does not lead back to itself")
        return confirmed

    async def _jrd(self, url: str, budget: Budget) -> bytes:
        return await self._documents.signed(url, webfinger.ACCEPT, budget)
