"""Whether the viewer wrote what an import says that they wrote: one answer for all of it."""

from aiohttp import web

from server.errors import AppError, Conflict, NotFound
from server.services import import_claims
from server.services.import_claims import Asked
from server.store.db import Write
from web.keys import DB, Viewer
from web.pages.access import now, number, signed_in
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()


@routes.get("/desk/imports/{id}")
@signed_in
async def one(request: web.Request, viewer: Viewer) -> web.Response:
    """What an import brought under the name of the viewer, and what they said to that."""
    return await _page(request, viewer)


async def _page(
    request: web.Request, viewer: Viewer, error: AppError | None = None
) -> web.Response:
    db, id = request.config_dict[DB], number(request)
    found: Asked = await db.read(import_claims.one, viewer.account, id)
    return await page(
        request,
        "desk_import.html",
        status=error.status if error else 200,
        shown=found,
        errors={"form": error} if error else {},
    )


@routes.post("/desk/imports/{id}/{answer}")
@signed_in
async def answer(request: web.Request, viewer: Viewer) -> web.Response:
    """They did, or they did not."""
    await form(request)
    id, said = number(request), request.match_info["answer"]
    if said not in ("yes", "no"):
        raise NotFound("There is nothing at this address.")

    def answered(tx: Write) -> None:
        import_claims.answer(tx, viewer.account, id, yes=said == "yes", now_ms=now(request))

    try:
        await request.config_dict[DB].write(answered)
    except Conflict as error:
        return await _page(request, viewer, error)
    return see(f"/desk/imports/{id}")
