"""Pictures of our people: stored as rows here, as files by `server.media`."""

import msgspec

from server.errors import NotFound
from server.ids import new_id
from server.media import Picture
from server.model import Media
from server.store import media as store
from server.store.db import Read, Write

MAX_ALT = 1500  # characters


def add(
    tx: Write, account_id: int, picture: Picture, alt: str, focus: tuple[float, float], now_ms: int
) -> Media:
    """Store a processed picture; a post or a draft takes it within a day, or it is forgotten."""
    media = _row(account_id, picture, alt, focus, now_ms)
    store.insert(tx, media)
    return media


def one(db: Read, account_id: int, media_id: int) -> Media:
    """One of the account's pictures. Raises `NotFound`."""
    found = store.by_id(db, media_id)
    if found is None or found.account_id != account_id:
        raise NotFound("There is no such picture; please choose it again.")
    return found


def describe(
    tx: Write, account_id: int, media_id: int, alt: str, focus: tuple[float, float]
) -> Media:
    """Say in words what a picture shows, and which point must stay in view."""
    one(tx, account_id, media_id)
    store.describe(tx, media_id, alt.strip()[:MAX_ALT], (_within(focus[0]), _within(focus[1])))
    return one(tx, account_id, media_id)


def _row(
    account_id: int, picture: Picture, alt: str, focus: tuple[float, float], now_ms: int
) -> Media:
    return Media(
        id=new_id(now_ms),
        account_id=account_id,
        post_id=None,
        position=0,
        kind="image",
        media_type=picture.media_type,
        large=picture.large,
        small=picture.small,
        remote_url="",
        alt=alt.strip()[:MAX_ALT],
        width=picture.width,
        height=picture.height,
        small_width=picture.small_width,
        small_height=picture.small_height,
        bytes=picture.bytes,
        blurhash=picture.blurhash,
        focus_x=_within(focus[0]),
        focus_y=_within(focus[1]),
        created_ms=now_ms,
        medium=picture.medium,
        medium_width=picture.medium_width,
        medium_height=picture.medium_height,
    )


def loose(db: Read, account_id: int, media_id: int) -> Media | None:
    """One of the account's pictures that is in no post, if it is still there."""
    found = store.by_id(db, media_id)
    if found is None or found.account_id != account_id or found.post_id or not found.created_ms:
        return None
    return found


def spend(tx: Write, media: Media, now_ms: int) -> str:
    """Take a loose picture for a profile, which shows its large size; the name of its file."""
    store.remove(tx, media.id)
    for file in {media.medium, media.small} - {"", media.large}:
        let_go(tx, media.account_id, file, now_ms)
    return media.large


def let_go(tx: Write, account_id: int, file: str, now_ms: int) -> None:
    """A file of the store that nothing shows any more: housekeeping removes it after the commit."""
    nothing = Picture(file, "", "", 0, 0, 0, 0, 0, "")
    row = _row(account_id, nothing, "", (0.0, 0.0), now_ms)
    store.insert(tx, msgspec.structs.replace(row, created_ms=0))


def _within(value: float) -> float:
    return max(-1.0, min(1.0, value)) if value == value else 0.0  # noqa: PLR0124  NaN
