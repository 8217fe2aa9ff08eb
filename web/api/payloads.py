"""What members are told beside posts: notifications, conversations, announcements, as JSON."""

import msgspec
from aiohttp import web

from server.model import Account, Entry
from server.services import notifications, reading
from server.store import accounts, posts, streams, timelines
from server.store.db import Read, Row
from web import present
from web.api.fragments import statuses
from web.keys import DB, NOW, SITE


async def notification(request: web.Request, viewer_id: int, id: int) -> bytes | None:
    """Notification; nothing where it was taken back, or its post is not for the viewer any more."""
    found = await request.config_dict[DB].read(notifications.one, viewer_id, id)
    if found is None:
        return None
    site, status = request.config_dict[SITE], None
    if found.post is not None:
        now_ms = request.config_dict[NOW]()
        status = present.status(site, found.post, viewer_id=viewer_id, now_ms=now_ms)
    noted = present.notification(site, found.notification, found.account, status)
    return msgspec.json.encode(noted)


async def conversation(request: web.Request, viewer_id: int, id: int) -> bytes | None:
    """Conversation, with what was said last."""
    found = await request.config_dict[DB].read(_conversation, viewer_id, id)
    if found is None:
        return None
    row, people, entries = found
    site = request.config_dict[SITE]
    last = await statuses(request, viewer_id, entries)
    return msgspec.json.encode(
        {
            "id": str(row["id"]),
            "unread": bool(row["unread"]),
            "accounts": [present.account(site, one) for one in people],
            "last_status": msgspec.Raw(last[0]) if last else None,
        }
    )


def _conversation(
    db: Read, viewer_id: int, id: int
) -> tuple[Row, list[Account], list[Entry]] | None:
    row = streams.conversation(db, viewer_id, id)
    post = posts.by_id(db, row["last_id"]) if row else None
    if row is None or post is None or not reading.may_read(db, viewer_id, post):
        return None
    author = accounts.by_id(db, post.author_id)
    named = posts.mentioned(db, [post.id]).get(post.id, [])
    people = {one.id: one for one in (author, *named) if one and one.id != viewer_id}
    return row, list(people.values()), timelines.entries(db, viewer_id, [post.id])


async def announcement(request: web.Request, id: int) -> bytes | None:
    """Announcement, as it looks to somebody who has not read it."""
    row = await request.config_dict[DB].read(streams.announcement, id)
    if row is None:
        return None
    return msgspec.json.encode(
        {
            "id": str(row["id"]),
            "content": row["content"],
            "starts_at": present.when_or_none(row["starts_ms"]),
            "ends_at": present.when_or_none(row["ends_ms"]),
            "all_day": bool(row["all_day"]),
            "published_at": present.when(row["published_ms"]),
            "updated_at": present.when(row["updated_ms"]),
            "mentions": [],
            "statuses": [],
            "tags": [],
            "emojis": [],
            "reactions": [],
        }
    )
