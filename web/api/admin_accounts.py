"""People as moderators see them, and what is decided about them.

docs.joinmastodon.org/methods/admin/accounts
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from aiohttp import web

from server import text
from server.errors import Conflict, Forbidden, Invalid
from server.model import MODERATORS
from server.policy import roles
from server.policy.roles import USERS
from server.services import moderation
from server.services.deeds import Moderator
from server.services.moderation import ACTIONS, Decision, Person
from server.store.db import Read, Write
from server.store.moderation import STATUSES, Sought
from server.store.paging import Page
from web import entities, present, revoked
from web.api.access import path_id
from web.api.answers import Id, listing, one
from web.api.shape import gives
from web.api.staff import NOT_ALLOWED, long_window, moderator, staff
from web.body import body, query
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()

READ: Final = "admin:read:accounts"
WRITE: Final = "admin:write:accounts"

Act = Callable[[Write, Moderator, int, int], None]


class Names(msgspec.Struct, frozen=True):
    """By what both versions look for people."""

    username: str = ""
    display_name: str = ""
    by_domain: str = ""
    email: str = ""
    ip: str = ""

    def sought(self, origin: str, status: str, roles: tuple[str, ...]) -> Sought:
        """As the store looks for them. Raises `Invalid` for a status that does not exist."""
        if origin not in ("", "local", "remote") or status not in ("", *STATUSES):
            raise Invalid("Unknown filter: %(name)s", name=status or origin)
        domain = self.by_domain.strip().lower()
        return Sought(
            origin=origin,
            status=status,
            username=self.username.strip().removeprefix("@"),
            display_name=self.display_name.strip(),
            domain=text.domain_name(domain) or domain,
            email=self.email.strip().lower(),
            address=self.ip.strip(),
            roles=roles,
        )


class First(Names, frozen=True):
    """Whom to show; without a word about it local and active ones, as in the reference."""

    local: bool = False
    remote: bool = False
    active: bool = False
    pending: bool = False
    disabled: bool = False
    silenced: bool = False
    suspended: bool = False
    sensitized: bool = False
    staff: bool = False


class Second(Names, frozen=True):
    """Whom to show. `invited_by` finds nobody: it is not kept who invited whom."""

    origin: str = ""
    status: str = ""
    permissions: str = ""
    role_ids: tuple[str, ...] | str = ()
    invited_by: str = ""


class Action(msgspec.Struct, frozen=True):
    """What is done. The person is always told, here and never by mail: there is none."""

    type: str = ""
    report_id: Id | None = None
    text: str = ""
    warning_preset_id: str = ""
    send_email_notification: bool = False


@routes.get("/api/v1/admin/accounts")
@staff(USERS, READ)
@gives(list[entities.AdminAccount], query=First, pages=True)
async def first(request: web.Request, viewer: Viewer) -> web.Response:
    """People, newest first."""
    asked = query(request, First)
    chosen = [status for status in STATUSES if getattr(asked, status)]
    usual = "" if asked.by_domain else "local"
    origin = "remote" if asked.remote else "local" if asked.local else usual
    sought = asked.sought(
        origin, chosen[-1] if chosen else "active", MODERATORS if asked.staff else ()
    )
    return await _listed(request, sought)


@routes.get("/api/v2/admin/accounts")
@staff(USERS, READ)
@gives(list[entities.AdminAccount], query=Second, pages=True)
async def second(request: web.Request, viewer: Viewer) -> web.Response:
    """People, newest first."""
    asked = query(request, Second)
    ids = (asked.role_ids,) if isinstance(asked.role_ids, str) else asked.role_ids
    found = roles.ids(ids) if ids else MODERATORS if asked.permissions == "staff" else ()
    if asked.invited_by or (ids and not found):
        return listing(request, [], [])
    return await _listed(request, asked.sought(asked.origin, asked.status, found))


async def _listed(request: web.Request, sought: Sought) -> web.Response:
    page: Page = long_window(request)
    found = await request.config_dict[DB].read(moderation.find, sought, page)
    site = request.config_dict[SITE]
    items = [msgspec.json.encode(present.admin_account(site, each)) for each in found]
    return listing(request, items, [each.account.id for each in found])


@routes.get("/api/v1/admin/accounts/{id}")
@staff(USERS, READ)
@gives(entities.AdminAccount)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """Somebody."""
    return await _shown(request, await request.config_dict[DB].read(_person, path_id(request)))


@routes.delete("/api/v1/admin/accounts/{id}")
@staff(roles.DELETE_DATA, WRITE)
@gives(entities.AdminAccount)
async def delete(request: web.Request, viewer: Viewer) -> web.Response:
    """End a suspended account for good; the answer is what it was."""
    db, id = request.config_dict[DB], path_id(request)
    was = await db.read(_person, id)
    now_ms, site = request.config_dict[NOW](), request.config_dict[SITE]
    await db.write(moderation.delete, site, moderator(viewer), id, now_ms)
    return await _shown(request, was)


@routes.post("/api/v1/admin/accounts/{id}/approve")
@staff(USERS, WRITE)
@gives(entities.AdminAccount)
async def approve(request: web.Request, viewer: Viewer) -> web.Response:
    """Let somebody in who waits for it."""
    return await _acted(request, viewer, moderation.approve)


@routes.post("/api/v1/admin/accounts/{id}/reject")
@staff(USERS, WRITE)
@gives(entities.AdminAccount)
async def reject(request: web.Request, viewer: Viewer) -> web.Response:
    """Turn somebody away who waits to be let in; the answer is what they were."""
    was = await request.config_dict[DB].read(_person, path_id(request))
    await _do(request, viewer, moderation.refuse)
    return await _shown(request, was)


@routes.post("/api/v1/admin/accounts/{id}/enable")
@staff(USERS, WRITE)
@gives(entities.AdminAccount)
async def enable(request: web.Request, viewer: Viewer) -> web.Response:
    """Let somebody sign in again."""
    return await _undone(request, viewer, "enable")


@routes.post("/api/v1/admin/accounts/{id}/unsilence")
@staff(USERS, WRITE)
@gives(entities.AdminAccount)
async def unsilence(request: web.Request, viewer: Viewer) -> web.Response:
    """Limit somebody no more."""
    return await _undone(request, viewer, "unsilence")


@routes.post("/api/v1/admin/accounts/{id}/unsuspend")
@staff(USERS, WRITE)
@gives(entities.AdminAccount)
async def unsuspend(request: web.Request, viewer: Viewer) -> web.Response:
    """Bring somebody back, with what they wrote."""
    return await _undone(request, viewer, "unsuspend")


@routes.post("/api/v1/admin/accounts/{id}/unsensitive")
@staff(USERS, WRITE)
@gives(entities.AdminAccount)
async def unsensitive(request: web.Request, viewer: Viewer) -> web.Response:
    """Cover somebody's pictures no more."""
    return await _undone(request, viewer, "unsensitive")


@routes.post("/api/v1/admin/accounts/{id}/action")
@staff(USERS, WRITE)
@gives(entities.Empty, body=Action)
async def act(request: web.Request, viewer: Viewer) -> web.Response:
    """Decide about somebody, and close what was reported of them."""
    typed = await body(request, Action)
    if typed.type not in ACTIONS:
        raise Invalid("Record invalid")
    decision = Decision(action=typed.type, text=typed.text, report_id=typed.report_id)
    ended = await request.config_dict[DB].write(
        moderation.decide,
        request.config_dict[SITE],
        moderator(viewer),
        path_id(request),
        decision,
        request.config_dict[NOW](),
    )
    revoked.tell(request.app, ended)
    return one({})


def _person(db: Read, id: int) -> Person:
    return moderation.person(db, id)


async def _shown(request: web.Request, person: Person) -> web.Response:
    return one(present.admin_account(request.config_dict[SITE], person))


async def _undone(request: web.Request, viewer: Viewer, what: str) -> web.Response:
    def undo(tx: Write, by: Moderator, id: int, now_ms: int) -> None:
        moderation.undo(tx, by, id, what, now_ms)

    return await _acted(request, viewer, undo)


async def _acted(request: web.Request, viewer: Viewer, act: Act) -> web.Response:
    await _do(request, viewer, act)
    return await _shown(request, await request.config_dict[DB].read(_person, path_id(request)))


async def _do(request: web.Request, viewer: Viewer, act: Act) -> None:
    """What cannot be done (any more) is forbidden, as the reference says it."""
    id, now_ms = path_id(request), request.config_dict[NOW]()
    try:
        await request.config_dict[DB].write(partial(act), moderator(viewer), id, now_ms)
    except Conflict as error:
        raise Forbidden(NOT_ALLOWED) from error
