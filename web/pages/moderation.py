"""For moderators: who waits for an account, what was reported, and deciding about somebody."""

from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from server.errors import AppError, NotFound
from server.services import deeds, moderation, reports, standing
from server.services.deeds import Deed, Moderator
from server.services.moderation import Decision, Person
from server.services.reports import Report
from server.store.db import Read, Write
from server.store.paging import Page
from server.store.strikes import Strike
from web import house_rules, revoked
from web.i18n import N_
from web.keys import DB, SITE, Viewer
from web.pages.access import moderator, now, number, pager, window
from web.pages.forms import form, see
from web.render import language_of, page

routes = web.RouteTableDef()

AT_ONCE: Final = 40  # reports, or appeals
DEEDS: Final = {
    "none": N_("warned"),
    "sensitive": N_("pictures covered"),
    "disable": N_("signed out and locked"),
    "silence": N_("limited"),
    "suspend": N_("suspended"),
    "unsensitive": N_("pictures covered no more"),
    "enable": N_("unlocked"),
    "unsilence": N_("limited no more"),
    "unsuspend": N_("brought back"),
    "approve": N_("let in"),
    "reject": N_("turned away"),
    "delete": N_("deleted"),
    "approve_appeal": N_("appeal accepted"),
    "reject_appeal": N_("appeal declined"),
    "role": N_("given another role"),
}

Act = Callable[[Write, Moderator, int, int], None]
ACTS: Final[dict[str, Act]] = {
    "done": reports.close,
    "reopen": reports.reopen,
    "assign": reports.assign,
    "unassign": reports.unassign,
}


class Dossier(msgspec.Struct, frozen=True):
    """What moderators know of somebody."""

    person: Person
    reports: list[Report]
    warnings: list[Strike]
    deeds: list[Deed]


def _by(viewer: Viewer) -> Moderator:
    return Moderator(viewer.account, viewer.member.role)


@routes.get("/pending")
@moderator
async def pending(request: web.Request, viewer: Viewer) -> web.Response:
    """Who asked, oldest first."""
    waiting = await request.config_dict[DB].read(standing.pending)
    return await page(request, "pending.html", waiting=waiting)


@routes.post("/pending/{id}/{decision}")
@moderator
async def decide(request: web.Request, viewer: Viewer) -> web.Response:
    """Let somebody in, or not."""
    await form(request)
    db, id, decision = request.config_dict[DB], number(request), request.match_info["decision"]
    if decision == "approve":
        await db.write(moderation.approve, _by(viewer), id, now(request))
    elif decision == "refuse":
        await db.write(moderation.refuse, _by(viewer), id, now(request))
    else:
        raise NotFound("There is nothing at this address.")
    return see("/pending")


@routes.get("/reports")
@moderator
async def reported(request: web.Request, viewer: Viewer) -> web.Response:
    """What was reported, newest first: what waits, or what was closed."""
    asked, closed = window(request, AT_ONCE), request.query.get("state") == "closed"
    language = language_of(request)

    def found(db: Read) -> tuple[list[Report], dict[int, str]]:
        rules = {rule.id: rule.text for rule in house_rules.in_force(db, language)}
        return reports.page(db, asked, closed=closed), rules

    waiting, rules = await request.config_dict[DB].read(found)
    return await page(
        request,
        "reports.html",
        reports=waiting,
        closed=closed,
        rules=rules,
        pager=pager(request, asked, [report.id for report in waiting]),
    )


@routes.post("/reports/{id}/{act}")
@moderator
async def done(request: web.Request, viewer: Viewer) -> web.Response:
    """Put a report away, or take it up again; whatever it named stays as it is."""
    await form(request)
    act = ACTS.get(request.match_info["act"])
    if act is None:
        raise NotFound("There is nothing at this address.")
    await request.config_dict[DB].write(act, _by(viewer), number(request), now(request))
    return see("/reports?state=closed" if act is reports.reopen else "/reports")


# --- deciding about somebody


@routes.get("/moderation/{id}")
@moderator
async def dossier(request: web.Request, viewer: Viewer) -> web.Response:
    """What is known of somebody, and what can be decided."""
    return await _dossier(request, number(request))


async def _dossier(
    request: web.Request, id: int, error: AppError | None = None, typed: str = ""
) -> web.Response:
    found = await request.config_dict[DB].read(_known, id)
    return await page(
        request,
        "moderation.html",
        status=error.status if error else 200,
        dossier=found,
        subject=found.person.account,
        member=found.person.member,
        deeds=DEEDS,
        typed=typed,
        errors={"text": error} if error else {},
    )


def _known(db: Read, id: int) -> Dossier:
    return Dossier(
        moderation.person(db, id),
        reports.page(db, Page(limit=AT_ONCE), target_id=id),
        moderation.strikes_of(db, id, Page()),
        deeds.history(db, f"account:{id}"),
    )


@routes.post("/moderation/{id}")
@moderator
async def act(request: web.Request, viewer: Viewer) -> web.Response:
    """Decide about somebody."""
    sent, id = await form(request), number(request)
    decision = Decision(
        action=sent.get("action"), text=sent.get("text"), report_id=sent.id("report")
    )
    try:
        ended = await request.config_dict[DB].write(
            moderation.decide, request.config_dict[SITE], _by(viewer), id, decision, now(request)
        )
    except AppError as error:
        return await _dossier(request, id, error, sent.get("text"))
    revoked.tell(request.app, ended)
    return see(f"/moderation/{id}")


@routes.post("/moderation/{id}/undo")
@moderator
async def undo(request: web.Request, viewer: Viewer) -> web.Response:
    """Take a decision back."""
    sent, id = await form(request), number(request)
    what = sent.get("what")
    if what not in moderation.UNDONE_BY.values():
        raise NotFound("There is nothing at this address.")
    await request.config_dict[DB].write(moderation.undo, _by(viewer), id, what, now(request))
    return see(f"/moderation/{id}")


# --- what people answered


@routes.get("/appeals")
@moderator
async def appeals(request: web.Request, viewer: Viewer) -> web.Response:
    """Against which decisions people appeal, newest first."""
    asked = window(request, AT_ONCE)
    found = await request.config_dict[DB].read(moderation.appeals, asked)
    return await page(
        request,
        "appeals.html",
        appeals=found,
        deeds=DEEDS,
        pager=pager(request, asked, [one.warning.id for one in found]),
    )


@routes.post("/appeals/{id}/{answer}")
@moderator
async def answer(request: web.Request, viewer: Viewer) -> web.Response:
    """Accept an appeal, which takes the decision back, or decline it."""
    await form(request)
    said, by, id, at_ms = request.match_info["answer"], _by(viewer), number(request), now(request)
    if said not in ("accept", "decline"):
        raise NotFound("There is nothing at this address.")

    def settle(tx: Write) -> None:
        moderation.answer_appeal(tx, by, id, agree=said == "accept", now_ms=at_ms)

    await request.config_dict[DB].write(settle)
    return see("/appeals")
