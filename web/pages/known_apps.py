"""With which apps people read and write here, and what they type into them: for people, in short.

docs/apps.md tells it at length. The names of fields and buttons are the apps' own.
"""

from typing import Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from web.i18n import N_
from web.keys import SITE
from web.render import page

routes = web.RouteTableDef()


class KnownApp(msgspec.Struct, frozen=True):
    """An app: where it runs, its own site, how one comes to the page where it is let in."""

    name: str
    runs: str
    site: str
    way: str


APPS: Final = (
    KnownApp(
        "Mastodon",
        N_("Android phones, iPhone, iPad"),
        "https://joinmastodon.org/apps",
        N_("Choose “Log in”, type the address where servers are searched for, go on with “Next”."),
    ),
    KnownApp(
        "Tusky",
        N_("Android phones"),
        "https://tusky.app",
        N_("Type the address into the only field, and choose “Log in”."),
    ),
    KnownApp(
        "Ice Cubes",
        N_("iPhone, iPad, Mac"),
        "https://github.com/Dimillian/IceCubesApp",
        N_("Choose “Add account”, type the address under “Instance URL”, then “Sign in”."),
    ),
    KnownApp(
        "Phanpy",
        N_("any browser, nothing to install"),
        "https://phanpy.social",
        N_("Choose “Log in”, type the address under “Instance”, then “Continue”."),
    ),
    KnownApp(
        "Elk",
        N_("any browser, nothing to install"),
        "https://elk.zone",
        N_("Choose “Sign in”, type the address, and choose “Sign in” once more."),
    ),
)


@routes.get("/apps")
async def show(request: web.Request) -> web.Response:
    """The address to type, the steps, five apps, what works; for everybody."""
    address = urlsplit(request.config_dict[SITE].origin).netloc
    return await page(request, "known_apps.html", apps=APPS, address=address)
