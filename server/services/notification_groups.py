"""What happened to the viewer, with what belongs together as one."""

from collections.abc import Sequence

import msgspec

from server.errors import NotFound
from server.model import Account, Notification
from server.services import notifications
from server.services.notifications import Notice
from server.store import accounts
from server.store import notification_groups as store
from server.store import notifications as notification_store
from server.store.db import Read, Write
from server.store.notification_groups import Facts
from server.store.notifications import GROUPED, Wanted
from server.store.paging import LAST_ID, Page

ALONE = "ungrouped-"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Several notifications of one kind and about one thing; `notice` is one of them.

    `people` are the latest whom it came from, newest first. `low_id` and `latest_ms` are those of
    the page that was asked for.
    """

    key: str
    notice: Notice
    people: tuple[Account, ...]
    count: int
    top_id: int
    low_id: int
    latest_ms: int


def page(
    db: Read, viewer_id: int, window: Page, which: Wanted, grouped: Sequence[str] = GROUPED
) -> list[Group]:
    """Newest first; kinds that are not in `grouped` stay one by one."""
    kinds = tuple(kind for kind in GROUPED if kind in grouped)
    found = store.page(db, viewer_id, window, which, kinds)
    if not found:
        return []
    low, top = _reach(found, window)
    keys = [n.group_key for n in found if n.group_key and n.kind in kinds]
    facts = store.facts(db, viewer_id, keys, low_id=low, top_id=top)
    return _groups(db, viewer_id, found, facts)


def _reach(found: Sequence[Notification], window: Page) -> tuple[int, int]:
    """From which id to which the page reaches; a page that is not full reaches to its end."""
    low, top = found[-1].id, found[0].id
    if len(found) >= window.limit:
        return low, top
    if window.min_id is not None:
        return low, (window.max_id - 1) if window.max_id else LAST_ID
    return (window.since_id or 0) + 1, top


def _groups(
    db: Read, viewer_id: int, found: Sequence[Notification], facts: dict[str, Facts]
) -> list[Group]:
    people = accounts.by_ids(db, [id for one in facts.values() for id in one.from_ids])
    return [
        _group(notice, facts.get(notice.notification.group_key), people)
        for notice in notifications.told(db, viewer_id, found)
    ]


def _group(notice: Notice, facts: Facts | None, people: dict[int, Account]) -> Group:
    n = notice.notification
    if facts is None:
        return Group(
            key=f"{ALONE}{n.id}",
            notice=notice,
            people=(notice.account,),
            count=1,
            top_id=n.id,
            low_id=n.id,
            latest_ms=n.created_ms,
        )
    return Group(
        key=n.group_key,
        notice=notice,
        people=tuple(people[id] for id in facts.from_ids if id in people),
        count=facts.count,
        top_id=facts.top_id,
        low_id=facts.low_id or n.id,
        latest_ms=facts.latest_ms,
    )


def one(db: Read, viewer_id: int, key: str) -> Group:
    """One group, as it is now. Raises `NotFound`."""
    found = _latest(db, viewer_id, key)
    allowed = notifications.wanted(db, viewer_id).kinds
    if found is None or found.kind not in allowed:
        raise NotFound("There is no such notification.")
    facts = store.facts(db, viewer_id, [key]) if found.group_key == key else {}
    groups = _groups(db, viewer_id, [found], facts)
    if not groups:
        raise NotFound("There is no such notification.")
    return groups[0]


def _latest(db: Read, viewer_id: int, key: str) -> Notification | None:
    id = _alone(key)
    if id is not None:
        return notification_store.by_id(db, viewer_id, id)
    return store.latest(db, viewer_id, key)


def _alone(key: str) -> int | None:
    """The id of the notification that is its own group."""
    number = key.removeprefix(ALONE)
    single = key.startswith(ALONE) and number.isascii() and number.isdigit() and len(number) <= 19
    return min(int(number), LAST_ID) if single else None


def people(db: Read, viewer_id: int, key: str) -> list[Account]:
    """Whom a group came from, newest first. Raises `NotFound`."""
    group = one(db, viewer_id, key)
    if _alone(key) is not None:
        return [group.notice.account]
    ids = store.account_ids(db, viewer_id, key)
    found = accounts.by_ids(db, ids)
    return [found[id] for id in ids if id in found]


def unread(
    db: Read, viewer_id: int, limit: int, which: Wanted, grouped: Sequence[str] = GROUPED
) -> int:
    """How many groups have something that came since the viewer looked last, at most `limit`."""
    member = accounts.member(db, viewer_id)
    kinds = tuple(kind for kind in GROUPED if kind in grouped)
    since = member.notified_id if member else 0
    return store.count_after(db, viewer_id, since, limit, which, kinds)


def dismiss(tx: Write, viewer_id: int, key: str) -> None:
    """Forget a group; nothing happens where there is none."""
    id = _alone(key)
    if id is not None:
        notifications.dismiss(tx, viewer_id, id)
    else:
        store.remove(tx, viewer_id, key)
