"""What somebody typed into the search: words, "phrases", #hashtags, -what they do not want, and
filters such as `from:@ann`, `in:@market`, `kind:story`, `after:2026-11-01`.

    김장 "김치 담그기" -판매 #나눔 from:@ann has:image before:2026-12

Pure: whom and what the names mean is looked up elsewhere. Whatever is typed can be read.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from server.text.finding import Need, marked, need, tagged

MAX_TYPED: Final = 500  # characters that count
MAX_NEEDS: Final = 8  # words, phrases and hashtags, and as many that are not wanted
MAX_NAMES: Final = 4  # of each filter

KINDS: Final = ("story", "thread", "comment", "post")
MEDIA: Final = ("media", "image", "video", "audio", "poll")
SAME: Final = {
    "stories": "story",
    "threads": "thread",
    "comments": "comment",
    "replies": "comment",
    "reply": "comment",
    "posts": "post",
    "images": "image",
    "picture": "image",
    "pictures": "image",
}

_PARTS: Final = re.compile(r'(-?)(?:([A-Za-z]+):)?(?:["“”]([^"“”]*)["“”]?|(\S+))')
_DAY: Final = re.compile(r"(\d{4})(?:[-./](\d{1,2})(?:[-./](\d{1,2}))?)?\.?")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_HANDLE: Final = re.compile(r"@?[^\s@/]+(?:@[^\s@/]+)?")

T = TypeVar("T")


class Period(msgspec.Struct, frozen=True):
    """From `since_ms` (0: ever) until before `until_ms` (None: now)."""

    since_ms: int = 0
    until_ms: int | None = None

    def has(self, ms: int) -> bool:
        """Whether a moment lies in it."""
        return self.since_ms <= ms and (self.until_ms is None or ms < self.until_ms)

    def within(self, other: "Period") -> "Period":
        """What lies in both."""
        ends = [one for one in (self.until_ms, other.until_ms) if one is not None]
        return Period(max(self.since_ms, other.since_ms), min(ends) if ends else None)


class Asked(msgspec.Struct, frozen=True):
    """What is looked for. `authors`, `places` and those not wanted are handles; `me` is oneself.
    `categories` are names of some.

    `strange` has what was typed as a filter and cannot be one: nothing can fit it.
    """

    needs: tuple[Need, ...] = ()
    without: tuple[Need, ...] = ()
    authors: tuple[str, ...] = ()
    not_authors: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    not_categories: tuple[str, ...] = ()
    period: Period = Period()
    strange: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether it says nothing that a post could have."""
        wanted = (self.needs, self.authors, self.places, self.categories)
        return not any(wanted) and self.period == Period()


def read(typed: str, zone: str) -> Asked:
    """What somebody typed. Days are days in `zone`."""
    asked = Asked()
    for minus, name, phrase, word in _PARTS.findall(typed[:MAX_TYPED]):
        value = (phrase or word).strip()
        filter = FILTERS.get(name.lower()) if name else None
        if filter is None and name:
            value = f"{name}:{value}"
        if not value:
            continue
        if filter is not None:
            asked = _filtered(asked, filter, value, bool(minus), zone)
        else:
            found = tagged(value) if value.startswith("#") and not phrase else None
            asked = _with(asked, found or need(value), bool(minus))
    return asked


def _with(asked: Asked, found: Need | None, unwanted: bool) -> Asked:
    if found is None:
        return asked
    if unwanted:
        return replace(asked, without=_more(asked.without, found, MAX_NEEDS))
    return replace(asked, needs=_more(asked.needs, found, 2 * MAX_NEEDS))


def _more(held: tuple[T, ...], one: T, most: int) -> tuple[T, ...]:
    return held if one in held or len(held) >= most else (*held, one)


replace = msgspec.structs.replace
Filter = Callable[[Asked, str, bool, str], Asked | None]


def _filtered(asked: Asked, filter: Filter, value: str, unwanted: bool, zone: str) -> Asked:
    found = filter(asked, value, unwanted, zone)
    return found or replace(asked, strange=_more(asked.strange, value, MAX_NAMES))


def by(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only what `value`, a handle or `me`, wrote."""
    if _HANDLE.fullmatch(value) is None:
        return None
    if unwanted:
        return replace(asked, not_authors=_more(asked.not_authors, value, MAX_NAMES))
    return replace(asked, authors=_more(asked.authors, value, MAX_NAMES))


def within(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only what stands in a community: a handle, or the hashtag of a neighbourhood."""
    if unwanted:
        return None
    return replace(asked, places=_more(asked.places, value, MAX_NAMES))


def of_kind(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only stories, threads, comments or short posts."""
    kind = SAME.get(value.lower(), value.lower())
    return _with(asked, marked(f"k:{kind}"), unwanted) if kind in KINDS else None


def having(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only what has pictures, films, sounds (any of them: media) or a poll."""
    media = SAME.get(value.lower(), value.lower())
    return _with(asked, marked(f"m:{media}"), unwanted) if media in MEDIA else None


def spoken(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only what is in a language: its code."""
    code = value.lower().partition("-")[0]
    return _with(asked, marked(f"l:{code}"), unwanted) if _LANGUAGE.fullmatch(code) else None


def filed(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only what stands under a category of a team blog, or has a hashtag of that name."""
    if tagged("".join(value.split())) is None:
        return None
    if unwanted:
        return replace(asked, not_categories=_more(asked.not_categories, value, MAX_NAMES))
    return replace(asked, categories=_more(asked.categories, value, MAX_NAMES))


def before(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only what was written before a day, a month or a year."""
    days = _period(value, zone, unwanted)
    return _in_time(asked, Period(0, days.since_ms)) if days else None


def after(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only what was written after it ended."""
    days = _period(value, zone, unwanted)
    return _in_time(asked, Period(days.until_ms or 0)) if days else None


def during(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only what was written in it."""
    days = _period(value, zone, unwanted)
    return _in_time(asked, days) if days else None


def since(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only what was written on that day or later."""
    days = _period(value, zone, unwanted)
    return _in_time(asked, Period(days.since_ms)) if days else None


def until(asked: Asked, value: str, unwanted: bool = False, zone: str = "") -> Asked | None:
    """Only what was written on that day or before."""
    days = _period(value, zone, unwanted)
    return _in_time(asked, Period(0, days.until_ms)) if days else None


FILTERS: Final[dict[str, Filter]] = {
    "from": by,
    "in": within,
    "kind": of_kind,
    "is": of_kind,
    "has": having,
    "language": spoken,
    "lang": spoken,
    "category": filed,
    "before": before,
    "after": after,
    "during": during,
    "since": since,
    "until": until,
}


def _in_time(asked: Asked, period: Period) -> Asked:
    return replace(asked, period=asked.period.within(period))


def _period(value: str, zone: str, unwanted: bool) -> Period | None:
    """The day, the month or the year that `value` names; none can be unwanted."""
    found = _DAY.fullmatch(value)
    if found is None or unwanted:
        return None
    try:
        year, month, day = (int(part) if part else 0 for part in found.groups())
        first = date(year, month or 1, day or 1)
        return Period(_begin_ms(first, zone), _begin_ms(_end(first, month, day), zone))
    except (ValueError, OverflowError):
        return None


def _end(first: date, month: int, day: int) -> date:
    if day:
        return first + timedelta(days=1)
    if month:
        return date(first.year + month // 12, month % 12 + 1, 1)
    return date(first.year + 1, 1, 1)


def _begin_ms(day: date, zone: str) -> int:
    at = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return max(0, int(at.timestamp() * 1000))
