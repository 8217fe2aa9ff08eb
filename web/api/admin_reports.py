"""What was reported, for moderators. docs.joinmastodon.org/methods/admin/reports"""

from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from server.errors import Conflict
from server.model import PostView
from server.policy.roles import REPORTS
from server.services import moderation, reports, timelines
from server.services.deeds import Moderator
from server.services.moderation import Person
from server.services.reports import Report
from server.services.rules import Rule
from server.store.db import Read, Write
from server.store.paging import Page
from web import entities, house_rules, present
from web.api.access import path_id
from web.api.answers import Id, listing, one
from web.api.shape import gives
from web.api.staff import long_window, moderator, staff
from web.body import body, query
from web.keys import DB, NOW, SITE, Viewer
from web.render import language_of

routes = web.RouteTableDef()

READ: Final = "admin:read:reports"
WRITE: Final = "admin:write:reports"

Act = Callable[[Write, Moderator, int, int], None]


class Asked(msgspec.Struct, frozen=True):
    """Those that were closed; those by, or about, an account."""

    resolved: bool = False
    account_id: Id | None = None
    target_account_id: Id | None = None


class Typed(msgspec.Struct, frozen=True):
    """What kind it is; absent stays."""

    category: str | None = None
    rule_ids: tuple[Id, ...] | None = None


class Case(msgspec.Struct, frozen=True):
    """Reports with all whom and what they name."""

    reports: list[Report]
    people: dict[int, Person]
    views: dict[int, PostView]
    rules: list[Rule]


@routes.get("/api/v1/admin/reports")
@staff(REPORTS, READ)
@gives(list[entities.AdminReport], query=Asked, pages=True)
async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """Reports, newest first; those that wait, unless others are asked for."""
    asked, window, language = query(request, Asked), long_window(request), language_of(request)

    def found(db: Read) -> Case:
        return _case(db, viewer, _asked(db, asked, window), language)

    case = await request.config_dict[DB].read(found)
    items = [msgspec.json.encode(entity) for entity in _entities(request, viewer, case)]
    return listing(request, items, [report.id for report in case.reports])


def _asked(db: Read, asked: Asked, window: Page) -> list[Report]:
    return reports.page(
        db,
        window,
        closed=asked.resolved,
        reporter_id=asked.account_id,
        target_id=asked.target_account_id,
    )


@routes.get("/api/v1/admin/reports/{id}")
@staff(REPORTS, READ)
@gives(entities.AdminReport)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """One report."""
    return await _shown(request, viewer)


@routes.put("/api/v1/admin/reports/{id}")
@staff(REPORTS, WRITE)
@gives(entities.AdminReport, body=Typed)
async def update(request: web.Request, viewer: Viewer) -> web.Response:
    """Say what kind it is."""
    typed, language = await body(request, Typed), language_of(request)

    def classify(tx: Write, by: Moderator, id: int, now_ms: int) -> None:
        known = frozenset(rule.id for rule in house_rules.in_force(tx, language))
        reports.classify(
            tx, by, id, typed.category, typed.rule_ids, known_rules=known, now_ms=now_ms
        )

    return await _done(request, viewer, classify)


@routes.post("/api/v1/admin/reports/{id}/assign_to_self")
@staff(REPORTS, WRITE)
@gives(entities.AdminReport)
async def assign(request: web.Request, viewer: Viewer) -> web.Response:
    """Take a report upon oneself."""
    return await _done(request, viewer, reports.assign)


@routes.post("/api/v1/admin/reports/{id}/unassign")
@staff(REPORTS, WRITE)
@gives(entities.AdminReport)
async def unassign(request: web.Request, viewer: Viewer) -> web.Response:
    """Leave a report to whoever has time."""
    return await _done(request, viewer, reports.unassign)


@routes.post("/api/v1/admin/reports/{id}/resolve")
@staff(REPORTS, WRITE)
@gives(entities.AdminReport)
async def resolve(request: web.Request, viewer: Viewer) -> web.Response:
    """Put a report away."""
    return await _done(request, viewer, _closed)


@routes.post("/api/v1/admin/reports/{id}/reopen")
@staff(REPORTS, WRITE)
@gives(entities.AdminReport)
async def reopen(request: web.Request, viewer: Viewer) -> web.Response:
    """Look at a report again."""
    return await _done(request, viewer, reports.reopen)


def _closed(tx: Write, by: Moderator, id: int, now_ms: int) -> None:
    try:
        reports.close(tx, by, id, now_ms)
    except Conflict:  # it was closed already, which is what is wanted
        return


async def _done(request: web.Request, viewer: Viewer, act: Act) -> web.Response:
    await request.config_dict[DB].write(
        act, moderator(viewer), path_id(request), request.config_dict[NOW]()
    )
    return await _shown(request, viewer)


async def _shown(request: web.Request, viewer: Viewer) -> web.Response:
    id, language = path_id(request), language_of(request)

    def found(db: Read) -> Case:
        return _case(db, viewer, [reports.by_id(db, id)], language)

    case = await request.config_dict[DB].read(found)
    return one(_entities(request, viewer, case)[0])


def _case(db: Read, viewer: Viewer, found: list[Report], language: str) -> Case:
    """What is not for everybody comes along where the report lets moderators see it."""
    named = [
        one.id
        for report in found
        for one in (report.reporter, report.target, report.assigned, report.closed_by)
        if one is not None
    ]
    people = {one.account.id: one for one in moderation.people(db, named)}
    ids = [one.post.id for report in found for one in report.posts if one.shown]
    views = timelines.by_post(db, viewer.account.id, ids)
    return Case(found, people, views, house_rules.in_force(db, language))


def _entities(request: web.Request, viewer: Viewer, case: Case) -> list[entities.AdminReport]:
    site, now_ms = request.config_dict[SITE], request.config_dict[NOW]()

    def status(view: PostView) -> entities.Status:
        return present.status(site, view, viewer_id=viewer.account.id, now_ms=now_ms)

    return [
        present.admin_report(
            site,
            report,
            case.people,
            [
                status(case.views[one.post.id])
                for one in report.posts
                if one.shown and one.post.id in case.views
            ],
            case.rules,
        )
        for report in case.reports
    ]
