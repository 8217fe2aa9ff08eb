"""Reports about a year, which Mastodon's operators can leave out. Here nobody's year is measured.

docs.joinmastodon.org/methods/annual_reports
"""

from aiohttp import web

from server.errors import NotFound
from web import entities
from web.api.access import need
from web.api.answers import one
from web.api.shape import gives
from web.keys import Viewer

routes = web.RouteTableDef()


@routes.get("/api/v1/annual_reports")
@need("read:accounts")
@gives(entities.AnnualReports)
async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """The viewer's reports: none."""
    return one(entities.AnnualReports(annual_reports=[], accounts=[], statuses=[]))


@routes.get("/api/v1/annual_reports/{year}")
@need("read:accounts")
@gives(entities.AnnualReports)
async def single(request: web.Request, viewer: Viewer) -> web.Response:
    """A report that nobody made."""
    raise NotFound("This server makes no reports about a year.")


@routes.get("/api/v1/annual_reports/{year}/state")
@need("read:accounts")
@gives(entities.AnnualReportState)
async def state(request: web.Request, viewer: Viewer) -> web.Response:
    """Whether a report can be had: never."""
    return one(entities.AnnualReportState(state="ineligible"))


@routes.post("/api/v1/annual_reports/{year}/generate")
@need("write:accounts")
@gives(entities.Empty)
async def generate(request: web.Request, viewer: Viewer) -> web.Response:
    """Nothing is made for those who can have none, which the reference answers by 200."""
    return one({})


@routes.post("/api/v1/annual_reports/{year}/read")
@need("write:accounts")
@gives(entities.Empty)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """A report that nobody made cannot be read."""
    raise NotFound("This server makes no reports about a year.")
