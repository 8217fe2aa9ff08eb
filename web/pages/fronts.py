"""The pages of communities of ours, which stand where those of people do: by their kind."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from server.model import Site
from server.services import accounts
from server.store import communities
from server.store.db import Read
from web.keys import DB, SITE
from web.pages import blogs

FRONTS: Final[dict[str, Callable[[web.Request, str], Awaitable[web.Response]]]] = {
    "blog": blogs.front,
}
"""By the kind of a community; what is not here has the page of an account."""


async def front(request: web.Request, handle: str) -> web.Response | None:
    """The page of the community with this handle; None where it has the page of an account."""
    found = await request.config_dict[DB].read(_named, request.config_dict[SITE], handle)
    shown = FRONTS.get(found[0]) if found else None
    return await shown(request, found[1]) if found and shown else None


def _named(db: Read, site: Site, handle: str) -> tuple[str, str] | None:
    """The kind and the name of a community of ours that is there."""
    account = accounts.by_handle(db, site, handle)
    if account is None or account.kind != "Group" or account.state != "active":
        return None
    ours = communities.by_id(db, account.id) if account.local else None
    return (ours.kind, account.name) if ours else None
