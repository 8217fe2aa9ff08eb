"""What is attached to a post: MediaAttachment and PreviewCard."""

from fractions import Fraction
from typing import Any, Final

from server.model import Media, Preview, Site
from server.services.media import About, about
from web import entities
from web.present.values import address, when_or_none

MEDIA_TYPES: Final = frozenset({"image", "gifv", "video", "audio"})
_FOCUSED: Final = frozenset({"image", "gifv", "video"})
_CHANNELS: Final = {1: "mono", 2: "stereo"}


def media(site: Site, kept: Media) -> entities.MediaAttachment:
    """MediaAttachment. A stranger's is shown from here where it can be; its `url` is null while it
    is being made.
    """
    url = _url(site, kept)
    return {
        "id": str(kept.id),
        "type": kept.kind if kept.kind in MEDIA_TYPES else "unknown",
        "url": url,
        "preview_url": _preview(site, kept, url),
        "remote_url": kept.remote_url or None,
        "preview_remote_url": about(kept).preview or None,
        "text_url": None,
        "meta": _meta(kept),
        "description": kept.alt or None,
        "blurhash": kept.blurhash or None,
    }


def _url(site: Site, kept: Media) -> str | None:
    if kept.state in ("processing", "failed"):
        return None
    if kept.large:
        return address(site, kept.large)
    if kept.kind == "image":
        return site.remote("picture", kept.remote_url) or kept.remote_url
    if kept.kind in MEDIA_TYPES and kept.state == "ready":
        found = site.remote("film", kept.remote_url)
        if found and found != kept.remote_url:
            return f"{found}?id={kept.id}"
    return kept.remote_url


def _preview(site: Site, kept: Media, url: str | None) -> str | None:
    if kept.small:
        return address(site, kept.small)
    if kept.kind == "image":
        return url
    preview = about(kept).preview
    return (site.remote("picture", preview) or None) if preview else None


def _meta(kept: Media) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    known = about(kept)
    original = _size(kept.width, kept.height) if kept.width and kept.height else {}
    if known.seconds:
        meta |= _lasting(kept, known)
        original = {**original, "duration": known.seconds, "bitrate": known.bitrate}
        if known.frame_rate:
            original["frame_rate"] = known.frame_rate
    if original:
        meta["original"] = original
    if kept.small_width and kept.small_height:
        meta["small"] = _size(kept.small_width, kept.small_height)
    if kept.kind in _FOCUSED:
        meta["focus"] = {"x": kept.focus_x, "y": kept.focus_y}
    return meta


def _lasting(kept: Media, known: About) -> dict[str, Any]:
    """What is said of a film or a sound beside its sizes."""
    hours, rest = divmod(known.seconds, 3600)
    said: dict[str, Any] = {
        "length": f"{hours:.0f}:{int(rest // 60):02d}:{rest % 60:05.2f}",
        "duration": known.seconds,
    }
    if kept.width and kept.height:
        said |= _size(kept.width, kept.height)
    if known.frame_rate:
        said["fps"] = round(Fraction(known.frame_rate))
    if known.sound:
        said["audio_encode"] = known.sound
        said["audio_bitrate"] = f"{known.sample_rate} Hz"
        said["audio_channels"] = _CHANNELS.get(known.channels, f"{known.channels} channels")
    return said


def card(link: Media) -> entities.PreviewCard:
    """PreviewCard of a link that a peer attached (a Lemmy page does)."""
    return {
        "url": link.remote_url,
        "title": link.alt or link.remote_url,
        "description": "",
        "type": "link",
        "authors": [],
        "author_name": "",
        "author_url": "",
        "provider_name": "",
        "provider_url": "",
        "html": "",
        "width": 0,
        "height": 0,
        "image": None,
        "image_description": "",
        "embed_url": "",
        "blurhash": None,
        "language": None,
        "published_at": None,
    }


def preview_card(site: Site, link: Preview) -> entities.PreviewCard:
    """PreviewCard of a page that we have read. Nothing of it is HTML."""
    author: entities.PreviewCardAuthor = {
        "name": link.author,
        "url": link.author_url,
        "account": None,
    }
    return {
        "url": link.url,
        "title": link.title,
        "description": link.description,
        "type": link.kind,
        "authors": [author] if link.author else [],
        "author_name": link.author,
        "author_url": link.author_url,
        "provider_name": link.provider,
        "provider_url": "",
        "html": "",
        "width": link.width if link.image else 0,
        "height": link.height if link.image else 0,
        "image": (site.remote("picture", link.image) or None) if link.image else None,
        "image_description": link.image_alt,
        "embed_url": "",
        "blurhash": None,
        "language": link.language or None,
        "published_at": when_or_none(link.published_ms),
    }


def _size(width: int, height: int) -> dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "size": f"{width}x{height}",
        "aspect": width / height,
    }
