"""The documents that peers read: actors, posts, threads, stamps. AP §3, §4."""

import hashlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web

from federation import build
from federation.vocab import ACTIVITY_JSON
from server.errors import NotFound
from server.ids import parse_id
from server.model import Account, Post, Site
from server.services import accounts as account_service
from server.services import communities, contexts, documents, reading, stamps
from server.store import accounts, posts
from server.store.db import Read
from server.store.paging import LAST_ID, Page
from web import signers
from web.keys import CONFIG, DB, SITE, VIEWER
from web.negotiate import wants_activity

routes = web.RouteTableDef()

PAGE_ITEMS: Final = 20


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
    return await actor_document(request, await own_account(request))


async def actor_document(request: web.Request, account: Account) -> web.Response:
    """The document of one of ours; a browser is led to the page."""
    if not wants_activity(request):
        raise web.HTTPFound(account.url, headers={"Vary": "Accept"})
    if account.state == "gone":
        return tombstone(request, account.uri, None)
    if account.state != "active":
        raise NotFound("There is no such account.")
    await signers.admit(request)
    body = await request.app[DB].read(documents.profile, request.app[SITE], account)
    return document(request, body)


async def own_account(request: web.Request) -> Account:
    """The one of ours that the path names, whatever became of them. Raises `NotFound`."""
    id = number(request.match_info["id"])
    account = await request.app[DB].read(accounts.by_id, id)
    if account is None or not account.local or account.kind == "Application":
        raise NotFound("There is no such account.")
    return account


async def active_account(request: web.Request) -> Account:
    """One of ours whose collections can be read by whoever asks."""
    account = await own_account(request)
    if account.state != "active":
        raise NotFound("There is no such account.")
    await signers.admit(request)
    return account


def number(text: str) -> int:
    """An id in an address. Raises `NotFound`."""
    found = parse_id(text)
    if found is None:
        raise NotFound("There is nothing at this address.")
    return found


def window(request: web.Request) -> Page:
    """Which part of a collection is asked for: what is older than `max_id`. Raises `NotFound`."""
    at = request.query.get("max_id", "")
    return Page(max_id=number(at) if at else LAST_ID, limit=PAGE_ITEMS)


def collection_page(
    request: web.Request, uri: str, found: list[Any], last: int | None
) -> dict[str, Any]:
    """What was found in that part of the collection `uri`, and where it goes on."""
    at = request.query.get("max_id", "")
    here = f"{uri}?max_id={number(at)}" if at else f"{uri}?page=1"
    more = f"{uri}?max_id={last}" if last is not None and len(found) >= PAGE_ITEMS else None
    return build.collection_page(here, uri, found, next=more)


@routes.get("/objects/{id}")
async def thing(request: web.Request) -> web.Response:
    """A post of ours. AP §3.2."""
    post = await request.app[DB].read(posts.by_id, number(request.match_info["id"]))
    return await post_document(request, post)


async def post_document(request: web.Request, post: Post | None) -> web.Response:
    """The document of a post of ours; a browser is led to the page."""
    if not wants_activity(request):
        raise web.HTTPFound(await _page_of(request, post), headers={"Vary": "Accept"})
    if post is not None and post.local and post.deleted_ms is not None and post.open:
        return tombstone(request, post.uri, post.deleted_ms)
    who = await signers.admit(request)
    if post is None or not post.open:  # asked alike, for whether there is one is not to be seen
        who = who or await signers.reader(request)
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
    await signers.admit(request)
    post = await request.app[DB].read(reading.readable, None, number(request.match_info["id"]))
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
    await signers.admit(request)
    id = number(request.match_info["id"])
    return document(request, await request.app[DB].read(read, request.app[SITE], id))


@routes.get("/objects/{id}/replies")
async def replies(request: web.Request) -> web.Response:
    """Public answers to a post, newest first."""
    post = await _public_post(request)
    uri = f"{post.uri}/replies"
    if "page" not in request.query and "max_id" not in request.query:
        whole = build.ordered_collection(uri, post.replies, first=f"{uri}?page=1")
        return document(request, whole)
    found = await request.app[DB].read(posts.public_replies, post.id, window(request))
    last = found[-1].id if found else None
    return document(request, collection_page(request, uri, [one.uri for one in found], last))


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
    await signers.admit(request)
    id = number(request.match_info["id"])
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
    post = await db.read(posts.by_url, account.id, number(id))
    return await post_document(request, post)
