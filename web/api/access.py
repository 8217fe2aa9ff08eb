"""Who may call an endpoint: each names the scope that its token needs.

What each scope covers is said in `server/services/scopes.py`. A token that is nobody's, an app's
alone, is as good as none, but where the endpoint is for apps.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final

from aiohttp import web

from server.errors import BadToken, NobodysToken, NotFound, OutOfScope
from server.ids import parse_id
from server.services.scopes import covers
from web.keys import CALLER, VIEWER, Caller, Viewer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OwnHandler = Callable[[web.Request, Viewer], Awaitable[web.StreamResponse]]
OpenHandler = Callable[[web.Request, Viewer | None], Awaitable[web.StreamResponse]]

AppHandler = Callable[[web.Request, Caller], Awaitable[web.StreamResponse]]

GUARD: Final = "guard"
"""Where a handler says who may call it: `person`, `anybody` or `app`."""


def need(*scopes: str) -> Callable[[OwnHandler], Handler]:
    """Only with a token that has one of `scopes`: 401 without a token, 403 with a narrower one."""

    def guard(handler: OwnHandler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            viewer = token_viewer(request)
            if viewer is None:
                raise _nobody(request, scopes)
            check(viewer, scopes)
            return await handler(request, viewer)

        vars(guarded).update({"scopes": scopes, GUARD: "person"})
        return guarded

    return guard


def by_app(*scopes: str) -> Callable[[AppHandler], Handler]:
    """With any token that has one of `scopes`, somebody's or an app's alone."""

    def guard(handler: AppHandler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            viewer, caller = token_viewer(request), request.get(CALLER)
            if viewer is not None:
                caller = Caller(
                    scopes=viewer.scopes or frozenset(),
                    token_id=viewer.token_id,
                    app_id=viewer.app_id,
                )
            if caller is None:
                raise BadToken("The access token is missing or not valid: sign in again.")
            if scopes:
                _check(caller.scopes, scopes)
            return await handler(request, caller)

        vars(guarded).update({"scopes": scopes, GUARD: "app"})
        return guarded

    return guard


def _nobody(request: web.Request, scopes: tuple[str, ...]) -> Exception:
    """Why an endpoint that is somebody's refuses: no token, a narrow one, or nobody's."""
    caller = request.get(CALLER)
    if caller is None:
        return BadToken("The access token is missing or not valid: sign in again.")
    _check(caller.scopes, scopes)
    return NobodysToken("This is for people: sign in with your app first.")


def anybody(*scopes: str) -> Callable[[OpenHandler], Handler]:
    """Without a token as well; a token that comes along needs one of `scopes`."""

    def guard(handler: OpenHandler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            viewer = token_viewer(request)
            if viewer is not None and scopes:
                check(viewer, scopes)
            return await handler(request, viewer)

        vars(guarded).update({"scopes": scopes, GUARD: "anybody"})
        return guarded

    return guard


def token_viewer(request: web.Request) -> Viewer | None:
    """Whose access token came with the request; a session of the pages does not count."""
    viewer = request.get(VIEWER)
    return viewer if viewer is not None and viewer.scopes is not None else None


def check(viewer: Viewer, scopes: tuple[str, ...]) -> None:
    """Raise `Forbidden` unless the viewer's token covers one of `scopes`."""
    _check(viewer.scopes or frozenset(), scopes)


def _check(given: frozenset[str], scopes: tuple[str, ...]) -> None:
    if not any(covers(given, scope) for scope in scopes):
        raise OutOfScope(
            "This app may not do that: it was not given the scope %(scope)s.", scope=scopes[0]
        )


def path_id(request: web.Request, name: str = "id") -> int:
    """The id in the address. Raises `NotFound` for what cannot be one of ours."""
    found = parse_id(request.match_info[name])
    if found is None:
        raise NotFound("There is nothing with this id.")
    return found


def viewer_id(viewer: Viewer | None) -> int | None:
    """The account that looks, or nobody."""
    return None if viewer is None else viewer.account.id
