"""What this place is, who looks after it, and by which rules."""

import msgspec
from aiohttp import web

from server.config import VERSION
from server.errors import NotFound
from server.model import Account
from server.services import accounts, rules, servers
from server.services.accounts import Facts
from server.services.rules import Rule
from server.services.servers import Servers
from server.store.db import Read
from web import house_rules
from web.keys import CONFIG, DB
from web.pages.access import now
from web.render import language_of, page

routes = web.RouteTableDef()


@routes.get("/about")
async def about(request: web.Request) -> web.Response:
    """The city, its rules, its moderators, its neighbours, the fediverse in three sentences."""
    found = await request.config_dict[DB].read(_place, now(request), language_of(request))
    federation = request.config_dict[CONFIG].federation
    return await page(
        request, "about.html", place=found, federation=federation.mode, version=VERSION
    )


@routes.get("/about/{kind:about|privacy-policy|terms-of-service}")
async def paper(request: web.Request) -> web.Response:
    """A longer text of the city, where it has published one."""
    found = await request.config_dict[DB].read(
        rules.paper, request.match_info["kind"], now(request)
    )
    if found is None:
        raise NotFound("This server has not published such a text.")
    return await page(request, "paper.html", paper=found)


class Place(msgspec.Struct, frozen=True):
    """What there is to know about this instance."""

    facts: Facts
    moderators: list[Account]
    servers: Servers
    rules: list[Rule]
    papers: tuple[str, ...]


def _place(db: Read, now_ms: int, language: str) -> Place:
    return Place(
        accounts.facts(db, now_ms),
        accounts.moderators(db),
        servers.all(db),
        house_rules.in_force(db, language),
        tuple(kind for kind in rules.KINDS if rules.paper(db, kind, now_ms)),
    )
