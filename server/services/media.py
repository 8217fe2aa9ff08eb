"""Pictures, films and sounds of our people: rows here, files of `server.media` and `films`."""

from typing import Final

import msgspec

from server.clock import HOUR_MS
from server.errors import Invalid, NotFound, TooMany
from server.films import Seen
from server.ids import new_id
from server.media import Picture
from server.model import Media
from server.store import jobs
from server.store import media as store
from server.store.db import Read, Write

MAX_ALT: Final = 1500  # characters
MAX_LOOSE: Final = 300
"""Pictures of an account that are in no post: those of its drafts, and of the last day."""
MAX_LOOSE_BYTES: Final = 600 << 20
MAX_UNFINISHED: Final = 4
JOB: Final = "media"


class Sent(msgspec.Struct, frozen=True):
    """A film or a sound as it came: the name of its file, what it is, what its owner says of it."""

    file: str
    bytes: int
    seen: Seen
    alt: str = ""
    focus: tuple[float, float] = (0.0, 0.0)
    poster: Picture | None = None


class Finished(msgspec.Struct, frozen=True):
    """A film or a sound made anew and stored."""

    file: str
    media_type: str
    bytes: int
    seen: Seen
    poster: Picture | None = None


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a film or a sound, as `Media.meta` keeps it.

    `seconds`, frames a second as `25/1`, bits a second; `reader` is how what was sent is opened.
    `preview` is a stranger's picture for their film.
    """

    seconds: float = 0.0
    frame_rate: str = ""
    bitrate: int = 0
    sound: str = ""
    sample_rate: int = 0
    channels: int = 0
    reader: str = ""
    preview: str = ""


def about(media: Media) -> About:
    """What `Media.meta` says."""
    return msgspec.json.decode(media.meta, type=About)


def add(
    tx: Write, account_id: int, picture: Picture, alt: str, focus: tuple[float, float], now_ms: int
) -> Media:
    """Store a processed picture; a post or a draft takes it within a day, or it is forgotten.

    Raises `TooMany` when the account has too much that is in no post.
    """
    require_room(tx, account_id, picture.bytes)
    media = _row(account_id, picture, alt, focus, now_ms)
    store.insert(tx, media)
    return media


def bring(tx: Write, account_id: int, picture: Picture, alt: str, now_ms: int) -> Media:
    """As `add`, for a post that takes it in the same commit; an import counts what it brings."""
    media = _row(account_id, picture, alt, (0.0, 0.0), now_ms)
    store.insert(tx, media)
    return media


def promise(tx: Write, sent: Sent, account_id: int, now_ms: int) -> Media:
    """Store what was sent, a film or a sound, and promise to make it anew. Raises as `add`."""
    require_room(tx, account_id, sent.bytes, unfinished=1)
    poster = sent.poster or Picture("", "", "", 0, 0, 0, 0, 0, "")
    row = _row(account_id, poster, sent.alt, sent.focus, now_ms)
    media = msgspec.structs.replace(
        row,
        kind=sent.seen.kind,
        media_type="",
        large=sent.file,
        medium="",
        medium_width=0,
        medium_height=0,
        small=poster.large,
        width=0,
        height=0,
        small_width=poster.width,
        small_height=poster.height,
        bytes=sent.bytes + poster.bytes,
        state="processing",
        meta=msgspec.json.encode(About(reader=sent.seen.reader)).decode(),
    )
    store.insert(tx, media)
    # one film of a person at a time: the next falls due when it ends, behind those who wait by then
    lane = f"media {account_id}"
    jobs.enqueue(tx, JOB, lane, msgspec.json.encode({"media": media.id}), now_ms)
    return media


def finish(tx: Write, media_id: int, made: Finished) -> bool:
    """What was promised is there; False when nobody waits for it any more.

    A picture that its owner gave to it stays.
    """
    known = store.by_id(tx, media_id)
    if known is None or known.state != "processing":
        return False
    seen = made.seen
    about = About(
        seconds=seen.seconds,
        frame_rate=seen.frame_rate,
        bitrate=seen.bitrate,
        sound=seen.sound,
        sample_rate=seen.sample_rate,
        channels=seen.channels,
    )
    ready = msgspec.structs.replace(
        known,
        kind=seen.kind,
        media_type=made.media_type,
        large=made.file,
        width=seen.width,
        height=seen.height,
        bytes=made.bytes + (0 if known.small or made.poster is None else made.poster.bytes),
        meta=msgspec.json.encode(about).decode(),
    )
    if made.poster is not None and not known.small:
        ready = _with_poster(ready, made.poster)
    return store.finish(tx, ready)


def fail(tx: Write, media_id: int, reason: str) -> list[str]:
    """It cannot be used; the files that are nobody's then."""
    known = store.by_id(tx, media_id)
    if known is None or not store.fail(tx, media_id, reason):
        return []
    return [known.large, known.small]


def require_room(db: Read, account_id: int, bytes: int, *, unfinished: int = 0) -> None:
    """Raise `TooMany` when the account has sent too much that it has not used."""
    have, have_bytes, have_unfinished = store.loose(db, account_id)
    if have >= MAX_LOOSE or have_bytes + bytes > MAX_LOOSE_BYTES:
        raise TooMany(
            "You have sent much that is in no post yet. Publish it or take it out of your drafts.",
            retry_after_ms=HOUR_MS,
        )
    if unfinished and have_unfinished >= MAX_UNFINISHED:
        raise TooMany("Your other films are still being prepared. Try again in a minute.")


def one(db: Read, account_id: int, media_id: int) -> Media:
    """One of the account's pictures, which was not let go. Raises `NotFound`."""
    found = store.by_id(db, media_id)
    if found is None or found.account_id != account_id or _let_go(found):
        raise NotFound("There is no such picture; please choose it again.")
    return found


def _let_go(media: Media) -> bool:
    """Whether it waits only for its files to be swept away."""
    return media.post_id is None and media.created_ms == 0


def require_ready(media: Media) -> None:
    """Raise `Invalid` for what cannot be in a post, or not yet."""
    if media.state == "processing":
        raise Invalid("This film or sound is still being prepared. Try again in a moment.")
    if media.state == "failed":
        raise Invalid(media.failure)


def put_poster(tx: Write, account_id: int, media_id: int, poster: Picture, now_ms: int) -> Media:
    """Another picture stands for a film or a sound; a picture stands for itself."""
    known = one(tx, account_id, media_id)
    require_room(tx, account_id, poster.bytes)
    if known.kind == "image" or known.state == "failed":
        let_go(tx, account_id, poster.large, now_ms)
        return known
    if known.small:
        let_go(tx, account_id, known.small, now_ms)
    changed = _with_poster(known, poster)
    store.set_poster(tx, msgspec.structs.replace(changed, bytes=known.bytes + poster.bytes))
    return one(tx, account_id, media_id)


def remove(tx: Write, account_id: int, media_id: int) -> list[str]:
    """Forget what is in no post; the files to remove after the commit. Raises `Invalid`."""
    known = one(tx, account_id, media_id)
    if known.post_id is not None or known.scheduled_id is not None:
        raise Invalid("This is in a post: delete the post, or take it out of it.")
    store.remove(tx, media_id)
    return [known.large, known.medium, known.small]


def _with_poster(media: Media, poster: Picture) -> Media:
    return msgspec.structs.replace(
        media,
        small=poster.large,
        small_width=poster.width,
        small_height=poster.height,
        blurhash=poster.blurhash,
    )


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
    return found if found.kind == "image" and found.state == "ready" else None


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


def unfinished(db: Read, ids: tuple[int, ...]) -> bool:
    """Whether any of these is still being made."""
    found = (store.by_id(db, id) for id in ids)
    return any(one is not None and one.state == "processing" for one in found)


def leave_elsewhere(tx: Write, id: int, url: str) -> None:
    """From now on apps are told where this film of a post is, and ask for it themselves."""
    store.leave_elsewhere(tx, id, url)
