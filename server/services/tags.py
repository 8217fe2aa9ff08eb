"""Hashtags: how much they are used, following them, and showing them on one's page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from server import text
from server.clock import DAY_MS
from server.errors import Invalid, NotFound
from server.ids import first_id, new_id
from server.services import accounts
from server.store import tags as store
from server.store.db import Read, Row, Write
from server.store.paging import Page
from server.store.tags import Featured

DAYS: Final = 7
MAX_FOLLOWED: Final = 200
MAX_FEATURED: Final = 10
SUGGESTED: Final = 10
SUGGESTED_FROM_MS: Final = 90 * DAY_MS


class Use(msgspec.Struct, frozen=True):
    """How often something was used on a day, and by how many. `day`: seconds since 1970."""

    day: int
    uses: int = 0
    accounts: int = 0


class Tag(msgspec.Struct, frozen=True):
    """A hashtag, its use in the last `DAYS` days (today first), and how somebody stands to it."""

    name: str
    history: tuple[Use, ...] = ()
    following: bool | None = None
    featuring: bool | None = None


def normal(name: str) -> str:
    """A hashtag as it is stored. Raises `NotFound` for what cannot be one."""
    tag = text.normal_tag(name.strip())
    if not text.is_tag(tag):
        raise NotFound("There is no such hashtag.")
    return tag


def described(db: Read, viewer_id: int | None, names: Sequence[str], now_ms: int) -> list[Tag]:
    """These hashtags, in their order."""
    uses = history(db, names, now_ms)
    following = store.followed_among(db, viewer_id, names) if viewer_id else set()
    shown = {one.tag for one in store.featured(db, viewer_id)} if viewer_id else set()
    return [
        Tag(
            name,
            uses[name],
            name in following if viewer_id else None,
            name in shown if viewer_id else None,
        )
        for name in names
    ]


def history(db: Read, names: Iterable[str], now_ms: int) -> dict[str, tuple[Use, ...]]:
    """The use of each of these hashtags in the last `DAYS` days, today first."""
    today, names = now_ms // DAY_MS, list(names)
    since = first_id((today - DAYS + 1) * DAY_MS)
    found = {(row["tag"], row["day"]): row for row in store.used(db, names, since)}
    return {name: days(name, today, found) for name in names}


def days(key: object, today: int, found: Mapping[tuple[Any, int], Row]) -> tuple[Use, ...]:
    """`DAYS` days of something, from rows with `uses` and `accounts` by (key, day)."""
    uses = []
    for day in range(today, today - DAYS, -1):
        row = found.get((key, day))
        of = (row["uses"], row["accounts"]) if row else (0, 0)
        uses.append(Use(day * DAY_MS // 1000, *of))
    return tuple(uses)


# --- following


def follow(tx: Write, viewer_id: int, name: str, now_ms: int) -> None:
    """Let posts with a hashtag come into the viewer's home timeline from now on."""
    tag = normal(name)
    if store.followed_among(tx, viewer_id, [tag]):
        return
    if store.followed_count(tx, viewer_id) >= MAX_FOLLOWED:
        raise Invalid("You can follow at most %(most)s hashtags.", most=MAX_FOLLOWED)
    store.follow(tx, viewer_id, tag, new_id(now_ms))


def unfollow(tx: Write, viewer_id: int, name: str) -> None:
    """End that, and take out of the home timeline what was there for it alone."""
    tag = normal(name)
    if store.unfollow(tx, viewer_id, tag):
        store.leave_tag(tx, viewer_id, tag)


def follows(db: Read, viewer_id: int, name: str) -> bool:
    """Whether the viewer follows a hashtag."""
    return bool(store.followed_among(db, viewer_id, [name]))


def followed(db: Read, viewer_id: int, page: Page, now_ms: int) -> list[tuple[int, Tag]]:
    """(id, hashtag) of those that the viewer follows, newest first."""
    rows = store.followed(db, viewer_id, page)
    found = described(db, viewer_id, [row["tag"] for row in rows], now_ms)
    return [(row["id"], tag) for row, tag in zip(rows, found, strict=True)]


# --- on one's page


def featured(db: Read, account_id: int) -> list[Featured]:
    """What an account shows on its page. Raises `NotFound` for one that is not shown itself."""
    accounts.visible(db, account_id)
    return store.featured(db, account_id)


def feature(tx: Write, viewer_id: int, name: str, now_ms: int) -> Featured:
    """Show a hashtag on the viewer's page; what is there already stays as it is."""
    written = name.strip().removeprefix("#")
    tag = text.normal_tag(written)
    if not text.is_tag(tag):
        raise Invalid("This is not a hashtag: write letters and digits, without spaces.")
    known = store.featured(tx, viewer_id)
    if len(known) >= MAX_FEATURED and all(one.tag != tag for one in known):
        raise Invalid("Your page can show at most %(most)s hashtags.", most=MAX_FEATURED)
    store.feature(tx, viewer_id, tag, written, new_id(now_ms))
    return next(one for one in store.featured(tx, viewer_id) if one.tag == tag)


def unfeature(tx: Write, viewer_id: int, id: int) -> None:
    """Take a hashtag off the viewer's page. Raises `NotFound` for what is not there."""
    if not store.unfeature(tx, viewer_id, id):
        raise NotFound("There is no such hashtag on your page.")


def unfeature_called(tx: Write, viewer_id: int, name: str) -> None:
    """As `unfeature`, by name; one that is not there is no matter."""
    tag = normal(name)
    for one in store.featured(tx, viewer_id):
        if one.tag == tag:
            store.unfeature(tx, viewer_id, one.id)


def suggestions(db: Read, viewer_id: int, now_ms: int) -> list[Tag]:
    """The hashtags that the viewer used most of late and does not show yet."""
    since = first_id(now_ms - SUGGESTED_FROM_MS)
    shown = {one.tag for one in store.featured(db, viewer_id)}
    used = store.used_by(db, viewer_id, since, SUGGESTED + MAX_FEATURED)
    return described(db, viewer_id, [tag for tag in used if tag not in shown][:SUGGESTED], now_ms)
