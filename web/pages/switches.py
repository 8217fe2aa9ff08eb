"""The switches in the footer: the language of the pages, and light or dark."""

from aiohttp import web

from server.services import preferences
from web import i18n
from web.keys import DB, SITE
from web.pages.forms import back, see, unchecked
from web.render import THEME_COOKIE, THEMES, viewer_of

routes = web.RouteTableDef()
A_YEAR_S = 365 * 24 * 3600

# Neither has a token to check: a page must not set a cookie on everybody for the sake of this, and
# nothing is lost if somebody is made to read in another language or in the dark.


@routes.post("/language")
async def language(request: web.Request) -> web.Response:
    """Read in another language from now on, on this device and, if signed in, on every one."""
    sent = await unchecked(request)
    wish, site = sent.get("lang"), request.config_dict[SITE]
    response = see(back(sent, "/"))
    if wish not in site.languages or wish not in i18n.available():
        return response
    if viewer := viewer_of(request):
        await request.config_dict[DB].write(preferences.set_language, viewer.account.id, wish)
    return _remembered(request, response, i18n.COOKIE, wish)


@routes.post("/theme")
async def theme(request: web.Request) -> web.Response:
    """Read light or dark whatever the device says, here and, if signed in, everywhere."""
    sent = await unchecked(request)
    wish = sent.get("theme")
    response = see(back(sent, "/"))
    if wish not in (*THEMES, "device"):
        return response
    wish = "" if wish == "device" else wish
    if viewer := viewer_of(request):
        await request.config_dict[DB].write(preferences.set_theme, viewer.account.id, wish)
    return _remembered(request, response, THEME_COOKIE, wish)


def _remembered(
    request: web.Request, response: web.Response, name: str, value: str
) -> web.Response:
    secure = request.config_dict[SITE].origin.startswith("https:")
    response.set_cookie(name, value, max_age=A_YEAR_S, httponly=True, samesite="Lax", secure=secure)
    return response
