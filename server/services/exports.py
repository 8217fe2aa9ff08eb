"""Exports of a board or a team blog: ordered by who keeps it, made by a worker, kept a while."""

from typing import Final

from server.clock import DAY_MS, HOUR_MS
from server.errors import Conflict, Forbidden, NotFound, TooMany
from server.ids import created_ms, first_id, new_id
from server.model import Account, Community
from server.services import communities, media
from server.store import contents, jobs
from server.store import exports as store
from server.store.db import Read, Write
from server.store.exports import Export

JOB: Final = "export"
LANE: Final = "taking-away"
"""Exports and books are made one after another, whosesoever they are: they fill disks."""
KEPT_MS: Final = 7 * DAY_MS
MAX_A_DAY: Final = 4  # of one community
MAX_KEPT: Final = 2  # files of one community; each may be as large as all of its media


def require(db: Read, community: Community, viewer: Account) -> None:
    """Raises `Forbidden` for who does not keep it."""
    if not communities.keeps(db, community.account.id, viewer):
        raise Forbidden("Only those who keep this community can take it away.")


def order(tx: Write, viewer: Account, community: Community, now_ms: int) -> Export:
    """Promise an export; the oldest goes. Raises `Forbidden`; `TooMany` while one is under way, or
    after many.
    """
    require(tx, community, viewer)
    id = community.account.id
    if store.under_way(tx, id):
        raise TooMany("An export of this community is being made already.")
    if store.ordered_since(tx, id, first_id(now_ms - DAY_MS)) >= MAX_A_DAY:
        raise TooMany(
            "There were %(most)s exports of this community within a day. Take one of those, or "
            "try again tomorrow.",
            retry_after_ms=HOUR_MS,
            most=MAX_A_DAY,
        )
    for old in [one for one in store.of_community(tx, id) if one.file][MAX_KEPT - 1 :]:
        remove(tx, viewer, community, old.id, now_ms)
    made = Export(
        id=new_id(now_ms),
        community_id=id,
        ordered_by=viewer.id,
        total=contents.count(tx, id),
        created_ms=now_ms,
    )
    store.insert(tx, made)
    jobs.enqueue(tx, JOB, LANE, b'{"export":%d}' % made.id, now_ms)
    return made


def listed(db: Read, viewer: Account, community: Community) -> list[Export]:
    """Those that are there, for who keeps the community. Raises `Forbidden`."""
    require(db, community, viewer)
    return store.of_community(db, community.account.id)


def one(db: Read, viewer: Account, community: Community, id: int) -> Export:
    """One that is the viewer's, or of what the viewer keeps. Raises `NotFound`."""
    found = store.by_id(db, id)
    if found is None or found.community_id != community.account.id or found.state == "gone":
        raise NotFound("There is no such export.")
    if found.ordered_by != viewer.id and not communities.keeps(db, found.community_id, viewer):
        raise NotFound("There is no such export.")
    return found


def remove(tx: Write, viewer: Account, community: Community, id: int, now_ms: int) -> None:
    """Away with one, or with its order. Raises `NotFound`."""
    found = one(tx, viewer, community, id)
    if found.file:
        media.let_go(tx, found.community_id, found.file, now_ms)
    store.remove(tx, id)


def expire(tx: Write, now_ms: int) -> list[str]:
    """Forget those whose time is over; the files to remove after the commit."""
    return store.expire(tx, first_id(now_ms - KEPT_MS))


def lose(tx: Write, id: int, now_ms: int) -> None:
    """The worker could not make it, by a fault of ours."""
    reason = Conflict("This could not be made. Please order it once more.").message
    store.fail(tx, id, reason, now_ms)


def until_ms(export: Export) -> int:
    """How long it is kept."""
    return created_ms(export.id) + KEPT_MS
