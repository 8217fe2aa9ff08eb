"""Keeping order in a community: what its moderators do with a thread, a comment or its author."""

from collections.abc import Callable
from typing import Final

from aiohttp import web

from server.clock import DAY_MS
from server.errors import AppError, Invalid, NotFound
from server.model import Account, Site
from server.services import boards, stewardship
from server.services.boards import Kept
from server.services.forum import MAX_REASON
from server.store.db import Write
from web.i18n import N_
from web.keys import DB, SITE, Viewer
from web.pages.access import now, number, signed_in
from web.pages.forms import Form, back, form, see
from web.render import page, post_url

routes = web.RouteTableDef()

BANS: Final = {
    "1": N_("a day"),
    "7": N_("a week"),
    "30": N_("30 days"),
    "365": N_("a year"),
    "0": N_("for good"),
}
"""For how many days somebody is shut out; 0: until somebody lets them in again."""


@routes.get("/posts/{id}/moderate")
@signed_in
async def ask(request: web.Request, viewer: Viewer) -> web.Response:
    """All that can be done with a thread or a comment, for who keeps order there."""
    return await _shown(request, viewer)


async def _shown(
    request: web.Request, viewer: Viewer, field: str = "", error: AppError | None = None
) -> web.Response:
    kept = await request.config_dict[DB].read(boards.kept, viewer.account, number(request))
    return await page(
        request,
        "moderate.html",
        status=error.status if error else 200,
        kept=kept,
        view=kept.view,
        bans=BANS,
        longest=MAX_REASON,
        errors={field: error} if error else {},
    )


Deed = Callable[[Write, Site, Account, Kept, Form, int], None]


def _lock(tx: Write, site: Site, by: Account, kept: Kept, sent: Form, now_ms: int) -> None:
    id, reason = kept.view.post.id, sent.get("reason")
    stewardship.lock(tx, site, by, id, now_ms, locked=True, reason=reason)


def _unlock(tx: Write, site: Site, by: Account, kept: Kept, sent: Form, now_ms: int) -> None:
    stewardship.lock(tx, site, by, kept.view.post.id, now_ms, locked=False)


def _pin(tx: Write, site: Site, by: Account, kept: Kept, sent: Form, now_ms: int) -> None:
    stewardship.pin(tx, site, by, kept.view.post.id, now_ms, pinned=True)


def _unpin(tx: Write, site: Site, by: Account, kept: Kept, sent: Form, now_ms: int) -> None:
    stewardship.pin(tx, site, by, kept.view.post.id, now_ms, pinned=False)


def _remove(tx: Write, site: Site, by: Account, kept: Kept, sent: Form, now_ms: int) -> None:
    stewardship.remove(tx, site, by, kept.view.post.id, now_ms, reason=_reason(sent))


def _restore(tx: Write, site: Site, by: Account, kept: Kept, sent: Form, now_ms: int) -> None:
    stewardship.restore(tx, site, by, kept.view.post.id, now_ms, reason=sent.get("reason"))


def _move(tx: Write, site: Site, by: Account, kept: Kept, sent: Form, now_ms: int) -> None:
    to, reason = sent.id("to") or 0, sent.get("reason")
    stewardship.move(tx, site, by, kept.view.post.id, to, now_ms, reason=reason)


def _ban(tx: Write, site: Site, by: Account, kept: Kept, sent: Form, now_ms: int) -> None:
    stewardship.ban(
        tx,
        site,
        by,
        kept.group.id,
        kept.view.author.id,
        now_ms,
        reason=_reason(sent),
        until_ms=ends_ms(sent.get("days"), now_ms),
    )


def _reason(sent: Form) -> str:
    """What everybody reads in the log. Raises `Invalid`."""
    reason = sent.get("reason")
    if not reason:
        raise Invalid("Please say why: the author and everybody who reads the log will see it.")
    return reason


def ends_ms(days: str, now_ms: int) -> int | None:
    """When a ban of so many days ends; None for good. Raises `Invalid`."""
    if days not in BANS:
        raise Invalid("Please choose one of the offered answers.")
    return now_ms + int(days) * DAY_MS if int(days) else None


DEEDS: Final[dict[str, Deed]] = {
    "lock": _lock,
    "unlock": _unlock,
    "pin": _pin,
    "unpin": _unpin,
    "remove": _remove,
    "restore": _restore,
    "move": _move,
    "ban": _ban,
}


@routes.post("/posts/{id}/moderate/{deed}")
@signed_in
async def act(request: web.Request, viewer: Viewer) -> web.Response:
    """Do it, and show the post again; a thread that was removed says so at its own address."""
    sent, id, name = await form(request), number(request), request.match_info["deed"]
    deed = DEEDS.get(name)
    if deed is None:
        raise NotFound("There is nothing at this address.")
    site, at_ms = request.config_dict[SITE], now(request)

    def done(tx: Write) -> Kept:
        kept = boards.kept(tx, viewer.account, id)
        deed(tx, site, viewer.account, kept, sent, at_ms)
        return kept

    try:
        kept = await request.config_dict[DB].write(done)
    except Invalid as error:
        return await _shown(request, viewer, name, error)
    own_page = post_url(kept.view.post, kept.view.author)
    if name == "remove" and kept.thread is None:
        own_page = f"/posts/{id}/moderate"
    return see(back(sent, own_page))


@routes.post("/posts/{id}/answer")
@signed_in
async def accept(request: web.Request, viewer: Viewer) -> web.Response:
    """Mark a reply as the answer of a thread, or none, by who asked or keeps order."""
    sent, id, site = await form(request), number(request), request.config_dict[SITE]
    await request.config_dict[DB].write(
        stewardship.accept, site, viewer.account, id, sent.id("answer"), now(request)
    )
    return see(back(sent, "/home"))
