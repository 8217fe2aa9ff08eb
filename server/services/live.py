"""What is new, by topic: ids alone, for those who then read through the doors that they may use.

A topic of a page is `thread:ID`, `local`, `stories`, `federated`, `tag:NAME`, `home:ACCOUNT`,
`notifications:ACCOUNT`, or `thread:ID:ACCOUNT`: a reply that is not for everybody, but that this
account was told of. Topics without an account tell only of what everybody may read: not even the
time of a private post shows.

Apps hear more, and in topics of their own: `public`, `public:local`, `public:remote` (and each with
`:media`), `hashtag:NAME`, `hashtag:local:NAME`, `list:ID`, `direct:ACCOUNT`, `announcements`, and
also `home:ACCOUNT` and `notifications:ACCOUNT`.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from server.clock import HOUR_MS
from server.ids import created_ms, first_id
from server.model import Entry
from server.services import timelines
from server.services.events import Event, public_topics
from server.store import events as event_store
from server.store import homes as home_store
from server.store import notifications, posts, streams
from server.store.db import Read, Row
from server.store.paging import MAX_LIMIT, Page

OVERLAP_MS: Final = 5_000  # how much later than its id's time something may be committed
BATCH: Final = 500  # rows of each kind that one look takes
HOMES: Final = 2  # rows for each home timeline that somebody watches, at least
STALE_MS: Final = 6 * HOUR_MS  # what was written longer ago and arrives now is no news to everybody


class Marks(msgspec.Struct, frozen=True):
    """Up to which id each kind has been looked at."""

    posts: int
    notifications: int
    homes: int
    lists: int
    conversations: int
    events: int

    @property
    def oldest(self) -> int:
        """Everything up to here has been told."""
        return int(min(msgspec.structs.astuple(self)))


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What apps listen to, beyond topics that cost nothing: whose home, which lists; their tokens.

    `direct`: somebody listens to conversations.
    """

    owner_ids: frozenset[int] = frozenset()
    list_ids: frozenset[int] = frozenset()
    token_ids: frozenset[int] = frozenset()
    direct: bool = False


class Came(NamedTuple):
    """What came, by its id; `of` is the id by which the topic's readers know it.

    `post_id` and `booster_id`: the post behind a place in a home timeline. `event` and `payload`:
    what `events.tell` says, to apps alone.
    """

    id: int
    topic: str
    of: int
    post_id: int = 0
    booster_id: int | None = None
    event: str = ""
    payload: str = ""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What came; what came within `OVERLAP_MS` comes again at the next look.

    `more` says that there was not room for all of it. `ended`: tokens that let nobody in any more.
    """

    came: list[Came]
    marks: Marks
    more: bool
    ended: frozenset[int] = frozenset()


def marks_at(now_ms: int) -> Marks:
    """Where somebody begins who wants what is committed from now on."""
    horizon = first_id(now_ms - OVERLAP_MS)
    return Marks(*[horizon] * len(Marks.__struct_fields__))


def look(
    db: Read, marks: Marks, owner_ids: list[int], now_ms: int, watched: Watched | None = None
) -> News:
    """What came after `marks`, in three statements however many topics there are.

    `owner_ids` are those whose home timelines are watched, by pages or by apps; what apps want
    beyond that (`watched`) takes a few statements more. When more came than fits, the rest comes
    at the next look.
    """
    horizon = first_id(now_ms - OVERLAP_MS)
    open_ = _Part(posts.open_after(db, marks.posts, BATCH), marks.posts, BATCH)
    told = _Part(
        notifications.came_after(db, marks.notifications, BATCH), marks.notifications, BATCH
    )
    room = max(BATCH, HOMES * len(owner_ids))
    homes = _Part(
        home_store.home_after(db, owner_ids, marks.homes, room), marks.homes, room, shared=True
    )
    lists, talks, said = _for_apps(db, marks, watched or Watched(), bool(watched))
    came = [
        *(Came(row["id"], topic, row["id"]) for row in open_.rows for topic in _of_post(row)),
        *(one for row in told.rows for one in _of_notification(row)),
        *(_placed(row, f"home:{row['owner_id']}") for row in homes.rows),
        *(_placed(row, f"list:{row['list_id']}") for row in lists.rows),
        *(Came(row["last_id"], f"direct:{row['account_id']}", row["id"]) for row in talks.rows),
        *_of_events(db, said.rows, watched or Watched()),
    ]
    parts = (open_, told, homes, lists, talks, said)
    return News(
        came=came,
        marks=Marks(*(part.next(horizon) for part in parts)),
        more=any(part.full for part in parts),
        ended=_ended(db, watched),
    )


class _Part(msgspec.Struct, frozen=True):
    """Rows of one kind, from where they began, and how many could have come.

    `shared`: one id stands in many rows, of which the last may not all have fitted.
    """

    rows: list[Row]
    mark: int
    room: int
    key: str = "id"
    shared: bool = False

    @property
    def full(self) -> bool:
        """Whether there may be more."""
        return len(self.rows) >= self.room

    def next(self, horizon: int) -> int:
        """The last row where there may be more, else a moment ago: ids are older than commits."""
        if not self.full:
            return max(self.mark, horizon)
        last = int(self.rows[-1][self.key])
        return max(self.mark, last - 1) if self.shared else last


def _for_apps(
    db: Read, marks: Marks, watched: Watched, listening: bool
) -> tuple[_Part, _Part, _Part]:
    """What came into lists and conversations, and what was told."""
    many = max(BATCH, HOMES * len(watched.list_ids))
    lists = streams.lists_after(db, watched.list_ids, marks.lists, many)
    talks = streams.conversations_after(db, marks.conversations, BATCH) if watched.direct else []
    said = event_store.after(db, marks.events, BATCH) if listening else []
    return (
        _Part(lists, marks.lists, many, shared=True),
        _Part(talks, marks.conversations, BATCH, key="last_id", shared=True),
        _Part(said, marks.events, BATCH),
    )


def _placed(row: Row, topic: str) -> Came:
    return Came(row["id"], topic, row["id"], row["post_id"], row["booster_id"])


def _ended(db: Read, watched: Watched | None) -> frozenset[int]:
    if watched is None:
        return frozenset()
    return watched.token_ids - streams.valid_tokens(db, watched.token_ids)


def _of_post(row: Row) -> Iterator[str]:
    """The topics in which a post is news."""
    yield f"thread:{row['thread_id']}"
    if row["visibility"] != "public" or row["limited_ms"] is not None:
        return
    tags: list[str] = (
        [] if row["tags"] == "[]" else msgspec.json.decode(row["tags"], type=list[str])
    )
    yield from (f"tag:{tag}" for tag in tags)
    if row["local"] and row["kind"] == "article":
        yield "stories"
    whole = row["reply_to_uri"] is None
    if whole:
        yield from ("federated", "local") if row["local"] else ("federated",)
    if created_ms(row["id"]) - row["published_ms"] < STALE_MS:
        yield from public_topics(
            tags, local=bool(row["local"]), whole=whole, pictured=bool(row["pictured"])
        )


def _of_notification(row: Row) -> Iterator[Came]:
    yield Came(row["id"], f"notifications:{row['account_id']}", row["id"])
    if row["thread_id"] is not None:
        topic = f"thread:{row['thread_id']}:{row['account_id']}"
        yield Came(row["id"], topic, row["post_id"])


def _of_events(db: Read, rows: list[Row], watched: Watched) -> Iterator[Came]:
    """What was told, in the topics that it names and in those of its authors' followers."""
    told = [(row["id"], msgspec.json.decode(row["data"], type=Event)) for row in rows]
    authors = {author for _, event in told for author, _ in event.by}
    close: dict[int, list[str]] = {}
    for row in streams.followers(db, watched.owner_ids, authors):
        close.setdefault(row["target_id"], []).append(f"home:{row['follower_id']}")
    for row in streams.lists_with(db, watched.list_ids, authors):
        close.setdefault(row["account_id"], []).append(f"list:{row['list_id']}")
    for id, event in told:
        topics = {
            topic: payload or event.payload
            for author, payload in event.by
            for topic in close.get(author, ())
        }
        topics |= dict.fromkeys(event.topics, event.payload)
        for topic, payload in topics.items():
            yield Came(id, topic, event.of, event.of, None, event.event, payload)


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
