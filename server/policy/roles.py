"""What each role may do to others. docs.joinmastodon.org/entities/Role/#permission-flags

Moderators decide about people and what they write; with which servers the city speaks, who may not
join at all and what is deleted for good is for administrators.
"""

from typing import Final

ADMINISTRATOR: Final = 0x1
AUDIT_LOG: Final = 0x4
DASHBOARD: Final = 0x8
REPORTS: Final = 0x10
FEDERATION: Final = 0x20
BLOCKS: Final = 0x80
TAXONOMIES: Final = 0x100
APPEALS: Final = 0x200
USERS: Final = 0x400
INVITE: Final = 0x10000
DELETE_DATA: Final = 0x80000

_MODERATES: Final = AUDIT_LOG | DASHBOARD | REPORTS | TAXONOMIES | APPEALS | USERS
_PERMISSIONS: Final = {
    "moderator": _MODERATES,
    "admin": _MODERATES | ADMINISTRATOR | FEDERATION | BLOCKS | DELETE_DATA,
}
_RANKS: Final = {"moderator": 1, "admin": 2}
IDS: Final = {"member": "-99", "moderator": "1", "admin": "3", "officer": "4", "writer": "5"}
"""As apps write them; everybody's is -99, as in the reference."""


def permissions(role: str, *, invites: bool) -> int:
    """The sum of what a role may do. `invites`: whether everybody here may invite others."""
    return _PERMISSIONS.get(role, 0) | (INVITE if invites else 0)


def may(role: str, permission: int) -> bool:
    """Whether a role may do this."""
    return bool(_PERMISSIONS.get(role, 0) & permission)


def outranks(role: str, other: str) -> bool:
    """Whether one may decide about the other: nobody about their equals, or those above."""
    return _RANKS.get(role, 0) > _RANKS.get(other, 0)


def ids(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The roles with these ids."""
    return tuple(role for role, id in IDS.items() if id in wanted)
