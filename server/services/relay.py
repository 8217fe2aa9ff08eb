"""A community tells its followers what happens in it. FEP-1b12.

Servers that understand groups get every activity as it was sent, inside an Announce. The others
get a boost of each thread's first post, as of any post: comments and votes would be noise there,
and cost each of them a fetch. Which server is which it has shown itself (`hosts.speaks_groups`).
"""

from typing import Any, Final

import msgspec

from federation import build
from federation.audience import without_blind
from server.ids import new_id
from server.model import Account, Post, PostView, Site
from server.outbox import publish
from server.services import boosts, proofs
from server.services.follows import activity_uri
from server.store import accounts
from server.store.db import Write

MAX_RELAYED: Final = 256 * 1024  # bytes of one activity that a community of ours passes on


def tell(tx: Write, site: Site, group: Account, activity: dict[str, Any], now_ms: int) -> None:
    """Pass on an activity of somebody, ours or a stranger, to servers that understand groups.

    What ours did is proven, so that nobody has to ask us whether they did.
    """
    if site.ours(str(activity.get("actor"))):
        actor = accounts.by_uri(tx, str(activity["actor"]))
        activity = proofs.proven(tx, site, actor, activity, now_ms) if actor else activity
    relayed = build.relayed(activity_uri(site, new_id(now_ms)), group.uri, activity)
    publish(tx, group, relayed, now_ms, followers=True, groups=True)


def pass_on(
    tx: Write,
    site: Site,
    group: Account,
    raw: dict[str, Any],
    now_ms: int,
    begun: PostView | None = None,
) -> None:
    """Let a community of ours tell what a stranger did in it, as it was sent; `begun` is a new
    thread.

    Nothing of a stranger's group: that tells its followers itself. Nothing that is so large that
    its sender would make us a burden to others.
    """
    if not group.local or group.state != "active":
        return
    told = without_blind(raw)
    if len(msgspec.json.encode(told)) > MAX_RELAYED:
        return
    tell(tx, site, group, told, now_ms)
    if begun is not None:
        begin(tx, site, group, begun, now_ms)


def begin(tx: Write, site: Site, group: Account, view: PostView, now_ms: int) -> None:
    """Boost the first post of a thread, for the group's people here and for other servers.

    Those that understand groups are told of its Create instead (`tell`).
    """
    boosts.boost(tx, site, group, view, now_ms, groups=False)


def taken_away(tx: Write, site: Site, group: Account, post: Post, now_ms: int) -> None:
    """Take back the boosts of a thread that moderators removed, of its community of ours and of
    neighbourhoods. `post` is what it was before."""
    author = accounts.by_id(tx, post.author_id)
    if not group.local or post.reply_to_uri is not None or author is None:
        return
    view = PostView(post=post, author=author)
    for one in (group, *boosts.neighbourhoods(tx, post).values()):
        withdraw(tx, site, one, view, now_ms)


def withdraw(tx: Write, site: Site, group: Account, view: PostView, now_ms: int) -> None:
    """Take that boost back: the thread was removed, or moved elsewhere."""
    boosts.take_back(tx, site, group, view, now_ms)
