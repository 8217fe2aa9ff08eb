"""Signing in and out."""

import asyncio
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from aiohttp import web

from server import passwords
from server.errors import AppError, Invalid
from server.model import Member
from server.services import accounts, drafts, sessions
from web.error_page import retry_after
from web.keys import ADDRESS, BUCKETS, DB, SITE, Viewer
from web.limits import network
from web.pages import texts
from web.pages.access import now, person_of
from web.pages.forms import MAX_WISH, Form, form, local_path, see, visitor_page
from web.render import page, viewer_of

routes = web.RouteTableDef()

APPEAL: Final = "/warnings"
"""Where those go on who are suspended or locked: nothing else opens."""
COOKIE_SECONDS: Final = sessions.UNUSED_MS // 1000
_guessing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


def session_cookie(request: web.Request) -> str:
    """The name of the cookie; browsers hold `__Host-` ones to https and this very host.

    Cookies know no ports: two instances on localhost must not sign each other's people out.
    """
    origin = urlsplit(request.config_dict[SITE].origin)
    if origin.scheme == "https":
        return "__Host-madang"
    return f"madang-{origin.port}" if origin.port else "madang"


@routes.get("/sign-in")
async def ask(request: web.Request) -> web.Response:
    """The form; whoever is signed in already goes on."""
    next = local_path(request.query.get("next", ""))
    if viewer_of(request) is not None:
        return see(next or "/home")
    return await _shown(request, next=next)


@routes.post("/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    """Begin a session. A wrong name and a wrong password have the same answer at the same speed."""
    sent = await form(request)
    try:
        member = await _member(request, sent)
        token = await request.config_dict[DB].write(
            sessions.sign_in,
            member.account_id,
            request.headers.get("User-Agent", ""),
            request[ADDRESS],
            now(request),
        )
    except AppError as error:
        return await _shown(request, sent, error=error)
    await _end_former(request)
    shut_out = sessions.shut_out(member)
    response = see(APPEAL if shut_out else await _next(request, sent, member))
    set_session(request, response, token)
    return response


async def _end_former(request: web.Request) -> None:
    """Whoever signs in again, as somebody else perhaps, leaves no open session behind."""
    former = request.cookies.get(session_cookie(request), "")
    if former.isascii() and person_of(request) is not None:
        await request.config_dict[DB].write(sessions.sign_out, former)


async def _member(request: web.Request, sent: Form) -> Member:
    """Whose name and password these are. Raises `Invalid`; `TooMany` after five wrong guesses."""
    db, name = request.config_dict[DB], sent.get("name").lower().removeprefix("@")
    member = await db.read(accounts.named, request.config_dict[SITE], name)
    # Per account *and* address: guessing from elsewhere must not lock anybody out of their account.
    home, hash = network(request[ADDRESS]), member.password if member else ""
    request.config_dict[BUCKETS].spend(f"passwords from {home}", now(request))
    subject = f"{member.account_id if member else name[:200]} from {home}"
    if not await _guessed(request, subject, hash, sent.raw("password")) or member is None:
        raise Invalid("The name or the password is wrong. Please check both and try again.")
    if passwords.needs_rehash(hash):
        renewed = await passwords.hash_(sent.raw("password"))
        await db.write(accounts.renew_hash, member.account_id, renewed)
    return member


async def check_password(request: web.Request, viewer: Viewer, given: str) -> None:
    """Whoever sits here is the viewer: raises `Invalid` if not, `TooMany` after five guesses."""
    if not await _guessed(request, f"password:{viewer.account.id}", viewer.member.password, given):
        raise Invalid("This is not your current password.")


async def _guessed(request: web.Request, subject: str, hash: str, given: str) -> bool:
    """Whether a password is right. Guesses at once are taken one by one, so that all count."""
    db = request.config_dict[DB]
    async with _guessing.setdefault(subject, asyncio.Lock()):
        await db.read(sessions.check_throttle, (subject,), now(request))
        right = await passwords.verify(hash, given)
        if not right:
            await db.write(sessions.record_failure, subject, now(request))
    return right


async def _next(request: web.Request, sent: Form, member: Member) -> str:
    """Where to go on: to the text that waited for this, or to where the person wanted."""
    text = texts.arrived(sent)
    if text is None:
        return local_path(sent.get("next"), MAX_WISH) or "/home"
    draft = await request.config_dict[DB].write(
        drafts.save, member.account_id, text.draft_id, texts.to_draft(text), now(request)
    )
    return f"/write?draft={draft.id}"


async def sign_in_first(request: web.Request, next: str, app: str) -> web.Response:
    """The form in place of what is at `next`, which `app` has sent somebody to."""
    return await _shown(request, next=next, app=app)


async def wait_for_sign_in(request: web.Request, sent: Form) -> web.Response:
    """The session has ended: the text waits in hidden fields of a sign-in form."""
    return await visitor_page(
        request,
        "sign_in.html",
        status=HTTPStatus.UNAUTHORIZED,
        next="/home",
        app="",
        name="",
        kept=texts.carried(sent),
        lost_pictures=bool(sent.files),
    )


async def _shown(
    request: web.Request,
    sent: Form | None = None,
    *,
    next: str = "",
    app: str = "",
    error: AppError | None = None,
) -> web.Response:
    # whoever is signed in already, and signs in as somebody else, has the token of their session
    draw = visitor_page if viewer_of(request) is None else page
    return await draw(
        request,
        "sign_in.html",
        status=error.status if error else HTTPStatus.OK,
        headers=retry_after(error),
        app=app,
        next=sent.get("next") if sent else next,
        name=sent.get("name") if sent else "",
        kept=texts.carried(sent) if sent else [],
        lost_pictures=False,
        errors={"form": error} if error else {},
    )


def set_session(request: web.Request, response: web.Response, token: str) -> None:
    """Give the browser its session."""
    name = session_cookie(request)
    response.set_cookie(
        name,
        token,
        max_age=COOKIE_SECONDS,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=name.startswith("__Host-"),
    )


@routes.post("/sign-out")
async def sign_out(request: web.Request) -> web.Response:
    """End this session, here and in the browser."""
    response = see("/")
    if person_of(request) is not None:
        await form(request)
        token = request.cookies.get(session_cookie(request), "")
        await request.config_dict[DB].write(sessions.sign_out, token)
    drop_session(request, response)
    return response


def drop_session(request: web.Request, response: web.Response) -> None:
    """Have the browser forget its session."""
    name = session_cookie(request)
    response.del_cookie(
        name, path="/", httponly=True, samesite="Lax", secure=name.startswith("__Host-")
    )
