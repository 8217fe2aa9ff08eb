"""Posts that are to be published later: kept, moved, taken back, and published when it is time."""

import json
from typing import Any, Final

import msgspec

from server.clock import DAY_MS, MINUTE_MS
from server.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from server.ids import new_id
from server.model import Account, Media, Notification, Site
from server.services import new_posts, placing, posts
from server.services.new_posts import NewPost
from server.store import accounts, idempotency, media, notifications
from server.store import scheduled as store
from server.store.db import IntegrityError, Read, UniqueViolation, Write
from server.store.paging import Page
from server.store.scheduled import Scheduled

AHEAD_MS: Final = 5 * MINUTE_MS
MAX_TOTAL: Final = 300
MAX_A_DAY: Final = 25


class ScheduledView(msgspec.Struct, frozen=True):
    """One of the viewer's, with what it will say and its pictures."""

    scheduled: Scheduled
    new: NewPost
    media: tuple[Media, ...]

    @property
    def failure(self) -> AppError | None:
        """Why it could not be published."""
        return failure(self.scheduled)


def schedule(
    tx: Write,
    author: Account,
    new: NewPost,
    due_ms: int,
    *,
    app_id: int | None = None,
    now_ms: int,
) -> Scheduled:
    """Keep what is to be published at `due_ms`, with its pictures.

    Raises as `posts.check` what could not be published now, and `Invalid` for a time too soon or
    a limit reached. The same `idempotency_key` gives the same one.
    """
    key = new.idempotency_key
    if key and (known := store.by_key(tx, author.id, key)):
        return known
    if key and idempotency.post_of(tx, author.id, key):
        raise Conflict("This was published already.")
    _check_time(tx, author.id, due_ms, now_ms)
    new, parent = new_posts.check(tx, author, new)
    placing.place(tx, author, new, parent, now_ms)
    made = Scheduled(
        id=new_id(now_ms),
        account_id=author.id,
        due_ms=due_ms,
        params=msgspec.json.encode(new).decode(),
        app_id=app_id,
        idempotency_key=key or None,
        failure="",
        created_ms=now_ms,
    )
    store.insert(tx, made)
    media.hold(tx, made.id, new.media_ids)
    return made


def _check_time(db: Read, account_id: int, due_ms: int, now_ms: int, but_id: int = 0) -> None:
    """Days are those of UTC."""
    if due_ms < now_ms + AHEAD_MS:
        raise Invalid(
            "The scheduled date must be in the future: at least %(minutes)s minutes ahead.",
            minutes=AHEAD_MS // MINUTE_MS,
        )
    day = due_ms - due_ms % DAY_MS
    total, that_day = store.count(db, account_id, day, day + DAY_MS, but_id)
    if total >= MAX_TOTAL:
        raise Invalid("You have exceeded the limit of %(limit)s scheduled posts.", limit=MAX_TOTAL)
    if that_day >= MAX_A_DAY:
        raise Invalid(
            "You have exceeded the limit of %(limit)s scheduled posts for that day.",
            limit=MAX_A_DAY,
        )


def view(db: Read, viewer_id: int, id: int) -> ScheduledView:
    """One of the viewer's. Raises `NotFound`."""
    return _views(db, [_own(db, viewer_id, id)])[0]


def page(db: Read, viewer_id: int, window: Page) -> list[ScheduledView]:
    """The viewer's, newest first."""
    return _views(db, store.page(db, viewer_id, window))


def _own(db: Read, viewer_id: int, id: int) -> Scheduled:
    found = store.by_id(db, viewer_id, id)
    if found is None:
        raise NotFound("There is no such scheduled post; it may have been published already.")
    return found


def _views(db: Read, found: list[Scheduled]) -> list[ScheduledView]:
    pictures = media.of_scheduled(db, [one.id for one in found])
    return [ScheduledView(one, said(one), tuple(pictures.get(one.id, ()))) for one in found]


def said(scheduled: Scheduled) -> NewPost:
    """What it will say. The Idempotency-Key stays with it, so that it is published once."""
    new = msgspec.json.decode(scheduled.params, type=NewPost)
    return msgspec.structs.replace(new, idempotency_key=scheduled.idempotency_key or "")


def move(tx: Write, viewer_id: int, id: int, due_ms: int, now_ms: int) -> None:
    """Publish it at another time; one that failed is tried again then."""
    _own(tx, viewer_id, id)
    _check_time(tx, viewer_id, due_ms, now_ms, but_id=id)
    store.set_due(tx, id, due_ms)


def cancel(tx: Write, viewer_id: int, id: int) -> ScheduledView:
    """Do not publish it; what it was. Its pictures wait a day, for another post."""
    found = view(tx, viewer_id, id)
    media.let_go(tx, id)
    store.remove(tx, id)
    return found


# --- when it is time


def publish_next(tx: Write, site: Site, now_ms: int) -> bool:
    """Publish one that is due: the post, and the end of the row, or neither. False without one.

    One that cannot be published is kept with the reason, and its author is told.
    """
    found = store.due(tx, now_ms)
    if found is None:
        return False
    try:
        with tx.savepoint():
            _publish(tx, site, found, now_ms)
    except AppError as error:
        _fail(tx, found, error, now_ms)
    except UniqueViolation:
        raise  # a race, which the second run of this transaction sees
    except IntegrityError:
        _fail(tx, found, _broken(), now_ms)
    return True


def give_up_next(tx: Write, site: Site, now_ms: int) -> None:  # noqa: ARG001  as publish_next
    """Keep the next with a reason, so that those behind it are published: ours is the fault."""
    found = store.due(tx, now_ms)
    if found is not None:
        _fail(tx, found, _broken(), now_ms)


def _broken() -> AppError:
    return Invalid("Something went wrong here. Please look at it and try again.")


def _publish(tx: Write, site: Site, found: Scheduled, now_ms: int) -> None:
    author, member = accounts.by_id(tx, found.account_id), accounts.member(tx, found.account_id)
    may = member is not None and member.state == "active" and member.disabled_ms is None
    if author is None or author.state != "active" or not may:
        raise Forbidden("Your account could not post at that time.")
    media.let_go(tx, found.id)
    store.remove(tx, found.id)
    posts.write(tx, site, author, said(found), now_ms)


def _fail(tx: Write, found: Scheduled, error: AppError, now_ms: int) -> None:
    told: dict[str, Any] = {
        "message": error.message,
        "values": {name: str(value) for name, value in error.values.items()},
    }
    store.fail(tx, found.id, json.dumps(told, ensure_ascii=False))
    _tell(tx, found.account_id, now_ms)


def _tell(tx: Write, author_id: int, now_ms: int) -> None:
    """Something could not be published: a notification of one's own, anew each time."""
    kind = "scheduled"
    notifications.take_back(tx, account_id=author_id, kind=kind, from_id=author_id, post_id=None)
    notifications.insert(
        tx,
        Notification(
            id=new_id(now_ms),
            account_id=author_id,
            kind=kind,
            from_id=author_id,
            post_id=None,
            created_ms=now_ms,
        ),
    )


def failure(scheduled: Scheduled) -> AppError | None:
    """Why it could not be published, as a sentence that can be translated."""
    if not scheduled.failure:
        return None
    told = json.loads(scheduled.failure)
    return AppError(told["message"], **told["values"])
