"""Notifications: what happened to the viewer, and from whom they want to hear."""

from typing import Final

import msgspec
from aiohttp import web

from server.model import PostView
from server.services import (
    answer_control,
    notification_groups,
    notification_policy,
    notifications,
    timelines,
)
from server.services.notification_groups import Group
from server.services.notification_policy import Changes, Request, Standing
from server.store.db import Read
from server.store.paging import Page
from web.i18n import N_
from web.keys import DB, Viewer
from web.pages.access import now, number, pager, signed_in, window
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()

SENDERS: Final = (
    ("for_private_mentions", N_("Private messages from people whom you do not follow")),
    ("for_not_following", N_("Anything from people whom you do not follow")),
    ("for_not_followers", N_("Anything from people who do not follow you")),
    ("for_new_accounts", N_("Anything from accounts that are younger than 30 days")),
    ("for_limited_accounts", N_("Anything from accounts that our moderators have limited")),
    ("for_bots", N_("Anything from automated accounts")),
)
WAYS: Final = (
    ("accept", N_("Tell me")),
    ("filter", N_("Keep it aside")),
    ("drop", N_("Do not tell me")),
)


class Line(msgspec.Struct, frozen=True):
    """A line of the page: a group, and the post that it is about."""

    group: Group
    post: PostView | None = None


class Waiting(msgspec.Struct, frozen=True):
    """Somebody who was filtered, and the latest post of theirs that waits."""

    request: Request
    post: PostView | None


@routes.get("/notifications")
@signed_in
async def notices(request: web.Request, viewer: Viewer) -> web.Response:
    """Newest first; opening the first page marks them as read."""
    db, asked = request.config_dict[DB], window(request)
    lines, standing, answers = await db.read(_lines, viewer.account.id, asked)
    response = await page(
        request,
        "notifications.html",
        lines=lines,
        standing=standing,
        answers=answers,
        seen_id=viewer.member.notified_id,
        pager=pager(request, asked, [line.group.notice.notification.id for line in lines]),
    )
    newest = max((line.group.top_id for line in lines), default=0)
    if newest > viewer.member.notified_id:
        await db.write(notifications.seen, viewer.account.id, newest, now(request))
    return response


def _lines(db: Read, viewer_id: int, asked: Page) -> tuple[list[Line], Standing, int]:
    which = notifications.wanted(db, viewer_id, kinds=notifications.EVERY_KIND)
    groups = notification_groups.page(db, viewer_id, asked, which)
    entries = [group.notice.entry for group in groups if group.notice.entry]
    views = {view.post.id: view for view in timelines.views(db, viewer_id, entries)}
    lines = [Line(one, views.get(one.notice.notification.post_id or 0)) for one in groups]
    waiting = answer_control.waiting(db, viewer_id)
    return lines, notification_policy.standing(db, viewer_id), waiting


@routes.post("/notifications/clear")
@signed_in
async def clear(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget them all."""
    await form(request)
    await request.config_dict[DB].write(notifications.clear, viewer.account.id)
    return see("/notifications")


@routes.get("/notifications/requests")
@signed_in
async def requests(request: web.Request, viewer: Viewer) -> web.Response:
    """Who was filtered, with a word of what they wrote."""
    db, asked = request.config_dict[DB], window(request)
    waiting = await db.read(_waiting, viewer.account.id, asked)
    ids = [one.request.id for one in waiting]
    return await page(
        request,
        "notification_requests.html",
        waiting=waiting,
        pager=pager(request, asked, ids),
    )


def _waiting(db: Read, viewer_id: int, asked: Page) -> list[Waiting]:
    found = notification_policy.requests(db, viewer_id, asked)
    views = timelines.views(db, viewer_id, [one.entry for one in found if one.entry])
    by_id = {view.post.id: view for view in views}
    return [Waiting(one, by_id.get(one.entry.post_id) if one.entry else None) for one in found]


@routes.post("/notifications/requests/{id}/accept")
@signed_in
async def accept(request: web.Request, viewer: Viewer) -> web.Response:
    """Show what waited of somebody, and all that will come from them."""
    await form(request)
    await request.config_dict[DB].write(
        notification_policy.accept, viewer.account.id, number(request), now(request)
    )
    return see("/notifications/requests")


@routes.post("/notifications/requests/{id}/dismiss")
@signed_in
async def dismiss(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget what waited of somebody."""
    await form(request)
    await request.config_dict[DB].write(
        notification_policy.dismiss, viewer.account.id, number(request)
    )
    return see("/notifications/requests")


@routes.get("/notifications/policy")
@signed_in
async def policy(request: web.Request, viewer: Viewer) -> web.Response:
    """From whom the viewer wants to hear."""
    standing = await request.config_dict[DB].read(notification_policy.standing, viewer.account.id)
    return await page(
        request,
        "notification_policy.html",
        standing=standing,
        chosen=msgspec.structs.asdict(standing.policy),
        senders=SENDERS,
        ways=WAYS,
        done="done" in request.query,
    )


@routes.post("/notifications/policy")
@signed_in
async def choose(request: web.Request, viewer: Viewer) -> web.Response:
    """Change it; what is not one of the choices stays as it is."""
    sent = await form(request)
    ways = {value for value, _ in WAYS}
    given = {name: sent.get(name) for name, _ in SENDERS if sent.get(name) in ways}
    changes = msgspec.convert(given, Changes)
    await request.config_dict[DB].write(notification_policy.change, viewer.account.id, changes)
    return see("/notifications/policy?done")
