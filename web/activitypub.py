"""Server-to-server routes: what peers send us, and the documents they read. AP §5, §7."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web

from federation import build, inbox
from federation.errors import Blocked, Gone, NotAuthentic
from federation.http import is_activity_type
from federation.origin import host
from federation.signature import SignedRequest
from federation.vocab import ACTIVITY_JSON
from server.errors import NotFound
from server.ids import parse_id
from server.inbox.door import take
from server.model import Account, Post, Site
from server.services import accounts as account_service
from server.services import communities, contexts, documents, reading, stamps
from server.store import accounts, follows, posts, reactions
from server.store.db import Read
from server.store.paging import LAST_ID, Page
from web.claims import Asking, asking
from web.keys import CONFIG, DB, FETCHER, NOW, SITE, VIEWER
from web.negotiate import wants_activity

routes = web.RouteTableDef()

READ_S: Final = 20.0  # for a body of at most 1 MiB
PAGE_ITEMS: Final = 20
CIRCLES: Final = ("followers", "following")


# --- what peers send


@routes.post("/inbox")
@routes.post("/actors/{id}/inbox")
async def receive(request: web.Request) -> web.Response:
    """Accept an authentic activity: durable, and usually already applied, before the 202."""
    with asking(request) as keys:
        if not is_activity_type(request.headers.get("Content-Type", "")):
            raise web.HTTPUnsupportedMediaType
        try:
            async with asyncio.timeout(READ_S):
                body = await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        try:
            await _authentic(request, body, keys)
        except (Gone, Blocked):  # who sends what must be silent is told nothing
            keys.failed(request.app[NOW]())
    return web.Response(status=202)


async def _authentic(request: web.Request, body: bytes, keys: Asking) -> None:
    """Nothing is read or asked for before all is right that can be seen in the request alone."""
    app, now_ms = request.app, request.app[NOW]()
    fetcher, site = app[FETCHER], app[SITE]
    claim = inbox.claim(signed(request, body), now_ms, own_hosts(site))
    if not await fetcher.hosts.welcome(host(claim.activity.actor)):
        raise Blocked(host(claim.activity.actor))
    if "id" in request.match_info and (await _account(request)).state == "gone":
        raise web.HTTPGone  # a peer that is told so forgets whom it followed here
    authentic = await inbox.prove(claim, keys, now_ms)
    keys.authentic(authentic.activity.actor)
    await take(app[DB], site, authentic, now_ms)
    if authentic.activity.object_id == authentic.activity.actor:  # it changed, moved or ended
        fetcher.keys.forget(authentic.activity.actor)


def signed(request: web.Request, body: bytes) -> SignedRequest:
    """The request as it came off the wire."""
    return SignedRequest(
        method=request.method,
        target=request.raw_path,
        host=request.headers.get("Host", ""),
        scheme=request.app[SITE].origin.partition(":")[0],
        headers=tuple(
            (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
            for name, value in request.raw_headers
        ),
        body=body,
    )


def own_hosts(site: Site) -> tuple[str, ...]:
    """Under which names we are spoken to."""
    return (host(site.origin),)


# --- what peers read


async def _reader(request: web.Request) -> str | None:
    """Who signed this GET; None when nobody did. Raises `FederationError` for a wrong signature."""
    if "Signature" not in request.headers:
        return None
    with asking(request) as keys:
        now_ms, ours = request.app[NOW](), own_hosts(request.app[SITE])
        who = await inbox.reader(signed(request, b""), keys, now_ms, ours)
    keys.authentic(who)
    if not await request.app[FETCHER].hosts.welcome(host(who)):
        raise NotAuthentic("not welcome")
    return who


async def _admit(request: web.Request) -> str | None:
    """Who reads, as far as we must know: always where `authorized_fetch` is on."""
    if not request.app[CONFIG].federation.authorized_fetch:
        return None
    who = await _reader(request)
    if who is None:
        raise NotAuthentic("missing: this server answers signed requests only")
    return who


def document(request: web.Request, body: dict[str, Any], *, public: bool = True) -> web.Response:
    """An ActivityStreams document, with an ETag that saves reading it twice.

    Shared caches may keep what is `public`; nothing where every reader has to be known.
    """
    public = public and not request.app[CONFIG].federation.authorized_fetch
    data = msgspec.json.encode(build.document(body))
    etag = hashlib.sha256(data).hexdigest()[:32]
    headers = {
        "Vary": "Accept, Signature" if not public else "Accept",
        "ETag": f'"{etag}"',
        "Cache-Control": "public, max-age=60" if public else "private, no-store",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    if etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(body=data, content_type=ACTIVITY_JSON, headers=headers)


def tombstone(request: web.Request, uri: str, deleted_ms: int | None) -> web.Response:
    """410, and what stood here. AP §6.4."""
    body = build.document(build.tombstone(uri, deleted_ms))
    return web.json_response(
        body, status=HTTPStatus.GONE, content_type=ACTIVITY_JSON, headers={"Vary": "Accept"}
    )


@routes.get("/actor")
async def instance_actor(request: web.Request) -> web.Response:
    """The instance itself; readable unsigned always, or nobody could verify anything."""
    account = await request.app[DB].read(account_service.instance_actor)
    if account is None:
        raise NotFound("There is no instance actor yet.")
    return document(
        request, await request.app[DB].read(documents.profile, request.app[SITE], account)
    )


@routes.get("/actor/{name:outbox|followers|following|featured}")
async def nothing_of_the_instance(request: web.Request) -> web.Response:
    """Nothing: the instance does not write and cannot be followed. Peers ask all the same."""
    uri = f"{request.app[SITE].origin}/actor/{request.match_info['name']}"
    return document(request, build.ordered_collection(uri, 0, items=[]))


@routes.get("/actors/{id}")
async def actor(request: web.Request) -> web.Response:
    """One of our people. AP §4.1."""
    return await actor_document(request, await _account(request))


async def actor_document(request: web.Request, account: Account) -> web.Response:
    """The document of one of ours; a browser is led to the page."""
    if not wants_activity(request):
        raise web.HTTPFound(account.url, headers={"Vary": "Accept"})
    if account.state == "gone":
        return tombstone(request, account.uri, None)
    if account.state != "active":
        raise NotFound("There is no such account.")
    await _admit(request)
    body = await request.app[DB].read(documents.profile, request.app[SITE], account)
    return document(request, body)


async def _account(request: web.Request) -> Account:
    id = _number(request.match_info["id"])
    account = await request.app[DB].read(accounts.by_id, id)
    if account is None or not account.local or account.kind == "Application":
        raise NotFound("There is no such account.")
    return account


async def _active(request: web.Request) -> Account:
    """One of ours whose collections can be read by whoever asks."""
    account = await _account(request)
    if account.state != "active":
        raise NotFound("There is no such account.")
    await _admit(request)
    return account


def _number(text: str) -> int:
    found = parse_id(text)
    if found is None:
        raise NotFound("There is nothing at this address.")
    return found


@routes.get("/actors/{id}/outbox")
async def outbox(request: web.Request) -> web.Response:
    """What somebody wrote in public, or what a group passed on, newest first. AP §5.1."""
    return await _collection(request, "outbox", _outbox, _sent)


def _sent(db: Read, account: Account) -> int:
    if account.kind == "Group":
        return reactions.count_boosts_by(db, account.id)
    return account.posts_count


def _outbox(db: Read, site: Site, account: Account, page: Page) -> tuple[list[Any], int | None]:
    if account.kind == "Group":
        return _passed_on(db, account, page)
    found = posts.public_by(db, account.id, page)
    written = documents.collection(db, site, found)
    return [build.create(one) for one in written], found[-1].id if found else None


def _passed_on(db: Read, group: Account, page: Page) -> tuple[list[Any], int | None]:
    found = reactions.boosts_by(db, group.id, page)
    announced = [
        build.announce(
            row["uri"],
            group.uri,
            row["post_uri"],
            cc=(group.followers_uri, row["author_uri"]),
            published_ms=row["created_ms"],
        )
        for row in found
    ]
    return announced, found[-1]["id"] if found else None


@routes.get("/actors/{id}/followers")
async def followers(request: web.Request) -> web.Response:
    """Who follows. AP §5.3."""
    return await _collection(
        request, "followers", _followers, lambda _, account: account.followers_count
    )


def _followers(db: Read, site: Site, account: Account, page: Page) -> tuple[list[Any], int | None]:
    found = follows.followers(db, account.id, page)
    return [who.uri for _, who in found], found[-1][0] if found else None


@routes.get("/actors/{id}/following")
async def following(request: web.Request) -> web.Response:
    """Whom somebody follows. AP §5.4."""
    return await _collection(
        request, "following", _following, lambda _, account: account.following_count
    )


def _following(db: Read, site: Site, account: Account, page: Page) -> tuple[list[Any], int | None]:
    found = follows.following(db, account.id, page)
    return [who.uri for _, who in found], found[-1][0] if found else None


Items = Callable[[Read, Site, Account, Page], tuple[list[Any], int | None]]


async def _collection(
    request: web.Request, name: str, items: Items, total: Callable[[Read, Account], int]
) -> web.Response:
    """A collection of one of ours, or one page of it: `?page=1`, then `?max_id=`.

    Whoever keeps for themself who follows whom tells how many alone.
    """
    account = await _active(request)
    uri, hidden = f"{account.uri}/{name}", account.hide_collections and name in CIRCLES
    if "page" not in request.query and "max_id" not in request.query:
        count = await request.app[DB].read(total, account)
        first = None if hidden else f"{uri}?page=1"
        return document(request, build.ordered_collection(uri, count, first=first))
    if hidden:
        raise NotFound("There is nothing at this address.")
    window = _window(request)
    found, last = await request.app[DB].read(items, request.app[SITE], account, window)
    return document(request, _page(request, uri, found, last))


def _window(request: web.Request) -> Page:
    at = request.query.get("max_id", "")
    return Page(max_id=_number(at) if at else LAST_ID, limit=PAGE_ITEMS)


def _page(request: web.Request, uri: str, found: list[Any], last: int | None) -> dict[str, Any]:
    at = request.query.get("max_id", "")
    here = f"{uri}?max_id={_number(at)}" if at else f"{uri}?page=1"
    more = f"{uri}?max_id={last}" if last is not None and len(found) >= PAGE_ITEMS else None
    return build.collection_page(here, uri, found, next=more)


@routes.get("/actors/{id}/featured")
async def featured(request: web.Request) -> web.Response:
    """What somebody, or a community, keeps at the top."""
    account = await _active(request)
    uris = await request.app[DB].read(reading.featured, account)
    return document(request, build.ordered_collection(account.featured_uri, len(uris), items=uris))


@routes.get("/actors/{id}/moderators")
async def moderators(request: web.Request) -> web.Response:
    """Who keeps order in a group. FEP-1b12."""
    account = await _active(request)
    if account.kind != "Group":
        raise NotFound("There is nothing at this address.")
    found = await request.app[DB].read(communities.moderators, account.id)
    uris = [one.uri for one in found]
    body = build.ordered_collection(f"{account.uri}/moderators", len(uris), items=uris)
    return document(request, body)


@routes.get("/objects/{id}")
async def thing(request: web.Request) -> web.Response:
    """A post of ours. AP §3.2."""
    post = await request.app[DB].read(posts.by_id, _number(request.match_info["id"]))
    return await post_document(request, post)


async def post_document(request: web.Request, post: Post | None) -> web.Response:
    """The document of a post of ours; a browser is led to the page."""
    if not wants_activity(request):
        raise web.HTTPFound(await _page_of(request, post), headers={"Vary": "Accept"})
    if post is not None and post.local and post.deleted_ms is not None and post.open:
        return tombstone(request, post.uri, post.deleted_ms)
    who = await _admit(request)
    if post is None or not post.open:  # asked alike, for whether there is one is not to be seen
        who = who or await _reader(request)
    if post is None or not post.local:
        raise NotFound("There is no such post.")
    body = await request.app[DB].read(_readable, request.app[SITE], who, post.id)
    return document(request, body, public=post.open and who is None)


async def _page_of(request: web.Request, post: Post | None) -> str:
    """Where people read it. Raises `NotFound`: where it leads would tell who wrote it."""
    viewer = request.get(VIEWER)
    if post is None or not post.local:
        raise NotFound("There is no such post.")
    if not post.open:
        await request.app[DB].read(reading.readable, viewer.account.id if viewer else None, post.id)
    return post.url


def _readable(db: Read, site: Site, who: str | None, post_id: int) -> dict[str, Any]:
    """The document of a post that the actor who signed may read. Raises `NotFound`, `Deleted`."""
    reader = accounts.by_uri(db, who) if who else None
    post = reading.readable(db, reader.id if reader else None, post_id)
    return documents.by_post(db, site, post)


async def _public_post(request: web.Request) -> Post:
    await _admit(request)
    post = await request.app[DB].read(reading.readable, None, _number(request.match_info["id"]))
    if not post.local:
        raise NotFound("There is no such post.")
    return post


@routes.get("/quotes/{id}")
async def allowed_quote(request: web.Request) -> web.Response:
    """That the author of a post of ours allows a quote of it. FEP-044f."""
    return await _stamp(request, stamps.quote)


@routes.get("/approvals/{id}")
async def allowed_answer(request: web.Request) -> web.Response:
    """That the author of a post of ours allows an answer to it. GoToSocial"""
    return await _stamp(request, stamps.reply)


@routes.get("/approvals/likes/{id}")
async def allowed_like(request: web.Request) -> web.Response:
    """That the author of a post of ours allows a like of it. GoToSocial"""
    return await _stamp(request, stamps.like)


@routes.get("/approvals/boosts/{id}")
async def allowed_boost(request: web.Request) -> web.Response:
    """That the author of a post of ours allows a boost of it. GoToSocial"""
    return await _stamp(request, stamps.boost)


async def _stamp(
    request: web.Request, read: Callable[[Read, Site, int], dict[str, Any]]
) -> web.Response:
    await _admit(request)
    id = _number(request.match_info["id"])
    return document(request, await request.app[DB].read(read, request.app[SITE], id))


@routes.get("/objects/{id}/replies")
async def replies(request: web.Request) -> web.Response:
    """Public answers to a post, newest first."""
    post = await _public_post(request)
    uri = f"{post.uri}/replies"
    if "page" not in request.query and "max_id" not in request.query:
        whole = build.ordered_collection(uri, post.replies, first=f"{uri}?page=1")
        return document(request, whole)
    found = await request.app[DB].read(posts.public_replies, post.id, _window(request))
    last = found[-1].id if found else None
    return document(request, _page(request, uri, [one.uri for one in found], last))


@routes.get("/objects/{id}/likes")
async def likes(request: web.Request) -> web.Response:
    """How many like a post; who does is theirs to tell."""
    post = await _public_post(request)
    return document(request, build.ordered_collection(f"{post.uri}/likes", post.likes))


@routes.get("/objects/{id}/shares")
async def shares(request: web.Request) -> web.Response:
    """How many boosted a post."""
    post = await _public_post(request)
    return document(request, build.ordered_collection(f"{post.uri}/shares", post.boosts))


@routes.get("/contexts/{id}")
async def context(request: web.Request) -> web.Response:
    """A thread that began here, root first. FEP-7888, FEP-f228."""
    await _admit(request)
    id = _number(request.match_info["id"])
    page = _page_number(request)
    owner, total, uris = await request.app[DB].read(contexts.members, id, page)
    uri = contexts.own(request.app[SITE], id)
    if page is not None:
        more = f"{uri}?page={page + 1}" if page * contexts.PAGE < total else None
        before = f"{uri}?page={page - 1}" if page > 1 else None
        here = build.collection_page(f"{uri}?page={page}", uri, uris, next=more, prev=before)
        return document(request, here)
    if total > contexts.PAGE:
        body = build.ordered_collection(uri, total, first=f"{uri}?page=1")
    else:
        body = build.ordered_collection(uri, total, items=uris)
    return document(request, body | ({"attributedTo": owner} if owner else {}))


def _page_number(request: web.Request) -> int | None:
    """Which page is asked for, from 1; None for the whole. Raises `NotFound`."""
    named = request.query.get("page")
    if named is None:
        return None
    if not (named.isascii() and named.isdigit() and 0 < len(named) <= 6 and int(named)):
        raise NotFound("There is nothing at this address.")
    return int(named)


@routes.get("/activities/{id}")
async def activity(request: web.Request) -> web.Response:
    """Activities are not kept for reading: what they did is in the objects. Follows are private."""
    raise NotFound("There is nothing to read at this address.")


# --- one address for people and peers


@web.middleware
async def negotiate(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """`/@name`, `/@name/ID` and `/c/name` are pages for browsers and documents for peers."""
    if request.method in ("GET", "HEAD") and wants_activity(request):
        if request.path.startswith("/@"):
            return await _pretty(request)
        if request.path.startswith("/c/"):
            return await _community(request)
    return await handler(request)


async def _community(request: web.Request) -> web.StreamResponse:
    name = request.path.removeprefix("/c/").rstrip("/")
    return await actor_document(request, await request.app[DB].read(communities.by_name, name))


async def _pretty(request: web.Request) -> web.StreamResponse:
    name, _, id = request.path.removeprefix("/@").rstrip("/").partition("/")
    db = request.app[DB]
    account = await db.read(account_service.by_handle, request.app[SITE], name)
    if account is None or not account.local:
        raise NotFound("There is no such account.")
    if not id:
        return await actor_document(request, account)
    post = await db.read(posts.by_url, account.id, _number(id))
    return await post_document(request, post)
