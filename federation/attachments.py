"""Pictures, sounds, videos and links of an object, in the shapes that peers give them."""

import re
from collections.abc import Iterator
from typing import Any, Final

from federation.readers import first, many, text_or_none, type_or_none, uri_or_none
from federation.vocab import Attachment, Image

MAX_ATTACHMENTS: Final = 32
MAX_ALT_CHARS: Final = 5_000
MAX_SECONDS: Final = 1_000_000.0
MAX_PIXELS: Final = 100_000
"""Per side; a larger claim is not believed."""

TITLED_MEDIA: Final = frozenset({"Image", "Video", "Audio"})
"""Objects that *are* a picture, sound or video: theirs is under `url`."""

_DURATION: Final = re.compile(
    r"PT(?:([0-9]{1,6})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,8}(?:\.[0-9]{1,9})?)S)?"
)
_KINDS: Final = {
    "Image": "image",
    "Video": "video",
    "Audio": "audio",
    "Link": "link",
    "Page": "link",
}
_SUFFIXES: Final = {
    "jpg": "image",
    "jpeg": "image",
    "png": "image",
    "gif": "image",
    "webp": "image",
    "avif": "image",
    "mp4": "video",
    "webm": "video",
    "mov": "video",
    "mp3": "audio",
    "ogg": "audio",
    "oga": "audio",
    "opus": "audio",
    "flac": "audio",
    "wav": "audio",
}


def attachments(raw: dict[str, Any], kind: str) -> tuple[Attachment, ...]:
    """The attachments, once per address, at most `MAX_ATTACHMENTS`.

    The picture of a titled object (`image`, or a video's largest `icon`) counts as one more.
    """
    found: dict[str, Attachment] = {}
    for attachment in _all(raw, kind):
        if len(found) >= MAX_ATTACHMENTS:
            break
        found.setdefault(attachment.url, attachment)
    return tuple(found.values())


def _all(raw: dict[str, Any], kind: str) -> Iterator[Attachment]:
    """Every usable attachment, the object's own medium first."""
    if kind in TITLED_MEDIA:
        own = _one({"type": kind, "url": _media_links(raw.get("url"))})
        yield from [own] if own else []
    for item in many(raw.get("attachment"))[: 2 * MAX_ATTACHMENTS]:
        if attachment := _one(item):
            yield attachment
    pictures = many(raw.get("image")) or (many(raw.get("icon")) if kind in TITLED_MEDIA else [])
    found = [_one(_as_picture(item)) for item in pictures[:MAX_ATTACHMENTS]]
    usable = [picture for picture in found if picture]
    if usable:
        yield max(usable, key=lambda picture: picture.width or 0)


def _media_links(value: Any) -> list[Any]:
    """The links that lead to the medium itself and not to a page or a playlist."""
    links = [item for item in many(value) if isinstance(item, dict)]
    return [link for link in links if _kind_of_type(link.get("mediaType")) != "unknown"]


def _as_picture(item: Any) -> Any:
    """A picture that may be a bare address."""
    return {"type": "Image", "url": item} if isinstance(item, str) else item


def _one(item: Any) -> Attachment | None:
    """One attachment, or None for what has no address (a PropertyValue, say)."""
    if isinstance(item, str):
        item = {"url": item}
    if not isinstance(item, dict):
        return None
    url, link = _address(item)
    if not url:
        return None
    kind = type_or_none(item.get("type")) or ""
    media_type = (text_or_none(item.get("mediaType")) or text_or_none(link.get("mediaType")) or "")[
        :100
    ]
    return Attachment(
        url=url,
        media_type=media_type,
        kind=_kind(kind, media_type, url),
        alt=_alt(item),
        width=_pixels(item.get("width") or link.get("width")),
        height=_pixels(item.get("height") or link.get("height")),
        blurhash=(text_or_none(item.get("blurhash")) or "")[:100],
        focus=_focus(item.get("focalPoint")),
        seconds=_seconds(item.get("duration")),
        preview=_preview(item.get("icon")),
    )


def _address(item: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The address and the Link that held it: under `url` or `href`; of several the first.

    WordPress escapes `&` as if the address stood in HTML.
    """
    for candidate in [*many(item.get("url")), *many(item.get("href"))]:
        link = candidate if isinstance(candidate, dict) else {}
        url = uri_or_none(link.get("href") if link else candidate)
        if url:
            return url.replace("&#038;", "&"), link
    return "", {}


def _kind(kind: str, media_type: str, url: str) -> str:
    """What it is: by media type, else by its own type, else by the end of its address.

    A Link tells nothing about where it leads: Lemmy's lead to pictures as well as to pages.
    """
    by_type = _kind_of_type(media_type)
    if by_type != "unknown":
        return by_type
    by_suffix = _SUFFIXES.get(url.partition("?")[0].rpartition(".")[2].lower())
    if kind in _KINDS:
        return by_suffix or "link" if _KINDS[kind] == "link" else _KINDS[kind]
    return by_suffix or "unknown"


def _kind_of_type(media_type: Any) -> str:
    """`image`, `video` or `audio` of a media type, else `unknown`."""
    major = media_type.partition("/")[0] if isinstance(media_type, str) else ""
    return major if major in {"image", "video", "audio"} else "unknown"


def _alt(item: dict[str, Any]) -> str:
    """What it shows, in words: `name`, or `summary` of GoToSocial."""
    return (text_or_none(item.get("name")) or text_or_none(item.get("summary")) or "")[
        :MAX_ALT_CHARS
    ]


def _pixels(value: Any) -> int | None:
    """A believable length of a side."""
    return value if type(value) is int and 0 < value <= MAX_PIXELS else None


def _seconds(value: Any) -> float:
    """The length of a film or a sound, as `PT1H2M3.5S`; 0 where nothing believable is said."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) and len(value) < 40 else None
    if found is None:
        return 0.0
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return min(hours * 3600 + minutes * 60 + seconds, MAX_SECONDS)


def _preview(value: Any) -> Image | None:
    """The picture that stands for a film."""
    item = first(value)
    url = uri_or_none(item.get("url")) if isinstance(item, dict) else None
    return Image(url, (text_or_none(item.get("mediaType")) or "")[:100]) if url else None


def _focus(value: Any) -> tuple[float, float] | None:
    """Two numbers from -1 to 1: right and up from the middle."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    x, y = value
    if type(x) not in (int, float) or type(y) not in (int, float):
        return None
    return (float(x), float(y)) if abs(x) <= 1 and abs(y) <= 1 else None


def picture(value: Any) -> Image | None:
    """The first picture of `icon` or `image`: an object, an array or a bare address."""
    found = _one(_as_picture(first(value)))
    return Image(found.url, found.media_type, found.alt) if found else None
