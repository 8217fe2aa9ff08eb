"""What this place is, who looks after it, and by which rules."""

from aiohttp import web

from server.config import VERSION
from server.model import Account
from server.services import accounts
from server.services.accounts import Facts
from server.store.db import Read
from web.keys import DB
from web.pages.access import now
from web.render import page

routes = web.RouteTableDef()


@routes.get("/about")
async def about(request: web.Request) -> web.Response:
    """The city, its rules, its moderators, the fediverse in three sentences, the software."""
    facts, moderators = await request.config_dict[DB].read(_facts, now(request))
    return await page(request, "about.html", facts=facts, moderators=moderators, version=VERSION)


def _facts(db: Read, now_ms: int) -> tuple[Facts, list[Account]]:
    return accounts.facts(db, now_ms), accounts.moderators(db)
