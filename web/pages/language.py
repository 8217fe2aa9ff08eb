"""The switch in the footer."""

from aiohttp import web

from server.services import accounts
from web import i18n
from web.keys import DB, SITE
from web.pages.forms import back, see, unchecked
from web.render import viewer_of

routes = web.RouteTableDef()
A_YEAR_S = 365 * 24 * 3600


@routes.post("/language")
async def switch(request: web.Request) -> web.Response:
    """Read in another language from now on, on this device and, if signed in, on every one.

    There is no token to check: a page must not set a cookie on everybody for the sake of this, and
    nothing is lost if somebody is made to read another language.
    """
    sent = await unchecked(request)
    wish, site = sent.get("lang"), request.config_dict[SITE]
    response = see(back(sent, "/"))
    if wish not in site.languages or wish not in i18n.available():
        return response
    viewer = viewer_of(request)
    if viewer is not None:
        await request.config_dict[DB].write(accounts.set_language, viewer.account.id, wish)
    response.set_cookie(
        i18n.COOKIE,
        wish,
        max_age=A_YEAR_S,
        httponly=True,
        samesite="Lax",
        secure=site.origin.startswith("https:"),
    )
    return response
