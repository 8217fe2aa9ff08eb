"""What is new, by topic: ids alone, for those who then read through the doors that they may use.

A topic is `thread:ID`, `local`, `stories`, `federated`, `tag:NAME`, `home:ACCOUNT`,
`notifications:ACCOUNT`, or `thread:ID:ACCOUNT`: a reply that is not for everybody, but that this
account was told of. Topics without an account tell only of what everybody may read: not even the
time of a private post shows.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from server.ids import first_id
from server.model import Entry
from server.services import timelines
from server.store import notifications, posts
from server.store import timelines as timeline_store
from server.store.db import Read, Row
from server.store.paging import MAX_LIMIT, Page

OVERLAP_MS: Final = 5_000  # how much later than its id's time something may be committed
BATCH: Final = 500  # rows of each kind that one look takes
HOMES: Final = 2  # rows for each home timeline that somebody watches, at least


class Marks(msgspec.Struct, frozen=True):
    """Up to which id each kind has been looked at."""

    posts: int
    notifications: int
    homes: int

    @property
    def oldest(self) -> int:
        """Everything up to here has been told."""
        return min(self.posts, self.notifications, self.homes)


class Came(NamedTuple):
    """What came, by its id; `of` is the id by which the topic's readers know it."""

    id: int
    topic: str
    of: int


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What came; what came within `OVERLAP_MS` comes again at the next look.

    `more` says that there was not room for all of it.
    """

    came: list[Came]
    marks: Marks
    more: bool


def marks_at(now_ms: int) -> Marks:
    """Where somebody begins who wants what is committed from now on."""
    horizon = first_id(now_ms - OVERLAP_MS)
    return Marks(horizon, horizon, horizon)


def look(db: Read, marks: Marks, owner_ids: list[int], now_ms: int) -> News:
    """What came after `marks`, in three statements however many topics there are.

    `owner_ids` are those whose home timelines are watched. When more came than fits, the rest
    comes at the next look.
    """
    open_ = posts.open_after(db, marks.posts, BATCH)
    told = notifications.came_after(db, marks.notifications, BATCH)
    room = max(BATCH, HOMES * len(owner_ids))
    homes = timeline_store.home_after(db, owner_ids, marks.homes, room)
    came = [Came(row["id"], topic, row["id"]) for row in open_ for topic in _of_post(row)]
    came += [one for row in told for one in _of_notification(row)]
    came += [Came(row["id"], f"home:{row['owner_id']}", row["id"]) for row in homes]
    horizon = first_id(now_ms - OVERLAP_MS)
    return News(
        came=came,
        marks=Marks(
            _next(marks.posts, open_, BATCH, horizon),
            _next(marks.notifications, told, BATCH, horizon),
            # one id stands in many home timelines: those of the last may not all have fitted
            max(marks.homes, _next(marks.homes, homes, room, horizon) - (len(homes) >= room)),
        ),
        more=max(len(open_), len(told)) >= BATCH or len(homes) >= room,
    )


def _next(mark: int, rows: list[Row], limit: int, horizon: int) -> int:
    """The last row where there may be more, else a moment ago: ids are made before the commit."""
    return int(rows[-1]["id"]) if len(rows) >= limit else max(mark, horizon)


def _of_post(row: Row) -> Iterator[str]:
    """The topics in which a post is news."""
    yield f"thread:{row['thread_id']}"
    if row["visibility"] != "public":
        return
    if row["tags"] != "[]":
        yield from (f"tag:{tag}" for tag in msgspec.json.decode(row["tags"], type=list[str]))
    if row["local"] and row["kind"] == "article":
        yield "stories"
    if row["reply_to_uri"] is None:
        yield from ("federated", "local") if row["local"] else ("federated",)


def _of_notification(row: Row) -> Iterator[Came]:
    yield Came(row["id"], f"notifications:{row['account_id']}", row["id"])
    if row["thread_id"] is not None:
        topic = f"thread:{row['thread_id']}:{row['account_id']}"
        yield Came(row["id"], topic, row["post_id"])


def missed(
    db: Read, viewer_id: int | None, topics: list[str], after_id: int
) -> list[tuple[str, int, int]]:
    """(topic, how many, the last id) of what the viewer did not hear of since `after_id`.

    `topics` as a page names them: `home` and `notifications` are the viewer's own. At most
    `MAX_LIMIT` are counted.
    """
    since = Page(since_id=after_id, limit=MAX_LIMIT)
    found = [(topic, _newest(db, viewer_id, topic, since)) for topic in topics]
    return [(topic, len(ids), ids[0]) for topic, ids in found if ids]


def _newest(db: Read, viewer_id: int | None, topic: str, page: Page) -> list[int]:
    if topic != "notifications":
        return [entry.id for entry in newer(db, viewer_id, topic, page)]
    return [one.id for one in notifications.page(db, viewer_id or timelines.NOBODY, page)]


def newer(db: Read, viewer_id: int | None, topic: str, page: Page) -> list[Entry]:
    """A part of the timeline or thread of a topic, newest first, as the viewer may read it."""
    kind, _, name = topic.partition(":")
    if kind == "thread":
        return timelines.thread(db, viewer_id, int(name), page)
    if kind == "tag":
        return timelines.tag(db, viewer_id, name, page)
    if kind == "home":
        return timelines.home(db, viewer_id or timelines.NOBODY, page)
    whole = {
        "local": timelines.local,
        "stories": timelines.stories,
        "federated": timelines.federated,
    }
    return whole[kind](db, viewer_id, page)
