"""What this place is, who looks after it, and by which rules."""

import msgspec
from aiohttp import web

from server.config import VERSION
from server.model import Account
from server.services import accounts, servers
from server.services.accounts import Facts
from server.services.servers import Servers
from server.store.db import Read
from web.keys import CONFIG, DB
from web.pages.access import now
from web.render import page

routes = web.RouteTableDef()


@routes.get("/about")
async def about(request: web.Request) -> web.Response:
    """The city, its rules, its moderators, its neighbours, the fediverse in three sentences."""
    found = await request.config_dict[DB].read(_place, now(request))
    federation = request.config_dict[CONFIG].federation
    return await page(
        request, "about.html", place=found, federation=federation.mode, version=VERSION
    )


class Place(msgspec.Struct, frozen=True):
    """What there is to know about this instance."""

    facts: Facts
    moderators: list[Account]
    servers: Servers


def _place(db: Read, now_ms: int) -> Place:
    return Place(accounts.facts(db, now_ms), accounts.moderators(db), servers.all(db))
