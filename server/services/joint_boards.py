"""Boards that are joined with boards elsewhere: what begins in one, the other passes on.

A joining has two halves: our board follows theirs, and theirs follows ours. Whoever begins proposes
it; who follows back accepts. Each stands in the public log of the board whose moderators did it.
"""

from typing import Final

import msgspec

from server.errors import Forbidden, Invalid, NotFound
from server.model import Account, Site
from server.services import communities, follows, forum
from server.store import accounts, joints
from server.store import follows as store
from server.store.db import Read, Write

MAX_JOINED: Final = 20  # groups that one community follows or has asked to
MOST_ASKING: Final = 100


class Joint(msgspec.Struct, frozen=True):
    """A group elsewhere with which a board of ours is joined, or may be.

    `ours`: whether we pass on what begins there: accepted | pending | "" for no. `theirs`: whether
    they pass on what begins here.
    """

    group: Account
    ours: str
    theirs: bool


def all(db: Read, community_id: int) -> list[Joint]:
    """All that a board of ours follows, then those who follow it and wait for an answer."""
    asked = [Joint(*one) for one in joints.followed(db, community_id, MAX_JOINED)]
    asking = joints.following(db, community_id, MOST_ASKING)
    return asked + [Joint(one, "", True) for one in asking]


def joined(db: Read, community_id: int) -> tuple[Joint, ...]:
    """Those whose threads a board of ours passes on, for everybody to know."""
    found = joints.followed(db, community_id, MAX_JOINED)
    return tuple(Joint(*one) for one in found if one[1] == "accepted")


def follow(
    tx: Write, site: Site, by: Account, community_id: int, target_id: int, now_ms: int
) -> None:
    """Let a community of ours follow a group elsewhere, in the name of one who keeps it.

    Raises `NotFound`, `Forbidden`, `Invalid`, `Conflict`.
    """
    community, target = _both(tx, by, community_id, target_id)
    if store.one(tx, community.id, target.id) is not None:
        return
    if store.asked(tx, community.id, MAX_JOINED) >= MAX_JOINED:
        raise Invalid("A community follows at most %(most)s others.", most=MAX_JOINED)
    follows.follow(tx, site, community, target.id, now_ms)
    forum.joined(tx, _deed(community, by, now_ms), target, together=True)


def end(tx: Write, site: Site, by: Account, community_id: int, target_id: int, now_ms: int) -> None:
    """End both halves: neither passes on what begins in the other. Raises as `follow`."""
    community, target = _both(tx, by, community_id, target_id)
    ours, theirs = (
        store.one(tx, community.id, target.id),
        store.one(tx, target.id, community.id),
    )
    if ours is None and theirs is None:
        return
    follows.end(tx, site, community, target, now_ms)
    follows.cast_out(tx, site, community, target, now_ms)
    forum.joined(tx, _deed(community, by, now_ms), target, together=False)


def _deed(community: Account, by: Account, now_ms: int) -> forum.Deed:
    return forum.Deed(community_id=community.id, by=by, now_ms=now_ms)


def _both(db: Read, by: Account, community_id: int, target_id: int) -> tuple[Account, Account]:
    community, target = accounts.by_id(db, community_id), accounts.by_id(db, target_id)
    if community is None or not community.local or community.kind != "Group":
        raise NotFound("There is no such community.")
    if not communities.keeps(db, community.id, by):
        raise Forbidden("Only its moderators decide what this community follows.")
    if target is None or target.kind != "Group" or target.local:
        raise Invalid("A community can follow communities of other servers only.")
    return community, target
