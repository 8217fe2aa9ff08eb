"""How commands write moments: as machines do, or as the clock on the city's wall shows them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def iso(at_ms: int) -> str:
    """In UTC, for JSON."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(at_ms: int, zone: ZoneInfo) -> str:
    """In the city's time, with the zone's short name behind it."""
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M %Z")
