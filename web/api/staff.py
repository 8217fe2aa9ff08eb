"""Endpoints for moderators: a scope that covers them, and a role that may do it."""

from collections.abc import Callable
from functools import wraps
from typing import Final

from aiohttp import web

from server.errors import Forbidden
from server.policy import roles
from server.services.deeds import Moderator
from server.store.paging import Page
from web.api.access import Handler, OwnHandler, need
from web.api.answers import window
from web.i18n import N_
from web.keys import Viewer

NOT_ALLOWED: Final = N_("This action is not allowed")
USUAL: Final = 100  # on a page
MOST: Final = 200


def staff(permission: int, scope: str) -> Callable[[OwnHandler], Handler]:
    """Only for those whose role has `permission` (a bit of `policy.roles`), by an app with `scope`.

    The role is asked at every request: a token outlives a role.
    """

    def guard(handler: OwnHandler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request, viewer: Viewer) -> web.StreamResponse:
            if not roles.may(viewer.member.role, permission):
                raise Forbidden(NOT_ALLOWED)
            return await handler(request, viewer)

        return need(scope)(guarded)

    return guard


def moderator(viewer: Viewer) -> Moderator:
    """The viewer as one who decides."""
    return Moderator(viewer.account, viewer.member.role)


def long_window(request: web.Request) -> Page:
    """The page that the query asks for, longer than elsewhere."""
    return window(request, usual=USUAL, most=MOST)
