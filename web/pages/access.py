"""What every page needs to know first: who asks, which window of a list, and who is meant."""

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec
from aiohttp import web

from server.errors import Forbidden, NotFound
from server.ids import parse_id
from server.model import Account, Site
from server.services import accounts
from server.store.db import Read
from server.store.paging import Page
from web.keys import NOW, SHUT_OUT, SITE, Viewer
from web.pages.forms import local_path, see
from web.render import viewer_of

MODERATORS: Final = frozenset({"moderator", "admin"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SignedIn = Callable[[web.Request, Viewer], Awaitable[web.StreamResponse]]


def signed_in(handler: SignedIn) -> Handler:
    """Hand `handler` its viewer; lead everybody else to the sign-in page and back."""
    return _for(handler, viewer_of)


def even_shut_out(handler: SignedIn) -> Handler:
    """As `signed_in`, also for those whom moderators suspended or locked: to read why, and appeal.

    The page is a visitor's, but for what its handler shows.
    """
    return _for(handler, person_of)


def person_of(request: web.Request) -> Viewer | None:
    """Who is signed in, be it only to appeal."""
    return viewer_of(request) or request.get(SHUT_OUT)


def _for(handler: SignedIn, who: Callable[[web.Request], Viewer | None]) -> Handler:
    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        viewer = who(request)
        if viewer is None and in_place(request):  # the whole page goes there, not a part of it
            return web.Response(status=204, headers={"HX-Redirect": sign_in_path(request)})
        if viewer is None:
            return see(sign_in_path(request))
        return await handler(request, viewer)

    return guarded


def community_name(request: web.Request) -> str:
    """What the community is called whose pages these are: the `name` in the address."""
    return request.match_info["name"]


def in_place(request: web.Request) -> bool:
    """Whether a script of ours asks for a part of the page, to put it where the old one stands."""
    return request.headers.get("HX-Request") == "true"


def moderator(handler: SignedIn) -> Handler:
    """Hand `handler` a viewer who may decide about others."""

    @wraps(handler)
    async def guarded(request: web.Request, viewer: Viewer) -> web.StreamResponse:
        if viewer.member.role not in MODERATORS:
            raise Forbidden("Only moderators can open this page.")
        return await handler(request, viewer)

    return signed_in(guarded)


def sign_in_path(request: web.Request) -> str:
    """Where to sign in, and where to go on then."""
    wish = request.path_qs if request.method == "GET" else page_of(request)
    return f"/sign-in?{urlencode({'next': wish or '/home'})}"


def page_of(request: web.Request) -> str:
    """The page here that sent this, as browsers tell it to their own site; else nothing."""
    try:
        came = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    if f"{came.scheme}://{came.netloc}" != request.config_dict[SITE].origin:
        return ""
    return local_path(f"{came.path}?{came.query}" if came.query else came.path)


def viewer_id(request: web.Request) -> int | None:
    """The account that looks, if somebody is signed in."""
    viewer = viewer_of(request)
    return viewer.account.id if viewer else None


def now(request: web.Request) -> int:
    """The time of this request, in milliseconds."""
    return request.config_dict[NOW]()


def number(request: web.Request, name: str = "id") -> int:
    """The id in the address. Raises `NotFound` for what cannot be one."""
    id = parse_id(request.match_info[name])
    if id is None:
        raise NotFound("There is nothing at this address.")
    return id


def somebody(db: Read, site: Site, handle: str) -> Account:
    """The account called `handle`. Raises `NotFound`, or `Deleted` when it has left."""
    account = accounts.by_handle(db, site, handle)
    if account is None:
        raise NotFound("There is nobody with this name here.")
    return accounts.visible(db, account.id)


def window(request: web.Request, limit: int = 20) -> Page:
    """The part of a list that the address asks for; what makes no sense is left out."""
    return Page(asked_id(request, "max_id"), None, asked_id(request, "min_id"), limit)


def asked_id(request: web.Request, name: str) -> int | None:
    """The id that the address asks for by `name`; what cannot be one was not asked for."""
    return parse_id(request.query.get(name, ""))


class Pager(msgspec.Struct, frozen=True):
    """Addresses of the neighbouring windows; empty where there is none."""

    newer: str = ""
    older: str = ""
    first: str = ""


def pager(request: web.Request, page: Page, ids: Sequence[int]) -> Pager:
    """The windows before and after one that shows `ids`, newest first."""
    full, upwards = len(ids) >= page.limit, page.min_id is not None
    moved = upwards or page.max_id is not None
    if not ids:
        return Pager(first=_address(request) if moved else "")
    newer = _address(request, min_id=ids[0]) if (full if upwards else moved) else ""
    older = _address(request, max_id=ids[-1]) if full or upwards else ""
    return Pager(newer, older)


def _address(request: web.Request, **more: int) -> str:
    kept = {k: v for k, v in request.query.items() if k not in ("max_id", "min_id")}
    query = urlencode({**kept, **more})
    return f"{request.path}?{query}" if query else request.path
