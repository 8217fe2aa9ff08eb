"""A community of ours: its public log, and what those see and change who keep it."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from server import geojson
from server.errors import AppError, Invalid, NotFound, TooLarge
from server.model import Account, Community, Media
from server.services import accounts, boards, communities, media, stewardship
from server.services.communities import POSTING, VOTES, Changes
from server.store.db import Read, Write
from server.store.paging import Page
from web import intake
from web.i18n import N_, WRITTEN_IN
from web.keys import DB, PICTURES, SITE, Viewer
from web.pages.access import community_name, now, number, pager, signed_in, viewer_id, window
from web.pages.forms import Form, form, see
from web.pages.stewards import BANS, ends_ms
from web.render import page

routes = web.RouteTableDef()

AT_ONCE: Final = 40
MOST_BANS: Final = 500
ACTIONS: Final = {
    "lock": N_("locked"),
    "unlock": N_("unlocked"),
    "pin": N_("pinned"),
    "unpin": N_("pinned no more"),
    "remove": N_("removed"),
    "restore": N_("restored"),
    "move": N_("moved"),
    "ban": N_("shut out"),
    "unban": N_("let in again"),
    "appoint": N_("made moderator"),
    "dismiss": N_("moderator no more"),
    "join": N_("joined with a board"),
    "part": N_("joined no more with a board"),
}
DEGREES: Final = {"latitude": 90.0, "longitude": 180.0}


@routes.get("/c/{name}/log")
async def log(request: web.Request) -> web.Response:
    """What was done here in the name of order, for everybody to read."""
    asked, me = window(request, AT_ONCE), viewer_id(request)

    def found(db: Read) -> tuple[Community, list[boards.Line], list[int], bool]:
        ours = boards.ours(db, community_name(request))
        lines, ids = boards.log(db, me, ours.account, asked)
        return ours, lines, ids, boards.board(db, ours.account, me, now(request)).keeps

    ours, lines, ids, keeps = await request.config_dict[DB].read(found)
    return await page(
        request,
        "community_log.html",
        community=ours,
        lines=lines,
        keeps=keeps,
        actions=ACTIONS,
        pager=pager(request, asked, ids),
    )


# --- for who keeps it


def _kept(db: Read, viewer: Account, name: str) -> Community:
    """The community, for who keeps order in it. Raises `NotFound`."""
    ours = boards.ours(db, name)
    boards.require_keeper(db, ours, viewer)
    return ours


@routes.get("/c/{name}/settings")
@signed_in
async def settings(request: web.Request, viewer: Viewer) -> web.Response:
    """What it is called, who may do what in it, and where it lies."""
    ours = await request.config_dict[DB].read(_kept, viewer.account, community_name(request))
    return await _settings(request, ours, _typed(ours))


def _typed(ours: Community) -> dict[str, str]:
    return {
        "title": ours.account.display_name,
        "bio": ours.account.bio_source,
        "rules": "\n".join(communities.rules_of(ours)),
        "posting": ours.posting,
        "votes": ours.votes,
        "language": ours.language,
        "place": ours.place,
        "latitude": "" if ours.latitude is None else str(ours.latitude),
        "longitude": "" if ours.longitude is None else str(ours.longitude),
        "boundary": ours.boundary,
        "parent": str(ours.parent_id or 0),
    }


async def _settings(
    request: web.Request, ours: Community, typed: dict[str, str], error: AppError | None = None
) -> web.Response:
    places = await request.config_dict[DB].read(communities.all, now(request))
    return await page(
        request,
        "community_settings.html",
        status=error.status if error else 200,
        community=ours,
        typed=typed,
        places=[one for one in places if one.account.id != ours.account.id],
        languages=tuple(dict.fromkeys((*request.config_dict[SITE].languages, *WRITTEN_IN))),
        errors={"form": error} if error else {},
        done="done" in request.query,
    )


@routes.post("/c/{name}/settings")
@signed_in
async def change(request: web.Request, viewer: Viewer) -> web.Response:
    """Change it; its followers' servers are told. A refused form comes back as it was."""
    sent, db = await form(request), request.config_dict[DB]
    ours = await db.read(_kept, viewer.account, community_name(request))
    typed = {name: sent.raw(name) for name in _typed(ours)}
    site, at_ms = request.config_dict[SITE], now(request)
    try:
        changes = _changes(ours, sent, await _boundary(sent, ours))
        picture = await _picture(request, viewer, sent)

        def changed(tx: Write) -> None:
            new = changes
            if picture is not None:
                file = media.spend(tx, picture, at_ms)
                new = msgspec.structs.replace(changes, avatar=file)
            communities.change(tx, site, viewer.account, ours.account.id, new, at_ms)

        await db.write(changed)
    except AppError as error:
        return await _settings(request, ours, typed, error)
    return see(f"/c/{ours.account.name}/settings?done=1")


def _changes(ours: Community, sent: Form, boundary: str | None) -> Changes:
    parent, language = sent.get("parent"), sent.get("language")
    title = " ".join(sent.get("title").split())
    if not title:
        raise Invalid("A community needs a title.")
    return Changes(
        title=title,
        bio=sent.raw("bio").strip(),
        avatar="" if sent.get("avatar_remove") else None,
        rules=tuple(sent.raw("rules").split("\n")),
        posting=_one_of(POSTING, sent.get("posting"), ours.posting),
        votes=_one_of(VOTES, sent.get("votes"), ours.votes),
        language=language if language in ("", *WRITTEN_IN) else ours.language,
        place=sent.get("place"),
        latitude=_degrees(sent, "latitude"),
        longitude=_degrees(sent, "longitude"),
        boundary=boundary,
        parent_id=(sent.id("parent") or 0) if parent else None,
    )


def _one_of(offered: tuple[str, ...], wish: str, otherwise: str) -> str:
    return wish if wish in offered else otherwise


def _degrees(sent: Form, name: str) -> float | None:
    """Where it lies, as a number of degrees. Raises `Invalid`."""
    typed, most = sent.get(name), DEGREES[name]
    if not typed:
        return None
    try:
        found = float(typed)
    except ValueError:
        found = most + 1
    if not -most <= found <= most:  # what is not a number is not among them either
        raise Invalid("A place is given by its latitude and longitude in degrees, such as 37.478.")
    return found


async def _boundary(sent: Form, ours: Community) -> str | None:
    """The line around a neighbourhood, from a file or as it was typed. Raises `TooLarge`."""
    if ours.kind != "neighbourhood":
        return None
    upload = sent.upload("boundary_file")
    if upload is None:
        return sent.raw("boundary").strip()
    if upload.length > geojson.MAX_BYTES:
        raise TooLarge("The boundary is too long: simplify it to fewer points.")
    return (await asyncio.to_thread(upload.whole)).decode("utf-8-sig", "replace")


async def _picture(request: web.Request, viewer: Viewer, sent: Form) -> Media | None:
    upload = sent.upload("avatar")
    if upload is None:
        return None
    made = await request.config_dict[PICTURES].process_avatar(await intake.picture(upload))
    return await request.config_dict[DB].write(
        media.add, viewer.account.id, made, "", (0.0, 0.0), now(request)
    )


@routes.get("/c/{name}/moderators")
@signed_in
async def moderators(request: web.Request, viewer: Viewer) -> web.Response:
    """Who keeps order; appointing and dismissing them."""
    return await _moderators(request, viewer)


async def _moderators(
    request: web.Request, viewer: Viewer, typed: str = "", error: AppError | None = None
) -> web.Response:
    def found(db: Read) -> tuple[Community, list[Account]]:
        ours = _kept(db, viewer.account, community_name(request))
        return ours, communities.moderators(db, ours.account.id)

    ours, keepers = await request.config_dict[DB].read(found)
    return await page(
        request,
        "community_moderators.html",
        status=error.status if error else 200,
        community=ours,
        keepers=keepers,
        typed=typed,
        errors={"handle": error} if error else {},
    )


@routes.post("/c/{name}/moderators")
@signed_in
async def appoint(request: web.Request, viewer: Viewer) -> web.Response:
    """Make somebody a moderator, by their handle."""
    sent = await form(request)
    typed = sent.get("handle")[:300]
    try:
        await _about_somebody(request, viewer, stewardship.appoint, typed)
    except AppError as error:
        return await _moderators(request, viewer, typed, error)
    return see(f"/c/{community_name(request)}/moderators")


async def _about_somebody(
    request: web.Request, viewer: Viewer, deed: Callable[..., None], handle: str, **more: Any
) -> None:
    site, at_ms = request.config_dict[SITE], now(request)

    def done(tx: Write) -> None:
        ours = _kept(tx, viewer.account, community_name(request))
        who = accounts.meant(tx, site, handle.lstrip("@"))
        if who is None:
            raise NotFound("There is nobody with this name here.")
        deed(tx, site, viewer.account, ours.account.id, who.id, at_ms, **more)

    await request.config_dict[DB].write(done)


@routes.post("/c/{name}/moderators/{id}/dismiss")
@signed_in
async def dismiss(request: web.Request, viewer: Viewer) -> web.Response:
    """Take somebody off the list of moderators."""
    await _about(request, viewer, stewardship.dismiss)
    return see(f"/c/{community_name(request)}/moderators")


async def _about(request: web.Request, viewer: Viewer, deed: Callable[..., None]) -> None:
    await form(request)
    site, id, at_ms = request.config_dict[SITE], number(request), now(request)

    def done(tx: Write) -> None:
        ours = _kept(tx, viewer.account, community_name(request))
        deed(tx, site, viewer.account, ours.account.id, id, at_ms)

    await request.config_dict[DB].write(done)


@routes.get("/c/{name}/bans")
@signed_in
async def bans(request: web.Request, viewer: Viewer) -> web.Response:
    """Who is shut out, and why."""
    return await _bans(request, viewer)


async def _bans(
    request: web.Request, viewer: Viewer, sent: Form | None = None, error: AppError | None = None
) -> web.Response:
    def found(db: Read) -> tuple[Community, list[Any]]:
        ours = _kept(db, viewer.account, community_name(request))
        return ours, boards.bans(db, ours.account, MOST_BANS)

    ours, shut_out = await request.config_dict[DB].read(found)
    return await page(
        request,
        "community_bans.html",
        status=error.status if error else 200,
        community=ours,
        shut_out=shut_out,
        bans=BANS,
        handle=sent.get("handle") if sent else "",
        reason=sent.get("reason") if sent else "",
        errors={"handle": error} if error else {},
    )


@routes.post("/c/{name}/bans")
@signed_in
async def ban(request: web.Request, viewer: Viewer) -> web.Response:
    """Shut somebody out, by their handle."""
    sent = await form(request)
    try:
        if not sent.get("reason"):
            raise Invalid("Please say why: the author and everybody who reads the log will see it.")
        await _about_somebody(
            request,
            viewer,
            stewardship.ban,
            sent.get("handle")[:300],
            reason=sent.get("reason"),
            until_ms=ends_ms(sent.get("days"), now(request)),
        )
    except AppError as error:
        return await _bans(request, viewer, sent, error)
    return see(f"/c/{community_name(request)}/bans")


@routes.post("/c/{name}/bans/{id}/end")
@signed_in
async def unban(request: web.Request, viewer: Viewer) -> web.Response:
    """Let somebody in again."""
    await _about(request, viewer, stewardship.unban)
    return see(f"/c/{community_name(request)}/bans")


@routes.get("/c/{name}/removed")
@signed_in
async def removed(request: web.Request, viewer: Viewer) -> web.Response:
    """What was taken away, with the reasons; each can be given back."""
    asked: Page = window(request, AT_ONCE)

    def found(db: Read) -> tuple[Community, list[boards.Taken], list[int]]:
        ours = _kept(db, viewer.account, community_name(request))
        return ours, *boards.removed(db, viewer.account, ours.account, asked)

    ours, taken, ids = await request.config_dict[DB].read(found)
    return await page(
        request,
        "community_removed.html",
        community=ours,
        taken=taken,
        pager=pager(request, asked, ids),
    )
