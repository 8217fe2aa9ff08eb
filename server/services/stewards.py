"""What peers tell of the order in communities: of ours by those who keep them, of strangers' by
their groups."""

from typing import Any, Final

import msgspec

from federation.audience import without_blind
from federation.origin import same_origin
from server.model import Account, Post, PostView, Site
from server.services import communities, forum, relay
from server.store import accounts
from server.store import communities as store
from server.store import forum as forum_store
from server.store.db import Read, Write

MAX_RELAYED: Final = 256 * 1024  # bytes of one activity that a community of ours passes on
MAX_SWEPT: Final = 100  # posts that go with somebody who is banned


def group_of(db: Read, community_id: int | None) -> Account | None:
    """The community, ours or a stranger's, as long as it is there."""
    group = accounts.by_id(db, community_id) if community_id is not None else None
    return group if group is not None and group.state == "active" else None


def keeps(db: Read, group: Account, actor: Account) -> bool:
    """Whether somebody elsewhere keeps order in a community.

    In ours those whom it made moderators; in a stranger's those too, and all of its own server.
    """
    if group.local:
        return communities.keeps(db, group.id, actor)
    own = same_origin(actor.uri, group.uri) and not actor.local
    return own or store.moderates(db, group.id, actor.id)


def moderators_uri(group: Account) -> str:
    """Where a group lists who keeps it; "" for one that does not."""
    return f"{group.uri}/moderators" if group.local else group.moderators_uri


def pass_on(
    tx: Write,
    site: Site,
    group: Account,
    raw: dict[str, Any],
    now_ms: int,
    begun: PostView | None = None,
) -> None:
    """Let a community of ours tell what was done in it, as it was sent; `begun` is a new thread.

    Nothing of a stranger's group: that tells its followers itself. Nothing that is so large that
    its sender would make us a burden to others.
    """
    if not group.local or group.state != "active":
        return
    told = without_blind(raw)
    if len(msgspec.json.encode(told)) > MAX_RELAYED:
        return
    relay.tell(tx, site, group, told, now_ms)
    if begun is not None:
        relay.begin(tx, site, group, begun, now_ms)


def sweep(tx: Write, deed: forum.Deed, who: Account) -> None:
    """Take away what somebody who is banned wrote there of late."""
    for post in forum_store.written_by(tx, deed.community_id, who.id, MAX_SWEPT):
        forum.remove(tx, deed, post)


def gone(tx: Write, post: Post) -> None:
    """A post of a community is deleted: its thread is counted anew, or ends with it."""
    if post.community_id is not None:
        forum_store.bury(tx, post.id)
        forum_store.recount(tx, post.thread_id)


def keep_moderators(tx: Write, group: Account, ids: list[int], now_ms: int) -> None:
    """Those whom a stranger's group lists keep it, and nobody else."""
    before = {one.id for one in store.moderators(tx, group.id)}
    for id in before - set(ids):
        store.dismiss(tx, group.id, id)
    for id in ids:
        store.appoint(tx, group.id, id, now_ms)
