"""Times in words, with the exact time in the city's zone behind them: filters of the templates."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_timedelta
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from server.clock import DAY_MS, MINUTE_MS
from web import i18n

LAST_MS: Final = 4_102_444_800_000  # strangers may claim any time; nothing is of the year 2100
WORDS_FOR_MS: Final = 6 * DAY_MS  # after that a date says more than "3 weeks ago"

_TIME: Final = Markup('<time datetime="{}" title="{}">{}</time>')


@pass_context
def when(context: Context, ms: int) -> str:
    """The exact time, in the city's zone: "2026년 11월 23일 15:20"."""
    return _exact(ms, context["site"].timezone, context["language"])


@pass_context
def day(context: Context, ms: int) -> str:
    """The day in words, in the city's zone."""
    return _day(ms, context["site"].timezone, context["language"])


@pass_context
def month(context: Context, ms: int) -> str:
    """The month in words, in the city's zone: "2026년 11월"."""
    local = _at(ms).astimezone(ZoneInfo(context["site"].timezone))
    return format_skeleton("yMMMM", local, locale=context["language"])


@pass_context
def for_field(context: Context, ms: int) -> str:
    """As a field for day and hour takes it, in the city's zone: "2026-11-26T15:20"."""
    return to_field(ms, context["site"].timezone)


def day_in(ms: int, zone: str, language: str) -> str:
    """The day in words, in `zone`."""
    return _day(ms, zone, language)


def to_field(ms: int, zone: str) -> str:
    """The same, in `zone`."""
    return _at(ms).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def lasting(seconds: int, language: str) -> str:
    """So much time in words: "3 days"."""
    return format_timedelta(timedelta(seconds=seconds), threshold=1.01, locale=language)


def from_field(text: str, zone: str) -> int | None:
    """What such a field sends, in milliseconds UTC; None for what is no time."""
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
        return int(at.timestamp()) * 1000
    except (ValueError, OverflowError):
        return None


@pass_context
def today(context: Context, ms: int) -> str:
    """The day with its weekday, in the city's zone: "2026년 11월 26일 목요일"."""
    return _full_day(_local(context, ms).date(), context["language"])


@lru_cache(maxsize=64)
def _full_day(day: date, language: str) -> str:
    return format_date(day, "full", locale=language)


@pass_context
def iso_day(context: Context, ms: int) -> str:
    """The same for machines: "2026-11-26"."""
    return _local(context, ms).date().isoformat()


def _local(context: Context, ms: int) -> datetime:
    return _at(ms).astimezone(ZoneInfo(context["site"].timezone))


@pass_context
def ago(context: Context, ms: int) -> Markup:
    """A `<time>` that reads "5 minutes ago" and tells the exact time when asked."""
    zone, language = context["site"].timezone, context["language"]
    return _time(ms, _words(ms, context["now_ms"], zone, language), zone, language)


@lru_cache(maxsize=4096)
def _time(ms: int, words: str, zone: str, language: str) -> Markup:
    return _TIME.format(stamp(ms), _exact(ms, zone, language), words)


@pass_context
def at_length(context: Context, ms: int) -> Markup:
    """A `<time>` with day and hour; what is recent tells first how long ago that was."""
    exact = _exact(ms, context["site"].timezone, context["language"])
    if not 0 <= context["now_ms"] - ms < WORDS_FOR_MS:
        return _TIME.format(stamp(ms), exact, exact)
    return Markup("{} · {}").format(ago(context, ms), exact)


def stamp(ms: int) -> str:
    """The time for machines, UTC to the second. RFC 3339."""
    return _at(ms).isoformat(timespec="seconds").replace("+00:00", "Z")


def _words(ms: int, now_ms: int, zone: str, language: str) -> str:
    past_ms = now_ms - ms
    if 0 <= past_ms < MINUTE_MS:
        return i18n.translations(language).gettext("just now")
    if MINUTE_MS <= past_ms < WORDS_FOR_MS:
        return _minutes_ago(past_ms // MINUTE_MS, language)
    year = _at(now_ms).astimezone(ZoneInfo(zone)).year
    return _day_of(year, ms, zone, language)


@lru_cache(maxsize=4096)
def _minutes_ago(minutes: int, language: str) -> str:
    return format_timedelta(
        timedelta(minutes=-minutes), threshold=1, add_direction=True, locale=language
    )


@lru_cache(maxsize=4096)
def _exact(ms: int, zone: str, language: str) -> str:
    local = _at(ms).astimezone(ZoneInfo(zone))
    return f"{format_date(local, 'long', locale=language)} {local:%H:%M}"


@lru_cache(maxsize=4096)
def _day_of(year: int, ms: int, zone: str, language: str) -> str:
    """A day as people say it in that `year`: its own needs no number."""
    local = _at(ms).astimezone(ZoneInfo(zone))
    return (
        format_skeleton("MMMMd", local, locale=language)
        if local.year == year
        else _day(ms, zone, language)
    )


@lru_cache(maxsize=4096)
def _day(ms: int, zone: str, language: str) -> str:
    return format_date(_at(ms).astimezone(ZoneInfo(zone)), "long", locale=language)


def _at(ms: int) -> datetime:
    # Strangers may claim any time; what no calendar holds is shown as the nearest that it does.
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=min(max(ms, 0), LAST_MS))
