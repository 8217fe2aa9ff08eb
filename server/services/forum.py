"""Threads of communities: how they are counted, and what moderators change in them.

Everything here is the effect alone, for people of ours and strangers alike; each is written into
the community's public log. Whether somebody may do it is asked before (`communities.keeps`), and
who is told of it is decided after (`stewardship`, `inbox.steward`).
"""

import math
from typing import Final

import msgspec

from server.errors import Forbidden, Invalid
from server.model import REMOVED, Account, ForumThread, Post
from server.services import blog, events, linking, notifications
from server.store import accounts, comment_locks, communities, forum, posts, tallies
from server.store import notifications as notification_store
from server.store.db import Read, Write

HOT_S: Final = 45_000
"""So many seconds later a thread is as hot as one with ten times its score: Reddit's measure."""
MAX_PINNED: Final = 5
MAX_SWEPT: Final = 100  # posts that go with somebody who is banned
MAX_REASON: Final = 500  # characters
MOST_TOLD_AN_HOUR: Final = 3  # how often its author hears that one post was taken away
MOST_LOGGED_AN_HOUR: Final = 30  # deeds about one post or person in a stranger's community


def heat(score: int, published_ms: int) -> float:
    """By which threads are sorted when the liveliest come first; it never changes by itself."""
    size = math.log10(max(1, abs(score)))
    return (size if score >= 0 else -size) + published_ms / 1000 / HOT_S


def thread_of(db: Read, post: Post) -> ForumThread | None:
    """The thread of a community in which a post stands, or which it begins."""
    return forum.by_id(db, post.thread_id) if post.community_id is not None else None


def group_of(db: Read, community_id: int | None) -> Account | None:
    """The community, ours or a stranger's, as long as it is there."""
    group = accounts.by_id(db, community_id) if community_id is not None else None
    return group if group is not None and group.state == "active" else None


# --- counts


def begin(tx: Write, post: Post, *, link: str = "") -> ForumThread:
    """A post of a community that answers nothing begins a thread."""
    assert post.community_id is not None  # noqa: S101  the caller has placed it
    thread = ForumThread(
        post_id=post.id,
        community_id=post.community_id,
        link=link,
        hot=heat(0, post.published_ms),
        active_ms=post.published_ms,
    )
    forum.insert(tx, thread)
    return thread


def commented(tx: Write, post: Post, change: int) -> None:
    """A post of a community came (1) or went (-1): what everybody may read counts as a comment."""
    if post.community_id is not None and post.reply_to_uri and post.open:
        forum.commented(tx, post.thread_id, change, post.published_ms)


def voted(tx: Write, post_id: int) -> None:
    """Likes or dislikes of a post have changed: if it begins a thread, so does its place."""
    post = posts.by_id(tx, post_id)
    if post is not None and forum.by_id(tx, post_id) is not None:
        score = post.likes - post.dislikes
        forum.set_columns(tx, post_id, score=score, hot=heat(score, post.published_ms))


# --- order


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Something done in a community in the name of order: by whom, when, and why."""

    community_id: int
    by: Account
    now_ms: int
    reason: str = ""


def _log(
    tx: Write, deed: Deed, action: str, *, post: int | None = None, who: int | None = None
) -> None:
    """Write it down; of what a stranger's community does without end, a part."""
    if _without_end(tx, deed, post or who or 0):
        return
    communities.log(
        tx,
        community_id=deed.community_id,
        by_id=deed.by.id,
        action=action,
        post_id=post,
        account_id=who,
        reason=deed.reason.strip()[:MAX_REASON],
        now_ms=deed.now_ms,
    )


def _without_end(tx: Write, deed: Deed, about: int) -> bool:
    if communities.by_id(tx, deed.community_id) is not None:
        return False
    logged = f"log of {about} in {deed.community_id}"
    return tallies.count(tx, logged, deed.now_ms) > MOST_LOGGED_AN_HOUR


def lock(tx: Write, deed: Deed, thread: ForumThread, *, locked: bool) -> bool:
    """Nobody can answer in a thread any more, or again. False when it was so."""
    if (thread.locked_ms is not None) == locked:
        return False
    forum.set_columns(tx, thread.post_id, locked_ms=deed.now_ms if locked else None)
    posts.touch(tx, thread.post_id)
    _log(tx, deed, "lock" if locked else "unlock", post=thread.post_id)
    return True


def lock_comment(tx: Write, deed: Deed, comment: Post, *, locked: bool) -> bool:
    """Nobody can answer a comment, or what is below it, any more, or again. False when it was so.

    Lemmy 1.0, PieFed
    """
    if locked:
        done = comment_locks.lock(tx, comment.id, deed.now_ms)
    else:
        done = comment_locks.unlock(tx, comment.id)
    if done:
        posts.touch(tx, comment.id)
        _log(tx, deed, "lock" if locked else "unlock", post=comment.id)
    return done


def check_open(db: Read, post: Post) -> None:
    """Raises `Forbidden` where moderators alone answer a post: in a thread, or below a comment."""
    thread = thread_of(db, post)
    if thread is not None and thread.locked_ms is not None:
        raise Forbidden("This thread is locked: nobody can answer in it any more.")
    if post.reply_to_id is not None and comment_locks.locked_above(db, post.id):
        raise Forbidden("This comment is locked: nobody can answer it any more.")


def pin(tx: Write, deed: Deed, thread: ForumThread, *, pinned: bool) -> bool:
    """A thread stays at the top, or does not any more. Raises `Invalid` where too many do."""
    if (thread.pinned_ms is not None) == pinned:
        return False
    if pinned and len(forum.pinned(tx, thread.community_id, MAX_PINNED)) >= MAX_PINNED:
        raise Invalid("At most %(most)s threads can be pinned.", most=MAX_PINNED)
    forum.set_columns(tx, thread.post_id, pinned_ms=deed.now_ms if pinned else None)
    posts.touch(tx, thread.post_id)
    _log(tx, deed, "pin" if pinned else "unpin", post=thread.post_id)
    return True


def accept(tx: Write, thread: ForumThread, answer: Post | None) -> bool:
    """A reply answers the question of a thread; None: none does. Raises `Invalid`."""
    if answer is not None and (answer.thread_id != thread.post_id or not answer.open):
        raise Invalid("Only a public reply in this thread can be its answer.")
    wanted = answer.id if answer else None
    if wanted == thread.answer_id or wanted == thread.post_id:
        return False
    forum.set_columns(tx, thread.post_id, answer_id=wanted)
    posts.touch(tx, thread.post_id)
    return True


def move(tx: Write, deed: Deed, thread: ForumThread, to: Account) -> bool:
    """A thread, with all that answers it, into another community. False when it is there."""
    if thread.community_id == to.id:
        return False
    forum.set_columns(tx, thread.post_id, community_id=to.id, pinned_ms=None)
    posts.move_thread(tx, thread.post_id, to.id)
    blog.moved(tx, thread.post_id, to.id)
    _log(tx, deed, "move", post=thread.post_id, who=to.id)
    return True


def leave(tx: Write, deed: Deed, thread: ForumThread) -> None:
    """A thread, with all that answers it, stands in no community any more."""
    forum.forget(tx, thread.post_id)
    posts.move_thread(tx, thread.post_id, None)
    _log(tx, deed, "leave", post=thread.post_id)


def remove(tx: Write, deed: Deed, post: Post, *, quietly: bool = False) -> bool:
    """Take a post away: its author and moderators alone still read it. False when it was away.

    The author is told, unless `quietly` or by their own doing.
    """
    now = posts.held(tx, post)
    if now is None or not now.open or now.deleted_ms is not None:
        return False
    events.gone(tx, post, deed.now_ms)
    reason = deed.reason.strip()[:MAX_REASON]
    forum.remove(tx, post, by_id=deed.by.id, reason=reason, now_ms=deed.now_ms)
    commented(tx, post, -1)
    posts.count(tx, post, -1)
    posts.set_columns(tx, post.id, visibility=REMOVED)
    linking.withdraw(tx, post, deed.now_ms)
    _log(tx, deed, "remove", post=post.id, who=post.author_id)
    if not quietly:
        _tell_author(tx, deed, post)
    return True


def _tell_author(tx: Write, deed: Deed, post: Post) -> None:
    """Of what is taken away and given back without end the author is told a few times an hour."""
    author, group = accounts.by_id(tx, post.author_id), accounts.by_id(tx, deed.community_id)
    if author is None or group is None or deed.by.id == author.id or not author.local:
        return
    if tallies.count(tx, f"removals of {post.id}", deed.now_ms) <= MOST_TOLD_AN_HOUR:
        notifications.notify_removed(tx, author, group, post.id, deed.now_ms)


def restore(tx: Write, deed: Deed, post: Post) -> bool:
    """Give a post back that moderators took away. False when it was not away."""
    known = forum.removal(tx, post.id)
    if known is None or post.visibility != REMOVED or post.deleted_ms is not None:
        return False
    if not forum.restore(tx, post.id):
        return False
    posts.set_columns(tx, post.id, visibility=known["visibility"])
    back = msgspec.structs.replace(post, visibility=known["visibility"])
    posts.count(tx, back, 1)
    commented(tx, back, 1)
    notification_store.take_back(
        tx,
        account_id=post.author_id,
        kind="removed",
        from_id=deed.community_id,
        post_id=post.id,
    )
    _log(tx, deed, "restore", post=post.id, who=post.author_id)
    return True


def ban(tx: Write, deed: Deed, who: Account, *, uri: str, until_ms: int | None = None) -> bool:
    """Shut somebody out of a community: `uri` is the id of the Block. Raises `Invalid`."""
    if communities.moderates(tx, deed.community_id, who.id):
        raise Invalid("This is one of the moderators: take them off the list of moderators first.")
    done = communities.ban(
        tx,
        community_id=deed.community_id,
        account_id=who.id,
        by_id=deed.by.id,
        uri=uri,
        reason=deed.reason.strip()[:MAX_REASON],
        until_ms=until_ms,
        now_ms=deed.now_ms,
    )
    if done:
        _log(tx, deed, "ban", who=who.id)
    return done


def sweep(tx: Write, deed: Deed, who: Account) -> list[Post]:
    """Take away what somebody who is banned wrote there of late. They are told of it once.

    What was taken away, as it was before.
    """
    found = forum.written_by(tx, deed.community_id, who.id, MAX_SWEPT)
    return [post for number, post in enumerate(found) if remove(tx, deed, post, quietly=number > 0)]


def unban(tx: Write, deed: Deed, who: Account) -> bool:
    """Let somebody in again. False when they were not shut out."""
    if communities.unban(tx, deed.community_id, who.id) is None:
        return False
    _log(tx, deed, "unban", who=who.id)
    return True


def appoint(tx: Write, deed: Deed, who: Account) -> bool:
    """Somebody moderates from now on. False when they did."""
    done = communities.appoint(tx, deed.community_id, who.id, deed.now_ms)
    if done:
        _log(tx, deed, "appoint", who=who.id)
    return done


def dismiss(tx: Write, deed: Deed, who: Account) -> bool:
    """Somebody moderates no longer. False when they did not."""
    done = communities.dismiss(tx, deed.community_id, who.id)
    if done:
        _log(tx, deed, "dismiss", who=who.id)
    return done


def joined(tx: Write, deed: Deed, group: Account, *, together: bool) -> None:
    """A board was joined with one of another server, or is so no longer."""
    _log(tx, deed, "join" if together else "part", who=group.id)
