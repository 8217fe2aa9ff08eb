"""What the city says to all its people, and what they answer with an emoji."""

import re
from typing import Final

import msgspec

from server import text
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.model import Account, Site
from server.services import documents, events
from server.services.accounts import meant
from server.store import announcements as store
from server.store.announcements import Announcement, Reaction
from server.store.db import Read, Write

MAX_TEXT: Final = 5_000  # characters
MOST_REACTIONS: Final = 8  # different ones to one announcement
MAX_EMOJI: Final = 16  # code points

_PICTURE: Final = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
)
_ONE: Final = f"{_PICTURE}\ufe0f?[\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007f]*"
_EMOJI: Final = re.compile(
    f"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|{_ONE}(?:\u200d{_ONE})*"
)
"""The shape of an emoji, not a list that ages. UTS #51, 1.4.9."""


class NewAnnouncement(msgspec.Struct, frozen=True, kw_only=True):
    """What the city wants to say, in Markdown; when what it is about begins and ends."""

    text: str
    starts_ms: int | None = None
    ends_ms: int | None = None
    all_day: bool = False


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An announcement as somebody sees it: `read` when they put it away."""

    announcement: Announcement
    read: bool = False
    reactions: tuple[Reaction, ...] = ()
    mentions: tuple[Account, ...] = ()
    tags: tuple[str, ...] = ()


def create(tx: Write, site: Site, new: NewAnnouncement, now_ms: int) -> Announcement:
    """Say something to everybody. Raises `Invalid`."""
    if not new.text.strip():
        raise Invalid("Write something first.")
    if len(new.text) > MAX_TEXT:
        raise Invalid("This is too long: at most %(most)s characters.", most=MAX_TEXT)
    if None not in (new.starts_ms, new.ends_ms) and (new.ends_ms or 0) <= (new.starts_ms or 0):
        raise Invalid("It ends before it begins.")
    if new.ends_ms is not None and new.ends_ms <= now_ms:
        raise Invalid("It is over already.")
    announcement = Announcement(
        id=new_id(now_ms),
        text=new.text.strip(),
        content=_rendered(tx, site, new.text)[0].html,
        all_day=int(new.all_day and (new.starts_ms or new.ends_ms) is not None),
        starts_ms=new.starts_ms,
        ends_ms=new.ends_ms,
        published_ms=now_ms,
        updated_ms=now_ms,
    )
    store.insert(tx, announcement)
    events.tell(tx, "announcement", events.ANNOUNCED, now_ms, of=announcement.id)
    return announcement


def _rendered(db: Read, site: Site, source: str) -> tuple[text.Rendered, tuple[Account, ...]]:
    """The text as HTML, and whom it names."""
    named: dict[int, Account] = {}

    def mention_of(handle: str) -> tuple[str, str] | None:
        account = meant(db, site, handle)
        if account is None:
            return None
        named[account.id] = account
        return account.url or account.uri, account.name

    rendered = text.render(
        source,
        story=False,
        mention_of=mention_of,
        tag_href=lambda tag: documents.tag_href(site, tag),
        media=f"{site.origin}/media/",
    )
    return rendered, tuple(named.values())


def remove(tx: Write, id: int, now_ms: int) -> None:
    """Take an announcement back. Raises `NotFound`."""
    if not store.remove(tx, id):
        raise NotFound("There is no such announcement.")
    events.tell(tx, "announcement.delete", events.ANNOUNCED, now_ms, payload=str(id))


def all(db: Read) -> list[Announcement]:
    """Those that are over as well, for whoever keeps them."""
    return store.all(db)


def on_front(db: Read, viewer_id: int | None, now_ms: int) -> list[Announcement]:
    """What is not over and the viewer has not put away."""
    found = store.current(db, now_ms)
    read = store.read_by(db, viewer_id, [one.id for one in found]) if viewer_id else set()
    return [one for one in found if one.id not in read]


def current(
    db: Read, site: Site, viewer_id: int | None, now_ms: int, *, dismissed: bool = True
) -> list[Shown]:
    """What is not over, in the order of what it is about; `dismissed`: also what was put away."""
    found = store.current(db, now_ms)
    ids = [one.id for one in found]
    read = store.read_by(db, viewer_id, ids) if viewer_id else set()
    reactions = store.reactions(db, viewer_id or 0, ids)
    return [
        _shown(db, site, one, one.id in read, reactions)
        for one in found
        if dismissed or one.id not in read
    ]


def _shown(db: Read, site: Site, one: Announcement, read: bool, reactions: list[Reaction]) -> Shown:
    rendered, named = _rendered(db, site, one.text)
    return Shown(
        announcement=one,
        read=read,
        reactions=tuple(r for r in reactions if r.announcement_id == one.id),
        mentions=named,
        tags=rendered.hashtags,
    )


def dismiss(tx: Write, viewer_id: int, id: int, now_ms: int) -> None:
    """Put an announcement away. Raises `NotFound`."""
    store.dismiss(tx, viewer_id, _there(tx, id, now_ms).id)


def react(tx: Write, viewer_id: int, id: int, name: str, now_ms: int) -> None:
    """Answer with an emoji, once. Raises `NotFound`, `Invalid`."""
    announcement = _there(tx, id, now_ms)
    if not is_emoji(name):
        raise Invalid("Validation failed: Name is not a recognized emoji")
    known = {one.name for one in store.reactions(tx, viewer_id, [id])}
    if name not in known and len(known) >= MOST_REACTIONS:
        raise Invalid("Validation failed: Limit of different reactions reached")
    store.react(tx, announcement.id, viewer_id, name, new_id(now_ms))
    _tell_reactions(tx, id, name, now_ms)


def unreact(tx: Write, viewer_id: int, id: int, name: str, now_ms: int) -> None:
    """Take an emoji back; nothing happens where there is none. Raises `NotFound`."""
    store.unreact(tx, _there(tx, id, now_ms).id, viewer_id, name)
    _tell_reactions(tx, id, name, now_ms)


def _tell_reactions(tx: Write, id: int, name: str, now_ms: int) -> None:
    """How many answer with this emoji now; none where nobody does any more."""
    count = next((one.count for one in store.reactions(tx, 0, [id]) if one.name == name), 0)
    told = msgspec.json.encode({"name": name, "count": count, "announcement_id": str(id)})
    events.tell(tx, "announcement.reaction", events.ANNOUNCED, now_ms, payload=told.decode())


def _there(db: Read, id: int, now_ms: int) -> Announcement:
    found = store.by_id(db, id)
    if found is None or (found.ends_ms is not None and found.ends_ms <= now_ms):
        raise NotFound("There is no such announcement.")
    return found


def is_emoji(name: str) -> bool:
    """Whether this is one emoji, as keyboards write them."""
    return len(name) <= MAX_EMOJI and _EMOJI.fullmatch(name) is not None
