"""What an app may do, in words that apps know. docs.joinmastodon.org/api/oauth-scopes"""

from collections.abc import Iterable
from typing import Final

DEFAULT: Final = "read"
_READ: Final = (
    *("accounts", "blocks", "bookmarks", "favourites", "filters", "follows", "lists"),
    *("mutes", "notifications", "search", "statuses"),
)
_WRITE: Final = (
    *("accounts", "blocks", "bookmarks", "conversations", "favourites", "filters", "follows"),
    *("lists", "media", "mutes", "notifications", "reports", "statuses"),
)
_ADMIN: Final = (
    *("accounts", "reports", "domain_allows", "domain_blocks", "ip_blocks"),
    *("email_domain_blocks", "canonical_email_blocks"),
)
SCOPES: Final = (
    *("read", "profile", "write"),
    *(f"read:{noun}" for noun in _READ),
    *(f"write:{noun}" for noun in _WRITE),
    *("follow", "push", "admin:read"),
    *(f"admin:read:{noun}" for noun in _ADMIN),
    "admin:write",
    *(f"admin:write:{noun}" for noun in _ADMIN),
)
"""All there are, in the order in which they are told."""

_KNOWN: Final = frozenset(SCOPES)
_FOLLOW: Final = frozenset(
    f"{verb}:{noun}" for verb in ("read", "write") for noun in ("follows", "blocks", "mutes")
)


def covers(given: frozenset[str], scope: str) -> bool:
    """Whether a token with the scopes `given` may do what `scope` names.

    `read` covers every `read:...`, `admin:write` every `admin:write:...`, and so on; `follow` what
    concerns follows, blocks and mutes. Nothing covers `admin:...` but what begins so itself.
    """
    if scope in given:
        return True
    parent = scope.rpartition(":")[0]
    return (parent in _KNOWN and parent in given) or ("follow" in given and scope in _FOLLOW)


def within(asked: Iterable[str], given: frozenset[str]) -> bool:
    """Whether every scope of `asked` is covered by `given`."""
    return all(covers(given, scope) for scope in asked)


def parse(text: str) -> tuple[str, ...] | None:
    """Scopes separated by blanks, each once; None where one is unknown."""
    found = tuple(dict.fromkeys(text.split()))
    return found if _KNOWN.issuperset(found) else None


def granted(asked: str, registered: str) -> tuple[str, ...] | None:
    """The scopes that an app asks for, if it registered for them; for none: what is usual."""
    given = frozenset(registered.split())
    if not asked.strip():
        asked = DEFAULT if covers(given, DEFAULT) else registered
    scopes = parse(asked)
    return scopes if scopes and within(scopes, given) else None


def missing(text: str) -> list[str]:
    """The words of `text` that name no scope."""
    return [word for word in text.split() if word not in _KNOWN]
