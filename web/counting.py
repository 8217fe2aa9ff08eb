"""What counts against which limit, and the headers that tell apps how much is left.

docs.joinmastodon.org/api/rate-limits
"""

from typing import Final

from aiohttp import web

from server.errors import TooMany
from web.keys import ADDRESS, CALLER, NOW, RATES, STANDING, VIEWER
from web.limits import network
from web.rates import APPS

Counts = list[tuple[str, str]]


def count(request: web.Request) -> None:
    """Count a request for which nobody is asked twice. Raises `TooMany`."""
    if request.path.startswith(APPS) and request.method != "OPTIONS":
        spend(request, [*_usual(request), *_special(request)])


def spend(request: web.Request, wanted: Counts) -> None:
    """Count against these limits, each with a key. Raises `TooMany`."""
    standing = request.config_dict[RATES].spend(wanted, request.config_dict[NOW]())
    request[STANDING] = standing
    if standing.spent:
        raise TooMany("Too many requests", retry_after_ms=standing.wait_ms)


_CREDENTIALS: Final = "/api/v1/accounts/update_credentials"


def home(request: web.Request) -> str:
    """From where somebody asks, as a key."""
    return network(request[ADDRESS])


def _usual(request: web.Request) -> Counts:
    viewer, caller = request.get(VIEWER), request.get(CALLER)
    if viewer is not None and viewer.token_id is not None:
        return [("token", str(viewer.token_id)), ("account", str(viewer.account.id))]
    if caller is not None:
        return [("token", str(caller.token_id)), ("address", home(request))]
    return [("address", home(request))]


def _special(request: web.Request) -> Counts:
    """What is limited more: files, and changing or taking back what was told to all servers."""
    viewer, method = request.get(VIEWER), request.method
    if method == "GET":
        return []
    path = request.path.rstrip("/")
    if method == "POST" and path == "/api/v1/apps":
        return [("apps", home(request))]
    if viewer is None:
        return []
    if method == "POST" and path in ("/api/v1/media", "/api/v2/media"):
        return [("media", str(viewer.account.id))]
    name = _told_again(method, path)
    return [(name, str(viewer.account.id))] if name else []


def _told_again(method: str, path: str) -> str:
    """The limit of what every server that follows hears of; nothing where none does."""
    of_status = path.rpartition("/")[0] == "/api/v1/statuses"
    if (method == "DELETE" and of_status) or (method == "POST" and path.endswith("/unreblog")):
        return "deletes"
    if method == "PUT" and of_status:
        return "edits"
    profile = path.startswith("/api/v1/profile") or path == _CREDENTIALS
    return "profiles" if profile and method in ("PATCH", "DELETE") else ""


def show_standing(request: web.Request, response: web.StreamResponse) -> None:
    """Say how much may still be asked, and when it is as much as ever again."""
    standing = request.get(STANDING)
    if standing is not None:
        response.headers["X-RateLimit-Limit"] = str(standing.limit)
        response.headers["X-RateLimit-Remaining"] = str(standing.remaining)
        response.headers["X-RateLimit-Reset"] = standing.reset
