"""Taking a board or a team blog away: its keepers order an export, and find it here."""

from urllib.parse import quote

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.files import TAKEN_AWAY
from server.model import Account, Community
from server.services import contents, exports
from server.store.db import Read, Write
from server.store.exports import Export
from web import sending
from web.keys import DB, PICTURES, Viewer
from web.pages.access import community_name, now, number, signed_in
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()


class Shown(msgspec.Struct, frozen=True):
    """The exports of a community; `under_way`: one is being made."""

    community: Community
    exports: list[Export]
    under_way: bool


@routes.get("/c/{name}/export")
@signed_in
async def listed(request: web.Request, viewer: Viewer) -> web.Response:
    """What was exported, how far it is, and the button for another."""
    shown = await request.config_dict[DB].read(_listed, viewer.account, community_name(request))
    return await page(
        request, "export.html", shown=shown, until=exports.until_ms, most=exports.MAX_A_DAY
    )


def _listed(db: Read, viewer: Account, name: str) -> Shown:
    home = contents.home(db, name)
    found = exports.listed(db, viewer, home)
    return Shown(home, found, any(one.state == "waiting" for one in found))


@routes.post("/c/{name}/export")
@signed_in
async def order(request: web.Request, viewer: Viewer) -> web.Response:
    """Have one made."""
    await form(request)

    def ordered(tx: Write) -> None:
        exports.order(tx, viewer.account, contents.home(tx, community_name(request)), now(request))

    await request.config_dict[DB].write(ordered)
    return see(_path(request))


@routes.post("/c/{name}/export/{id}/remove")
@signed_in
async def remove(request: web.Request, viewer: Viewer) -> web.Response:
    """Away with one, made or not."""
    await form(request)
    id = number(request)

    def removed(tx: Write) -> None:
        home = contents.home(tx, community_name(request))
        exports.remove(tx, viewer.account, home, id, now(request))

    await request.config_dict[DB].write(removed)
    return see(_path(request))


@routes.get("/c/{name}/export/{id}.zip")
@signed_in
async def file(request: web.Request, viewer: Viewer) -> web.StreamResponse:
    """The zip, for who ordered it and for who keeps the community."""
    found = await request.config_dict[DB].read(
        _one, viewer.account, community_name(request), number(request)
    )
    if found.state != "ready":
        raise NotFound("There is no such export.")
    store = request.config_dict[PICTURES].store
    called = (community_name(request), TAKEN_AWAY[".zip"])
    return await sending.download(request, store, found.file, called)


def _one(db: Read, viewer: Account, name: str, id: int) -> Export:
    return exports.one(db, viewer, contents.home(db, name), id)


def _path(request: web.Request) -> str:
    return f"/c/{quote(community_name(request), safe='')}/export"
