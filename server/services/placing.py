"""In which community a post of ours stands, and what that makes of it."""

from typing import Final

import msgspec

from federation.origin import normal
from server.errors import Forbidden, Invalid, NotFound
from server.model import Account, Post
from server.services import communities, forum
from server.services.new_posts import NewPost
from server.store import accounts
from server.store import communities as community_store
from server.store import forum as forum_store
from server.store.db import Read, Write

MAX_LINK: Final = 2_000  # characters


def place(
    db: Read, author: Account, new: NewPost, parent: Post | None, now_ms: int
) -> tuple[NewPost, Account | None]:
    """The community of a new post: that of what it answers, or the one that was chosen.

    What is not for everybody stands in none. Raises `Invalid`, `NotFound`, and `Forbidden` where
    its author may not write there, or nobody may any more.
    """
    wanted = parent.community_id if parent else new.community_id
    if wanted is None:
        if new.link:
            raise Invalid("A post about a page belongs into a community. Put the link in the text.")
        return new, None
    group = accounts.by_id(db, wanted)
    if group is None or group.state != "active" or group.kind != "Group":
        raise NotFound("There is no such community.")
    if parent is not None:
        return new, _answering(db, author, new, parent, group, now_ms)
    communities.check_begin(db, group, author, now_ms)
    if new.visibility != "public":
        raise Invalid("What you write in a community is for everybody.")
    if not new.title.strip():
        raise Invalid("A thread needs a title.")
    return msgspec.structs.replace(new, link=check_link(new.link)), group


def _answering(
    db: Read, author: Account, new: NewPost, parent: Post, group: Account, now_ms: int
) -> Account | None:
    if new.visibility not in ("public", "unlisted"):
        return None
    communities.check_answer(db, group, author, now_ms)
    thread = forum.thread_of(db, parent)
    locked = thread is not None and thread.locked_ms is not None
    if locked and not communities.keeps(db, group.id, author):
        raise Forbidden("This thread is locked: nobody can answer in it any more.")
    return group


def check_link(link: str) -> str:
    """The address of a page that a thread is about. Raises `Invalid`."""
    link = link.strip()
    if link and (len(link) > MAX_LINK or not normal(link)):
        raise Invalid("This is not the address of a page, such as https://example.org/news.")
    return link


def kind(db: Read, new: NewPost, group: Account | None, *, titled: bool) -> str:
    """A thread of a forum is a page; in a team blog, and outside, a titled post is a story."""
    if new.poll is not None:
        return "question"
    if not titled:
        return "note"
    if group is None or new.reply_to_id is not None:
        return "article"
    ours = community_store.by_id(db, group.id)
    return "article" if ours is not None and ours.kind == "blog" else "page"


def placed(tx: Write, post: Post, new: NewPost) -> None:
    """A post of a community is there: as a thread, or as a comment of one."""
    if post.community_id is None:
        return
    if post.reply_to_uri is None:
        forum.begin(tx, post, link=new.link)
    else:
        forum.commented(tx, post, 1)


def unmoved(db: Read, post: Post, new: NewPost) -> NewPost:
    """An edit of a post, which stays where it is and about what it is about."""
    known = forum_store.by_id(db, post.id) if post.community_id is not None else None
    link = known.link if known else ""
    return msgspec.structs.replace(new, community_id=post.community_id, link=link)


def buried(tx: Write, post: Post) -> None:
    """A post is gone, and with it what its community knew of it."""
    if post.community_id is not None:
        forum.commented(tx, post, -1)
        forum_store.bury(tx, post.id)
