"""What apps read beside posts: searches, small answers."""

from typing import NotRequired, TypedDict

from web.entities.people import Account
from web.entities.posts import Status, Tag


class Empty(TypedDict):
    """Done; there is nothing to tell."""


class Fault(TypedDict):
    """What is wrong with a field: a word for machines (`ERR_TAKEN`) and a sentence."""

    error: str
    description: str


class Error(TypedDict):
    """What went wrong, for people; a word for machines where there is one.

    `details`: what is wrong with each field, where somebody joins.
    """

    error: str
    error_description: NotRequired[str]
    details: NotRequired[dict[str, list[Fault]]]


class Count(TypedDict):
    """How many."""

    count: int


class WebPushSubscription(TypedDict):
    """Where an app is told of notifications, and of which."""

    id: str
    endpoint: str
    standard: bool
    alerts: dict[str, bool]
    policy: str
    server_key: str


class Search(TypedDict):
    """What was found."""

    accounts: list[Account]
    statuses: list[Status]
    hashtags: list[Tag]


class AnnualReports(TypedDict):
    """Somebody's reports about their years, with whom and what they name. None are made here."""

    annual_reports: list[Empty]
    accounts: list[Account]
    statuses: list[Status]


class AnnualReportState(TypedDict):
    """Whether a report can be had: available | generating | eligible | ineligible."""

    state: str
