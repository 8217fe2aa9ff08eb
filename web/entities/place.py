"""What this place is."""

from typing import Any, NotRequired, TypedDict

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


class Instance(TypedDict):
    """This server, as newer apps read it."""

    domain: str
    title: str
    version: str
    source_url: str
    description: str
    usage: dict[str, Any]
    thumbnail: dict[str, Any]
    icon: list[dict[str, str]]
    languages: list[str]
    configuration: dict[str, Any]
    registrations: dict[str, Any]
    api_versions: dict[str, int]
    contact: dict[str, Any]
    rules: list[dict[str, Any]]


class InstanceV1(TypedDict):
    """This server, as older apps read it."""

    uri: str
    title: str
    short_description: str
    description: str
    email: str
    version: str
    urls: dict[str, str]
    stats: dict[str, int]
    thumbnail: str | None
    languages: list[str]
    registrations: bool
    approval_required: bool
    invites_enabled: bool
    configuration: dict[str, Any]
    contact_account: Any
    rules: list[dict[str, Any]]


class Rule(TypedDict):
    """One rule of the house, and what it means where it needs more words."""

    id: str
    text: str
    hint: str


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
