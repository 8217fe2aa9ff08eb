"""Threads that are named by their context, as NodeBB does when it moves or removes a topic.

What names one is a stranger's word: it counts only of threads that stand in the category which the
activity names, and only where context, category and actor are of one server. FEP-7888
"""

from typing import Final

from federation import parse
from federation.errors import FederationError
from federation.origin import same_origin
from federation.readers import id_or_none
from server.inbox.context import Arrival, person
from server.model import Account, ForumThread
from server.services import contexts
from server.store import accounts, forum, posts
from server.store.db import Write

MAX_LOOKED_AT: Final = 5  # members of a context, of which the first should begin it


def named(tx: Write, arrival: Arrival, where: str) -> ForumThread | None:
    """The thread that the object names by its context. Raises `Need`.

    `where` is the property that names the category: `origin` of a Move, `target` of a Remove. A
    category that does it itself need not say which.
    """
    uri = arrival.activity.object_id or ""
    if (id := contexts.thread_of(arrival.site, uri)) is not None:
        return forum.by_id(tx, id)
    category = id_or_none(arrival.activity.raw.get(where)) or arrival.actor.uri
    group = accounts.by_uri(tx, category)
    if group is None or group.local or group.kind != "Group" or not arrival.speaks_for(group.id):
        return None
    if not same_origin(uri, group.uri) or not same_origin(arrival.actor.uri, group.uri):
        return None
    if posts.by_uri(tx, uri) is not None:  # a post that is pinned no more
        return None
    return forum.by_context(tx, group.id, uri) or _listed(tx, arrival, group, uri)


def _listed(tx: Write, arrival: Arrival, group: Account, uri: str) -> ForumThread | None:
    """The thread that the context itself lists: whoever began it elsewhere names another one."""
    raw = arrival.documents.get(uri) if forum.has_threads(tx, group.id) else None
    try:
        members = parse.collection(raw).items if raw else ()
    except FederationError:
        return None
    for member in members[:MAX_LOOKED_AT]:
        post = posts.by_uri(tx, id_or_none(member) or "")
        thread = forum.by_id(tx, post.id) if post and post.deleted_ms is None else None
        if thread is not None and thread.community_id == group.id:
            return thread
    return None


def target(tx: Write, arrival: Arrival, group: Account) -> Account | None:
    """The community into which a thread of `group` goes. Raises `Need`.

    One that we have not met is fetched where it is of the same server.
    """
    uri = arrival.activity.target_id or ""
    to = accounts.by_uri(tx, uri)
    if to is None and same_origin(uri, group.uri) and not arrival.site.ours(uri):
        to = person(tx, arrival, uri)
    if to is None or to.kind != "Group" or to.state != "active":
        return None
    return to
