"""Who may call an endpoint: each names the scope that its token needs.

`read` covers every `read:...`, `write` every `write:...`, and `follow` what concerns follows,
blocks and mutes. docs.joinmastodon.org/api/oauth-scopes
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final

from aiohttp import web

from server.errors import Forbidden, NotFound, Unauthorized
from server.ids import parse_id
from web.keys import VIEWER, Viewer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OwnHandler = Callable[[web.Request, Viewer], Awaitable[web.StreamResponse]]
OpenHandler = Callable[[web.Request, Viewer | None], Awaitable[web.StreamResponse]]

_FOLLOW: Final = frozenset({"follows", "blocks", "mutes"})


def need(*scopes: str) -> Callable[[OwnHandler], Handler]:
    """Only with a token that has one of `scopes`: 401 without a token, 403 with a narrower one."""

    def guard(handler: OwnHandler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            viewer = token_viewer(request)
            if viewer is None:
                raise Unauthorized("The access token is missing or not valid: sign in again.")
            check(viewer, scopes)
            return await handler(request, viewer)

        vars(guarded).update(scopes=scopes, optional=False)
        return guarded

    return guard


def anybody(*scopes: str) -> Callable[[OpenHandler], Handler]:
    """Without a token as well; a token that comes along needs one of `scopes`."""

    def guard(handler: OpenHandler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            viewer = token_viewer(request)
            if viewer is not None and scopes:
                check(viewer, scopes)
            return await handler(request, viewer)

        vars(guarded).update(scopes=scopes, optional=True)
        return guarded

    return guard


def token_viewer(request: web.Request) -> Viewer | None:
    """Whose access token came with the request; a session of the pages does not count."""
    viewer = request.get(VIEWER)
    return viewer if viewer is not None and viewer.scopes is not None else None


def check(viewer: Viewer, scopes: tuple[str, ...]) -> None:
    """Raise `Forbidden` unless the viewer's token covers one of `scopes`."""
    if not any(covers(viewer.scopes or frozenset(), scope) for scope in scopes):
        raise Forbidden(
            "This app may not do that: it was not given the scope %(scope)s.", scope=scopes[0]
        )


def covers(given: frozenset[str], scope: str) -> bool:
    """Whether a token with the scopes `given` may do what `scope` names."""
    verb, _, noun = scope.partition(":")
    return scope in given or verb in given or (noun in _FOLLOW and "follow" in given)


def path_id(request: web.Request, name: str = "id") -> int:
    """The id in the address. Raises `NotFound` for what cannot be one of ours."""
    found = parse_id(request.match_info[name])
    if found is None:
        raise NotFound("There is nothing with this id.")
    return found


def viewer_id(viewer: Viewer | None) -> int | None:
    """The account that looks, or nobody."""
    return None if viewer is None else viewer.account.id
