"""Dates as blogs write them, in milliseconds; 0 for what is none."""

import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final

_SQL: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)")


def mail(text: str) -> int:
    """RFC 822, as in RSS: `Tue, 03 May 2011 09:30:00 +0900`."""
    try:
        return _ms(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError, IndexError):
        return iso(text)


def iso(text: str) -> int:
    """RFC 3339, as in Atom: `2011-05-03T09:30:00+09:00`."""
    try:
        return _ms(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return 0


def sql(text: str, zone: tzinfo) -> int:
    """`2011-05-03 09:30:00` by the clock of `zone`; WordPress has zeros where it knows none."""
    found = _SQL.fullmatch(text)
    if found is None:
        return 0
    try:
        year, month, day, hour, minute, second = map(int, found.groups())
        return _ms(datetime(year, month, day, hour, minute, second, tzinfo=zone))
    except (ValueError, OverflowError):
        return 0


def _ms(at: datetime) -> int:
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return int(at.timestamp() * 1000)
