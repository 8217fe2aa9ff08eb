"""Values as the client API writes them: times, ids, addresses, emoji."""

import json
from datetime import UTC, datetime, tzinfo
from typing import Final
from urllib.parse import quote

from server.model import AUDIENCES, Site
from web import entities

LAST_MS: Final = 253_370_764_800_000  # 9999-01-01T00:00:00Z
VISIBILITY: Final = {
    "public": "public",
    "unlisted": "unlisted",
    "followers": "private",
    "direct": "direct",
    "secret": "direct",  # the nearest word that apps know
    "removed": "direct",  # of which its author alone hears
    "waiting": "direct",
}
VISIBILITIES: Final = {VISIBILITY[ours]: ours for ours in AUDIENCES} | {"secret": "secret"}


def when(at_ms: int) -> str:
    """`at_ms` as `2026-01-31T09:00:00.000Z`."""
    at = moment(at_ms, UTC)
    return f"{at.isoformat()[:19]}.{at_ms % 1000:03d}Z"


def when_or_none(at_ms: int | None) -> str | None:
    """As `when`; what did not happen has no time."""
    return None if at_ms is None else when(at_ms)


def day(at_ms: int | None) -> str | None:
    """The date, `2026-01-31`."""
    return None if at_ms is None else moment(at_ms, UTC).isoformat()[:10]


def day_ms(date: str) -> int | None:
    """When `2026-01-31` begins, or nothing for what is no date of this era."""
    try:
        at = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return max(0, int(at.timestamp() * 1000))


def moment(at_ms: int, zone: tzinfo) -> datetime:
    """A date of this era: strangers write others, and Python has no year 10,000."""
    return datetime.fromtimestamp(max(0, min(at_ms, LAST_MS)) // 1000, zone)


def id_or_none(id: int | None) -> str | None:
    """As a string, which a client compares by length and then by letters."""
    return None if id is None else str(id)


def address(site: Site, kept: str) -> str:
    """Where a picture is, whether an address, a path or the name of a file of ours was kept."""
    if "://" in kept:
        return kept
    return f"{site.origin}{kept}" if kept.startswith("/") else f"{site.origin}/media/{kept}"


def emojis(site: Site, kept: str) -> list[entities.CustomEmoji]:
    """CustomEmoji of each [shortcode, address]; one that we do not show is a word."""
    if kept == "[]":
        return []
    shown = ((code, site.remote("emoji", url)) for code, url in json.loads(kept))
    return [
        {"shortcode": code, "url": url, "static_url": url, "visible_in_picker": False}
        for code, url in shown
        if url
    ]


def tag(site: Site, name: str) -> entities.StatusTag:
    """Status::Tag: the hashtag without its sign, and its page here."""
    return {"name": name, "url": f"{site.origin}/tags/{quote(name)}"}
