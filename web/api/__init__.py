"""The client API that Mastodon's apps speak. docs.joinmastodon.org/methods

One module per noun. Only an access token counts here: who is signed in on a page is nobody to an
app, so nothing that another site's page sends with the person's cookie can act in their name.
"""

from typing import Final

from aiohttp import web
from aiohttp.web_routedef import RouteDef

from server.errors import NotFound
from web.api import (
    accounts,
    admin_accounts,
    admin_domains,
    admin_entry,
    admin_figures,
    admin_reports,
    admin_trends,
    announcements,
    annual_reports,
    approvals,
    apps,
    async_refreshes,
    beside,
    bookmarks,
    circles,
    conversations,
    discovery,
    filters,
    filters_v1,
    grouped,
    instance,
    lists,
    markers,
    media,
    notification_requests,
    notifications,
    oauth,
    oembed,
    openapi,
    place,
    polls,
    profile,
    push,
    quotes,
    reactions,
    relationships,
    reports,
    scheduled,
    search,
    signup,
    statuses,
    streaming,
    tags,
    timelines,
    trends,
)
from web.api.broadcast import carry
from web.api.fragments import FRAGMENTS, Fragments
from web.counting import show_standing

__all__ = ["carry", "register", "with_slash"]

NOUNS: Final = (
    accounts,
    admin_accounts,
    admin_domains,
    admin_entry,
    admin_figures,
    admin_reports,
    admin_trends,
    announcements,
    annual_reports,
    approvals,
    apps,
    async_refreshes,
    beside,
    bookmarks,
    circles,
    conversations,
    discovery,
    filters,
    filters_v1,
    grouped,
    instance,
    lists,
    markers,
    media,
    notification_requests,
    notifications,
    oauth,
    oembed,
    openapi,
    place,
    polls,
    profile,
    push,
    quotes,
    reactions,
    relationships,
    reports,
    scheduled,
    search,
    signup,
    statuses,
    streaming,
    tags,
    timelines,
    trends,
)

PREFIX: Final = "/api/"
EVERYTHING: Final = PREFIX + "{path}"
CROSS_ORIGIN: Final = (
    PREFIX,
    *("/oauth/token", "/oauth/revoke", "/oauth/userinfo"),
    *("/.well-known/", "/nodeinfo/"),
)
"""What pages of other sites may ask, and read the answer of."""

_EXPOSED: Final = (
    "Link, Mastodon-Async-Refresh, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    "X-Request-Id"
)
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, *",
    "Access-Control-Max-Age": "86400",
}


def prepare(app: web.Application) -> None:
    """What the endpoints keep, and the headers that let apps in a browser use them."""
    app[FRAGMENTS] = Fragments()
    place.prepare(app)
    app[openapi.DESCRIPTION] = openapi.Description()
    app.on_response_prepare.append(allow_every_origin)


def add_routes(app: web.Application) -> None:
    """Add the routes below `/api/`."""
    for noun in NOUNS:
        app.add_routes(noun.routes)
        app.add_routes(with_slash(route) for route in noun.routes if isinstance(route, RouteDef))
    for start in CROSS_ORIGIN:
        below = "{path:.*}" if start.endswith("/") else ""
        app.router.add_route("OPTIONS", start + below, preflight)
    app.router.add_route("*", PREFIX + "{path:.*}", unknown)


def with_slash(route: RouteDef) -> RouteDef:
    """The same endpoint with a slash at its end: some libraries (Mastodon.py) write it so."""
    return web.route(route.method, route.path + "/", route.handler, **route.kwargs)


async def allow_every_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Apps in a browser come from anywhere, and their token, not their origin, lets them in.

    Answers differ from token to token, so nobody on the way may keep one.
    """
    if request.path.startswith(CROSS_ORIGIN):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    show_standing(request, response)
    if request.path.startswith(PREFIX):
        response.headers.setdefault("Cache-Control", "no-store")


async def preflight(request: web.Request) -> web.Response:
    """Answer a browser's question whether it may send the request it has in mind."""
    return web.Response(status=204, headers=_PREFLIGHT)


async def unknown(request: web.Request) -> web.Response:
    """An endpoint that does not exist here, or not yet, or not for this method."""
    methods: set[str] = set()
    for resource in request.app.router.resources():
        if resource.canonical.startswith(PREFIX) and resource.canonical != EVERYTHING:
            methods |= (await resource.resolve(request))[1]
    if methods:
        raise web.HTTPMethodNotAllowed(request.method, methods)
    raise NotFound("This server has no such endpoint.")
