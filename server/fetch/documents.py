"""Documents of other servers, read where they live, with the signature of our instance actor."""

import itertools
import logging
from typing import Any, Final

from federation import parse
from federation.errors import Blocked, FederationError, Gone, Malformed, Unreachable
from federation.http import DOCUMENT_ACCEPT, Client, Fetched, Welcome
from federation.keys import SigningKey
from federation.origin import host, normal, same_origin
from federation.retry import may_pass
from federation.vocab import Collection
from server.fetch.budget import Budget
from server.fetch.hosts import Hosts
from server.keyring import Keyring
from server.model import Site
from server.services import accounts
from server.store.db import Database

log = logging.getLogger(__name__)

NOT_FOUND: Final = 404


class Documents:
    """Reads documents; stores nothing."""

    def __init__(
        self, db: Database, client: Client, keyring: Keyring, site: Site, hosts: Hosts
    ) -> None:
        """The key of every signature is the keyring's."""
        self._db = db
        self._client = client
        self._keyring = keyring
        self._site = site
        self._hosts = hosts
        self._instance_id: int | None = None

    async def read(self, uri: str, budget: Budget) -> dict[str, Any]:
        """The document whose id is `uri`, from its own server. Raises `FederationError`."""
        if self._site.ours(uri) or not normal(uri):
            raise Malformed("not an id of another server")
        if not await self._hosts.welcome(host(uri)):
            raise Blocked(host(uri))
        budget.spend(uri)
        final, raw = await self.at(uri, budget)
        if raw.get("id") == uri:
            return raw
        named = raw.get("id")
        if not isinstance(named, str) or not normal(named) or not same_origin(named, final):
            raise Malformed("the document has another id")
        if not await self._hosts.welcome(host(named)) or self._site.ours(named):
            raise Blocked(host(named))
        budget.spend(named)
        _, again = await self.at(named, budget)
        if again.get("id") != named:
            raise Malformed("the document does not keep its id")
        return again

    async def at(self, uri: str, budget: Budget) -> tuple[str, dict[str, Any]]:
        """The final address and its document, whose id is not looked at.

        The caller has looked at the host and paid. Raises `FederationError`.
        """
        return await self._client.document(uri, key=await self._key(), welcome=self._ways(budget))

    async def unless_same(self, uri: str, budget: Budget, etag: str = "") -> Fetched:
        """What is at an address of another server, with status 304 where `etag` still holds.

        Neither its type nor its id is looked at. Raises `FederationError`.
        """
        if self._site.ours(uri) or not normal(uri):
            raise Malformed("not an address of another server")
        if not await self._hosts.welcome(host(uri)):
            raise Blocked(host(uri))
        budget.spend(uri)
        return await self._client.get(
            uri,
            accept=DOCUMENT_ACCEPT,
            key=await self._key(),
            etag=etag,
            welcome=self._ways(budget),
        )

    async def read_or_none(
        self, uri: str, budget: Budget, away: set[str] | None = None
    ) -> dict[str, Any] | None:
        """The document; a Tombstone where its server says that there is none (any more).

        None where it could not be asked; if that may pass, it is noted in `away`.
        """
        try:
            return await self.read(uri, budget)
        except Gone:
            return {"id": uri, "type": "Tombstone"}
        except FederationError as error:
            log.info("no document at %s: %s", uri, error)
            if away is not None and may_pass(error):
                away.add(uri)
            missing = isinstance(error, Unreachable) and error.code == NOT_FOUND
            return {"id": uri, "type": "Tombstone"} if missing else None

    async def collection(self, uri: str, budget: Budget) -> Collection:
        """One collection or page of it. Raises `FederationError`."""
        return parse.collection(await self.read(uri, budget))

    async def signed(self, url: str, accept: str, budget: Budget) -> bytes:
        """What is at an address; looked at and paid for as with `at`. Raises `FederationError`."""
        fetched = await self._client.get(
            url, accept=accept, key=await self._key(), welcome=self._ways(budget)
        )
        return fetched.body

    async def _key(self) -> SigningKey | None:
        """The instance actor's key, with which every fetch is signed."""
        if self._instance_id is None:
            actor = await self._db.read(accounts.instance_actor)
            self._instance_id = actor.id if actor else None
        return None if self._instance_id is None else await self._keyring.of(self._instance_id)

    def _ways(self, budget: Budget) -> Welcome:
        """Whether a fetch may go on to an address: to no server with which we do not speak, and
        every redirect is a fetch too. The first address is paid for already."""
        hops = itertools.count()

        async def welcome(url: str) -> bool:
            if next(hops):
                budget.spend(url)
            return await self._hosts.elsewhere(url)

        return welcome
