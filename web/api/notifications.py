"""What happened to the viewer, one by one. docs.joinmastodon.org/methods/notifications

An app that shows groups calls `grouped`; what is filtered waits in `notification_requests`.
"""

from collections.abc import Iterable, Sequence
from typing import Final, cast

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.model import Entry
from server.services import notifications
from server.services.notifications import Notice
from server.store.db import Read
from server.store.notifications import Wanted
from server.store.paging import Page
from web import entities, i18n, present
from web.api.access import need, path_id
from web.api.answers import MOST_ACCOUNTS, Id, listing, one, window
from web.api.fragments import statuses
from web.api.shape import gives
from web.body import body, query
from web.keys import DB, SITE, Viewer

routes = web.RouteTableDef()

MOST_COUNTED: Final = 1_000


class Kinds(msgspec.Struct, frozen=True):
    """Only these, or all but those; from one account; with what the policy filtered.

    With `supported_types`, what is none of them comes with a `fallback` in words.
    """

    types: tuple[str, ...] = ()
    exclude_types: tuple[str, ...] = ()
    account_id: Id | None = None
    include_filtered: bool = False
    supported_types: tuple[str, ...] = ()


class Counted(msgspec.Struct, frozen=True):
    """What is counted, and up to how many."""

    types: tuple[str, ...] = ()
    exclude_types: tuple[str, ...] = ()
    account_id: Id | None = None
    limit: int = notifications.MOST_COUNTED


class Supported(msgspec.Struct, frozen=True):
    """The types that an app knows."""

    supported_types: tuple[str, ...] = ()


class One(msgspec.Struct, frozen=True):
    """A notification by its id."""

    id: Id


def wanted(db: Read, viewer_id: int, asked: Kinds | Counted) -> Wanted:
    """What an app asked for, as far as the viewer may have it."""
    return notifications.wanted(
        db,
        viewer_id,
        kinds=asked.types,
        exclude=asked.exclude_types,
        from_id=asked.account_id,
        filtered=isinstance(asked, Kinds) and asked.include_filtered,
    )


def _page(db: Read, viewer_id: int, window: Page, asked: Kinds) -> list[Notice]:
    return notifications.page(db, viewer_id, window, wanted(db, viewer_id, asked))


def _unread(db: Read, viewer_id: int, asked: Counted) -> int:
    limit = max(1, min(asked.limit, MOST_COUNTED))
    return notifications.unread(db, viewer_id, limit, wanted(db, viewer_id, asked))


@routes.get("/api/v1/notifications")
@need("read:notifications")
@gives(list[entities.Notification], query=Kinds, pages=True)
async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """Newest first."""
    asked, part = query(request, Kinds), window(request, usual=40, most=MOST_ACCOUNTS)
    found = await request.config_dict[DB].read(_page, viewer.account.id, part, asked)
    items = await _entities(request, viewer, found, asked.supported_types)
    ids = [notice.notification.id for notice in found]
    return listing(request, [msgspec.json.encode(item) for item in items], ids)


@routes.get("/api/v1/notifications/unread_count")
@need("read:notifications")
@gives(entities.Count, query=Counted)
async def unread_count(request: web.Request, viewer: Viewer) -> web.Response:
    """How many came since the viewer last looked."""
    asked = query(request, Counted)
    return one({"count": await request.config_dict[DB].read(_unread, viewer.account.id, asked)})


@routes.get("/api/v1/notifications/{id:[^/]*[0-9][^/]*}")
@need("read:notifications")
@gives(entities.Notification, query=Supported)
async def single(request: web.Request, viewer: Viewer) -> web.Response:
    """One of them."""
    found = await request.config_dict[DB].read(
        notifications.one, viewer.account.id, path_id(request)
    )
    if found is None:
        raise NotFound("There is no such notification.")
    supported = query(request, Supported).supported_types
    return one((await _entities(request, viewer, [found], supported))[0])


@routes.post("/api/v1/notifications/clear")
@need("write:notifications")
@gives(entities.Empty)
async def clear(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget all of them."""
    await request.config_dict[DB].write(notifications.clear, viewer.account.id)
    return one({})


@routes.post("/api/v1/notifications/{id}/dismiss")
@need("write:notifications")
@gives(entities.Empty)
async def dismiss(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget one."""
    await request.config_dict[DB].write(notifications.dismiss, viewer.account.id, path_id(request))
    return one({})


@routes.post("/api/v1/notifications/dismiss")
@need("write:notifications")
@gives(entities.Empty, body=One)
async def dismiss_as_before(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget one, as old apps ask for it."""
    asked = await body(request, One)
    await request.config_dict[DB].write(notifications.dismiss, viewer.account.id, asked.id)
    return one({})


async def entity(request: web.Request, viewer: Viewer, found: Notice) -> entities.Notification:
    """Notification, for an app of which we do not know which types it knows."""
    return (await _entities(request, viewer, [found], ()))[0]


async def _entities(
    request: web.Request, viewer: Viewer, found: Sequence[Notice], supported: tuple[str, ...]
) -> list[entities.Notification]:
    posts = await shown(request, viewer, (notice.entry for notice in found))
    language = language_of(request, viewer)
    return [
        present.notification(
            request.config_dict[SITE],
            notice.notification,
            notice.account,
            posts.get(notice.entry.id) if notice.entry else None,
            about=notice.about,
            fallback=present.fallback(notice, supported, language),
        )
        for notice in found
    ]


def language_of(request: web.Request, viewer: Viewer) -> str:
    """The language of what an app shows to the viewer in our words."""
    return i18n.choose(request, request.config_dict[SITE].languages, viewer.member.language)


async def shown(
    request: web.Request, viewer: Viewer, entries: Iterable[Entry | None]
) -> dict[int, entities.Status]:
    """The Status of each entry by its id, already encoded; what vanished meanwhile is left out."""
    asked = list({entry.id: entry for entry in entries if entry is not None}.values())
    found = await statuses(request, viewer.account.id, asked)
    if len(found) == len(asked):
        pairs = [(entry.id, json) for entry, json in zip(asked, found, strict=True)]
    else:
        pairs = [
            (entry.id, json)
            for entry in asked
            for json in await statuses(request, viewer.account.id, [entry])
        ]
    # json that is written as it is stands for the entity that it is of
    return {id: cast(entities.Status, msgspec.Raw(json)) for id, json in pairs}
