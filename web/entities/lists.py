"""What somebody sorts for themself: lists, filters, hashtags."""

from typing import NotRequired, TypedDict


class List(TypedDict):
    """Some of those whom somebody follows. `replies_policy`: followed | list | none."""

    id: str
    title: str
    replies_policy: str
    exclusive: bool


class FilterKeyword(TypedDict):
    """A word or phrase of a filter."""

    id: str
    keyword: str
    whole_word: bool


class FilterStatus(TypedDict):
    """A post in a filter."""

    id: str
    status_id: str


class Filter(TypedDict):
    """What somebody does not want to meet. Within a `FilterResult` without its parts."""

    id: str
    title: str
    context: list[str]
    expires_at: str | None
    filter_action: str
    keywords: NotRequired[list[FilterKeyword]]
    statuses: NotRequired[list[FilterStatus]]


class FilterResult(TypedDict):
    """A filter that fits a status, and by what."""

    filter: Filter
    keyword_matches: list[str] | None
    status_matches: list[str] | None


class FilterV1(TypedDict):
    """A keyword with what its filter does, as apps before Mastodon 4 know it."""

    id: str
    phrase: str
    context: list[str]
    whole_word: bool
    expires_at: str | None
    irreversible: bool


class FeaturedTag(TypedDict):
    """A hashtag on somebody's page. The number is a text, as the reference has it."""

    id: str
    name: str
    url: str
    statuses_count: str
    last_status_at: str | None
