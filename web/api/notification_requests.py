"""From whom the viewer wants to hear, and who asks. docs.joinmastodon.org/methods/notifications"""

import msgspec
from aiohttp import web

from server.services import notification_policy as service
from server.services.notification_policy import Changes, Request
from web import entities, present
from web.api.access import need, path_id
from web.api.answers import MOST_ACCOUNTS, Id, listing, one, window
from web.api.notifications import shown
from web.api.shape import gives
from web.body import body
from web.keys import DB, NOW, SITE, Viewer

routes = web.RouteTableDef()


class ChangesV1(msgspec.Struct, frozen=True):
    """A policy as it was in the first version."""

    filter_not_following: bool | None = None
    filter_not_followers: bool | None = None
    filter_new_accounts: bool | None = None
    filter_private_mentions: bool | None = None

    @property
    def changes(self) -> Changes:
        """The same in words."""
        words = {True: "filter", False: "accept", None: None}
        given = msgspec.structs.asdict(self).items()
        renamed = {name.replace("filter_", "for_"): words[value] for name, value in given}
        return msgspec.convert(renamed, Changes)


class Several(msgspec.Struct, frozen=True):
    """Requests by their ids."""

    id: tuple[Id, ...] = ()


@routes.get("/api/v2/notifications/policy")
@need("read:notifications")
@gives(entities.NotificationPolicy)
async def policy(request: web.Request, viewer: Viewer) -> web.Response:
    """What the viewer chose, and what waits."""
    found = await request.config_dict[DB].read(service.standing, viewer.account.id)
    return one(present.notification_policy(found))


@routes.patch("/api/v2/notifications/policy")
@routes.put("/api/v2/notifications/policy")
@need("write:notifications")
@gives(entities.NotificationPolicy, body=Changes)
async def change(request: web.Request, viewer: Viewer) -> web.Response:
    """Choose again; what is not named stays."""
    changes = await body(request, Changes)
    found = await request.config_dict[DB].write(service.change, viewer.account.id, changes)
    return one(present.notification_policy(found))


@routes.get("/api/v1/notifications/policy")
@need("read:notifications")
@gives(entities.NotificationPolicyV1)
async def policy_v1(request: web.Request, viewer: Viewer) -> web.Response:
    """What the viewer chose, as yes and no."""
    found = await request.config_dict[DB].read(service.standing, viewer.account.id)
    return one(present.notification_policy_v1(found))


@routes.patch("/api/v1/notifications/policy")
@routes.put("/api/v1/notifications/policy")
@need("write:notifications")
@gives(entities.NotificationPolicyV1, body=ChangesV1)
async def change_v1(request: web.Request, viewer: Viewer) -> web.Response:
    """Choose again, with yes and no."""
    changes = (await body(request, ChangesV1)).changes
    found = await request.config_dict[DB].write(service.change, viewer.account.id, changes)
    return one(present.notification_policy_v1(found))


@routes.get("/api/v1/notifications/requests")
@need("read:notifications")
@gives(list[entities.NotificationRequest], pages=True)
async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """Who was filtered, the last to come first."""
    part = window(request, usual=40, most=MOST_ACCOUNTS)
    found = await request.config_dict[DB].read(service.requests, viewer.account.id, part)
    items = [msgspec.json.encode(item) for item in await _entities(request, viewer, found)]
    return listing(request, items, [waiting.id for waiting in found])


@routes.get("/api/v1/notifications/requests/merged")
@need("read:notifications")
@gives(entities.Merged)
async def merged(request: web.Request, viewer: Viewer) -> web.Response:
    """Whether what was accepted is in its place: it is as soon as it was accepted."""
    return one({"merged": True})


@routes.get("/api/v1/notifications/requests/{id}")
@need("read:notifications")
@gives(entities.NotificationRequest)
async def single(request: web.Request, viewer: Viewer) -> web.Response:
    """What waits of one sender."""
    id = path_id(request)
    found = await request.config_dict[DB].read(service.request, viewer.account.id, id)
    return one((await _entities(request, viewer, [found]))[0])


@routes.post("/api/v1/notifications/requests/accept")
@need("write:notifications")
@gives(entities.Empty, body=Several)
async def accept_all(request: web.Request, viewer: Viewer) -> web.Response:
    """Show what waited of several."""
    ids, now_ms = (await body(request, Several)).id, request.config_dict[NOW]()
    await request.config_dict[DB].write(service.accept_all, viewer.account.id, ids, now_ms)
    return one({})


@routes.post("/api/v1/notifications/requests/dismiss")
@need("write:notifications")
@gives(entities.Empty, body=Several)
async def dismiss_all(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget what waited of several."""
    ids = (await body(request, Several)).id
    await request.config_dict[DB].write(service.dismiss_all, viewer.account.id, ids)
    return one({})


@routes.post("/api/v1/notifications/requests/{id}/accept")
@need("write:notifications")
@gives(entities.Empty)
async def accept(request: web.Request, viewer: Viewer) -> web.Response:
    """Show what waited of one sender, and what will come from them."""
    now_ms = request.config_dict[NOW]()
    id = path_id(request)
    await request.config_dict[DB].write(service.accept, viewer.account.id, id, now_ms)
    return one({})


@routes.post("/api/v1/notifications/requests/{id}/dismiss")
@need("write:notifications")
@gives(entities.Empty)
async def dismiss(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget what waited of one sender."""
    await request.config_dict[DB].write(service.dismiss, viewer.account.id, path_id(request))
    return one({})


async def _entities(
    request: web.Request, viewer: Viewer, found: list[Request]
) -> list[entities.NotificationRequest]:
    posts = await shown(request, viewer, (waiting.entry for waiting in found))
    return [
        present.notification_request(
            request.config_dict[SITE],
            waiting,
            posts.get(waiting.entry.id) if waiting.entry else None,
        )
        for waiting in found
    ]
