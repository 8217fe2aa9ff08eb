"""What happened to the viewer, grouped. docs.joinmastodon.org/methods/grouped_notifications"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from aiohttp import web

from server.model import Account
from server.services import notification_groups as service
from server.services.notification_groups import Group
from server.store.db import Read
from server.store.notifications import GROUPED
from server.store.paging import Page
from web import entities, present
from web.api.access import need
from web.api.answers import MOST_ACCOUNTS, linked, one, window
from web.api.notifications import (
    MOST_COUNTED,
    Counted,
    Kinds,
    Supported,
    language_of,
    shown,
    wanted,
)
from web.api.shape import gives
from web.body import query
from web.keys import DB, SITE, Viewer

routes = web.RouteTableDef()

Expand = Literal["full", "partial_avatars"]
MAX_KEY: Final = 100  # characters


class GroupedKinds(Kinds, frozen=True):
    """As one by one; kinds that are none of `grouped_types` stay one by one."""

    grouped_types: tuple[str, ...] = GROUPED
    expand_accounts: Expand = "full"


class GroupsCounted(Counted, frozen=True):
    """As one by one."""

    grouped_types: tuple[str, ...] = GROUPED


def _page(db: Read, viewer_id: int, window: Page, asked: GroupedKinds) -> list[Group]:
    which = wanted(db, viewer_id, asked)
    return service.page(db, viewer_id, window, which, asked.grouped_types)


def _unread(db: Read, viewer_id: int, asked: GroupsCounted) -> int:
    limit = max(1, min(asked.limit, MOST_COUNTED))
    which = wanted(db, viewer_id, asked)
    return service.unread(db, viewer_id, limit, which, asked.grouped_types)


@routes.get("/api/v2/notifications")
@need("read:notifications")
@gives(entities.GroupedNotificationsResults, query=GroupedKinds, pages=True)
async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """Newest first."""
    asked, part = query(request, GroupedKinds), window(request, usual=40, most=MOST_ACCOUNTS)
    groups = await request.config_dict[DB].read(_page, viewer.account.id, part, asked)
    results = await _results(request, viewer, groups, asked.supported_types, paged=True)
    if asked.expand_accounts == "partial_avatars":
        _strip(request, results, groups)
    ids = [group.notice.notification.id for group in groups]
    return linked(request, one(results), ids)


@routes.get("/api/v2/notifications/unread_count")
@need("read:notifications")
@gives(entities.Count, query=GroupsCounted)
async def unread_count(request: web.Request, viewer: Viewer) -> web.Response:
    """How many groups have something that came since the viewer last looked."""
    asked = query(request, GroupsCounted)
    return one({"count": await request.config_dict[DB].read(_unread, viewer.account.id, asked)})


@routes.get("/api/v2/notifications/{group_key:[^/]*[0-9][^/]*}")
@need("read:notifications")
@gives(entities.GroupedNotificationsResults, query=Supported)
async def single(request: web.Request, viewer: Viewer) -> web.Response:
    """One group."""
    supported = query(request, Supported).supported_types
    group = await request.config_dict[DB].read(service.one, viewer.account.id, _key(request))
    return one(await _results(request, viewer, [group], supported, paged=False))


@routes.get("/api/v2/notifications/{group_key}/accounts")
@need("read:notifications")
@gives(list[entities.Account])
async def people(request: web.Request, viewer: Viewer) -> web.Response:
    """From whom a group came."""
    found = await request.config_dict[DB].read(service.people, viewer.account.id, _key(request))
    return one([present.account(request.config_dict[SITE], account) for account in found])


@routes.post("/api/v2/notifications/{group_key}/dismiss")
@need("write:notifications")
@gives(entities.Empty)
async def dismiss(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget a group."""
    await request.config_dict[DB].write(service.dismiss, viewer.account.id, _key(request))
    return one({})


def _key(request: web.Request) -> str:
    """The key in the address; what is too long, or no text, names nothing."""
    key = request.match_info["group_key"]
    return key if len(key) <= MAX_KEY and key.isascii() and key.isprintable() else ""


async def _results(
    request: web.Request,
    viewer: Viewer,
    groups: Sequence[Group],
    supported: tuple[str, ...],
    *,
    paged: bool,
) -> entities.GroupedNotificationsResults:
    site = request.config_dict[SITE]
    language = language_of(request, viewer)
    statuses = await shown(request, viewer, (group.notice.entry for group in groups))
    return {
        "accounts": [
            present.account(site, account)
            for account in _once(one for group in groups for one in group.people)
        ],
        "statuses": [*statuses.values()],
        "notification_groups": [
            present.notification_group(
                site,
                group,
                paged=paged,
                fallback=present.fallback(group.notice, supported, language),
            )
            for group in groups
        ],
    }


def _strip(
    request: web.Request,
    results: entities.GroupedNotificationsResults,
    groups: Sequence[Group],
) -> None:
    """Leave in full only the newest account of each group."""
    site = request.config_dict[SITE]
    full = {str(group.people[0].id) for group in groups if group.people}
    everybody = _once(one for group in groups for one in group.people)
    results["accounts"] = [one for one in results["accounts"] if one["id"] in full]
    results["partial_accounts"] = [
        present.partial_account(site, one) for one in everybody if str(one.id) not in full
    ]


def _once(found: Iterable[Account]) -> list[Account]:
    return [*{account.id: account for account in found}.values()]
