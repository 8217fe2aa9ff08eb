"""Following, replying, liking and sharing from an account on another server.

Nobody is sent to an address that somebody made up: what it is about is something that visitors see
here, and where to go on is what the server that they named says itself.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from federation import webfinger
from federation.errors import Blocked, FederationError
from federation.origin import host
from server import lookup
from server.errors import AppError, Forbidden, Invalid, NotFound, TooMany
from server.model import Account, PostView, Site
from server.services import accounts, documents, reading
from server.store.db import Read
from web.error_page import retry_after
from web.keys import ADDRESS, BUCKETS, DB, FETCHER, SITE
from web.limits import network
from web.own_server import forget, own_handle, remember
from web.pages.access import now
from web.pages.forms import Form, back, form, genuine, see, unchecked, visitor_page
from web.pages.interact import to_act
from web.render import guarded, person_url, post_url, viewer_of

routes = web.RouteTableDef()

ROOM: Final = webfinger.MAX_TYPED_CHARS


class Wish(msgspec.Struct, frozen=True):
    """What a visitor wants to do to whom, or to which post.

    `address` is what people paste into the search of their own server; `here` where the button is
    for those who have an account here.
    """

    verb: str
    person: Account
    view: PostView | None
    address: str
    here: str

    @property
    def uri(self) -> str:
        """The id of what it is about."""
        return self.view.post.uri if self.view else self.person.uri

    @property
    def path(self) -> str:
        """The address of the page that asks for this."""
        return f"/take-part?{urlencode({'do': self.verb, 'of': self.uri})}"


@routes.get("/take-part")
async def ask(request: web.Request) -> web.Response:
    """Lead a visitor whom we know to their own server; ask all others where that is."""
    wish = await _wished(request, request.query)
    if viewer_of(request) is not None:
        return see(wish.here)
    own = own_handle(request)
    if not own or "change" in request.query:
        return await _shown(request, wish, typed=own)
    try:
        return see(await _way(request, wish, own))
    except AppError as error:
        return await _shown(request, wish, typed=own, error=error)


@routes.post("/take-part")
async def lead(request: web.Request) -> web.Response:
    """Ask the server that was typed where to go on, go there, and remember it."""
    if viewer_of(request) is not None:
        sent = await form(request)
        return see((await _wished(request, _asked(sent))).here)
    sent = await unchecked(request)
    wish, typed = await _wished(request, _asked(sent)), sent.get("handle")[:ROOM]
    try:
        if not genuine(request, sent):  # what was typed is shown again, not lost
            raise Forbidden("This page was open for too long. Please press the button once more.")
        response = see(await _way(request, wish, typed))
    except AppError as error:
        return await _shown(request, wish, typed=typed, error=error)
    home = _home(typed)
    if not _is_here(request.config_dict[SITE], home[1]):
        remember(request, response, home)
    return response


@routes.post("/take-part/forget")
async def let_go(request: web.Request) -> web.Response:
    """Have the browser forget where this visitor has an account."""
    response = see(back(await form(request), "/"))
    forget(request, response)
    return response


def _asked(sent: Form) -> dict[str, str]:
    return {name: sent.get(name) for name in ("do", "of")}


async def _wished(request: web.Request, asked: Mapping[str, str]) -> Wish:
    """What `do` and `of` mean. Raises `NotFound` and `Deleted` for what visitors do not see."""
    verb, of = asked.get("do", ""), asked.get("of", "")[: lookup.MAX_QUERY].strip()
    if verb not in webfinger.VERBS:
        raise NotFound("There is nothing at this address.")
    return await request.config_dict[DB].read(_wish, request.config_dict[SITE], verb, of)


def _wish(db: Read, site: Site, verb: str, of: str) -> Wish:
    found = lookup.known(db, site, of)
    if found is None or isinstance(found, Account) != (verb == "follow"):
        raise NotFound("There is nothing at this address.")
    if isinstance(found, Account):
        person = accounts.shown(db, found)
        handle = f"@{documents.full_acct(site, person)}"
        return Wish(verb, person, None, handle, to_act(person_url(person), verb))
    view = reading.view(db, None, found.id)
    path = to_act(post_url(view.post, view.author), verb)
    return Wish(verb, view.author, view, view.post.uri, path)


def _home(typed: str) -> tuple[str, str]:
    """The account that was typed, as name and host. Raises `Invalid`."""
    home = webfinger.parse_typed(typed)
    if home is None:
        raise Invalid("Please type your address with its server, such as @name@mastodon.social.")
    return home


def _is_here(site: Site, name: str) -> bool:
    return name in (site.domain.lower(), host(site.origin))


async def _way(request: web.Request, wish: Wish, typed: str) -> str:
    """Where the server that was typed takes the wish. Raises `AppError` with what to do else."""
    home, site = _home(typed), request.config_dict[SITE]
    if _is_here(site, home[1]):
        return _sign_in_path(wish)
    _spend(request)
    try:
        way = await lookup.way_home(request.config_dict[FETCHER], home, wish.verb, wish.uri)
    except Blocked:
        raise Invalid(
            "This site and %(server)s do not exchange posts: you cannot take part from there.",
            server=home[1],
        ) from None
    except FederationError:
        raise Invalid(
            "%(server)s does not know this account, or does not answer. Please check what you "
            "typed, or paste the address below into the search of your server.",
            server=home[1],
        ) from None
    if not way:
        raise Invalid(
            "%(server)s does not say where to go on. Please paste the address below into its "
            "search.",
            server=home[1],
        )
    return way


def _spend(request: web.Request) -> None:
    """Take one of the questions to other servers that an address may cause. Raises `TooMany`."""
    caller = f"handles from {network(request[ADDRESS])}"
    try:
        request.config_dict[BUCKETS].spend(caller, now(request))
    except TooMany as error:
        raise TooMany(
            "Too many servers were asked from where you are. Please wait a moment, or paste the "
            "address below into the search of your server.",
            retry_after_ms=error.retry_after_ms,
        ) from None


def _sign_in_path(wish: Wish) -> str:
    """Where those who have an account here go on."""
    return f"/sign-in?{urlencode({'next': wish.here})}"


async def _shown(
    request: web.Request, wish: Wish, *, typed: str, error: AppError | None = None
) -> web.Response:
    response = await visitor_page(
        request,
        "take_part.html",
        status=error.status if error else HTTPStatus.OK,
        headers=retry_after(error),
        wish=wish,
        here=wish.path,
        typed=typed,
        room=ROOM,
        sign_in=_sign_in_path(wish),
        errors={"handle": error} if error else {},
    )
    return guarded(request, response, leads_on=True)
