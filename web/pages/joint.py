"""Boards elsewhere with which a board of ours is joined: proposed, accepted and ended here."""

from aiohttp import web

from server import lookup
from server.errors import AppError, Invalid, NotFound
from server.model import Account, Community
from server.services import boards, joint_boards
from server.services.joint_boards import Joint
from server.store.db import Read, Write
from web.keys import BUCKETS, DB, FETCHER, SITE, Viewer
from web.pages.access import community_name, now, number, signed_in
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()


def _kept(db: Read, viewer: Account, name: str) -> Community:
    """A board, for who keeps order in it. Raises `NotFound`."""
    ours = boards.ours(db, name)
    boards.require_keeper(db, ours, viewer)
    if ours.kind != "board":
        raise NotFound("There is nothing at this address.")
    return ours


@routes.get("/c/{name}/joined")
@signed_in
async def joined(request: web.Request, viewer: Viewer) -> web.Response:
    """With whom the board is joined, and who asks to be."""
    return await _shown(request, viewer)


async def _shown(
    request: web.Request, viewer: Viewer, typed: str = "", error: AppError | None = None
) -> web.Response:
    def found(db: Read) -> tuple[Community, list[Joint]]:
        ours = _kept(db, viewer.account, community_name(request))
        return ours, joint_boards.all(db, ours.account.id)

    ours, joints = await request.config_dict[DB].read(found)
    return await page(
        request,
        "community_joined.html",
        status=error.status if error else 200,
        community=ours,
        joints=joints,
        typed=typed,
        errors={"board": error} if error else {},
    )


@routes.post("/c/{name}/joined")
@signed_in
async def join(request: web.Request, viewer: Viewer) -> web.Response:
    """Propose a joining to a board elsewhere, by its address; who proposed it to us is accepted."""
    sent = await form(request)
    typed = sent.get("board")[:300]
    ours = await request.config_dict[DB].read(_kept, viewer.account, community_name(request))
    try:
        target = await _meant(request, viewer, typed)
        await _do(request, viewer, ours, target.id, together=True)
    except AppError as error:
        return await _shown(request, viewer, typed, error)
    return see(f"/c/{ours.account.name}/joined")


async def _meant(request: web.Request, viewer: Viewer, typed: str) -> Account:
    """The board that was typed, asked of its server where we have not met it. Raises `Invalid`."""
    request.config_dict[BUCKETS].spend(f"look-ups of {viewer.account.id}", now(request))
    found = await lookup.find(request.config_dict[FETCHER], typed)
    if not isinstance(found, Account) or found.kind != "Group":
        raise Invalid("No board was found there. Give its address, such as @water@city.example.")
    return found


async def _do(
    request: web.Request, viewer: Viewer, ours: Community, target_id: int, *, together: bool
) -> None:
    site, at_ms = request.config_dict[SITE], now(request)
    deed = joint_boards.follow if together else joint_boards.end

    def done(tx: Write) -> None:
        deed(tx, site, viewer.account, ours.account.id, target_id, at_ms)

    await request.config_dict[DB].write(done)


@routes.post("/c/{name}/joined/{id}/{deed}")
@signed_in
async def decide(request: web.Request, viewer: Viewer) -> web.Response:
    """Accept a joining that was proposed, or end one."""
    await form(request)
    deed, id = request.match_info["deed"], number(request)
    if deed not in ("accept", "end"):
        raise NotFound("There is nothing at this address.")
    ours = await request.config_dict[DB].read(_kept, viewer.account, community_name(request))
    try:
        await _do(request, viewer, ours, id, together=deed == "accept")
    except AppError as error:
        return await _shown(request, viewer, "", error)
    return see(f"/c/{ours.account.name}/joined")
