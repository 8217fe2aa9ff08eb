"""A community tells its followers what happens in it. FEP-1b12.

Servers that understand groups get every activity as it was sent, inside an Announce. The others
get a boost of each thread's first post, as of any post: comments and votes would be noise there,
and cost each of them a fetch. Which server is which it has shown itself (`hosts.speaks_groups`).
"""

from typing import Any

from federation import build
from server.ids import new_id
from server.model import Account, PostView, Site
from server.outbox import publish
from server.services import boosts, proofs
from server.services.follows import activity_uri
from server.store import accounts
from server.store.db import Write


def tell(tx: Write, site: Site, group: Account, activity: dict[str, Any], now_ms: int) -> None:
    """Pass on an activity of somebody, ours or a stranger, to servers that understand groups.

    What ours did is proven, so that nobody has to ask us whether they did.
    """
    if site.ours(str(activity.get("actor"))):
        actor = accounts.by_uri(tx, str(activity["actor"]))
        activity = proofs.proven(tx, site, actor, activity, now_ms) if actor else activity
    relayed = build.relayed(activity_uri(site, new_id(now_ms)), group.uri, activity)
    publish(tx, group, relayed, now_ms, followers=True, groups=True)


def begin(tx: Write, site: Site, group: Account, view: PostView, now_ms: int) -> None:
    """Boost the first post of a thread, for the group's people here and for other servers.

    Those that understand groups are told of its Create instead (`tell`).
    """
    boosts.boost(tx, site, group, view, now_ms, groups=False)


def withdraw(tx: Write, site: Site, group: Account, view: PostView, now_ms: int) -> None:
    """Take that boost back: the thread was removed, or moved elsewhere."""
    boosts.take_back(tx, site, group, view, now_ms)
