"""Telling people what happened to them."""

import msgspec

from server.ids import new_id
from server.model import Account, Notification, PostView
from server.services import reading, timelines
from server.store import accounts, follows, thread_mutes
from server.store import notifications as store
from server.store.db import Read, Write
from server.store.paging import Page

MOST_COUNTED = 100


class NotificationView(msgspec.Struct, frozen=True):
    """A notification with whom it came from and what it is about."""

    notification: Notification
    account: Account
    post: PostView | None


def notify(
    tx: Write, to: Account, kind: str, from_: Account, post_id: int | None, now_ms: int
) -> None:
    """Tell one of ours, once, unless it is their own doing or they do not want to hear of it.

    A group has nobody who would read it.
    """
    if not to.local or to.kind == "Group" or to.id == from_.id:
        return
    if follows.silences(tx, to.id, from_.id, now_ms):
        return
    if post_id is not None and thread_mutes.silences(tx, to.id, post_id):
        return
    store.insert(
        tx,
        Notification(
            id=new_id(now_ms),
            account_id=to.id,
            kind=kind,
            from_id=from_.id,
            post_id=post_id,
            created_ms=now_ms,
        ),
    )


def page(
    db: Read,
    viewer_id: int,
    window: Page,
    kinds: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
) -> list[NotificationView]:
    """Newest first; of `kinds` (all where empty) and not of `exclude`."""
    wanted = tuple(k for k in (kinds or store.KINDS) if k in store.KINDS and k not in exclude)
    return _views(db, viewer_id, store.page(db, viewer_id, window, wanted))


def one(db: Read, viewer_id: int, id: int) -> NotificationView | None:
    """One of the viewer's."""
    found = store.by_id(db, viewer_id, id)
    views = _views(db, viewer_id, [found]) if found else []
    return views[0] if views else None


def _views(db: Read, viewer_id: int, found: list[Notification]) -> list[NotificationView]:
    who = accounts.by_ids(db, [n.from_id for n in found])
    what = timelines.by_post(db, viewer_id, [n.post_id for n in found if n.post_id])
    # an edit may have taken the viewer's name out of a post since
    kept = {id for id, view in what.items() if reading.may_read(db, viewer_id, view.post)}
    return [
        NotificationView(n, who[n.from_id], what.get(n.post_id) if n.post_id else None)
        for n in found
        if n.from_id in who and (n.post_id is None or n.post_id in kept)
    ]


def unread(db: Read, viewer_id: int) -> int:
    """How many came since the viewer looked last, at most `MOST_COUNTED`."""
    member = accounts.member(db, viewer_id)
    return store.count_after(db, viewer_id, member.notified_id if member else 0, MOST_COUNTED)


def seen(tx: Write, viewer_id: int, notification_id: int) -> None:
    """The viewer has looked at everything up to this one."""
    member = accounts.member(tx, viewer_id)
    if member and member.notified_id < notification_id:
        accounts.set_member(tx, viewer_id, notified_id=notification_id)


def dismiss(tx: Write, viewer_id: int, id: int) -> None:
    """Forget one."""
    store.remove(tx, viewer_id, id)


def clear(tx: Write, viewer_id: int) -> None:
    """Forget all."""
    store.clear(tx, viewer_id)
