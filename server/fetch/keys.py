"""Keys of actors: the `KeySource` of `federation.inbox`."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from federation import parse
from federation.errors import (
    Blocked,
    FederationError,
    Gone,
    NotAuthentic,
    Unproven,
    Unreachable,
)
from federation.origin import host, normal
from federation.retry import may_pass
from federation.vocab import Actor, Key
from server.clock import DAY_MS, MINUTE_MS
from server.errors import TooMany
from server.fetch.budget import Budget
from server.fetch.documents import Documents
from server.fetch.hosts import Hosts
from server.model import Site
from server.policy.hosts import registered_domain
from server.store import accounts
from server.store.db import Database, Read, Write

MAX_FETCHES: Final = 8  # documents, and redirects, for one key
KEY_AWAY_MS: Final = MINUTE_MS
ASKING: Final = (KEY_AWAY_MS, 5_000)
ASKED: Final = (5 * MINUTE_MS, None)
AWAY: Final = (KEY_AWAY_MS, KEY_AWAY_MS)
"""For how long a key is not asked for again while somebody asks, then, and after a failure that may
pass; and when whoever comes meanwhile may send again, None: that would not help."""
DEAD_MS: Final = DAY_MS
KNOWN_MS: Final = 2 * ASKED[0]  # then the database is asked whether a key still counts
MAX_CACHED: Final = 10_000
AT_ONCE: Final = 100  # of the 500 activities that may arrive at once
OF_A_DOMAIN: Final = 10


class Asked(NamedTuple):
    """When an actor's key was asked for, and until when it is not asked for again.

    `retry_after_ms`: for whoever comes meanwhile; None where the answer was no.
    """

    at_ms: int
    until_ms: int
    retry_after_ms: int | None


class Keys:
    """Reads and remembers keys; none is asked for often."""

    def __init__(
        self,
        db: Database,
        site: Site,
        hosts: Hosts,
        documents: Documents,
        now_ms: Callable[[], int],
    ) -> None:
        """Nothing is known yet but what the database has."""
        self._db = db
        self._site = site
        self._hosts = hosts
        self._documents = documents
        self._now_ms = now_ms
        self._keys: OrderedDict[str, tuple[Key, int]] = OrderedDict()
        self._asked: OrderedDict[str, Asked] = OrderedDict()
        self._fetching: Counter[str] = Counter()

    async def cached(self, key_id: str) -> Key | None:
        """The key as last read from its owner's document, within `KNOWN_MS` by any process."""
        known, until_ms = self._keys.get(key_id, (None, 0))
        if known is not None and until_ms - KNOWN_MS <= self._now_ms() < until_ms:
            return known
        found = await self._db.read(_counting, key_id, known)
        if found is None:
            self._keys.pop(key_id, None)
        else:
            self._remember(found)
        return found

    async def fetch(self, key_id: str, now_ms: int) -> tuple[Key, Actor]:
        """The key, read now from its owner's own document; at most once in five minutes.

        Raises `FederationError`: `Gone` when the owner is deleted, `Unproven` where that may pass;
        `TooMany` while so many are fetched that those who wait for them could keep out everybody
        else.
        """
        if not normal(key_id) or self._site.ours(key_id):
            raise NotAuthentic("key: not an id of another server")
        if not await self._hosts.welcome(host(key_id)):
            raise Blocked(host(key_id))
        domain = registered_domain(host(key_id))
        if self._fetching.total() >= AT_ONCE or self._fetching[domain] >= OF_A_DOMAIN:
            raise TooMany("Too many keys are asked for at this moment.", retry_after_ms=5_000)
        self._pause(key_id, now_ms)
        # noted before anything is awaited: many may come at the same moment
        self._ask(key_id, now_ms, *ASKING)
        self._fetching[domain] += 1
        try:
            await self._unless_dead(key_id, now_ms)
            return await self._read(key_id, now_ms)
        finally:
            self._fetching[domain] -= 1
            if not self._fetching[domain]:
                del self._fetching[domain]

    def forget(self, owner: str) -> None:
        """The owner's document was read, or its account ended: what was cached may be revoked."""
        for id in [id for id, (key, _) in self._keys.items() if key.owner == owner]:
            del self._keys[id]

    def _pause(self, key_id: str, now_ms: int) -> None:
        """Refuse to ask too often. Raises `NotAuthentic` and `Unproven`."""
        asked = self._asked.get(key_id.partition("#")[0])
        if asked is not None and asked.at_ms <= now_ms < asked.until_ms:
            if asked.retry_after_ms is None:
                raise NotAuthentic("key: was fetched a moment ago")
            raise Unproven("key: is being asked for", retry_after_ms=asked.retry_after_ms)

    async def _unless_dead(self, key_id: str, now_ms: int) -> None:
        """Raises `Gone` for a key that is known to be dead."""
        try:
            row = await self._db.read(accounts.remote_key, key_id)
            if row is not None and row["state"] == "dead" and now_ms - row["fetched_ms"] < DEAD_MS:
                raise Gone("the key's owner was deleted")
        except BaseException:
            self._asked.pop(key_id.partition("#")[0], None)  # nobody was asked
            raise

    async def _read(self, key_id: str, now_ms: int) -> tuple[Key, Actor]:
        """Ask for it, and remember what became of that."""
        away = False
        try:
            return await self._owner(key_id)
        except Gone:
            await self._db.write(_bury, key_id, now_ms)
            raise
        except Unreachable as error:
            away = may_pass(error)
            raise _unread(error, away) from error
        finally:
            self._ask(key_id, self._now_ms(), *(AWAY if away else ASKED))

    def _ask(self, key_id: str, now_ms: int, pause_ms: int, retry_after_ms: int | None) -> None:
        """Remember that it was asked for, and what became of it; the oldest memory makes room."""
        actor = key_id.partition("#")[0]
        self._asked[actor] = Asked(now_ms, now_ms + pause_ms, retry_after_ms)
        self._asked.move_to_end(actor)
        if len(self._asked) > MAX_CACHED:
            self._asked.popitem(last=False)

    async def _owner(self, key_id: str) -> tuple[Key, Actor]:
        budget = Budget(MAX_FETCHES)
        url = key_id.partition("#")[0]
        budget.spend(url)
        _, raw = await self._documents.at(url, budget)
        owner = next((k.owner for k in parse.keys(raw) if k.id == key_id), None)
        if owner is None:
            raise NotAuthentic("key: its document does not list it")
        if raw.get("id") != owner or "inbox" not in raw:
            raw = await self._documents.read(owner, budget)
        described = parse.actor(raw)
        key = next((k for k in described.keys if k.id == key_id), None)
        if key is None or described.id != owner:
            raise NotAuthentic("owner: does not list this key")
        self.forget(owner)
        self._remember(key)
        return key, described

    def _remember(self, key: Key) -> None:
        self._keys[key.id] = key, self._now_ms() + KNOWN_MS
        self._keys.move_to_end(key.id)
        if len(self._keys) > MAX_CACHED:
            self._keys.popitem(last=False)


def _counting(db: Read, key_id: str, remembered: Key | None) -> Key | None:
    """The key as it is stored; else the one that was read of somebody who is not stored at all."""
    row = accounts.remote_key(db, key_id)
    if row is not None:
        key = Key(row["uri"], row["owner"], pem=row["pem"], multibase=row["multibase"])
        return key if row["state"] == "active" else None
    if remembered is None or accounts.by_uri(db, remembered.owner) is not None:
        return None
    return remembered


def _unread(error: Unreachable, away: bool) -> FederationError:
    """A key could not be read: the sender sends again only where that may help."""
    if away:
        return Unproven(f"key: cannot be read now: {error}", retry_after_ms=KEY_AWAY_MS)
    return NotAuthentic(f"key: cannot be fetched: {error}")


def _bury(tx: Write, key_id: str, now_ms: int) -> None:
    row = accounts.remote_key(tx, key_id)
    accounts.put_remote_key(
        tx,
        uri=key_id,
        owner=key_id.partition("#")[0],
        account_id=row["account_id"] if row else None,
        pem="",
        multibase="",
        state="dead",
        fetched_ms=now_ms,
    )
