"""Times that apps send."""

from datetime import UTC, datetime, timedelta
from typing import Final

from server.errors import Invalid

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def moment_ms(text: str) -> int:
    """Milliseconds UTC of an ISO 8601 time; one without an offset is UTC. Raises `Invalid`."""
    try:
        at = datetime.fromisoformat(text.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        return (at - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError) as error:
        raise Invalid("This is not a time: write it as 2026-01-31T09:00:00Z.") from error
