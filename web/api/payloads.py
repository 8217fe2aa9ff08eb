"""What members are told beside posts: notifications, conversations, announcements, as JSON."""

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.services import announcements, conversations, notifications
from web import present
from web.api.access import token_viewer
from web.api.conversations import entity as talk_entity
from web.api.notifications import entity as notice_entity
from web.keys import DB, NOW, SITE


async def notification(request: web.Request, viewer_id: int, id: int) -> bytes | None:
    """Notification; nothing where it was taken back, or its post is not for the viewer any more."""
    viewer = token_viewer(request)
    found = await request.config_dict[DB].read(notifications.one, viewer_id, id)
    if found is None or viewer is None:
        return None
    return msgspec.json.encode(await notice_entity(request, viewer, found))


async def conversation(request: web.Request, viewer_id: int, id: int) -> bytes | None:
    """Conversation, with what was said last; nothing where it is gone."""
    viewer = token_viewer(request)
    try:
        talk = await request.config_dict[DB].read(conversations.one, viewer_id, id)
    except NotFound:
        return None
    if viewer is None:
        return None
    return msgspec.json.encode(await talk_entity(request, viewer, talk))


async def announcement(request: web.Request, id: int) -> bytes | None:
    """Announcement, as it looks to somebody who has not read it."""
    site, now_ms = request.config_dict[SITE], request.config_dict[NOW]()
    found = await request.config_dict[DB].read(announcements.current, site, None, now_ms)
    shown = next((one for one in found if one.announcement.id == id), None)
    return None if shown is None else msgspec.json.encode(present.announcement(site, shown))
