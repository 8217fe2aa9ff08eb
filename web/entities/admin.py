"""What moderators see and decide.

docs.joinmastodon.org/entities/Admin_Account, and those beside it
"""

from typing import NotRequired, TypedDict

from web.entities.people import Account, Role
from web.entities.place import Rule
from web.entities.posts import PreviewCard, Status, Tag, TagHistory


class AdminIp(TypedDict):
    """From where somebody came, and when last."""

    ip: str
    used_at: str


class AdminAccount(TypedDict):
    """Somebody as moderators see them; what belongs to a sign-in is null of strangers."""

    id: str
    username: str
    domain: str | None
    created_at: str
    email: str | None
    ip: str | None
    ips: list[AdminIp]
    role: Role | None
    confirmed: bool | None
    suspended: bool
    silenced: bool
    sensitized: bool
    disabled: bool | None
    approved: bool | None
    locale: str | None
    invite_request: str | None
    account: Account


class AdminReport(TypedDict):
    """A report with all that moderators need to decide."""

    id: str
    action_taken: bool
    action_taken_at: str | None
    category: str
    comment: str
    forwarded: bool
    created_at: str
    updated_at: str
    account: AdminAccount
    target_account: AdminAccount | None
    assigned_account: AdminAccount | None
    action_taken_by_account: AdminAccount | None
    statuses: list[Status]
    rules: list[Rule]


class AdminDomainBlock(TypedDict):
    """What is decided about a server."""

    id: str
    domain: str
    digest: str
    created_at: str
    severity: str
    reject_media: bool
    reject_reports: bool
    private_comment: str | None
    public_comment: str | None
    obfuscate: bool


class AdminDomainAllow(TypedDict):
    """A server that is let in."""

    id: str
    domain: str
    created_at: str


class AdminEmailDomainBlock(TypedDict):
    """A provider whose addresses are not taken. `history` counts nothing here."""

    id: str
    domain: str
    created_at: str
    history: list[TagHistory]
    allow_with_approval: bool


class AdminCanonicalEmailBlock(TypedDict):
    """An address that is not taken, by its digest."""

    id: str
    canonical_email_hash: str


class AdminIpBlock(TypedDict):
    """What holds for those who come from a network."""

    id: str
    ip: str
    severity: str
    comment: str
    created_at: str
    expires_at: str | None


class AdminMeasureDay(TypedDict):
    """How many on one day."""

    date: str
    value: str


class AdminMeasure(TypedDict):
    """How many in a time, and in as much time before."""

    key: str
    unit: str | None
    total: str
    human_value: NotRequired[str]
    previous_total: NotRequired[str]
    data: list[AdminMeasureDay]


class AdminDimensionLine(TypedDict):
    """One of the most."""

    key: str
    human_key: str
    value: str
    unit: NotRequired[str]
    human_value: NotRequired[str]


class AdminDimension(TypedDict):
    """What there is most of."""

    key: str
    data: list[AdminDimensionLine]


class AdminCohortData(TypedDict):
    """How many were active then."""

    date: str
    rate: float
    value: str


class AdminCohort(TypedDict):
    """Of those who came in one period, how many stayed."""

    period: str
    frequency: str
    data: list[AdminCohortData]


class AdminTag(Tag):
    """A hashtag, and whether it may trend."""

    trendable: bool
    usable: bool
    listable: bool
    requires_review: bool


class AdminLink(PreviewCard):
    """A page that trends, or would."""

    id: str
    requires_review: bool


class AdminStatus(Status):
    """A post that trends, or would."""

    requires_review: bool
