"""With which servers the city speaks. For administrators.

docs.joinmastodon.org/methods/admin/domain_blocks, docs.joinmastodon.org/methods/admin/domain_allows
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from server.errors import Conflict, Invalid
from server.policy.roles import FEDERATION
from server.services import borders
from server.services.borders import Wish
from server.store.db import Read, Row, Write
from web import entities, present
from web.api.access import path_id
from web.api.answers import listing, one
from web.api.shape import gives
from web.api.staff import MOST, long_window, moderator, staff
from web.body import body
from web.keys import DB, FETCHER, NOW, SITE, Viewer

routes = web.RouteTableDef()

READ_BLOCKS: Final = "admin:read:domain_blocks"
WRITE_BLOCKS: Final = "admin:write:domain_blocks"
READ_ALLOWS: Final = "admin:read:domain_allows"
WRITE_ALLOWS: Final = "admin:write:domain_allows"


class Changed(msgspec.Struct, frozen=True):
    """`severity`: silence | suspend | noop; absent stays. `public_comment` is for everybody."""

    severity: str | None = None
    reject_media: bool | None = None
    reject_reports: bool | None = None
    private_comment: str | None = None
    public_comment: str | None = None
    obfuscate: bool | None = None

    @property
    def wish(self) -> Wish:
        """As the service takes it."""
        return Wish(
            severity=self.severity or None,
            reject_media=self.reject_media,
            reject_reports=self.reject_reports,
            comment=self.public_comment,
            private_comment=self.private_comment,
            obfuscate=self.obfuscate,
        )


class Block(Changed, frozen=True):
    """A server and all below it; `silence` where nothing else is said."""

    domain: str = ""


class Allow(msgspec.Struct, frozen=True):
    """A server and all below it."""

    domain: str = ""


@routes.get("/api/v1/admin/domain_blocks")
@staff(FEDERATION, READ_BLOCKS)
@gives(list[entities.AdminDomainBlock], pages=True)
async def blocks(request: web.Request, viewer: Viewer) -> web.Response:
    """Servers that are kept away or quiet, newest first."""
    return await _listed(request, present.admin_domain_block, allowing=False)


@routes.post("/api/v1/admin/domain_blocks")
@staff(FEDERATION, WRITE_BLOCKS)
@gives(entities.AdminDomainBlock, body=Block)
async def block(request: web.Request, viewer: Viewer) -> web.Response:
    """Keep a server away or quiet."""
    typed, site, by = await body(request, Block), request.config_dict[SITE], moderator(viewer)
    now_ms = request.config_dict[NOW]()
    try:
        row = await _write(
            request, lambda tx: borders.restrict(tx, site, by, typed.domain, typed.wish, now_ms)
        )
    except Conflict as error:
        raise Invalid(error.message) from error
    return one(present.admin_domain_block(row))


@routes.get("/api/v1/admin/domain_blocks/{id}")
@staff(FEDERATION, READ_BLOCKS)
@gives(entities.AdminDomainBlock)
async def read_block(request: web.Request, viewer: Viewer) -> web.Response:
    """What is decided about one server."""
    row = await request.config_dict[DB].read(borders.restricting, path_id(request))
    return one(present.admin_domain_block(row))


@routes.put("/api/v1/admin/domain_blocks/{id}")
@staff(FEDERATION, WRITE_BLOCKS)
@gives(entities.AdminDomainBlock, body=Changed)
async def change_block(request: web.Request, viewer: Viewer) -> web.Response:
    """Decide otherwise."""
    wish, id, by = (await body(request, Changed)).wish, path_id(request), moderator(viewer)
    now_ms = request.config_dict[NOW]()
    row = await _write(request, lambda tx: borders.change(tx, by, id, wish, now_ms))
    return one(present.admin_domain_block(row))


@routes.delete("/api/v1/admin/domain_blocks/{id}")
@staff(FEDERATION, WRITE_BLOCKS)
@gives(entities.Empty)
async def lift(request: web.Request, viewer: Viewer) -> web.Response:
    """Let a server in again; follows that ended stay ended."""
    await _lifted(request, viewer, borders.restricting)
    return one({})


@routes.get("/api/v1/admin/domain_allows")
@staff(FEDERATION, READ_ALLOWS)
@gives(list[entities.AdminDomainAllow], pages=True)
async def allows(request: web.Request, viewer: Viewer) -> web.Response:
    """Servers that are let in, newest first."""
    return await _listed(request, present.admin_domain_allow, allowing=True)


@routes.post("/api/v1/admin/domain_allows")
@staff(FEDERATION, WRITE_ALLOWS)
@gives(entities.AdminDomainAllow, body=Allow)
async def allow(request: web.Request, viewer: Viewer) -> web.Response:
    """Let a server in, whatever is said about the one above it."""
    typed, site, by = await body(request, Allow), request.config_dict[SITE], moderator(viewer)
    now_ms = request.config_dict[NOW]()
    row = await _write(request, lambda tx: borders.allow(tx, site, by, typed.domain, now_ms))
    return one(present.admin_domain_allow(row))


@routes.get("/api/v1/admin/domain_allows/{id}")
@staff(FEDERATION, READ_ALLOWS)
@gives(entities.AdminDomainAllow)
async def read_allow(request: web.Request, viewer: Viewer) -> web.Response:
    """One server that is let in."""
    row = await request.config_dict[DB].read(borders.allowing, path_id(request))
    return one(present.admin_domain_allow(row))


@routes.delete("/api/v1/admin/domain_allows/{id}")
@staff(FEDERATION, WRITE_ALLOWS)
@gives(entities.AdminDomainAllow)
async def disallow(request: web.Request, viewer: Viewer) -> web.Response:
    """Take it off the list; the answer is what it was."""
    row = await _lifted(request, viewer, borders.allowing)
    return one(present.admin_domain_allow(row))


async def _listed(
    request: web.Request, shown: Callable[[Row], Any], *, allowing: bool
) -> web.Response:
    window = long_window(request)

    def found(db: Read) -> list[Row]:
        return borders.rules(db, window, allowing=allowing, most=MOST)

    rows = await request.config_dict[DB].read(found)
    items = [msgspec.json.encode(shown(row)) for row in rows]
    return listing(request, items, [row["id"] for row in rows])


async def _lifted(request: web.Request, viewer: Viewer, of: Callable[[Read, int], Row]) -> Row:
    id, by, now_ms = path_id(request), moderator(viewer), request.config_dict[NOW]()

    def lift(tx: Write) -> Row:
        row = of(tx, id)
        borders.lift(tx, by, row, now_ms)
        return row

    return await _write(request, lift)


async def _write(request: web.Request, deed: Callable[[Write], Row]) -> Row:
    """It counts in this process from the next request on; others look again in two seconds."""
    row = await request.config_dict[DB].write(deed)
    request.config_dict[FETCHER].hosts.forget_rules()
    return row
