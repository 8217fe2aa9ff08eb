"""Every place in our code that goes out, each as a function that goes to an address.

`base` is scheme and host of the address; the path says what is found there (`outside.said`).
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import pytest

from federation import parse, webpush
from federation.errors import FederationError
from federation.keys import make_rsa, signing_key
from server import lookup, pinging
from server.errors import AppError, Invalid
from server.fetch import Budget, Fetcher, backfill, groups, stamps
from server.model import Job
from server.pinging import Pinger
from server.remote_pictures import RemotePictures
from server.services import permissions, profile_links
from server.services.linking import Telling
from server.store import accounts, jobs, peers
from server.store.db import Database, Write
from server.store.leases import ClaimLost
from server.store.linking import Told
from server.store.pings import Ping
from server.walking import Walker
from server.worker import importing
from server.worker import pushes as worker_pushes
from server.worker.deliveries import Deliveries
from server.worker.importing import Host, Importing
from server.worker.jobs import LOOKS, Jobs
from server.worker.pushes import Pushes, Ready
from tests.server.outside import FAR, Outside
from tests.server.world import EVE, GROUP, NOTE, NOW, SITE, act, note, post, who

DER, _ = make_rsa()
KEY = signing_key("https://here.test/actor#main-key", DER)
REFUSALS = (FederationError, AppError, ClaimLost, OSError, ValueError)
_numbers = itertools.count(1)


class Works:
    """Our code around one client, with a database in which `settle` has been."""

    def __init__(self, db: Database, outside: Outside, folder: Path) -> None:
        self.db, self.outside = db, outside
        keyring: Any = SimpleNamespace(of=self._key)
        self.fetcher = Fetcher(db, outside.client, keyring, SITE, "open", lambda: NOW)
        self.walker, self.pinger = Walker(self.fetcher), Pinger(self.fetcher)
        self.jobs = Jobs(db, self.fetcher, lambda: NOW, {})
        self.deliveries = Deliveries(db, outside.client, self.fetcher, keyring, lambda: NOW)
        pictures: Any = SimpleNamespace(
            store=SimpleNamespace(), process=_no_picture, process_remote=_no_picture
        )
        films: Any = SimpleNamespace(available=True, workspace=self._workspace, look=_no_picture)
        self.folder = folder
        self.pictures = RemotePictures(
            self.fetcher, pictures, 1_000_000, films, film_bytes=1_000_000
        )
        self.importing = Importing(db, self.fetcher, pictures, lambda: NOW)
        vault: Any = SimpleNamespace(open=lambda sealed, about: b"token")
        self.pushes = Pushes(
            db,
            outside.client,
            lambda: NOW,
            key=webpush.private_key(webpush.make_key()),
            contact=SITE.origin,
            words=lambda *_: b"{}",
            vault=vault,
        )

    @staticmethod
    async def _key(account_id: int) -> Any:
        return KEY

    @asynccontextmanager
    async def _workspace(self) -> Any:
        yield self.folder

    async def read(self, question: Callable[..., Any], *of: Any) -> Any:
        return await self.db.read(question, *of)

    async def change(self, sql: str, **params: Any) -> None:
        await self.db.write(lambda tx: tx.run(sql, **params))


async def _no_picture(*_: Any) -> Any:
    raise Invalid("This is no picture.")


Sink = Callable[[Works, str], Awaitable[object]]


def _n() -> str:
    return f"n={next(_numbers)}"


def _job(**payload: Any) -> Job:
    encoded = msgspec.json.encode(payload)
    return Job(id=0, kind="receive", lane="", payload=encoded, attempts=1, claimed_by=0)


def _host(base: str) -> str:
    return base.partition("://")[2]


# --- documents


async def key(works: Works, base: str) -> None:
    await works.fetcher.keys.fetch(f"{base}/eve?{_n()}#main-key", NOW)


async def owner_of_a_key(works: Works, base: str) -> None:
    of = quote(f"{base}/eve?{_n()}", safe="")
    await works.fetcher.keys.fetch(f"{FAR}/key?of={of}&{_n()}", NOW)


async def actor(works: Works, base: str) -> None:
    await works.fetcher.people.account(f"{base}/eve?{_n()}", Budget())


async def document_of_an_activity(works: Works, base: str) -> None:
    announce = act("Announce", EVE, f"{base}/note?{_n()}", id=f"{EVE}/boosts?{_n()}")
    encoded = msgspec.json.encode(announce)
    await works.db.write(jobs.enqueue, "receive", EVE, encoded, NOW)
    for job in await works.db.write(jobs.claim, NOW, 100):
        if job.kind == "receive":
            await works.jobs.do(job)


async def pasted_address(works: Works, base: str) -> None:
    await lookup.find(works.fetcher, f"{base}/note?{_n()}")
    await lookup.find(works.fetcher, f"{base}/eve?{_n()}")


async def what_is_answered(works: Works, base: str) -> None:
    id = (await works.read(post, NOTE)).id
    await works.change(
        "UPDATE post SET reply_to_uri = :uri WHERE id = :id", uri=f"{base}/note?{_n()}", id=id
    )
    await LOOKS["ancestors"](works.fetcher, {"post": id})
    with suppress(FederationError):
        await works.walker.walk(id)


async def what_is_quoted(works: Works, base: str) -> None:
    id = (await works.read(post, NOTE)).id
    await works.change(
        "UPDATE post SET quote_uri = :uri, quote_id = NULL WHERE id = :id",
        uri=f"{base}/note?{_n()}",
        id=id,
    )
    await LOOKS["quoted"](works.fetcher, {"post": id})


async def stamp_of_a_quote(works: Works, base: str) -> None:
    id = (await works.read(post, NOTE)).id
    of = {"uri": f"{base}/stamp?{_n()}", "id": id}
    await works.change(
        "UPDATE post SET quote_stamp = :uri, quote_id = NULL, quote_uri = :uri WHERE id = :id", **of
    )
    await LOOKS["stamped"](works.fetcher, {"post": id})


async def stamp_of_an_answer(works: Works, base: str) -> None:
    claim: Any = None
    with pytest.MonkeyPatch.context() as patch:
        asked = (f"{base}/stamp?{_n()}", claim)
        patch.setattr(permissions, "stamp_to_read", lambda *_: asked)
        eve = await works.read(who, EVE)
        found = parse.object_(note(NOTE, EVE))
        await works.fetcher.posts.stamp_of(found, eve, Budget())


async def late_answer(works: Works, base: str) -> None:
    uri = f"{base}/note?{_n()}"
    id = (await works.read(post, NOTE)).id
    change = "UPDATE post SET uri = :uri, reply_to_id = NULL WHERE id = :id"
    await works.change(change, uri=uri, id=id)
    try:
        await LOOKS["stamp-of-answer"](works.fetcher, {"post": id})
    finally:
        await works.change(change, uri=NOTE, id=id)


async def stamp_of_ours(works: Works, base: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stamps, "_wanted", lambda *_: True)
        of = {"act": "reply", "post": 1, "stamp": f"{base}/stamp?{_n()}"}
        await LOOKS["stamp-of-ours"](works.fetcher, of)


# --- collections


async def outbox(works: Works, base: str) -> None:
    eve = await works.read(who, EVE)
    await works.change(
        "UPDATE account SET outbox = :uri WHERE id = :id", uri=f"{base}/list?{_n()}", id=eve.id
    )
    await LOOKS["backfill"](works.fetcher, {"account": eve.id})


async def post_in_an_outbox(works: Works, base: str) -> None:
    eve = await works.read(who, EVE)
    await works.change("UPDATE account SET uri = :uri WHERE id = :id", uri=f"{base}/x", id=eve.id)
    try:
        created = {"type": "Create", "object": f"{base}/note?{_n()}"}
        eve = await works.read(accounts.by_id, eve.id)
        await backfill._take(works.fetcher, eve, created, Budget())
    finally:
        await works.change("UPDATE account SET uri = :uri WHERE id = :id", uri=EVE, id=eve.id)


async def group(works: Works, base: str) -> None:
    """Its moderators and its pinned threads."""
    id = (await works.read(who, GROUP)).id
    lists = {"m": f"{base}/list?{_n()}", "f": f"{base}/list?of={quote(base, safe='')}&{_n()}"}
    change = "UPDATE account SET uri = :uri, moderators_uri = :m, featured_uri = :f WHERE id = :id"
    await works.change(change, uri=f"{base}/group", id=id, **lists)
    try:
        await LOOKS["group"](works.fetcher, {"account": id})
        swapped = {"m": lists["f"], "f": lists["m"]}
        await works.change(change, uri=f"{base}/group", id=id, **swapped)
        await groups.look(works.fetcher, id)
    finally:
        await works.change(change, uri=GROUP, id=id, m="", f="")


async def context(works: Works, base: str) -> None:
    id = (await works.read(post, NOTE)).id
    uri = f"{base}/list?{_n()}"
    await works.change("UPDATE post SET context_uri = :uri WHERE id = :id", uri=uri, id=id)
    await works.walker.walk(id)


async def what_a_context_lists(works: Works, base: str) -> None:
    listed = f"{FAR}/list?of={quote(base, safe='')}&{_n()}"
    id = (await works.read(post, NOTE)).id
    await works.change(
        "UPDATE post SET context_uri = :uri, reply_to_uri = NULL WHERE id = :id", uri=listed, id=id
    )
    with pytest.MonkeyPatch.context() as patch:
        keep = "server.walking._keep_answer"
        patch.setattr(keep, lambda *_: False)
        await works.walker.walk(id)


async def replies(works: Works, base: str) -> None:
    id = (await works.read(post, NOTE)).id
    change = "UPDATE post SET uri = :uri, context_uri = '', reply_to_uri = NULL WHERE id = :id"
    await works.change(change, uri=f"{base}/note?{_n()}", id=id)
    try:
        await works.walker.walk(id)
    finally:
        await works.change(change, uri=NOTE, id=id)


# --- people


async def webfinger(works: Works, base: str) -> None:
    await lookup.find(works.fetcher, f"@eve@{_host(base)}")
    await works.fetcher.people.handle(f"eve{next(_numbers)}", _host(base), Budget())


async def host_that_webfinger_names(works: Works, base: str) -> None:
    found = await works.outside.client.get(
        f"{FAR}/webfinger?of={quote(base, safe='')}", accept="*/*"
    )
    with pytest.MonkeyPatch.context() as patch:
        real = works.outside.client.get

        async def first(url: str, **more: Any) -> Any:
            return found if url.startswith(FAR) else await real(url, **more)

        patch.setattr(works.outside.client, "get", first)
        await works.fetcher.people.handle("bob", "far.test", Budget())


async def home_of_a_visitor(works: Works, base: str) -> None:
    home = (f"eve{next(_numbers)}", _host(base))
    await lookup.way_home(works.fetcher, home, "reply", f"{SITE.origin}/notes/1")


async def links_of_a_profile(works: Works, base: str) -> None:
    url = f"{base}/page?{_n()}"
    ann = await works.read(who, "ann")
    fields = profile_links.encoded([("Home", f'<p><a href="{url}" rel="me">home</a></p>', None)])
    await works.change("UPDATE account SET fields = :f WHERE id = :id", f=fields, id=ann.id)
    await LOOKS["links"](works.fetcher, {"account": ann.id})


# --- pictures and pages


async def picture(works: Works, base: str) -> None:
    await works.pictures.file("picture", f"{base}/picture?{_n()}")


async def film(works: Works, base: str) -> None:
    await works.pictures.file("film", f"{base}/film?{_n()}")


async def picture_of_an_old_blog(works: Works, base: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "PAUSE_S", 0)
        await works.importing.from_there(f"{base}/picture?{_n()}", Host())


async def link_preview(works: Works, base: str) -> None:
    id = next(_numbers)
    await works.change(
        "INSERT INTO link_preview (id, url, fetched_ms) VALUES (:id, :url, 0)",
        id=id,
        url=f"{base}/page?{_n()}",
    )
    await works.jobs._preview(_job(), id)


async def what_a_page_embeds(works: Works, base: str) -> None:
    await works.fetcher.pages.page(f"{FAR}/page?of={quote(base, safe='')}&{_n()}")


# --- pings


async def source_of_a_ping(works: Works, base: str) -> None:
    ping = Ping(
        id=1,
        post_id=1,
        source=f"{base}/page?{_n()}",
        target=f"{SITE.origin}/x",
        host="",
        domain="",
        network="",
        kind="webmention",
        came_ms=NOW,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pinging.pings, "asked", lambda *_: (ping, ("x",)))
        await works.pinger.verify(_job(ping=1))


async def target_of_a_link(works: Works, base: str) -> None:
    await _tell(works, f"{base}/page?{_n()}")


async def webmention_of_an_element(works: Works, base: str) -> None:
    await _tell(works, f"{FAR}/entry?of={quote(base, safe='')}&{_n()}")


async def webmention_of_a_header(works: Works, base: str) -> None:
    await _tell(works, f"{FAR}/heading?of={quote(base, safe='')}&{_n()}")


async def trackback(works: Works, base: str) -> None:
    await _tell(works, f"{FAR}/entry?of={quote(f'trackback:{base}', safe='')}&{_n()}")


async def _tell(works: Works, url: str) -> None:
    telling = Telling(Told(id=1, post_id=1, url=url), f"{SITE.origin}/x", b"title=x")
    await works.pinger._told(telling)


# --- what we send


async def delivery(works: Works, base: str) -> None:
    """To an inbox, or to one that a whole server shares: they are peers alike."""
    id = await works.db.write(peers.ensure, f"{base}/inbox?{_n()}", _host(base), NOW)
    await works.db.write(_promised, id)
    for peer in await works.db.write(peers.claim, NOW, 100):
        await works.deliveries.deliver(peer)


def _promised(tx: Write, peer_id: int) -> None:
    peers.insert_outbox(tx, id=peer_id, sender_id=who(tx, "ann").id, body=b"{}", now_ms=NOW)
    peers.add(tx, peer_id, [peer_id], NOW)


async def push(works: Works, base: str) -> None:
    subscription: Any = SimpleNamespace(
        endpoint=f"{base}/send?{_n()}",
        account_id=1,
        sealed_token=b"",
        token_id=1,
        p256dh="",
        auth="",
        standard=1,
    )
    nothing: Any = None
    request = SimpleNamespace(body=b"", headers={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker_pushes.webpush, "recipient", lambda *_: None)
        patch.setattr(worker_pushes.webpush, "request", lambda *_, **__: request)
        host = urlsplit(subscription.endpoint).netloc
        await works.pushes._send(Ready(subscription, nothing, nothing, "en"), host)


FOLLOWING: dict[str, Sink] = {
    one.__name__: one
    for one in (
        key,
        owner_of_a_key,
        actor,
        document_of_an_activity,
        pasted_address,
        what_is_answered,
        what_is_quoted,
        stamp_of_a_quote,
        stamp_of_an_answer,
        late_answer,
        stamp_of_ours,
        outbox,
        post_in_an_outbox,
        group,
        context,
        what_a_context_lists,
        replies,
        webfinger,
        host_that_webfinger_names,
        home_of_a_visitor,
        links_of_a_profile,
        picture,
        film,
        picture_of_an_old_blog,
        link_preview,
        what_a_page_embeds,
        source_of_a_ping,
        target_of_a_link,
    )
}
"""These read, and follow redirects."""

SENDING: dict[str, Sink] = {
    one.__name__: one
    for one in (
        webmention_of_an_element,
        webmention_of_a_header,
        trackback,
        delivery,
        push,
    )
}
"""These send; a redirect is an answer."""

SINKS = FOLLOWING | SENDING


async def go(works: Works, sink: Sink, base: str) -> None:
    """Go there; what is refused is refused."""
    with suppress(*REFUSALS):
        await sink(works, base)
    await asyncio.sleep(0)
