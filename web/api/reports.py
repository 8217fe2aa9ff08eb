"""Telling the moderators of somebody. docs.joinmastodon.org/methods/reports"""

import msgspec
from aiohttp import web

from server.services import new_reports, reports
from server.services.new_reports import NewReport
from server.services.reports import Report
from server.store.db import Write
from web import entities, house_rules, present
from web.api.access import need
from web.api.answers import Id, one
from web.api.shape import gives
from web.body import body
from web.keys import DB, NOW, SITE, Viewer
from web.render import language_of

routes = web.RouteTableDef()


class Typed(msgspec.Struct, frozen=True):
    """Whom, which posts, and why. `rule_ids` make it a violation, whatever `category` says."""

    account_id: Id
    status_ids: tuple[Id, ...] | Id = ()
    comment: str = ""
    forward: bool = False
    category: str = "other"
    rule_ids: tuple[Id, ...] | Id = ()


@routes.post("/api/v1/reports")
@need("write:reports")
@gives(entities.Report, body=Typed)
async def create(request: web.Request, viewer: Viewer) -> web.Response:
    """Report somebody; with `forward` their server is told too, though not by whom."""
    typed = await body(request, Typed)
    language, site = language_of(request), request.config_dict[SITE]

    def file(tx: Write) -> Report:
        rules = house_rules.in_force(tx, language)
        new = NewReport(
            target_id=typed.account_id,
            post_ids=_several(typed.status_ids),
            comment=typed.comment,
            category=typed.category or "other",
            rule_ids=_several(typed.rule_ids),
            forward=typed.forward,
            rules=frozenset(rule.id for rule in rules),
        )
        id = new_reports.file(tx, site, viewer.account, new, request.config_dict[NOW]())
        return reports.by_id(tx, id)

    return one(present.report(site, await request.config_dict[DB].write(file)))


def _several(ids: tuple[int, ...] | int) -> tuple[int, ...]:
    return (ids,) if isinstance(ids, int) else ids
