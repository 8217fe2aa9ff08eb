"""What moderators decided about the viewer, why, and what the viewer says to that."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from server.errors import AppError
from server.services import moderation, sessions
from server.store.strikes import Strike
from web.i18n import N_
from web.keys import DB, Viewer
from web.pages.access import even_shut_out, number, pager, window
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()

TOLD: Final = {
    "none": N_("A moderator wants you to know something."),
    "sensitive": N_("Your pictures are covered until somebody wants to see them."),
    "disable": N_("You were signed out everywhere and could not sign in."),
    "silence": N_("Only people who follow you see what you write."),
    "suspend": N_("Your account was suspended."),
}
ANSWERED: Final = {
    "pending": N_(
        "You have appealed. A moderator who did not take the decision looks at it, where there is "
        "one."
    ),
    "approved": N_("Your appeal was accepted, and the decision was taken back."),
    "rejected": N_("Your appeal was declined: the decision stands."),
}


@routes.get("/warnings")
@even_shut_out
async def all_(request: web.Request, viewer: Viewer) -> web.Response:
    """Every decision, newest first."""
    asked = window(request)
    found = await request.config_dict[DB].read(moderation.strikes_of, viewer.account.id, asked)
    pages = pager(request, asked, [one.id for one in found])
    return await _page(
        request, viewer, "warnings.html", warnings=found, answered=ANSWERED, pager=pages
    )


@routes.get("/warnings/{id}")
@even_shut_out
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """One decision, and the form to appeal against it."""
    found = await request.config_dict[DB].read(
        moderation.warned, viewer.account.id, number(request)
    )
    return await _shown(request, viewer, found)


@routes.post("/warnings/{id}/appeal")
@even_shut_out
async def appeal(request: web.Request, viewer: Viewer) -> web.Response:
    """Say why it is wrong."""
    sent, id, db = await form(request), number(request), request.config_dict[DB]
    try:
        await db.write(moderation.appeal, viewer.account.id, id, sent.get("text"))
    except AppError as error:
        found = await db.read(moderation.warned, viewer.account.id, id)
        return await _shown(request, viewer, found, sent.get("text"), error)
    return see(f"/warnings/{id}")


async def _shown(
    request: web.Request,
    viewer: Viewer,
    found: Strike,
    typed: str = "",
    error: AppError | None = None,
) -> web.Response:
    return await _page(
        request,
        viewer,
        "warning.html",
        status=error.status if error else HTTPStatus.OK,
        warning=found,
        answered=ANSWERED,
        typed=typed,
        errors={"text": error} if error else {},
    )


async def _page(
    request: web.Request,
    viewer: Viewer,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    **context: object,
) -> web.Response:
    """With the token of whoever it is for: a page for those shut out is otherwise a visitor's."""
    return await page(
        request,
        template,
        status=status,
        headers=None,
        told=TOLD,
        csrf=viewer.csrf,
        shut_out=sessions.shut_out(viewer.member),
        **context,
    )
