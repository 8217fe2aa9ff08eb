"""How many requests may be under way at once, for each group of addresses. SECURITY: aiohttp.

A group that is full answers 503 and when to come back; the others go on. Who sends a body drop by
drop, or asks for what is slow, fills one group at most, and from one address a part of it. A place
is held until the answer begins: how slowly somebody reads it is looked after by `connections`.
"""

import types
from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from web import visitors
from web.failures import MACHINES
from web.keys import ADDRESS, VIEWER
from web.limits import network

WAIT_S: Final = 5
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
UNCOUNTED: Final = ("/healthz", "/readyz", "/health", "/metrics", "/static/", "/favicon.ico")
SIGNING: Final = ("/sign-in", "/sign-up", "/oauth/", "/settings/password", "/api/v1/apps")
SIGNING_UP: Final = "/api/v1/accounts"
SEARCHING: Final = frozenset({"/search", "/api/v2/search", "/api/v1/accounts/search"})
PICTURES: Final = ("/media/", "/cards/", "/icons/", "/logo", "/cover")
FEEDS: Final = ("/feeds/",)


class Room(msgspec.Struct, frozen=True):
    """How many places there are; how many of them for one member, or one address of visitors."""

    most: int
    of_one: int


ROOMS: Final[Mapping[str, Room]] = types.MappingProxyType(
    {
        "inbox": Room(500, 200),  # one address may be a proxy that we were not told of
        "documents": Room(300, 100),  # some wait for the key of who signed
        "pages": Room(300, 100),
        "api": Room(300, 100),
        "pictures": Room(300, 100),  # some are fetched from elsewhere first
        "search": Room(60, 10),  # some asks other servers
        "signing in": Room(100, 20),
        "visitors' words": Room(100, 20),
        "members' words": Room(300, 30),
    }
)


class Crowds:
    """Who is under way in which group. Tests set `rooms[name]`."""

    def __init__(self) -> None:
        """Nobody is."""
        self.rooms = dict(ROOMS)
        self._all: Counter[str] = Counter()
        self._of: Counter[tuple[str, str]] = Counter()

    def enter(self, name: str, who: str) -> bool:
        """Take a place in a group; False where there is none. `who` empty: counted in all alone."""
        room = self.rooms[name]
        if self._all[name] >= room.most or (who and self._of[name, who] >= room.of_one):
            return False
        self._all[name] += 1
        self._of[name, who] += 1
        return True

    def under_way(self, name: str) -> int:
        """How many places of a group are taken."""
        return self._all[name]

    def leave(self, name: str, who: str) -> None:
        """Give it back."""
        self._all[name] -= 1
        self._of[name, who] -= 1
        if not self._of[name, who]:
            del self._of[name, who]  # whoever has none is forgotten


CROWDS: Final = web.AppKey("CROWDS", Crowds)
PLACE: Final = web.RequestKey("PLACE", tuple[str, str])


@web.middleware
async def in_places(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer within the places of the request's group; 503 where all are taken."""
    name = group_of(request)
    if not name:
        return await handler(request)
    who = _who(request)
    if not request.config_dict[CROWDS].enter(name, who):
        raise web.HTTPServiceUnavailable(headers={"Retry-After": str(WAIT_S)})
    request[PLACE] = name, who
    try:
        return await handler(request)
    finally:
        leave(request)


def leave(request: web.BaseRequest) -> None:
    """Its answer begins, or nothing will come of it."""
    if isinstance(request, web.Request) and (place := request.get(PLACE)) is not None:
        del request[PLACE]
        request.config_dict[CROWDS].leave(*place)


def group_of(request: web.Request) -> str:
    """The group to which a request belongs; empty for what costs nothing and must answer."""
    path = request.path
    if path.startswith(UNCOUNTED):
        return ""
    if request.method in READING:
        return _read(path)
    if path.endswith("/inbox"):
        return "inbox"
    if path.startswith(SIGNING) or path == SIGNING_UP:
        return "signing in"
    return "members' words" if request.get(VIEWER) else "visitors' words"


def _read(path: str) -> str:
    if path.rstrip("/") in SEARCHING:
        return "search"
    if path.startswith(PICTURES):
        return "pictures"
    if path.startswith((*MACHINES, *FEEDS)):
        return "documents"
    return "api" if path.startswith("/api/") else "pages"


def _who(request: web.Request) -> str:
    """A member, or from where a visitor comes; nobody in particular where a proxy does not say."""
    if (viewer := request.get(VIEWER)) is not None:
        return f"@{viewer.account.id}"
    if request[ADDRESS] == request.remote and visitors.proxied(request):
        return ""
    return network(request[ADDRESS])
