"""What is attached to a post: MediaAttachment and PreviewCard."""

from typing import Any, Final

from server.model import Media, Preview, Site
from web import entities
from web.present.values import address, when_or_none

MEDIA_TYPES: Final = frozenset({"image", "video", "audio"})
_FOCUSED: Final = frozenset({"image", "video"})


def media(site: Site, kept: Media) -> entities.MediaAttachment:
    """MediaAttachment. Ours has two files, a stranger's is where they keep it."""
    url = address(site, kept.large) if kept.large else kept.remote_url
    preview = address(site, kept.small) if kept.small else url
    meta: dict[str, Any] = {}
    if kept.width and kept.height:
        meta["original"] = _size(kept.width, kept.height)
    if kept.small_width and kept.small_height:
        meta["small"] = _size(kept.small_width, kept.small_height)
    if kept.kind in _FOCUSED:
        meta["focus"] = {"x": kept.focus_x, "y": kept.focus_y}
    return {
        "id": str(kept.id),
        "type": kept.kind if kept.kind in MEDIA_TYPES else "unknown",
        "url": url,
        "preview_url": preview if kept.kind == "image" or kept.small else None,
        "remote_url": kept.remote_url or None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": meta,
        "description": kept.alt or None,
        "blurhash": kept.blurhash or None,
    }


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
        "image": link.image or None,
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
