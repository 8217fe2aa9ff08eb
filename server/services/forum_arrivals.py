"""In which community a stranger's post stands, and whether it may.

A post that everybody may read and that answers nothing begins a thread in the group for which it
was written; what answers a post stands where that does.
"""

from typing import Final

import msgspec

from federation.origin import host
from federation.vocab import PUBLIC, Object
from server.errors import Forbidden, TooMany
from server.model import Account, Post
from server.services import communities, forum
from server.store import accounts, hosts
from server.store import communities as store
from server.store import forum as forum_store
from server.store.db import Read, Write

MAX_ADDRESSED: Final = 50  # of those whom a post is for that are looked at


def written_for(db: Read, found: Object) -> Account | None:
    """The group for which a thread was written: its `audience`, else the first that is addressed.

    A claim of its author, who may name any group; only those that we know count.
    """
    if found.in_reply_to or PUBLIC not in (*found.to, *found.cc):
        return None
    named = [found.audience] if found.audience else [*found.to, *found.cc][:MAX_ADDRESSED]
    named = [uri for uri in named if uri != PUBLIC and not uri.endswith("/followers")]
    known = {one.uri: one for one in accounts.by_uris(db, named)} if named else {}
    groups = (known[uri] for uri in named if uri in known)
    return next((g for g in groups if g.kind == "Group" and g.state == "active"), None)


def place(
    db: Read, found: Object, author: Account, now_ms: int, *, by: Account | None = None
) -> Account | None:
    """The community in which a new post stands, ours or a stranger's; None where in none.

    `by` is a stranger's group that announces it: in its own place it need not be asked.
    """
    if found.in_reply_to:
        return _of(db, parent_of(db, found))
    group = written_for(db, found)
    if group is None or (by is not None and by.id == group.id and not group.local):
        return group
    try:
        communities.check_begin(db, group, author, now_ms)
    except (Forbidden, TooMany):
        return None
    return group


def parent_of(db: Read, found: Object) -> Post | None:
    """What it answers, if we have it and it stands in a community."""
    parent = forum_store.placed(db, found.in_reply_to) if found.in_reply_to else None
    return parent if parent is not None and parent.deleted_ms is None else None


def _of(db: Read, post: Post | None) -> Account | None:
    if post is None or post.community_id is None:
        return None
    return accounts.by_id(db, post.community_id)


def refuses(db: Read, found: Object, author: Account, now_ms: int) -> bool:
    """Whether one of our communities lets this answer not in: locked, or its author banned.

    In a stranger's the stranger decides, and what came before a lock comes here after it at times.
    """
    parent = parent_of(db, found)
    if parent is None:
        return False
    group = _of(db, parent)
    if silenced(db, group, parent, author, now_ms):
        return True
    try:
        if group is not None and group.local:
            communities.check_answer(db, group, author, now_ms)
    except TooMany:
        return True
    return False


def silenced(db: Read, group: Account | None, post: Post, author: Account, now_ms: int) -> bool:
    """Whether somebody may say nothing (more) in the thread of a post in a community of ours."""
    if group is None or not group.local:
        return False
    try:
        communities.check_welcome(db, group, author, now_ms)
        if not communities.keeps(db, group.id, author):
            forum.check_open(db, post)
    except Forbidden:
        return True
    return False


def settle(tx: Write, post: Post, found: Object, now_ms: int, *, adopted: bool) -> None:
    """Make room for a post that has come: its thread, its place in the count, and what had come
    before it and stands below it."""
    if post.community_id is None:
        return
    if found.audience:
        hosts.speaks_groups(tx, host(found.id), now_ms)
    if post.reply_to_uri is None and post.open:
        link = next((a.url for a in found.attachments if a.kind == "link"), "")
        forum.begin(tx, post, link=link)
        closed = found.raw.get("commentsEnabled") is False  # Lemmy, PieFed
        if closed and store.by_id(tx, post.community_id) is None:
            forum_store.set_columns(tx, post.id, locked_ms=now_ms)
    if adopted:
        forum_store.settle(tx, post.thread_id, post.community_id)
        forum_store.recount(tx, post.thread_id)
    else:
        forum.commented(tx, post, 1)


def placeless(post: Post) -> bool:
    """Whether a stranger's post could begin a thread, and stands in no community."""
    begins = not post.reply_to_uri and post.open and post.deleted_ms is None
    return begins and not post.local and post.community_id is None


def late(tx: Write, post: Post, found: Object, group: Account, now_ms: int) -> Post:
    """A post that we had before its group told of it takes its place there.

    `found` is what its own server says of it: its author must have written it for that group.
    """
    author = accounts.by_id(tx, post.author_id)
    if author is None or (found.id, found.attributed_to) != (post.uri, author.uri):
        return post
    named = written_for(tx, found) if placeless(post) else None
    if named is None or named.id != group.id:
        return post
    placed = msgspec.structs.replace(post, community_id=group.id)
    forum_store.place(tx, post.id, group.id)
    settle(tx, placed, found, now_ms, adopted=True)
    return placed
