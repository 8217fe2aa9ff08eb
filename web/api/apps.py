"""Apps: how they make themselves known. docs.joinmastodon.org/methods/apps"""

import msgspec
from aiohttp import web

from server.services import apps
from server.services.apps import Registration
from web import entities, present
from web.api.access import anybody, by_app
from web.api.answers import one
from web.api.shape import gives
from web.body import body
from web.keys import DB, NOW, SITE, VAPID_KEY, Caller, Viewer

routes = web.RouteTableDef()


class NewApp(msgspec.Struct, frozen=True):
    """An app; `redirect_uris` is a list, or one text with an address in each line."""

    client_name: str = ""
    redirect_uris: tuple[str, ...] | str = ""
    scopes: tuple[str, ...] | str = ""
    website: str = ""


@routes.post("/api/v1/apps")
@anybody()
@gives(entities.CredentialApplication, body=NewApp)
async def register(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Make an app known."""
    typed = await body(request, NewApp)
    uris, scopes = typed.redirect_uris, typed.scopes
    new = Registration(
        name=typed.client_name,
        redirects=tuple(uris.splitlines()) if isinstance(uris, str) else uris,
        scopes=scopes if isinstance(scopes, str) else " ".join(scopes),
        website=typed.website,
    )
    app, secret = await request.config_dict[DB].write(
        apps.register, new, request.config_dict[NOW]()
    )
    vapid_key = request.config_dict[VAPID_KEY]
    return one(present.credential_application(app, secret, vapid_key=vapid_key))


@routes.get("/api/v1/apps/verify_credentials")
@by_app()
@gives(entities.AppDetails)
async def verify(request: web.Request, caller: Caller) -> web.Response:
    """The app whose token this is."""
    vapid_key = request.config_dict[VAPID_KEY]
    if caller.app_id is not None:
        app = await request.config_dict[DB].read(apps.by_id, caller.app_id)
        return one(present.application(app, vapid_key=vapid_key))
    by_hand = entities.AppDetails(  # a token that the operator made belongs to no app
        id="0",
        name=request.config_dict[SITE].name,
        website=None,
        scopes=sorted(caller.scopes),
        redirect_uri="",
        redirect_uris=[],
        vapid_key=vapid_key,
    )
    return one(by_hand)
