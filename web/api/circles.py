"""Lists of the viewer's own: blocked, muted, shut out, recommended, and who asks to follow.

docs.joinmastodon.org/methods/blocks, /mutes, /domain_blocks, /endorsements, /follow_requests
"""

import msgspec
from aiohttp import web

from server.model import Account
from server.services import domain_mutes, follows, relations
from server.store.db import Read
from server.store.paging import Page
from web import entities, present
from web.api.access import need
from web.api.answers import MOST_ACCOUNTS, listing, one, people, window
from web.api.shape import gives
from web.body import body, query
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()

Muted = tuple[int, Account, int | None]


class Domain(msgspec.Struct, frozen=True):
    """A server, by the part of its handles behind the @."""

    domain: str


@routes.get("/api/v1/blocks")
@need("read:blocks")
@gives(list[entities.Account], pages=True)
async def blocks(request: web.Request, viewer: Viewer) -> web.Response:
    """With whom the viewer wants nothing to do."""
    page = _window(request)
    found = await request.config_dict[DB].read(follows.blocked, viewer.account.id, page)
    return people(request, found)


@routes.get("/api/v1/mutes")
@need("read:mutes")
@gives(list[entities.MutedAccount], pages=True)
async def mutes(request: web.Request, viewer: Viewer) -> web.Response:
    """Whom the viewer does not want to see, and until when."""
    site, page = request.config_dict[SITE], _window(request)
    found = await request.config_dict[DB].read(_muted, viewer.account.id, page)
    items = [
        msgspec.json.encode(present.muted_account(site, account, until_ms))
        for _, account, until_ms in found
    ]
    return listing(request, items, [id for id, *_ in found])


def _muted(db: Read, viewer_id: int, page: Page) -> list[Muted]:
    found = follows.muted(db, viewer_id, page)
    ends = follows.mute_ends(db, viewer_id, [account.id for _, account in found])
    return [(id, account, ends.get(account.id)) for id, account in found]


@routes.get("/api/v1/endorsements")
@need("read:accounts")
@gives(list[entities.Account], pages=True)
async def endorsements(request: web.Request, viewer: Viewer) -> web.Response:
    """Whom the viewer recommends."""
    page = _window(request)
    found = await request.config_dict[DB].read(relations.endorsed, viewer.account.id, page)
    return people(request, found)


@routes.get("/api/v1/follow_requests")
@need("read:follows")
@gives(list[entities.Account], pages=True)
async def follow_requests(request: web.Request, viewer: Viewer) -> web.Response:
    """Who asks to follow the viewer, newest first."""
    page = _window(request)
    found = await request.config_dict[DB].read(follows.requests, viewer.account.id, page)
    return people(request, found)


@routes.get("/api/v1/domain_blocks")
@need("read:blocks")
@gives(list[str], pages=True)
async def domain_blocks(request: web.Request, viewer: Viewer) -> web.Response:
    """Servers that the viewer shuts out."""
    page = window(request, usual=MOST_ACCOUNTS, most=MOST_ACCOUNTS)
    found = await request.config_dict[DB].read(domain_mutes.page, viewer.account.id, page)
    items = [msgspec.json.encode(domain) for _, domain in found]
    return listing(request, items, [id for id, _ in found])


@routes.get("/api/v1/domain_blocks/preview")
@need("read:blocks")
@gives(entities.DomainBlockPreview, query=Domain)
async def preview(request: web.Request, viewer: Viewer) -> web.Response:
    """What shutting a server out would end."""
    domain = query(request, Domain).domain
    followers, following = await request.config_dict[DB].read(
        domain_mutes.ties, viewer.account.id, domain
    )
    entity: entities.DomainBlockPreview = {
        "followers_count": followers,
        "following_count": following,
    }
    return one(entity)


@routes.post("/api/v1/domain_blocks")
@need("write:blocks")
@gives(entities.Empty, body=Domain)
async def block_domain(request: web.Request, viewer: Viewer) -> web.Response:
    """See nothing of a server, and be followed by nobody there."""
    domain = (await body(request, Domain)).domain
    site, now_ms = request.config_dict[SITE], request.config_dict[NOW]()
    await request.config_dict[DB].write(domain_mutes.shut_out, site, viewer.account, domain, now_ms)
    return one({})


@routes.delete("/api/v1/domain_blocks")
@need("write:blocks")
@gives(entities.Empty, body=Domain)
async def unblock_domain(request: web.Request, viewer: Viewer) -> web.Response:
    """Let a server in again."""
    domain = (await body(request, Domain)).domain
    await request.config_dict[DB].write(domain_mutes.let_in, viewer.account.id, domain)
    return one({})


def _window(request: web.Request) -> Page:
    return window(request, usual=40, most=MOST_ACCOUNTS)
