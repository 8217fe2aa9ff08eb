"""What this place says of itself, beside what apps read first."""

from typing import NotRequired, TypedDict

Preferences = TypedDict(
    "Preferences",
    {
        "posting:default:visibility": str,
        "posting:default:sensitive": bool,
        "posting:default:language": str | None,
        "posting:default:quote_policy": str,
        "reading:expand:media": str,
        "reading:expand:spoilers": bool,
        "reading:autoplay:gifs": bool,
    },
)
Preferences.__doc__ = "How the viewer wants to write and read."


class RuleWords(TypedDict):
    """A rule in another language."""

    text: str
    hint: str


class Rule(TypedDict):
    """One rule of the house, and what it means where it needs more words.

    `translations` by language.
    """

    id: str
    text: str
    hint: str
    translations: dict[str, RuleWords]


class ExtendedDescription(TypedDict):
    """What this place is, at length; `content` is HTML."""

    updated_at: str | None
    content: str


class PrivacyPolicy(TypedDict):
    """What happens to people's data; `content` is HTML."""

    updated_at: str
    content: str


class TermsOfService(TypedDict):
    """On which terms people are here, from `effective_date` until `succeeded_by`."""

    effective_date: str
    effective: bool
    content: str
    succeeded_by: str | None


class Activity(TypedDict):
    """One week: `week` is the second at which it begins."""

    week: str
    statuses: str
    logins: str
    registrations: str


class DomainBlock(TypedDict):
    """A server with which this one does not speak."""

    domain: str
    digest: str
    severity: str
    comment: NotRequired[str]


class Language(TypedDict):
    """A language in which one can write, with its English name."""

    code: str
    name: str
