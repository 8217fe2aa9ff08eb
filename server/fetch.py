"""Everything that is read from other servers, outside any transaction, counted and remembered."""

import asyncio
import contextlib
import itertools
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from federation import parse, policies, webfinger
from federation.errors import (
    Blocked,
    FederationError,
    Gone,
    Malformed,
    NotAuthentic,
    Unproven,
    Unreachable,
)
from federation.http import (
    DOCUMENT_ACCEPT,
    OEMBED_ACCEPT,
    PAGE_ACCEPT,
    Client,
    Fetched,
    Pushed,
    Sink,
    Welcome,
)
from federation.keys import SigningKey
from federation.origin import host, normal, same_origin
from federation.retry import may_pass
from federation.vocab import Actor, Collection, Key, Object
from server.clock import DAY_MS, MINUTE_MS
from server.errors import Invalid, TooMany
from server.keyring import Keyring
from server.model import Account, Post, Site
from server.policy.hosts import nearest, registered_domain, welcome
from server.services import accounts as own_accounts
from server.services import (
    adoption,
    forum_arrivals,
    permissions,
    profile_links,
    quote_asking,
    strangers,
)
from server.store import accounts, follows, homes, hosts, posts
from server.store.db import Database, Write
from server.text import webpage
from server.text.webpage import Described

log = logging.getLogger(__name__)

MAX_FETCHES: Final = 50  # documents for one activity
MAX_DEPTH: Final = 20  # ancestors of one reply
MAX_HOSTS_OF_A_DOMAIN: Final = 10
MAX_FOR_A_QUOTE: Final = 10  # documents
MAX_FOR_A_KEY: Final = 8  # documents, and redirects
MAX_BACKFILL: Final = 20  # recent posts of somebody newly followed
KEY_AWAY_MS: Final = MINUTE_MS
ASKING: Final = (KEY_AWAY_MS, 5_000)
ASKED: Final = (5 * MINUTE_MS, None)
AWAY: Final = (KEY_AWAY_MS, KEY_AWAY_MS)
"""For how long a key is not asked for again while somebody asks, then, and after a failure that may
pass; and when whoever comes meanwhile may send again, None: that would not help."""
DEAD_MS: Final = DAY_MS
RULES_MS: Final = 2_000
MAX_CACHED_KEYS: Final = 10_000
KEYS_AT_ONCE: Final = 100  # of the 500 activities that may arrive at once
KEYS_OF_A_DOMAIN: Final = 10
HOMES_AT_ONCE: Final = 50  # servers of visitors, who may name any
HOMES_OF_A_DOMAIN: Final = 5
HOME_S: Final = 6.0  # somebody waits for it
PAGE_S: Final = 10.0  # of a link in a post
MAX_JRD_BYTES: Final = 256 * 1024
MAX_CACHED_HOMES: Final = 1_000
HOME_FRESH_MS: Final = 10 * MINUTE_MS
NOT_FOUND: Final = 404
ANY_JSON: Final = "application/jrd+json, application/json"


class Spent(Unreachable):
    """Nothing more is fetched for this cause: no fault of who would have been asked."""


class Budget:
    """How much may still be fetched for one cause; passed down a whole chain of fetches, with all
    their redirects."""

    def __init__(self, fetches: int = MAX_FETCHES, of: "Budget | None" = None) -> None:
        """`fetches` documents at most, each of which `of` has to bear too."""
        self.left = fetches
        self._of = of
        self._hosts: dict[str, set[str]] = {}

    def spend(self, uri: str) -> None:
        """Count one fetch. Raises `Spent` when there is nothing left to spend."""
        name = host(uri)
        seen = self._hosts.setdefault(registered_domain(name), set())
        seen.add(name)
        if self.left <= 0 or len(seen) > MAX_HOSTS_OF_A_DOMAIN:
            raise Spent("the fetch budget is spent")
        if self._of is not None:
            self._of.spend(uri)
        self.left -= 1


class Asked(NamedTuple):
    """When an actor's key was asked for, and until when it is not asked for again.

    `retry_after_ms`: for whoever comes meanwhile; None where the answer was no.
    """

    at_ms: int
    until_ms: int
    retry_after_ms: int | None


class Fetcher:
    """Reads actors, posts, handles and keys; stores them; is the `KeySource` of the inbox."""

    def __init__(
        self,
        db: Database,
        client: Client,
        keyring: Keyring,
        site: Site,
        mode: str,
        now_ms: Callable[[], int],
        scheme: str = "https",
    ) -> None:
        """`mode` is `federation.mode`; `scheme` is how WebFinger is asked."""
        self.db = db
        self.site = site
        self.now_ms = now_ms
        self._client = client
        self._keyring = keyring
        self._mode = mode
        self._scheme = scheme
        self._keys: OrderedDict[str, Key] = OrderedDict()
        self._asked: OrderedDict[str, Asked] = OrderedDict()
        self._fetching: Counter[str] = Counter()
        self._homes: OrderedDict[str, tuple[int, dict[str, str]]] = OrderedDict()
        self._visiting: Counter[str] = Counter()
        self._rules: dict[str, str] = {}
        self._pictures: dict[str, str] = {}
        self._rules_until_ms = 0
        self._instance_id: int | None = None

    # --- whom we speak with

    async def welcome(self, name: str) -> bool:
        """Whether the configuration and the moderators let us speak with this host."""
        await self._look_at_rules()
        return welcome(self._mode, nearest(self._rules, name))

    async def _look_at_rules(self) -> None:
        now_ms = self.now_ms()
        if now_ms >= self._rules_until_ms or now_ms < self._rules_until_ms - RULES_MS:
            # inline, so that the many who find them old at once do not all read them
            rows = await self.db.read_inline(hosts.rules)
            self._rules = {row["domain"]: row["action"] for row in rows}
            self._pictures = {row["domain"]: "no" * row["reject_media"] for row in rows}
            self._rules_until_ms = now_ms + RULES_MS

    async def elsewhere(self, url: str) -> bool:
        """Whether this is an address of another server, of one with which we speak."""
        try:
            name = host(url)
        except Malformed:
            return False
        return name != host(self.site.origin) and await self.welcome(name)

    async def pictured(self, url: str) -> bool:
        """As `elsewhere`, for a server whose pictures and films moderators do not refuse."""
        return await self.elsewhere(url) and nearest(self._pictures, host(url)) != "no"

    def forget_rules(self) -> None:
        """The moderators changed the rules."""
        self._rules_until_ms = 0

    async def key(self) -> SigningKey | None:
        """The instance actor's key, with which every fetch is signed."""
        if self._instance_id is None:
            actor = await self.db.read(own_accounts.instance_actor)
            self._instance_id = actor.id if actor else None
        return None if self._instance_id is None else await self._keyring.of(self._instance_id)

    # --- documents

    async def document(self, uri: str, budget: Budget) -> dict[str, Any]:
        """The document whose id is `uri`, from its own server. Raises `FederationError`."""
        if self.site.ours(uri) or not normal(uri):
            raise Malformed("not an id of another server")
        if not await self.welcome(host(uri)):
            raise Blocked(host(uri))
        budget.spend(uri)
        final, raw = await self._read(uri, budget)
        if raw.get("id") == uri:
            return raw
        named = raw.get("id")
        if not isinstance(named, str) or not normal(named) or not same_origin(named, final):
            raise Malformed("the document has another id")
        if not await self.welcome(host(named)) or self.site.ours(named):
            raise Blocked(host(named))
        budget.spend(named)
        _, again = await self._read(named, budget)
        if again.get("id") != named:
            raise Malformed("the document does not keep its id")
        return again

    async def _read(self, uri: str, budget: Budget) -> tuple[str, dict[str, Any]]:
        """The final address and its document, asked for with our signature."""
        return await self._client.document(uri, key=await self.key(), welcome=self._ways(budget))

    def _ways(self, budget: Budget) -> Welcome:
        """Whether a fetch may go on to an address: to no server with which we do not speak, and
        every redirect is a fetch too. The first address is paid for already."""
        hops = itertools.count()

        async def welcome(url: str) -> bool:
            if next(hops):
                budget.spend(url)
            return await self.elsewhere(url)

        return welcome

    async def unless_same(self, uri: str, budget: Budget, etag: str = "") -> Fetched:
        """What is at an address of another server, with status 304 where `etag` still holds.

        Neither its type nor its id is looked at. Raises `FederationError`.
        """
        if self.site.ours(uri) or not normal(uri):
            raise Malformed("not an address of another server")
        if not await self.welcome(host(uri)):
            raise Blocked(host(uri))
        budget.spend(uri)
        return await self._client.get(
            uri,
            accept=DOCUMENT_ACCEPT,
            key=await self.key(),
            etag=etag,
            welcome=self._ways(budget),
        )

    async def document_or_none(
        self, uri: str, budget: Budget, away: set[str] | None = None
    ) -> dict[str, Any] | None:
        """The document; a Tombstone where its server says that there is none (any more).

        None where it could not be asked; if that may pass, it is noted in `away`.
        """
        try:
            return await self.document(uri, budget)
        except Gone:
            return {"id": uri, "type": "Tombstone"}
        except FederationError as error:
            log.info("no document at %s: %s", uri, error)
            if away is not None and may_pass(error):
                away.add(uri)
            missing = isinstance(error, Unreachable) and error.code == NOT_FOUND
            return {"id": uri, "type": "Tombstone"} if missing else None

    async def picture(self, url: str, *, max_bytes: int) -> bytes:
        """What a stranger says is a picture. Raises `FederationError`."""
        found = await self._client.picture(url, max_bytes=max_bytes, welcome=self.pictured)
        return found.body

    async def profile_links(self, account_id: int) -> None:
        """Look which of the pages to which one of ours leads lead back, and remember those.

        Unsigned: a page that anybody may read says it to everybody.
        """
        account = await self.db.read(accounts.by_id, account_id)
        if account is None or not account.local:
            return
        found: list[str] = []
        for address in profile_links.unconfirmed(account):
            with contextlib.suppress(FederationError):
                page = await self._client.get(
                    address,
                    accept="text/html",
                    max_bytes=profile_links.MAX_PAGE_BYTES,
                    welcome=self.elsewhere,
                )
                if await asyncio.to_thread(profile_links.leads_back, page.body, account):
                    found.append(address)
        if found:
            await self.db.write(profile_links.confirm, account_id, found, self.now_ms())

    async def page(self, url: str) -> Described:
        """What a web page says of itself. Raises `FederationError`."""
        found = await self._client.page(
            webpage.as_uri(url),
            accept=PAGE_ACCEPT,
            max_bytes=webpage.MAX_BYTES,
            total_s=PAGE_S,
            welcome=self.elsewhere,
        )
        said = await asyncio.to_thread(webpage.describe, found.body, found.content_type, found.url)
        if said.title or not said.oembed:
            return said
        with contextlib.suppress(FederationError):
            more = await self._client.page(
                webpage.as_uri(said.oembed),
                accept=OEMBED_ACCEPT,
                max_bytes=webpage.MAX_BYTES,
                total_s=PAGE_S,
                welcome=self.elsewhere,
            )
            return webpage.with_oembed(said, more.body, more.url)
        return said

    def secured(self, url: str) -> str:
        """`url` where we may go there, else the same over TLS; nothing where we go to neither."""
        found = webpage.as_uri(url)
        if found.startswith("http:") and not self._client.may_go(found):
            found = f"https:{found.removeprefix('http:')}"
        return found if self._client.may_go(found) else ""

    async def linking_page(self, url: str, max_bytes: int) -> Fetched:
        """The beginning of a web page that links, or is linked to. Raises `FederationError`."""
        return await self._client.page(
            url, accept=PAGE_ACCEPT, max_bytes=max_bytes, total_s=PAGE_S, welcome=self.elsewhere
        )

    async def submit(self, url: str, form: bytes) -> Pushed:
        """Send a form to another server. Raises `FederationError`."""
        if not await self.elsewhere(url):
            raise Blocked("a server with which we do not speak")
        return await self._client.submit(url, form)

    async def film(self, url: str, sink: Sink, *, max_bytes: int) -> None:
        """What a stranger says is a film or a sound, into `sink`. Raises `FederationError`."""
        await self._client.film(url, sink, max_bytes=max_bytes, welcome=self.pictured)

    async def actor(self, uri: str, budget: Budget, *, domain: str = "") -> Account:
        """Read and store an actor. Raises `FederationError`."""
        return await self._store_actor(parse.actor(await self.document(uri, budget)), domain)

    async def _store_actor(self, described: Actor, domain: str) -> Account:
        kept = await self.db.write(strangers.keep_actor, described, self.now_ms(), domain=domain)
        self.forget_keys(described.id)
        return kept

    async def account(self, uri: str, budget: Budget) -> Account:
        """The account with this actor id, fetched if it is new to us. Raises `FederationError`."""
        known = await self.db.read(accounts.by_uri, uri)
        return known or await self.actor(uri, budget)

    async def handle(self, name: str, domain: str, budget: Budget) -> Account:
        """The account behind `name@domain`, by WebFinger both ways. Raises `FederationError`.

        The actor's own name and host lead to the same actor again, or its handle is another.
        """
        found = await self._webfinger(name, domain, budget)
        described = parse.actor(await self.document(found.actor, budget))
        wanted = f"{described.username}@{found.acct.rpartition('@')[2]}"
        if wanted.lower() != found.acct.lower():
            raise Malformed("the actor has another name than its handle")
        own_host = host(described.id)
        acct_domain = found.acct.rpartition("@")[2].lower()
        if acct_domain != own_host:
            back = await self._webfinger(described.username, own_host, budget)
            if back.actor != described.id or back.acct.lower() != wanted.lower():
                raise Malformed("the handle does not lead back to itself")
        return await self._store_actor(described, acct_domain)

    async def _webfinger(self, name: str, domain: str, budget: Budget) -> webfinger.Found:
        if not await self.welcome(domain):
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
        """What WebFinger says, asked for with our signature."""
        fetched = await self._client.get(
            url, accept=ANY_JSON, key=await self.key(), welcome=self._ways(budget)
        )
        return fetched.body

    # --- where visitors have their account

    async def templates(self, name: str, domain: str) -> dict[str, str]:
        """Where the server of `name@domain` takes what its member wants to do, by relation.

        Without a name the server itself is asked about. Unsigned, within `HOME_S`, and remembered
        for a while. Raises `FederationError`; `TooMany` while so many are asked that a visitor
        could make us a burden to others.
        """
        if not await self.welcome(domain):
            raise Blocked(domain)
        handle, now_ms = f"{name or domain}@{domain}", self.now_ms()
        until_ms, known = self._homes.get(handle, (0, {}))
        if until_ms - HOME_FRESH_MS <= now_ms < until_ms:
            return known
        above = registered_domain(domain)
        if self._visiting.total() >= HOMES_AT_ONCE or self._visiting[above] >= HOMES_OF_A_DOMAIN:
            raise TooMany(
                "Too many servers are asked at this moment. Please try again in a few seconds.",
                retry_after_ms=5_000,
            )
        self._visiting[above] += 1
        try:
            found = await self._templates(name or domain, domain)
        finally:
            self._visiting[above] -= 1
            if not self._visiting[above]:
                del self._visiting[above]
        self._homes[handle] = (now_ms + HOME_FRESH_MS, found)
        self._homes.move_to_end(handle)
        if len(self._homes) > MAX_CACHED_HOMES:
            self._homes.popitem(last=False)
        return found

    async def _templates(self, name: str, domain: str) -> dict[str, str]:
        url = webfinger.url_for(name, domain, self._scheme)
        try:
            async with asyncio.timeout(HOME_S):
                fetched = await self._client.get(
                    url, accept=ANY_JSON, max_bytes=MAX_JRD_BYTES, welcome=self.elsewhere
                )
        except TimeoutError:
            raise Unreachable("timeout") from None
        return webfinger.parse_templates(fetched.body)

    def may_lead(self, url: str) -> bool:
        """Whether somebody may be sent to this address: where we would go ourselves, over TLS.

        Without TLS only a city without TLS sends people, which is one on localhost or in a test.
        """
        return self._client.may_go(url) and (url.startswith("https:") or self._scheme == "http")

    async def collection(self, uri: str, budget: Budget) -> Collection:
        """One collection or page of it. Raises `FederationError`."""
        return parse.collection(await self.document(uri, budget))

    # --- posts

    async def post(self, uri: str, budget: Budget, *, by: Account | None = None) -> Post | None:
        """Read and store a public post and its author; nobody is notified. None without one.

        `by` is a stranger's group that tells of it; in its place a known thread comes to stand.
        """
        known = await self.db.read(posts.by_uri, uri)
        if known is not None and (by is None or not forum_arrivals.placeless(known)):
            return known
        try:
            found = parse.object_(await self.document(uri, budget))
            author = await self.account(found.attributed_to, budget)
        except FederationError as error:
            log.info("no post at %s: %s", uri, error)
            return known
        if known is not None and by is not None:
            return await self.db.write(_settle, known.id, found, by, self.now_ms())
        stamp = await self.stamp_of(found, author, budget)
        return await self.db.write(keep, self.site, found, author, self.now_ms(), stamp, by=by)

    async def stamp_of(self, found: Object, author: Account, budget: Budget) -> str:
        """The stamp that an answer needs and has, once it was read; else empty."""
        wanted = await self.db.read(permissions.stamp_to_read, found, author)
        if wanted is None:
            return ""
        uri, claim = wanted
        try:
            raw = await self.document(uri, budget)
        except FederationError:
            return ""
        return uri if policies.proves(raw, uri, claim) else ""

    async def stamped_answer(self, post_id: int) -> None:
        """Read the stamp of an answer that came before what it answers; without one it stays by
        itself."""
        post = await self.db.read(posts.by_id, post_id)
        if post is None or post.local or post.reply_to_id is not None:
            return
        budget = Budget(MAX_FOR_A_QUOTE)
        try:
            found = parse.object_(await self.document(post.uri, budget))
            author = await self.account(found.attributed_to, budget)
        except FederationError as error:
            log.info("no stamp of %s: %s", post.uri, error)
            return
        stamp = await self.stamp_of(found, author, budget)
        if stamp and found.id == post.uri and author.id == post.author_id:
            await self.db.write(_let_stand, post.id, stamp, self.now_ms())

    async def ancestors(self, post_id: int) -> None:
        """Fetch what a reply answers, up to `MAX_DEPTH` posts above it."""
        budget = Budget()
        post = await self.db.read(posts.by_id, post_id)
        for _ in range(MAX_DEPTH):
            if post is None or post.reply_to_uri is None or post.reply_to_id is not None:
                return
            if self.site.ours(post.reply_to_uri):
                return
            post = await self.post(post.reply_to_uri, budget)

    async def quoted(self, post_id: int) -> None:
        """Fetch what a stranger's post quotes, and see whether it may."""
        post = await self.db.read(posts.by_id, post_id)
        if post is None or not post.quote_uri or post.quote_id is not None:
            return
        if await self.post(post.quote_uri, Budget(MAX_FOR_A_QUOTE)) is not None:
            await self.db.write(strangers.settle_late_quote, post_id, self.now_ms())

    async def stamped(self, post_id: int) -> None:
        """Read the stamp that a stranger's quote says it has; without a true one it is no quote."""
        post = await self.db.read(posts.by_id, post_id)
        if post is None or not post.quote_stamp or post.local:
            return
        if post.quote_id is None:
            await self.quoted(post_id)
        try:
            raw = await self.document(post.quote_stamp, Budget(MAX_FOR_A_QUOTE))
        except Unreachable as error:
            log.info("no stamp at %s: %s", post.quote_stamp, error)
            return
        except FederationError:
            raw = {}
        await self.db.write(_stamp, self.site, post, raw, self.now_ms())

    async def backfill(self, account_id: int) -> None:
        """Fetch recent public posts of somebody who is followed from here for the first time.

        Of a group, what it passed on of its own server.
        """
        account = await self.db.read(accounts.by_id, account_id)
        if account is None or account.local or not account.outbox:
            return
        budget = Budget()
        items = await self._recent(account.outbox, budget)
        for item in reversed(items[:MAX_BACKFILL]):
            with contextlib.suppress(FederationError):
                await self._take(account, item, budget)
        await self.db.write(_fill_homes, account)

    async def _take(self, account: Account, item: str | dict[str, Any], budget: Budget) -> None:
        """One thing of an outbox: what was created, or announced by a group (Lemmy: its Create)."""
        if isinstance(item, str) or item.get("type") not in ("Create", "Announce"):
            return
        boosted = item["type"] == "Announce"
        inner = parse.first(item.get("object"))
        wrapped = boosted and isinstance(inner, dict) and inner.get("type") == "Create"
        uri = parse.id_or_none(inner.get("object") if wrapped else inner)
        if not uri or not same_origin(uri, account.uri) or (boosted and account.kind != "Group"):
            return
        group = account if account.kind == "Group" else None
        post = await self.post(uri, budget, by=group)
        announce = parse.id_or_none(item)
        if post and boosted and announce and same_origin(announce, account.uri):
            await self.db.write(strangers.keep_boost, announce, account, post.id, self.now_ms())

    async def _recent(self, uri: str, budget: Budget) -> tuple[str | dict[str, Any], ...]:
        whole = await self.collection(uri, budget)
        if whole.items or not whole.first:
            return whole.items
        if not same_origin(whole.first, uri):
            return ()
        return (await self.collection(whole.first, budget)).items

    # --- keys: the `KeySource` of `federation.inbox`

    async def cached(self, key_id: str) -> Key | None:
        """The key as last read from its owner's document."""
        if (key := self._keys.get(key_id)) is not None:
            return key
        row = await self.db.read(accounts.remote_key, key_id)
        if row is None or row["state"] != "active":
            return None
        key = Key(row["uri"], row["owner"], pem=row["pem"], multibase=row["multibase"])
        self._remember(key)
        return key

    async def fetch(self, key_id: str, now_ms: int) -> tuple[Key, Actor]:
        """The key, read now from its owner's own document; at most once in five minutes.

        Raises `FederationError`: `Gone` when the owner is deleted, `Unproven` where that may pass;
        `TooMany` while so many are fetched that those who wait for them could keep out everybody
        else.
        """
        if not normal(key_id) or self.site.ours(key_id):
            raise NotAuthentic("key: not an id of another server")
        if not await self.welcome(host(key_id)):
            raise Blocked(host(key_id))
        domain = registered_domain(host(key_id))
        if self._fetching.total() >= KEYS_AT_ONCE or self._fetching[domain] >= KEYS_OF_A_DOMAIN:
            raise TooMany("Too many keys are asked for at this moment.", retry_after_ms=5_000)
        await self._pause(key_id, now_ms)
        self._fetching[domain] += 1
        away = False
        try:
            return await self._owner(key_id)
        except Gone:
            await self.db.write(_bury_key, key_id, now_ms)
            raise
        except Unreachable as error:
            away = may_pass(error)
            raise _unread(error, away) from error
        finally:
            self._ask(key_id, self.now_ms(), *(AWAY if away else ASKED))
            self._fetching[domain] -= 1
            if not self._fetching[domain]:
                del self._fetching[domain]

    async def _pause(self, key_id: str, now_ms: int) -> None:
        """Refuse to ask too often. Raises `NotAuthentic`, `Unproven`, or `Gone` for a dead key."""
        asked = self._asked.get(key_id.partition("#")[0])
        if asked is not None and asked.at_ms <= now_ms < asked.until_ms:
            if asked.retry_after_ms is None:
                raise NotAuthentic("key: was fetched a moment ago")
            raise Unproven("key: is being asked for", retry_after_ms=asked.retry_after_ms)
        row = await self.db.read(accounts.remote_key, key_id)
        if row is not None and row["state"] == "dead" and now_ms - row["fetched_ms"] < DEAD_MS:
            raise Gone("the key's owner was deleted")
        self._ask(key_id, now_ms, *ASKING)

    def _ask(self, key_id: str, now_ms: int, pause_ms: int, retry_after_ms: int | None) -> None:
        """Remember that it was asked for, and what became of it; the oldest memory makes room."""
        actor = key_id.partition("#")[0]
        self._asked[actor] = Asked(now_ms, now_ms + pause_ms, retry_after_ms)
        self._asked.move_to_end(actor)
        if len(self._asked) > MAX_CACHED_KEYS:
            self._asked.popitem(last=False)

    async def _owner(self, key_id: str) -> tuple[Key, Actor]:
        budget = Budget(MAX_FOR_A_KEY)
        url = key_id.partition("#")[0]
        budget.spend(url)
        _, raw = await self._read(url, budget)
        owner = next((k.owner for k in parse.keys(raw) if k.id == key_id), None)
        if owner is None:
            raise NotAuthentic("key: its document does not list it")
        if raw.get("id") != owner or "inbox" not in raw:
            raw = await self.document(owner, budget)
        described = parse.actor(raw)
        key = next((k for k in described.keys if k.id == key_id), None)
        if key is None or described.id != owner:
            raise NotAuthentic("owner: does not list this key")
        self.forget_keys(owner)
        self._remember(key)
        return key, described

    def forget_keys(self, owner: str) -> None:
        """The owner's document was read, or its account ended: what was cached may be revoked."""
        for id in [id for id, key in self._keys.items() if key.owner == owner]:
            del self._keys[id]

    def _remember(self, key: Key) -> None:
        self._keys[key.id] = key
        self._keys.move_to_end(key.id)
        if len(self._keys) > MAX_CACHED_KEYS:
            self._keys.popitem(last=False)


def _unread(error: Unreachable, away: bool) -> FederationError:
    """A key could not be read: the sender sends again only where that may help."""
    if away:
        return Unproven(f"key: cannot be read now: {error}", retry_after_ms=KEY_AWAY_MS)
    return NotAuthentic(f"key: cannot be fetched: {error}")


def keep(
    tx: Write,
    site: Site,
    found: Object,
    author: Account,
    now_ms: int,
    stamp: str = "",
    *,
    by: Account | None = None,
) -> Post | None:
    """Store a fetched post if everybody may read it, and whom it answers wants it."""
    if author.local or author.state != "active" or found.attributed_to != author.uri:
        return None
    if not strangers.may_keep(tx, site, found) or strangers.hidden(found, author):
        return None
    if forum_arrivals.refuses(tx, found, author, now_ms):
        return None
    try:
        return strangers.keep_post(
            tx, site, found, author, now_ms, spread=False, by=by, stamp=stamp
        )
    except Invalid:
        return None


def _settle(tx: Write, id: int, found: Object, group: Account, now_ms: int) -> Post | None:
    post = posts.by_id(tx, id)
    return forum_arrivals.late(tx, post, found, group, now_ms) if post else None


def _let_stand(tx: Write, post_id: int, stamp: str, now_ms: int) -> None:
    post = posts.by_id(tx, post_id)
    parent = posts.by_uri(tx, post.reply_to_uri or "") if post else None
    if post is None or parent is None:
        return
    if adoption.stamped(tx, post, parent, stamp, now_ms):
        strangers.remember(tx, post, parent, post.visibility)


def _stamp(tx: Write, site: Site, read: Post, raw: dict[str, Any], now_ms: int) -> None:
    """The stamp under a quote was read; meanwhile the quote may be another."""
    post = posts.by_id(tx, read.id)
    quoted = posts.by_id(tx, post.quote_id) if post and post.quote_id else None
    author = accounts.by_id(tx, quoted.author_id) if quoted else None
    if post is None or quoted is None or author is None or quoted.local:
        return
    if post.quote_stamp != read.quote_stamp or post.author_id == author.id:
        return
    own = permissions.may_stamp(tx, author, post.quote_stamp)
    if own and policies.proves(raw, post.quote_stamp, quote_asking.claim(post, quoted, author)):
        quote_asking.allowed(tx, site, post, post.quote_stamp, now_ms)
    else:
        quote_asking.refused(tx, site, post, now_ms)


def _fill_homes(tx: Write, account: Account) -> None:
    for follower_id in follows.local_follower_ids(tx, account.id):
        homes.fill_home(tx, follower_id, account.id, MAX_BACKFILL)
        if account.kind == "Group":
            homes.fill_home_with_boosts(tx, follower_id, account.id, MAX_BACKFILL)


def _bury_key(tx: Write, key_id: str, now_ms: int) -> None:
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
