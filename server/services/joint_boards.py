"""Boards that follow boards elsewhere: what those begin, these pass on."""

from typing import Final

from server.errors import Forbidden, Invalid, NotFound
from server.model import Account, Site
from server.services import communities, follows
from server.store import accounts
from server.store import follows as store
from server.store.db import Read, Write
from server.store.paging import Page

MAX_JOINED: Final = 20  # groups that one community follows


def follow(
    tx: Write, site: Site, by: Account, community_id: int, target_id: int, now_ms: int
) -> None:
    """Let a community of ours follow a group elsewhere, in the name of one who keeps it.

    Raises `NotFound`, `Forbidden`, `Invalid`.
    """
    community, target = _both(tx, by, community_id, target_id)
    if len(store.following(tx, community.id, Page(limit=MAX_JOINED))) >= MAX_JOINED:
        raise Invalid("A community follows at most %(most)s others.", most=MAX_JOINED)
    follows.follow(tx, site, community, target.id, now_ms)


def unfollow(
    tx: Write, site: Site, by: Account, community_id: int, target_id: int, now_ms: int
) -> None:
    """Let it follow no longer. Raises `NotFound`, `Forbidden`."""
    community, target = _both(tx, by, community_id, target_id)
    follows.unfollow(tx, site, community, target.id, now_ms)


def _both(db: Read, by: Account, community_id: int, target_id: int) -> tuple[Account, Account]:
    community, target = accounts.by_id(db, community_id), accounts.by_id(db, target_id)
    if community is None or not community.local or community.kind != "Group":
        raise NotFound("There is no such community.")
    if not communities.keeps(db, community.id, by):
        raise Forbidden("Only its moderators decide what this community follows.")
    if target is None or target.kind != "Group" or target.local:
        raise Invalid("A community can follow communities of other servers only.")
    return community, target
